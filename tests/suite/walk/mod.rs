//! Every route × every role × own or another city, from the document that describes the routes.
//!
//! The world has one city with everything that the ledger knows, a host city that its provider is
//! in, and a city that has nothing to do with either. A route that `read_of` and `write_of` do
//! not know how to address fails the test: whoever adds one says here who may use it.

mod pooled;
mod roles;
mod routes;
mod tries;

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use super::server::{ENTERPRISE, PROVIDER, World};
use roles::{maker_of, open, roles_of};
use routes::{Read, Write, read_of, terms, write_of};

/// City of its own programmes; has no business with 310117.
const OTHER: &str = "340100";
/// An enterprise and a provider of the other city.
const OTHER_FIRM: &str = "91340100MADEM0070Y";
const OTHER_LAB: &str = "91340200MADEM00891";
/// Account of the own firm.
const ACCOUNT: &str = "6222000000000001";
/// Files with one row, of either city.
const FILES: &str = "/v1/programmes/310117-T/voucher-files";
const FILE: &str = "reference,enterprise,amount\nW-1,91310117MADEM00114,10.00\n";

/// Who asks: a role of the corridor, of the city that everything belongs to, or of the other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Corridor,
    Own,
    Other,
}

struct Person {
    side: Side,
    role: &'static str,
    token: String,
}

/// What the city has, by what it is called in a path.
type Things = BTreeMap<&'static str, String>;

const MEMBER_ROLES: [&str; 5] = [
    "administrator",
    "science_officer",
    "finance_officer",
    "reviewer",
    "auditor",
];

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("a text in {value}"))
        .to_owned()
}

/// Everything that a city can have, and who asks for it.
struct Walk {
    world: World,
    people: Vec<Person>,
    things: Things,
    /// A voucher of the other city.
    other_voucher: String,
}

impl Walk {
    async fn new(folder: &std::path::Path) -> Walk {
        let world = World::new(folder).await;
        let mut walk = Walk {
            world,
            people: Vec::new(),
            things: Things::new(),
            other_voucher: String::new(),
        };
        walk.another_city().await;
        walk.enrol().await;
        walk.money().await;
        walk.papers().await;
        walk.settlement().await;
        walk.administrators().await;
        walk
    }

    fn token(&self, side: Side, role: &str) -> &str {
        let person = self
            .people
            .iter()
            .find(|p| p.side == side && p.role == role);
        &person.expect("enrolled").token
    }

    async fn join(&mut self, side: Side, role: &'static str, scope: &str) {
        let token = self.world.enrol(role, scope).await;
        self.people.push(Person { side, role, token });
    }

    async fn enrol(&mut self) {
        for role in ["operator", "auditor", "arbiter"] {
            self.join(Side::Corridor, role, "corridor").await;
        }
        let token = self.world.administrator.clone();
        let role = "administrator";
        let side = Side::Corridor;
        self.people.push(Person { side, role, token });
        for (side, city) in [(Side::Own, "310117"), (Side::Other, OTHER)] {
            for role in MEMBER_ROLES
                .into_iter()
                .filter(|role| *role != "administrator")
            {
                self.join(side, role, &format!("member:{city}")).await;
            }
        }
        for (side, firm, lab) in [
            (Side::Own, ENTERPRISE, PROVIDER),
            (Side::Other, OTHER_FIRM, OTHER_LAB),
        ] {
            self.join(side, "enterprise", &format!("enterprise:{firm}"))
                .await;
            self.join(side, "provider", &format!("provider:{lab}"))
                .await;
        }
    }

    /// Last: from then on the corridor's administrator does not act alone for these cities.
    async fn administrators(&mut self) {
        for (side, city) in [(Side::Own, "310117"), (Side::Other, OTHER)] {
            self.join(side, "administrator", &format!("member:{city}"))
                .await;
        }
    }

    /// A city with a programme, a firm and a voucher of its own.
    async fn another_city(&mut self) {
        let world = &self.world;
        let admin = &world.administrator;
        let city = json!({"code": OTHER, "kind": "city", "name_zh": "合肥市", "name_en": "Hefei",
            "province": "Anhui", "signed_protocol": true});
        world.post(admin, "/v1/members", city).await;
        let firm = json!({"code": OTHER_FIRM, "name": "他市企业", "city": OTHER, "kind": "sme"});
        world.post(admin, "/v1/enterprises", firm).await;
        let lab = json!({"code": OTHER_LAB, "name": "他市机构", "city": OTHER,
            "categories": ["testing"], "admitted_from": "2020-01-01",
            "admitted_to": "2099-12-31"});
        world.post(admin, "/v1/providers", lab).await;
        let scope = format!("member:{OTHER}");
        let offices = [("science_officer", &*scope), ("finance_officer", &*scope)];
        let maker = world.enrol_with("maker", &offices).await;
        let checker = world.enrol_with("checker", &offices).await;
        let programme = json!({"code": "340100-T", "title": "他市", "city": OTHER,
            "budget_year": 2026});
        world.post(&maker, "/v1/programmes", programme).await;
        let rules = [
            (
                "budget-changes",
                json!({"amount": "1000.00", "direction": "raise"}),
            ),
            ("versions", terms(&world.today)),
        ];
        for (path, body) in rules {
            let path = format!("/v1/programmes/340100-T/{path}");
            let proposal = text(&world.post(&maker, &path, body).await["id"]);
            let path = format!("/v1/proposals/{proposal}/decision");
            world.post(&checker, &path, json!({"approve": true})).await;
        }
        let issue = json!({"programme": "340100-T", "enterprise": OTHER_FIRM, "amount": "5.00"});
        self.other_voucher = text(&world.post(&maker, "/v1/vouchers", issue).await["id"]);
    }

    /// An agreement, a voucher, claims, a line and a payment.
    async fn money(&mut self) {
        let world = &self.world;
        let agreement = json!({"home": "310117", "host": "330100", "from": world.today,
            "to": "2099-12-31", "model": "home_pays", "accrues_at": "approval",
            "shares": [{"member": "310117", "share": "0.5"},
                {"member": "330100", "share": "0.5"}]});
        let operator = self.token(Side::Corridor, "operator");
        let agreement = world.post(operator, "/v1/agreements", agreement).await;
        let versions = "/v1/programmes/310117-T/versions";
        world
            .post_with_second(&world.science, versions, terms(&world.today))
            .await;
        let science = self.token(Side::Own, "science_officer");
        let issue = json!({"programme": "310117-T", "enterprise": ENTERPRISE, "amount": "900.00"});
        let issued = world.post(science, "/v1/vouchers", issue).await;
        let voucher = text(&issued["id"]);
        let consent = json!({"giver": "holder", "provider": PROVIDER, "up_to": "900.00",
            "until": "2099-12-31"});
        let path = format!("/v1/vouchers/{voucher}/consents");
        let given = world.post(&world.holder, &path, consent).await;
        let claim = world.claim(&voucher, 1, "400.00");
        let claim = text(&world.post(&world.provider, "/v1/claims", claim).await["id"]);
        let paid = world.claim(&voucher, 2, "100.00");
        let paid = text(&world.post(&world.provider, "/v1/claims", paid).await["id"]);
        let payment = json!({"bank_ref": "B-1", "paid_on": world.today});
        let path = format!("/v1/claims/{paid}/payments");
        let payment = text(&world.post(&world.finance, &path, payment).await["id"]);
        let mut late = world.claim(&voucher, 3, "1.00");
        late["contract_date"] = json!("2001-01-01");
        let (_, refused) = world
            .call(Method::POST, &world.provider, "/v1/claims", Some(late))
            .await;
        let read = world
            .get(&world.science, &format!("/v1/claims/{claim}"))
            .await;
        let enterprise = world
            .get(&world.science, &format!("/v1/enterprises/{ENTERPRISE}"))
            .await;
        let provider = world
            .get(science, &format!("/v1/providers/{PROVIDER}"))
            .await;
        let check = text(&provider["check_url"]);
        let check = format!("/v1{}", check.trim_start_matches(&world.server.url));
        let hash = super::server::sha256(science);
        self.things.extend([
            ("agreement", text(&agreement["id"])),
            ("check", check),
            ("step", given["sequence"].to_string()),
            ("voucher", voucher),
            ("claim", claim),
            ("payment", payment),
            ("refusal", text(&refused["refusal_id"])),
            ("line", text(&read["lines"][0])),
            ("enterprise", text(&enterprise["id"])),
            ("principal", text(&issued["principal"])),
            ("token", hash),
        ]);
    }

    /// A transfer and a command that wait for a second person, and a file.
    async fn papers(&mut self) {
        let world = &self.world;
        let path = format!("/v1/vouchers/{}/transfers", self.things["voucher"]);
        let body = json!({"kind": "relocation", "to_city": "330100", "amount": "0"});
        let transfer = world.post(&world.science, &path, body).await;
        let path = "/v1/programmes/310117-T/budget-changes";
        let body = json!({"amount": "1.00", "direction": "raise"});
        let proposal = world.post(&world.finance, path, body).await;
        let (status, file) = self.upload(&world.science, FILES, FILE).await;
        assert_eq!(status, 202, "{file}");
        let path = format!("/v1/proposals/{}/decision", text(&file["id"]));
        world
            .post(&world.checker, &path, json!({"approve": true}))
            .await;
        // The run begins by itself; sent again, the file is issued to its end.
        while self.upload(&world.science, FILES, FILE).await.0 != 200 {}
        self.register().await;
        self.things.extend([
            ("transfer", text(&transfer["id"])),
            ("proposal", text(&proposal["id"])),
            ("file", super::server::sha256(FILE)),
        ]);
    }

    /// An application, an order, and what the registers of parties hold.
    async fn register(&mut self) {
        let world = &self.world;
        let apply = json!({"programme": "310117-T", "enterprise": ENTERPRISE, "amount": "9.00"});
        let application = world.post(&world.holder, "/v1/applications", apply).await;
        let voucher = &self.things["voucher"];
        let order = json!({"provider": PROVIDER, "category": "testing",
            "contract_amount": "10.00", "hold_until": world.today,
            "lines": [{"voucher": voucher, "amount": "5.00"}]});
        let order = world.post(&world.holder, "/v1/orders", order).await;
        let mut admissions = Vec::new();
        for code in ["91330700MADEM0062Y", "91330400MADEM0054L"] {
            let body = json!({"code": code, "name": "待入库机构", "city": "310117",
                "categories": ["testing"], "from": world.today, "to": "2099-12-31"});
            let applied = world.post(&world.science, "/v1/admissions", body).await;
            admissions.push(text(&applied["id"]));
        }
        let published = admissions.pop().expect("two");
        let path = format!("/v1/admissions/{published}");
        let checked = json!({"decision": "passed"});
        world
            .post(&world.checker, &format!("{path}/check"), checked)
            .await;
        let objection = json!({"reason_code": "other", "reason": "W"});
        world
            .post(&world.holder, &format!("{path}/objections"), objection)
            .await;
        let draft = json!({"terms": terms(&world.today)});
        let drafts = "/v1/programmes/310117-T/drafts";
        world.post(&world.science, drafts, draft).await;
        let team = json!({"name": "团队", "city": "310117", "kind": "team"});
        let team = text(&world.post(&world.science, "/v1/enterprises", team).await["id"]);
        let members = json!({"leader": "张三"});
        world
            .post(
                &world.science,
                &format!("/v1/enterprises/{team}/team"),
                members,
            )
            .await;
        let account = json!({"account": ACCOUNT});
        let path = format!("/v1/enterprises/{ENTERPRISE}/bank-account");
        world.post(&world.holder, &path, account).await;
        let flag = json!({"party": PROVIDER, "code": "false_claim", "level": "warning",
            "from": world.today, "city": "310117", "reason": "W"});
        let flag = world.post(&world.finance, "/v1/credit-flags", flag).await;
        self.things.extend([
            ("application", text(&application["id"])),
            ("order", text(&order["id"])),
            ("admission", admissions.pop().expect("one")),
            ("published", published),
            ("team", team),
            ("flag", text(&flag["id"])),
            ("account", ACCOUNT.to_owned()),
        ]);
    }

    /// A write whose body is a file, as a text.
    fn upload_of(&self, operation: &str) -> Option<Write> {
        let today = &self.world.today;
        let (path, csv) = match operation {
            "issue_vouchers_from_file" => (FILES, FILE.to_owned()),
            // A table of all cities' flags, each row by its own city.
            "import_credit_flags" => {
                let columns = "external_ref,party,code,level,from,until,city,document_no,reason";
                let row = format!("W-1,{ENTERPRISE},false_claim,warning,{today},,310117,,W");
                ("/v1/credit-flags/import", format!("{columns}\n{row}\n"))
            }
            _ => return None,
        };
        Some(Write {
            path: path.to_owned(),
            body: Value::String(csv),
        })
    }

    async fn upload(&self, token: &str, path: &str, csv: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.world.server.url);
        let request = self.world.client.post(url).bearer_auth(token);
        let request = request.header("Content-Type", "text/csv");
        let request = request.body(csv.to_owned());
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// A period with a payment between the two cities.
    async fn settlement(&mut self) {
        let world = &self.world;
        let second = world.enrol("operator", "corridor").await;
        let host = world.enrol("finance_officer", "member:330100").await;
        let operator = self.token(Side::Corridor, "operator");
        let month = world.today[..7].to_owned();
        let path = |end: &str| format!("/v1/periods/{month}/{end}");
        world
            .post(operator, &path("request-close"), json!({}))
            .await;
        world.post(&second, &path("close"), json!({})).await;
        for (token, member) in [(&world.finance, "310117"), (&host, "330100")] {
            let body = json!({"member": member, "revision": 1});
            world.post(token, &path("confirmations"), body).await;
        }
        let body = json!({"mode": "direct", "document_no": "W-1"});
        world.post(operator, &path("instruct"), body).await;
        let period = world.get(operator, &format!("/v1/periods/{month}")).await;
        let periods = world.get(operator, "/v1/periods?status=open").await;
        self.things.extend([
            ("instruction", text(&period["instructions"][0])),
            ("next_period", text(&periods["data"][0]["id"])),
            ("period", month),
        ]);
    }

    /// A lab that the holder does not know gets no right to read a voucher by its own word.
    async fn a_strange_lab_confirms_nothing(&self) {
        let lab = self.token(Side::Other, "provider");
        let path = format!("/v1/vouchers/{}", self.things["voucher"]);
        let body = json!({"giver": "provider", "provider": OTHER_LAB, "up_to": "1.00",
            "until": "2099-12-31"});
        let consents = format!("{path}/consents");
        let (status, told) = (self.world)
            .call(Method::POST, lab, &consents, Some(body))
            .await;
        assert_eq!((status, &told["code"]), (422, &json!("NOT_AUTHORISED")));
        let (status, told) = self.world.call(Method::GET, lab, &path, None).await;
        assert_eq!(status, 404, "{told}");
    }

    async fn durable(&self) -> Value {
        let url = format!("{}/readyz", self.world.server.url);
        let answer = self.world.client.get(url).send().await.expect("an answer");
        answer.json::<Value>().await.expect("JSON")["durable_sequence"].clone()
    }

    /// What must not be found in anything that the other city is told.
    fn secrets(&self) -> impl Iterator<Item = &String> {
        // A bare number of an event says nothing.
        let public = [
            "period",
            "next_period",
            "published",
            "flag",
            "step",
            "check",
        ];
        let things = self.things.iter();
        things
            .filter(move |(name, _)| !public.contains(name))
            .map(|(_, id)| id)
    }

    async fn read(&self, operation: &str, read: &Read, faults: &mut Vec<String>) {
        let mut cities = MEMBER_ROLES.to_vec();
        let (path, readers, else_told) = match read {
            Read::Public(path) | Read::List(path) => (path, None, 200),
            Read::Detail(path, readers) => (path, Some(readers), 404),
            Read::Corridor(path, readers) => (path, Some(readers), 403),
            Read::Cities(path, own) => {
                cities.extend(*own);
                (path, Some(&cities), 404)
            }
        };
        let corridor_only = else_told == 403;
        for person in &self.people {
            let (status, body) = self
                .world
                .call(Method::GET, &person.token, path, None)
                .await;
            let reads = match (person.side, readers) {
                (Side::Corridor, Some(readers)) if corridor_only => readers.contains(&person.role),
                (Side::Corridor, _) | (_, None) => true,
                (Side::Own, Some(readers)) if !corridor_only => readers.contains(&person.role),
                (Side::Other, Some(_)) if matches!(read, Read::Cities(..)) => {
                    MEMBER_ROLES.contains(&person.role)
                }
                (Side::Own | Side::Other, Some(_)) => false,
            };
            let who = format!("{operation}: {:?} {}", person.side, person.role);
            if status != if reads { 200 } else { else_told } {
                faults.push(format!("{who} is answered {status}"));
            }
            let told = body.to_string();
            if person.side == Side::Other {
                // Whose account it is, they have to know.
                let party = matches!(read, Read::Cities(..)).then(|| &self.things["enterprise"]);
                let secrets = self.secrets().filter(|id| Some(*id) != party);
                let leaks = secrets.filter(|id| told.contains(id.as_str()));
                faults.extend(leaks.map(|id| format!("{who} is told of {id}")));
                let budget = ["budget", "forecast"].map(|name| !body[name].is_null());
                if operation == "get_programme" && budget.contains(&true) {
                    faults.push(format!("{who} is told the budget"));
                }
            }
        }
    }

    async fn write(&self, operation: &str, method: &Method, faults: &mut Vec<String>) -> bool {
        // Everybody signs in and out, and has a password, for themselves only.
        if ["sign_in", "sign_out", "set_password"].contains(&operation) {
            return true;
        }
        let write = write_of(operation, &self.things, &self.world.today);
        let Some(write) = write.or_else(|| self.upload_of(operation)) else {
            return false;
        };
        let Some(by) = roles_of(operation) else {
            return false;
        };
        for person in &self.people {
            let whom = match person.side {
                Side::Corridor => format!("corridor:{}", person.role),
                Side::Own | Side::Other => person.role.to_owned(),
            };
            let may = match person.side {
                Side::Other => open(operation, person.role),
                Side::Corridor | Side::Own => by.contains(&&*whom),
            };
            let query = if may { "?dry_run=true" } else { "" };
            let path = format!("{}{query}", write.path);
            let (status, body) = if let Value::String(csv) = &write.body {
                self.upload(&person.token, &path, csv).await
            } else {
                let body = Some(write.body.clone());
                self.world
                    .call(method.clone(), &person.token, &path, body)
                    .await
            };
            let turned_down = match status {
                403 | 404 => true,
                422 if body["code"] == "BULK_REFUSED" => {
                    let code = &body["items"][0]["problem"]["code"];
                    code == "FORBIDDEN" || code == "NOT_FOUND"
                }
                _ => false,
            };
            let understood = turned_down || matches!(status, 200 | 422);
            if turned_down == may || !understood {
                let side = person.side;
                faults.push(format!(
                    "{operation}: {side:?} {whom} is answered {status} {body}"
                ));
            }
        }
        true
    }

    /// Whom the table of actions names as makers are those who may.
    async fn makers(&self, operations: &BTreeSet<String>, faults: &mut Vec<String>) {
        let path = "/v1/members/310117/action-rules";
        let table = self.world.get(&self.world.science, path).await;
        let mut unseen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in table["rules"].as_array().expect("a table") {
            let makers = line["makers"].as_array().expect("roles").iter().map(text);
            unseen.insert(text(&line["action"]), makers.collect());
        }
        let table = unseen.clone();
        for operation in operations {
            let Some(action) = maker_of(operation) else {
                continue;
            };
            unseen.remove(action);
            let by = roles_of(operation).expect("a known write").iter();
            let own = by.map(|role| role.trim_start_matches("corridor:").to_owned());
            let mut own: BTreeSet<String> = own.collect();
            // The account that is proposed is a firm's; a laboratory does the same for its own.
            if action == "bank_account" {
                own.insert("provider".to_owned());
            }
            let named = table.get(action).expect("an action of the table");
            if own != *named {
                faults.push(format!(
                    "{operation}: {own:?} may, {action} names {named:?}"
                ));
            }
        }
        faults.extend(unseen.keys().map(|action| format!("nobody makes {action}")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_role_of_another_city_reads_or_writes_a_citys_detail_on_any_route() {
    let folder = tempfile::tempdir().expect("a folder");
    let walk = Walk::new(folder.path()).await;
    let described = walk
        .world
        .get(&walk.world.administrator, "/v1/openapi.json")
        .await;
    let paths = described["paths"].as_object().expect("paths");
    let before = walk.durable().await;
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for (path, methods) in paths {
        for (method, described) in methods.as_object().expect("methods") {
            let operation = text(&described["operationId"]);
            let known = match method.as_str() {
                "get" => match read_of(&operation, &walk.things) {
                    Some(read) => {
                        walk.read(&operation, &read, &mut faults).await;
                        true
                    }
                    None => false,
                },
                _ => {
                    let method = method.to_uppercase().parse().expect("a method");
                    walk.write(&operation, &method, &mut faults).await
                }
            };
            if !known {
                faults.push(format!(
                    "{method} {path}: the walk does not know {operation}"
                ));
            }
            seen.insert(operation);
        }
    }
    walk.makers(&seen, &mut faults).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // Whoever was turned down has left no trace, and whoever tried out neither.
    assert_eq!(walk.durable().await, before);
    super::lists::every_row_is_found_by_its_own_words(&walk.world).await;
    super::lists::every_row_says_what_its_single_read_says(&walk.world).await;
    walk.a_strange_lab_confirms_nothing().await;
    assert!(seen.len() > 60, "{seen:?}");
    // The lists are not empty for everybody.
    for (side, voucher) in [
        (Side::Own, &walk.things["voucher"]),
        (Side::Other, &walk.other_voucher),
    ] {
        let token = walk.token(side, "science_officer");
        let list = walk.world.get(token, "/v1/vouchers").await;
        assert!(list.to_string().contains(voucher.as_str()), "{side:?}");
    }
}
