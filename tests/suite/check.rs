//! The public check: what a number and its suffix say to anybody, and nothing else.

use std::net::IpAddr;

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::import::text;
use super::server::{ENTERPRISE, PROVIDER, Server, World, quantong};

/// A client without a token at an address of its own.
fn client(host: u8) -> Client {
    let address = IpAddr::from([127, 0, 0, host]);
    let client = Client::builder().local_address(address).build();
    client.expect("a client")
}

/// Asks without a token; status, headers and body.
async fn ask(client: &Client, url: &str, language: &str) -> (u16, Vec<(String, String)>, String) {
    let request = client.get(url).header("Accept-Language", language);
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    // What is different with every answer.
    let own = ["date", "x-request-id"];
    let headers = answer.headers().iter();
    let headers = headers.filter(|(name, _)| !own.contains(&name.as_str()));
    let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or("").to_owned();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect();
    headers.sort();
    (status, headers, answer.text().await.expect("a body"))
}

async fn told(url: &str) -> (u16, Value) {
    let (status, _, body) = ask(&client(1), url, "en").await;
    (status, serde_json::from_str(&body).expect("JSON"))
}

/// The address of the page and of the API for a resource.
async fn addresses(world: &World, path: &str) -> (String, String) {
    let read = world.get(&world.holder, path).await;
    let page = read["check_url"].as_str().expect("an address").to_owned();
    let api = page.replace("/check/", "/v1/check/");
    (page, api)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_suffix_is_told_where_a_voucher_stands_and_nothing_of_its_holder() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    let path = format!("/v1/vouchers/{}", world.voucher);
    let voucher = world.get(&world.holder, &path).await;
    let (_, api) = addresses(&world, &path).await;
    assert!(api.starts_with(&world.server.url), "{api}");
    let (status, told_first) = told(&api).await;
    let expected = json!({"kind": "voucher", "id": world.voucher, "state": "active",
        "city": {"code": "310117", "name_zh": "松江区", "name_en": "Songjiang"},
        "use_by": voucher["use_by"], "cash_by": voucher["cash_by"], "on": world.today});
    assert_eq!((status, &told_first), (200, &expected));
    let holder = world
        .get(&world.holder, &format!("/v1/enterprises/{ENTERPRISE}"))
        .await;
    for secret in [
        ENTERPRISE,
        "示例科技",
        "1000.00",
        holder["id"].as_str().expect("an id"),
    ] {
        assert!(!told_first.to_string().contains(secret), "{secret}");
    }
    // Typed by hand.
    let (number, suffix) = api
        .rsplit_once('/')
        .expect("a path")
        .1
        .split_once("?k=")
        .expect("k");
    let typed = format!(
        "{}/v1/check/{}?k={}",
        world.server.url,
        number.to_lowercase(),
        suffix.to_lowercase()
    );
    assert_eq!(told(&typed).await.1, expected);
    let freeze = json!({"frozen": true, "reason": "核查"});
    world
        .post(&world.science, &format!("{path}/freeze"), freeze)
        .await;
    assert_eq!(told(&api).await.1["state"], "frozen");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_told_with_its_services_and_whether_it_is_admitted() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    let (_, api) = addresses(&world, &format!("/v1/providers/{PROVIDER}")).await;
    let (status, answer) = told(&api).await;
    let expected = json!({"kind": "provider", "id": answer["id"], "name": "示例检测研究院",
        "state": "admitted", "city": {"code": "330100", "name_zh": "杭州市", "name_en": "Hangzhou"},
        "categories": [{"code": "testing", "name_zh": "检测", "name_en": "Testing"}],
        "admitted_to": "2099-12-31", "on": world.today});
    assert_eq!((status, &answer), (200, &expected));
    let path = format!("/v1/providers/{PROVIDER}");
    let stop = json!({"suspended": true, "reason": "维修"});
    world
        .post(&world.stranger, &format!("{path}/suspension"), stop)
        .await;
    assert_eq!(told(&api).await.1["state"], "suspended");
    let go_on = json!({"suspended": false});
    world
        .post(&world.stranger, &format!("{path}/suspension"), go_on)
        .await;
    let end = json!({"from": world.today, "reason": "退出"});
    world
        .post(&world.stranger, &format!("{path}/removal"), end)
        .await;
    let (_, answer) = told(&api).await;
    assert_eq!(
        (&answer["state"], &answer["admitted_to"]),
        (&json!("not_admitted"), &Value::Null)
    );
    let end = json!({"from": world.today, "reason": "注销"});
    world
        .post(&world.stranger, &format!("{path}/dissolution"), end)
        .await;
    assert_eq!(told(&api).await.1["state"], "dissolved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_suffix_and_an_unknown_number_get_the_very_same_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    let (_, api) = addresses(&world, &format!("/v1/vouchers/{}", world.voucher)).await;
    let suffix = api.rsplit_once("?k=").expect("a suffix").1;
    let known = &world.voucher;
    // One of these is the number that another voucher would have.
    let (stem, _) = known.rsplit_once('-').expect("a check character");
    let last = &stem[..stem.len() - 1];
    let checks = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".chars();
    let mut tries: Vec<String> = checks
        .map(|check| format!("{last}Z-{check}?k={suffix}"))
        .collect();
    let wrong = if suffix.starts_with('0') { "1" } else { "0" };
    tries.extend([
        format!("{known}?k={wrong}{}", &suffix[1..]),
        format!("{known}?k={}", &suffix[1..]),
        format!("{known}?k="),
        format!("{known}?q={suffix}"),
        known.clone(),
        format!("{}?k={suffix}", known.replace("VO-", "CL-")),
        format!("%F0%9F%98%80?k={suffix}"),
        format!("nothing-like-it?k={suffix}"),
    ]);
    for (kind, hosts) in [("/v1/check", 10..), ("/check", 20..)] {
        let mut first = None;
        // From several addresses: none of them is wrong too often.
        for (host, tries) in hosts.zip(tries.chunks(15)) {
            for tried in tries {
                let url = format!("{}{kind}/{tried}", world.server.url);
                let mut answer = ask(&client(host), &url, "zh").await;
                assert_eq!(answer.0, 404, "{tried}: {}", answer.2);
                // The request's own id, and the link to the other language, which holds the suffix.
                answer.2 = match serde_json::from_str::<Value>(&answer.2) {
                    Ok(mut problem) => {
                        problem["request_id"] = Value::Null;
                        problem.to_string()
                    }
                    Err(_) => answer.2.split("<p><a").next().unwrap_or("").to_owned(),
                };
                answer.1.retain(|(name, _)| name != "content-length");
                let expected = first.get_or_insert_with(|| answer.clone());
                assert_eq!(&answer, expected, "{tried}");
            }
        }
    }
    assert_eq!(told(&api).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_wrong_too_often_is_told_so_and_right_suffixes_are_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    let (page, api) = addresses(&world, &format!("/v1/vouchers/{}", world.voucher)).await;
    let wrong = format!(
        "{}/v1/check/{}?k=0000000000",
        world.server.url, world.voucher
    );
    let (here, there) = (client(50), client(51));
    for _ in 0..20 {
        assert_eq!(ask(&here, &wrong, "en").await.0, 404);
    }
    let (status, headers, body) = ask(&here, &wrong, "en").await;
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, &body["code"]), (429, &json!("TOO_MANY_CHECKS")));
    assert!(
        headers.contains(&("retry-after".into(), "900".into())),
        "{headers:?}"
    );
    let shown = ask(&here, &wrong.replace("/v1", ""), "zh-CN").await;
    assert!(shown.0 == 429 && shown.2.contains("十五分钟"), "{shown:?}");
    assert!(shown.1.contains(&("retry-after".into(), "900".into())));
    assert_eq!(ask(&there, &wrong, "en").await.0, 404);
    for url in [page, api] {
        assert_eq!(ask(&here, &url, "en").await.0, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_speaks_both_languages_and_is_kept_and_indexed_by_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    let (page, _) = addresses(&world, &format!("/v1/vouchers/{}", world.voucher)).await;
    let anybody = client(1);
    let (status, headers, zh) = ask(&anybody, &page, "zh-CN,zh;q=0.9").await;
    assert_eq!(status, 200);
    let header = |name: &str| {
        let found = headers.iter().find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("x-robots-tag"), "noindex, nofollow");
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    let policy = header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(zh.contains("<html lang=\"zh-CN\">") && zh.contains("有效") && zh.contains("松江区"));
    assert!(zh.contains("name=\"viewport\"") && !zh.contains("<script"));
    let (_, _, en) = ask(&anybody, &page, "en").await;
    assert!(en.contains("<html lang=\"en\">") && en.contains("Valid") && en.contains("Songjiang"));
    let (_, _, chosen) = ask(&anybody, &format!("{page}&lang=en"), "zh-CN").await;
    assert_eq!(chosen, en);
    let (_, _, chosen) = ask(&anybody, &format!("{page}&lang=zh"), "en").await;
    assert_eq!(chosen, zh);
    for text in [ENTERPRISE, "示例科技", "1000.00"] {
        assert!(!zh.contains(text) && !en.contains(text), "{text}");
    }
    let unknown = format!(
        "{}/check/{}?k=%3Cscript%3E",
        world.server.url, world.voucher
    );
    let (status, _, body) = ask(&anybody, &unknown, "zh").await;
    assert!(
        status == 404 && body.contains("没有此编号") && !body.contains("<script"),
        "{body}"
    );
}

/// The modules of a picture that is written as `M x y h w v h H x V y` squares.
fn read_picture(svg: &str) -> String {
    let path = svg
        .split(" d=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let path = path.expect("a path");
    let squares: Vec<[usize; 3]> = path
        .split('M')
        .skip(1)
        .map(|square| {
            let numbers = square.split(|c: char| !c.is_ascii_digit());
            let mut numbers = numbers.filter_map(|number| number.parse().ok());
            [(); 3].map(|()| numbers.next().expect("a number"))
        })
        .collect();
    let side = squares
        .iter()
        .map(|[x, y, w]| x.max(y) + w)
        .max()
        .expect("squares")
        + 40;
    let mut dark = vec![false; side * side];
    for [x, y, w] in squares {
        for row in y..y + w {
            dark[row * side + x..row * side + x + w].fill(true);
        }
    }
    let shade = |x: usize, y: usize| if dark[y * side + x] { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, shade);
    let codes = image.detect_grids();
    let [code] = &codes[..] else {
        panic!("{} codes", codes.len());
    };
    code.decode().expect("a code").1
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_is_that_of_the_address_for_who_may_read_the_voucher() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    for resource in [
        format!("/v1/vouchers/{}", world.voucher),
        format!("/v1/providers/{PROVIDER}"),
    ] {
        let (page, _) = addresses(&world, &resource).await;
        let url = format!("{}{resource}/qr", world.server.url);
        let request = world.client.get(&url).bearer_auth(&world.holder);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "image/svg+xml");
        assert_eq!(read_picture(&answer.text().await.expect("a picture")), page);
        assert_eq!(ask(&client(1), &url, "en").await.0, 401);
    }
    let path = format!("/v1/vouchers/{}/qr", world.voucher);
    let (status, _) = world.call(Method::GET, &world.stranger, &path, None).await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn printed_suffixes_outlive_a_restart_a_snapshot_and_a_move_of_the_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut world = World::new(&data).await;
    let (page, _) = addresses(&world, &format!("/v1/vouchers/{}", world.voucher)).await;
    let first = world.server.url.clone();
    let at = |server: &Server| page.replace(&first, &server.url);
    world.server.terminate();
    let done = quantong(&data, "", &["snapshot"]);
    assert!(done.status.success(), "{done:?}");
    // On printed paper stands where people reach it.
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quantong"));
    command.arg("--data").arg(&data);
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--public-url",
        "https://quan.example.cn/q/",
    ]);
    let (mut again, _) = Server::launch(&mut command, &data, None);
    assert_eq!(ask(&client(1), &at(&again), "en").await.0, 200);
    let read = format!("{}/v1/vouchers/{}", again.url, world.voucher);
    let read = world
        .client
        .get(read)
        .bearer_auth(&world.holder)
        .send()
        .await;
    let read: Value = read.expect("an answer").json().await.expect("JSON");
    let printed = page.replace(&first, "https://quan.example.cn/q");
    assert_eq!(read["check_url"], json!(printed));
    again.terminate();

    for (personal, status) in [(true, 200), (false, 404)] {
        let file = folder.path().join(format!("{personal}.journal"));
        let flag: &[&str] = if personal {
            &[]
        } else {
            &["--without-personal-data"]
        };
        let export = quantong(&data, "", &[&["export", text(&file)], flag].concat());
        assert!(export.status.success(), "{export:?}");
        let other = folder.path().join(format!("{personal}"));
        let import = quantong(&other, "", &["import-journal", text(&file)]);
        assert!(import.status.success(), "{import:?}");
        let (server, _) = Server::start(&other, None);
        let (told, _, _) = ask(&client(1), &at(&server), "en").await;
        assert_eq!(told, status, "with personal data: {personal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_of_a_database_answers_with_the_same_suffix() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let world = World::on(folders[0].path(), Some(&database)).await;
    let (follower, _) = Server::start(folders[1].path(), Some(&database));
    let (page, api) = addresses(&world, &format!("/v1/vouchers/{}", world.voucher)).await;
    let freeze = json!({"frozen": true, "reason": "核查"});
    let path = format!("/v1/vouchers/{}/freeze", world.voucher);
    world.post(&world.science, &path, freeze).await;
    let url = api.replace(&world.server.url, &follower.url);
    let (status, answer) = told(&url).await;
    assert_eq!(
        (status, &answer["state"]),
        (200, &json!("frozen")),
        "{answer}"
    );
    let role = format!("{}/readyz", follower.url);
    assert_eq!(told(&role).await.1["role"], "follower");
    let url = page.replace(&world.server.url, &follower.url);
    assert_eq!(ask(&client(1), &url, "zh").await.0, 200);
}
