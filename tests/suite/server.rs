//! A real server in a process of its own, and a small world on it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Runs the binary on a data folder and, unless it is empty, a database.
pub(crate) fn quantong(data: &Path, database: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quantong"))
        .arg("--data")
        .arg(data)
        .args(["--database", database])
        .args(arguments)
        .output()
        .expect("the binary runs")
}

/// A server process; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    pub(crate) data: PathBuf,
    /// Address of the database, if the journal is not in the data folder.
    database: Option<String>,
}

impl Server {
    /// Starts a server on a data folder and perhaps a database; answers the administrator's token
    /// of a new ledger.
    pub(crate) fn start(data: &Path, database: Option<&str>) -> (Server, Option<String>) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quantong"));
        command.arg("--data").arg(data);
        match database {
            Some(database) => command.env("QUANTONG_DATABASE", database),
            // Small journals have snapshots, too, and starts begin from them.
            None => command.env("QUANTONG_SNAPSHOT_EVERY", "100"),
        };
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        Server::launch(&mut command, data, database)
    }

    /// Starts a server with a command of the caller's that ends in becoming the server.
    pub(crate) fn launch(
        command: &mut Command,
        data: &Path,
        database: Option<&str>,
    ) -> (Server, Option<String>) {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let out = child.stdout.take().expect("a pipe");
        let mut token = None;
        let mut url = None;
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if line.starts_with("qt_") {
                token = Some(line.clone());
            }
            if let Some(address) = line.strip_prefix("listening on ") {
                url = Some(address.to_owned());
                break;
            }
        }
        let url = url.expect("the server says where it listens");
        (
            Server {
                child,
                url,
                data: data.to_owned(),
                database: database.map(str::to_owned),
            },
            token,
        )
    }

    /// Another process on the same data.
    pub(crate) fn start_again(&self) -> Server {
        Server::start(&self.data, self.database.as_deref()).0
    }

    /// Number of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process at once, if it is still there, and waits for it.
    pub(crate) fn kill(&mut self) {
        // It may have been killed from outside.
        let _ended = self.child.kill();
        self.child.wait().expect("the process ends");
    }

    /// Sends a signal to the process.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Asks the process to end and waits until it has.
    pub(crate) fn terminate(&mut self) {
        self.signal("-TERM");
        self.child.wait().expect("the process ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// One request; the answer's status, headers and body.
pub(crate) async fn send(
    client: &Client,
    method: Method,
    url: &str,
    token: &str,
    key: Option<&str>,
    body: Option<&Value>,
) -> reqwest::Result<Response> {
    let mut request = client.request(method, url).bearer_auth(token);
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    request.send().await
}

/// An identifier with another check character. Which one is right depends on the ledger.
pub(crate) fn mistyped(id: &str) -> String {
    let (most, last) = id.split_at(id.len() - 1);
    format!("{most}{}", if last == "0" { "1" } else { "0" })
}

/// A world with one voucher ready to be redeemed.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) client: Client,
    pub(crate) administrator: String,
    pub(crate) science: String,
    pub(crate) finance: String,
    /// Of both offices of the city: the second person of their actions.
    pub(crate) checker: String,
    pub(crate) holder: String,
    pub(crate) provider: String,
    pub(crate) stranger: String,
    pub(crate) today: String,
    pub(crate) voucher: String,
}

pub(crate) const ENTERPRISE: &str = "91310117MADEM00114";
pub(crate) const PROVIDER: &str = "91330100MADEM0038F";

impl World {
    /// Builds the world on a new ledger, through the API.
    pub(crate) async fn new(data: &Path) -> World {
        World::on(data, None).await
    }

    /// Builds the world on a new ledger in a database.
    pub(crate) async fn on(data: &Path, database: Option<&str>) -> World {
        World::with(Server::start(data, database)).await
    }

    /// Builds the world on a server that has just begun a new ledger.
    pub(crate) async fn with((server, administrator): (Server, Option<String>)) -> World {
        let administrator = administrator.expect("a new ledger");
        let client = Client::new();
        let ready: Value = client
            .get(format!("{}/readyz", server.url))
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        let today = ready["business_date"].as_str().expect("a day").to_owned();
        let mut world = World {
            server,
            client,
            administrator,
            science: String::new(),
            finance: String::new(),
            checker: String::new(),
            holder: String::new(),
            provider: String::new(),
            stranger: String::new(),
            today,
            voucher: String::new(),
        };
        world.set_up().await;
        world
    }

    async fn set_up(&mut self) {
        let admin = self.administrator.clone();
        for (code, zh, en) in [
            ("310117", "松江区", "Songjiang"),
            ("330100", "杭州市", "Hangzhou"),
        ] {
            let city = json!({"code": code, "kind": "city", "name_zh": zh, "name_en": en,
                "province": "P", "signed_protocol": true});
            self.post(&admin, "/v1/members", city).await;
        }
        let category = json!({"code": "testing", "name_zh": "检测", "name_en": "Testing"});
        self.post(&admin, "/v1/categories", category).await;
        self.post(
            &admin,
            "/v1/enterprises",
            json!({"code": ENTERPRISE, "name": "示例科技有限公司",
            "city": "310117", "kind": "sme"}),
        )
        .await;
        self.post(
            &admin,
            "/v1/providers",
            json!({"code": PROVIDER, "name": "示例检测研究院",
            "city": "330100", "categories": ["testing"], "admitted_from": "2020-01-01",
            "admitted_to": "2099-12-31"}),
        )
        .await;
        self.science = self.enrol("science_officer", "member:310117").await;
        self.finance = self.enrol("finance_officer", "member:310117").await;
        let offices = [
            ("finance_officer", "member:310117"),
            ("science_officer", "member:310117"),
        ];
        self.checker = self.enrol_with("checker", &offices).await;
        self.holder = self
            .enrol("enterprise", &format!("enterprise:{ENTERPRISE}"))
            .await;
        self.provider = self
            .enrol("provider", &format!("provider:{PROVIDER}"))
            .await;
        self.stranger = self.enrol("science_officer", "member:330100").await;
        let (science, finance) = (self.science.clone(), self.finance.clone());
        self.post(
            &science,
            "/v1/programmes",
            json!({"code": "310117-T", "title": "试点",
            "city": "310117", "budget_year": 2026}),
        )
        .await;
        self.post_with_second(
            &finance,
            "/v1/programmes/310117-T/budget-changes",
            json!({"amount": "10000000.00", "direction": "raise"}),
        )
        .await;
        self.post_with_second(
            &science,
            "/v1/programmes/310117-T/versions",
            json!({
            "effective_from": self.today, "document_no": "科发〔2026〕1号", "payee": "provider",
            "base": "invoice", "cap_enterprise": "5000000.00", "cap_group": "5000000.00",
            "use_months": 6, "cash_days": 30,
            "rates": [{"category": "testing", "tiers": [{"ratio": "0.5"}],
                "cap_claim": "100000.00"}]}),
        )
        .await;
        self.voucher = self.issue("1000.00").await;
    }

    /// Issues a voucher and lets the holder consent to the provider.
    pub(crate) async fn issue(&self, amount: &str) -> String {
        let issue = json!({"programme": "310117-T", "enterprise": ENTERPRISE, "amount": amount});
        let issued = self.post(&self.science, "/v1/vouchers", issue).await;
        let voucher = issued["id"].as_str().expect("an id").to_owned();
        let consent = json!({"giver": "holder", "provider": PROVIDER, "up_to": "1000000.00",
            "until": "2099-12-31"});
        self.post(
            &self.holder,
            &format!("/v1/vouchers/{voucher}/consents"),
            consent,
        )
        .await;
        voucher
    }

    /// Registers a person with a role and answers a token.
    pub(crate) async fn enrol(&self, role: &str, scope: &str) -> String {
        self.enrol_with(role, &[(role, scope)]).await
    }

    /// Registers a person with roles and answers a token.
    pub(crate) async fn enrol_with(&self, name: &str, roles: &[(&str, &str)]) -> String {
        let admin = &self.administrator;
        let person = self
            .post(admin, "/v1/principals", json!({"name": name}))
            .await;
        let id = person["id"].as_str().expect("an id").to_owned();
        for (role, scope) in roles {
            let grant = json!({"role": role, "scope": scope, "granted": true});
            self.post(admin, &format!("/v1/principals/{id}/grants"), grant)
                .await;
        }
        let token = format!("qt_{}", sha256(&format!("{name}/{roles:?}/{id}")));
        let hash = sha256(&token);
        let issue = json!({"token_sha256": hash, "label": name});
        self.post(admin, &format!("/v1/principals/{id}/tokens"), issue)
            .await;
        token
    }

    /// A write that must succeed.
    pub(crate) async fn post(&self, token: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(Method::POST, token, path, Some(body)).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// A write that waits for a second person, and is approved by the checker.
    pub(crate) async fn post_with_second(&self, token: &str, path: &str, body: Value) -> Value {
        let proposed = self.post(token, path, body).await;
        assert_eq!(proposed["event"], "ActionProposed", "{path}: {proposed}");
        let id = proposed["id"].as_str().expect("an id");
        let path = format!("/v1/proposals/{id}/decision");
        self.post(&self.checker, &path, json!({"approve": true}))
            .await
    }

    /// A read that must succeed.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Value {
        let (status, answer) = self.call(Method::GET, token, path, None).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Any request.
    pub(crate) async fn call(
        &self,
        method: Method,
        token: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let url = format!("{}{path}", self.server.url);
        let answer = send(&self.client, method, &url, token, None, body.as_ref()).await;
        let answer = answer.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// A claim on a voucher with an invoice number of its own.
    pub(crate) fn claim(&self, voucher: &str, invoice: u64, amount: &str) -> Value {
        claim(&self.today, voucher, invoice, amount)
    }
}

/// A claim filed on a day, with an invoice number of its own.
pub(crate) fn claim(today: &str, voucher: &str, invoice: u64, amount: &str) -> Value {
    json!({"voucher": voucher, "provider": PROVIDER, "category": "testing",
        "contract_no": format!("HT-{invoice}"), "contract_date": today,
        "contract_amount": amount, "invoice_no": format!("{invoice:020}"),
        "invoice_amount": amount, "paid_amount": "0.00"})
}

/// Fen of an amount in yuan.
pub(crate) fn fen(value: &Value) -> i64 {
    let text = value.as_str().expect("an amount");
    text.replace('.', "").parse().expect("digits")
}

/// Hexadecimal SHA-256 of a text.
pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
