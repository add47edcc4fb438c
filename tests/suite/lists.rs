//! Lists over HTTP, from the views of the real server.

use quantong::journal::Database;
use quantong::views::{Compare, Filter, FilterValue, Page, Reach, Resource, Views};
use reqwest::Method;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::server::World;

mod alike;
mod search;
mod words;

pub(crate) use alike::every_row_says_what_its_single_read_says;
pub(crate) use words::every_row_is_found_by_its_own_words;

/// All pages of a list, and the number of pages.
async fn all(world: &World, token: &str, path: &str) -> (Vec<Value>, u32) {
    let (mut rows, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = world.get(token, &format!("{path}{cursor}")).await;
        pages += 1;
        rows.extend(page["data"].as_array().expect("rows").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (rows, pages),
        }
    }
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter()
        .map(|row| row["id"].as_str().expect("an id"))
        .collect()
}

async fn walk_through(world: World) {
    let (provider, holder, science) = (&world.provider, &world.holder, &world.science);
    let mut filed = Vec::new();
    for n in 0..23 {
        let claim = world.claim(&world.voucher, n + 1, "20.00");
        let answer = world.post(provider, "/v1/claims", claim).await;
        filed.push(answer["id"].as_str().expect("an id").to_owned());
        // A list that is asked for now has what was answered before.
        if n % 6 == 0 {
            let page = world.get(provider, "/v1/claims?limit=1").await;
            assert_eq!(page["data"][0]["id"], filed[filed.len() - 1].as_str());
        }
    }
    filed.reverse();
    let (rows, pages) = all(&world, provider, "/v1/claims?limit=5").await;
    assert_eq!(
        (ids(&rows), pages),
        (filed.iter().map(String::as_str).collect(), 5)
    );
    let row = &rows[0];
    let single = world
        .get(provider, &format!("/v1/claims/{}", filed[0]))
        .await;
    for name in [
        "amount",
        "status",
        "voucher",
        "provider",
        "payer",
        "invoice_no",
        "contract_date",
    ] {
        assert_eq!(row[name], single[name], "{name}: {row}");
    }
    assert_eq!(
        (&row["issuer"], &row["programme"]),
        (&json!("310117"), &json!("310117-T"))
    );

    // Pages stay as they are while claims go on.
    let first = world.get(provider, "/v1/claims?limit=3").await;
    let claim = world.claim(&world.voucher, 99, "20.00");
    world.post(provider, "/v1/claims", claim).await;
    let cursor = first["next_cursor"].as_str().expect("another page");
    let second = world
        .get(provider, &format!("/v1/claims?limit=3&cursor={cursor}"))
        .await;
    assert_eq!(ids(second["data"].as_array().expect("rows")), filed[3..6]);

    let count = |path: &'static str| async {
        let token = science.clone();
        all(&world, &token, path).await.0.len()
    };
    assert_eq!(count("/v1/claims?invoice_no=00000000000000000007").await, 1);
    assert_eq!(count("/v1/claims?status=reversed").await, 0);
    assert_eq!(count("/v1/enterprises?q=%E7%A4%BA%E4%BE%8B").await, 1);
    assert_eq!(count("/v1/enterprises?q=%25").await, 0);
    assert_eq!(
        count("/v1/vouchers?programme=310117-T&issuer=310117").await,
        1
    );
    assert_eq!(count("/v1/members").await, 2);
    assert_eq!(count("/v1/periods?status=open").await, 1);
    let vouchers = world.get(holder, "/v1/vouchers").await;
    assert_eq!(vouchers["data"][0]["free"], "760.00");
    assert_eq!(vouchers["data"][0]["frozen"], false);
    balances_and_statements(&world).await;
    refusals_and_reach(&world).await;
    bad_parameters_and_status(&world).await;
}

/// What is wrong is said before time goes on.
async fn bad_parameters_and_status(world: &World) {
    bad_parameters(world).await;
    search::names(world).await;
    search::numbers(world).await;
    vouchers_by_status(world).await;
    a_claim_that_waits(world).await;
}

/// A list says of a voucher's money what the voucher itself says, also while a claim waits.
async fn a_claim_that_waits(world: &World) {
    let science = &world.science;
    let (rows, _) = all(world, science, "/v1/vouchers?limit=50&status=active").await;
    let voucher = rows[0]["id"].as_str().expect("a voucher lives on");
    let path = "/v1/programmes/310117-T/year-closing";
    let reason = json!({"reason": "年终"});
    world.post_with_second(&world.finance, path, reason).await;
    let body = world.claim(voucher, 900, "4.00");
    let claim = world.post(&world.provider, "/v1/claims", body).await;
    assert_eq!(claim["event"], "ClaimAwaitsBudget", "{claim}");
    let path = format!("/v1/vouchers/{voucher}");
    let mut claimed = Vec::new();
    for step in ["", "withdraw"] {
        if !step.is_empty() {
            let claim = claim["id"].as_str().expect("an id");
            let path = format!("/v1/claims/{claim}/{step}");
            world
                .post(&world.provider, &path, json!({"reason": "重报"}))
                .await;
        }
        let single = world.get(science, &path).await;
        let rows = all(
            world,
            science,
            &format!("/v1/vouchers?limit=50&q={voucher}"),
        )
        .await
        .0;
        for name in [
            "amount", "free", "held", "claimed", "approved", "returned", "status",
        ] {
            assert_eq!(rows[0][name], single[name], "{name}: {}", rows[0]);
        }
        claimed.push(single["claimed"].clone());
    }
    assert_eq!(claimed, ["2.00", "0.00"]);
}

/// Vouchers in every status are found by it, and by no other.
async fn vouchers_by_status(world: &World) {
    let science = &world.science;
    let act = async |voucher: &str, step: &str, body: Value| {
        let path = format!("/v1/vouchers/{voucher}/{step}");
        world.post(science, &path, body).await
    };
    let frozen = world.issue("10.00").await;
    act(&frozen, "freeze", json!({"frozen": true, "reason": "核查"})).await;
    let revoked = world.issue("11.00").await;
    let path = format!("/v1/vouchers/{revoked}/revoke");
    let reason = json!({"reason": "误发"});
    world.post_with_second(science, &path, reason).await;
    let used_up = world.issue("12.00").await;
    let claim = world.claim(&used_up, 700, "24.00");
    world.post(&world.provider, "/v1/claims", claim).await;
    // It lives longer than the others.
    let longest = world.issue("13.00").await;
    let path = format!("/v1/vouchers/{longest}/extend");
    let deadlines = json!({"use_by": "2033-01-31", "cash_by": "2034-12-31", "reason": "延期"});
    world.post_with_second(science, &path, deadlines).await;
    by_status(
        world,
        &[
            ("frozen", &frozen),
            ("revoked", &revoked),
            ("used_up", &used_up),
            ("active", &longest),
            ("active", &world.voucher),
        ],
    )
    .await;
    let operator = world.enrol("operator", "corridor").await;
    for (to, expected) in [
        // After the last day of use of the others, and after the last day to file.
        (
            6,
            [
                ("frozen", &frozen),
                ("expired", &world.voucher),
                ("active", &longest),
            ],
        ),
        (
            12,
            [
                ("lapsed", &frozen),
                ("lapsed", &world.voucher),
                ("active", &longest),
            ],
        ),
    ] {
        let today = quantong::domain::Day::parse(&world.today).expect("a day");
        let to = today.plus_months(to).plus_days(2).to_string();
        world
            .post(&operator, "/v1/business-date", json!({"to": to}))
            .await;
        by_status(world, &expected).await;
        by_status(world, &[("revoked", &revoked), ("used_up", &used_up)]).await;
    }
}

async fn by_status(world: &World, expected: &[(&str, &String)]) {
    let (every, _) = all(world, &world.science, "/v1/vouchers?limit=50").await;
    let mut found = 0;
    for status in [
        "active", "frozen", "expired", "lapsed", "revoked", "used_up",
    ] {
        let path = format!("/v1/vouchers?limit=2&status={status}");
        let (rows, _) = all(world, &world.science, &path).await;
        assert!(
            rows.iter().all(|row| row["status"] == status),
            "{status}: {rows:?}"
        );
        found += rows.len();
        for (_, voucher) in expected.iter().filter(|(expected, _)| *expected == status) {
            assert!(
                ids(&rows).contains(&voucher.as_str()),
                "{voucher} is not {status}"
            );
            let path = format!("/v1/vouchers/{voucher}");
            assert_eq!(world.get(&world.science, &path).await["status"], status);
        }
        let path = format!("{path}&issuer=310117&programme=310117-T");
        let of_holder = format!("{path}&holder={}", super::server::ENTERPRISE);
        for narrower in [path, of_holder] {
            assert_eq!(
                all(world, &world.science, &narrower).await.0,
                rows,
                "{narrower}"
            );
        }
    }
    assert_eq!(found, every.len());
}

/// Balances today are those of the state; before the first day there was nothing.
async fn balances_and_statements(world: &World) {
    words::statements_name_one_account(world).await;
    let finance = &world.finance;
    let now = world.get(finance, "/v1/trial-balance?party=310117").await;
    let of_views = world.get(finance, "/v1/balances?party=310117").await;
    assert_eq!(rows(&of_views), rows(&now));
    let before = world
        .get(finance, "/v1/balances?party=310117&on=2020-01-01")
        .await;
    assert_eq!(before["accounts"], json!([]));
    let path = "/v1/statement?party=310117&account=approved&programme=310117-T";
    let statement = world.get(finance, path).await;
    assert_eq!(statement["closing_balance"], "240.00");
    assert_eq!(statement["days"][0]["credits"], "240.00");
    let path = "/v1/balances?party=310117";
    let (status, _) = world.call(Method::GET, &world.stranger, path, None).await;
    assert_eq!(status, 404);
    for (wrong, field) in [
        ("/v1/balances?party=310117&on=2999-01-01", "on"),
        ("/v1/balances?party=310117&party=330100", "party"),
        ("/v1/claims?limit=1&limit=2", "limit"),
        ("/v1/trial-balance?party=310117&party=330100", "party"),
    ] {
        let (status, said) = world.call(Method::GET, finance, wrong, None).await;
        assert_eq!(
            (status, &said["errors"][0]["field"]),
            (400, &json!(field)),
            "{said}"
        );
    }
}

/// All rows of a list, page by page; each page has looked at few rows.
async fn pages(views: &Views, filters: &[Filter], reach: Option<Reach>) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut before = None;
    loop {
        let page = Page {
            resource: Resource::Claims,
            reach: reach.map(|reach| vec![reach]),
            filters: filters.to_vec(),
            before,
            rows: 7,
            look_at: Some(29),
        };
        let listed = views.list(&page).await.expect("a page");
        assert!(listed.rows.len() <= 7);
        rows.extend(listed.rows);
        match listed.next {
            Some(next) => before = Some(next),
            None => return rows,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_end_early_and_days_turned_into_keys_leave_out_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = super::import::examples();
    for arguments in [
        &["import", super::import::text(&input)],
        &["views", "rebuild"],
    ] {
        let done = super::server::quantong(folder.path(), "", arguments);
        assert!(done.status.success());
    }
    let views = Views::open(&Database::Sqlite, folder.path()).await;
    let views = views.expect("the tables");
    let all = pages(&views, &[], None).await;
    assert!(
        all.len() > 500
            && all
                .windows(2)
                .all(|two| two[0]["id"].as_i64() > two[1]["id"].as_i64())
    );
    let filter = |columns, compare| Filter { columns, compare };
    let text = |text: &str| FilterValue::Text(text.to_owned());
    let status = || filter(&["status"], Compare::Is(text("reversed")));
    let from = |day| filter(&["filed_on"], Compare::From(text(day)));
    let to = |day| filter(&["filed_on"], Compare::To(text(day)));
    let period = |n| filter(&["period"], Compare::Is(FilterValue::Number(n)));
    let provider = filter(&["provider"], Compare::Is(FilterValue::Number(3)));
    let lists = [
        vec![status()],
        vec![from("2025-06-01")],
        vec![to("2025-06-13"), status()],
        vec![from("2025-03-05"), to("2025-03-05")],
        vec![from("2030-01-01")],
        vec![to("2020-01-01")],
        vec![period(4), from("2025-05-10")],
        vec![period(99)],
        vec![provider],
    ];
    for filters in &lists {
        let fits = |row: &&Value| {
            filters.iter().all(|filter| {
                let found = &row[filter.columns[0]];
                match &filter.compare {
                    Compare::Is(FilterValue::Number(number)) => found.as_i64() == Some(*number),
                    Compare::Is(FilterValue::Text(text)) => found.as_str() == Some(text),
                    Compare::From(FilterValue::Text(text)) => found.as_str() >= Some(text),
                    Compare::To(FilterValue::Text(text)) => found.as_str() <= Some(text),
                    other => unreachable!("none of the lists has {other:?}"),
                }
            })
        };
        let expected: Vec<&Value> = all.iter().filter(fits).collect();
        let found = pages(&views, filters, None).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filters:?}");
    }
    let of_city = pages(&views, &[], Some(Reach::Member(3))).await;
    let issued = all
        .iter()
        .filter(|row| row["issuer"] == 3 || row["payer"] == 3);
    assert!(of_city.len() >= issued.count() && of_city.len() < all.len());
    views.close().await;
}

/// What the books were at a recorded moment is what was read then.
#[tokio::test(flavor = "multi_thread")]
async fn balances_at_a_recorded_moment_are_what_was_read_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    let finance = &world.finance;
    let mut then = Vec::new();
    for n in 1..=4 {
        let claim = world.claim(&world.voucher, n, "20.00");
        world.post(&world.provider, "/v1/claims", claim).await;
        let books = world.get(finance, "/v1/trial-balance?party=310117").await;
        let ready = world.get(finance, "/readyz").await;
        let at = std::time::SystemTime::now();
        then.push((books, ready["durable_sequence"].clone(), at));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let path = "account=approved&programme=310117-T";
    for (n, (books, sequence, instant)) in then.iter().enumerate() {
        let since = instant
            .duration_since(std::time::UNIX_EPOCH)
            .expect("a time");
        let instant = jiff::Timestamp::from_microsecond(
            i64::try_from(since.as_micros()).expect("this century"),
        );
        let instant = instant.expect("a time").to_string();
        for at in [sequence.to_string(), instant] {
            let of_views = format!("/v1/balances?party=310117&at={at}");
            let of_views = world.get(finance, &of_views).await;
            assert_eq!(rows(&of_views), rows(books), "{at}");
            assert_eq!(of_views["at_sequence"], *sequence);
            let statement = format!("/v1/statement?party=310117&{path}&at={at}");
            let statement = world.get(finance, &statement).await;
            let expected = format!("{}.00", (n + 1) * 10);
            assert_eq!(statement["closing_balance"], expected, "{at}");
        }
    }
    let ahead = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
    let ahead = jiff::Timestamp::try_from(ahead).expect("a time");
    for path in [
        "/v1/balances?party=310117".to_owned(),
        format!("/v1/statement?party=310117&{path}"),
    ] {
        let path = format!("{path}&at={ahead}");
        let (status, problem) = world.call(Method::GET, finance, &path, None).await;
        let error = &problem["errors"][0];
        assert_eq!((status, &error["field"]), (400, &json!("at")), "{problem}");
        let said = error["problem"].as_str().expect("a text");
        assert!(said.starts_with("lies ahead: it is now 20"), "{said}");
    }
    for wrong in ["at=soon", "at=99999999", "at=0", "at=3&on=2025-01-01"] {
        let path = format!("/v1/balances?party=310117&{wrong}");
        let (status, problem) = world.call(Method::GET, finance, &path, None).await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (400, &json!("at")),
            "{wrong}"
        );
    }
}

/// The end of a business day is the moment before the first event of the next one.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_day_is_the_beginning_of_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let done = super::server::quantong(folder.path(), "", arguments);
        assert!(done.status.success());
        String::from_utf8(done.stdout).expect("UTF-8")
    };
    run(&["import", super::import::text(&super::import::examples())]);
    let token = run(&["token", "--name", "a", "--role", "auditor"]);
    let token = token.trim();
    let (server, _) = super::server::Server::start(folder.path(), None);
    let client = reqwest::Client::new();
    let get = async |query: String| {
        let url = format!("{}/v1/balances?party=310117&{query}", server.url);
        let sent = super::server::send(&client, Method::GET, &url, token, None, None).await;
        let answer: Value = sent.expect("an answer").json().await.expect("JSON");
        answer
    };
    for day in ["2025-02-28", "2025-06-13", "2025-09-30"] {
        let (mut before, mut after) = (1, 20_000);
        while after - before > 1 {
            let middle = (before + after) / 2;
            match get(format!("at={middle}")).await["on"].as_str() {
                Some(on) if on <= day => before = middle,
                _ => after = middle,
            }
        }
        let (end, whole) = (
            get(format!("at={before}")).await,
            get(format!("on={day}")).await,
        );
        assert_eq!(rows(&end), rows(&whole), "{day} at {before}");
        assert!(rows(&end).len() > 3);
    }
}

/// The accounts of an answer.
fn rows(answer: &Value) -> Vec<String> {
    let rows = answer["accounts"].as_array().expect("rows").iter();
    let names = [
        "account", "section", "detail", "debits", "credits", "balance",
    ];
    let row = |row: &Value| names.map(|name| row[name].to_string()).join(" ");
    let mut rows: Vec<String> = rows.map(row).collect();
    rows.sort();
    rows
}

async fn refusals_and_reach(world: &World) {
    let twice = world.claim(&world.voucher, 1, "20.00");
    let (status, refusal) = world
        .call(Method::POST, &world.provider, "/v1/claims", Some(twice))
        .await;
    assert_eq!(status, 422);
    let (rows, _) = all(
        world,
        &world.provider,
        "/v1/refusals?code=DUPLICATE_INVOICE",
    )
    .await;
    assert_eq!(rows[0]["id"], refusal["refusal_id"]);
    assert_eq!(rows[0]["faults"], json!(["DUPLICATE_INVOICE"]));
    // Another city's office sees what concerns its city: it hosts the provider, issued nothing.
    let stranger = &world.stranger;
    assert_eq!(
        all(world, stranger, "/v1/vouchers?limit=50").await.0.len(),
        0
    );
    assert_eq!(
        all(world, stranger, "/v1/claims?limit=50").await.0.len(),
        24
    );
    assert_eq!(
        all(world, stranger, "/v1/refusals?limit=50").await.0.len(),
        0
    );
    assert_eq!(
        all(world, stranger, "/v1/enterprises?limit=50")
            .await
            .0
            .len(),
        0
    );
    assert_eq!(
        all(world, &world.administrator, "/v1/claims?limit=50")
            .await
            .0
            .len(),
        24
    );
}

async fn bad_parameters(world: &World) {
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=x",
        "colour=red",
        "voucher=VO-1",
        "filed_from=yesterday",
        "consistency=perhaps",
        "invoice_no=1%00",
        "q=1%00",
    ] {
        let path = format!("/v1/claims?{query}");
        let (status, problem) = world.call(Method::GET, &world.provider, &path, None).await;
        assert_eq!(status, 400, "{query}: {problem}");
    }
    // PostgreSQL takes no NUL: who sends one is told so, not to try again.
    for name in ["user_name", "outcome"] {
        let path = format!("/v1/sign-ins?{name}=a%00");
        let (status, problem) = world
            .call(Method::GET, &world.administrator, &path, None)
            .await;
        assert_eq!(status, 400, "{path}: {problem}");
    }
    let nobody = json!({"user_name": "a\u{0}", "password": "not the right one"});
    let (status, problem) = world
        .call(Method::POST, "", "/v1/sign-in", Some(nobody))
        .await;
    assert_eq!((status, &problem["code"]), (401, &json!("SIGN_IN_FAILED")));
    let path = "/v1/vouchers?status=good";
    let (status, problem) = world.call(Method::GET, &world.science, path, None).await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (400, &json!("status"))
    );
    let (status, _) = world.call(Method::GET, "qt_no", "/v1/claims", None).await;
    assert_eq!(status, 401);
    let path = "/v1/claims?min_seq=999999999&limit=1";
    let (status, problem) = world.call(Method::GET, &world.provider, path, None).await;
    assert_eq!((status, &problem["code"]), (503, &json!("BEHIND")));
    let path = "/v1/claims?consistency=eventual&limit=1";
    assert!(world.get(&world.provider, path).await["view_sequence"].is_u64());
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_page_filter_and_keep_to_what_one_may_read() {
    let folder = tempfile::tempdir().expect("a folder");
    walk_through(World::new(folder.path()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_the_same_on_postgres() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let database = cluster.new_database();
    walk_through(World::on(folder.path(), Some(&database)).await).await;
}
