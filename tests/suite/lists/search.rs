//! `q` of the lists, on both databases.

use reqwest::Method;
use serde_json::{Value, json};

use super::{all, ids};
use crate::server::{ENTERPRISE, PROVIDER, World};

/// Rows of a list that `q` finds.
pub(super) async fn found(world: &World, list: &str, q: &str) -> Vec<Value> {
    let url = reqwest::Url::parse_with_params("http://host/", &[("q", q)]).expect("an address");
    let path = format!("/v1/{list}?limit=50&{}", url.query().expect("a query"));
    all(world, &world.administrator, &path).await.0
}

/// A credit code that is used by nobody else, with its check character.
fn code(serial: u64) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let text = format!("91310117{serial:09}");
    let (mut sum, mut weight) = (0, 1);
    for byte in text.bytes() {
        let digit = DIGITS.iter().position(|d| *d == byte).expect("a digit");
        sum += digit * weight % 31;
        weight = weight * 3 % 31;
    }
    let check = char::from(DIGITS[(31 - sum % 31) % 31]);
    format!("{text}{check}")
}

/// Numbers, identifiers and holders are found whole and by a part, and only by who may read them.
pub(super) async fn numbers(world: &World) {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let mut claim = world.claim(&world.voucher, 7001, "20.00");
    claim["contract_no"] = json!("合同（Ａ）-2026/Ü7");
    let claim = text(&world.post(&world.provider, "/v1/claims", claim).await["id"]);
    let path = format!("/v1/claims/{claim}/payments");
    let payment = json!({"bank_ref": "Ref-示例Ｚ9", "paid_on": world.today});
    let payment = world.post(&world.finance, &path, payment).await;
    let payment = text(&payment["id"]);
    let application = json!({"programme": "310117-T", "enterprise": ENTERPRISE,
        "amount": "10.00", "purpose": "检测"});
    let application = world
        .post(&world.holder, "/v1/applications", application)
        .await;
    let application = text(&application["id"]);
    let order = json!({"provider": PROVIDER, "category": "testing", "contract_amount": "20.00",
        "hold_until": world.today, "lines": [{"voucher": world.voucher, "amount": "10.00"}]});
    let order = text(&world.post(&world.holder, "/v1/orders", order).await["id"]);
    let middle = |id: &str| id[3..id.len() - 1].to_lowercase();
    let voucher = &world.voucher;
    for (list, q, id) in [
        ("claims", "00000000000000007001", &claim),
        ("claims", "0007001", &claim),
        ("claims", "合同（Ａ）-2026/Ü7", &claim),
        ("claims", "-2026/", &claim),
        ("claims", &claim, &claim),
        ("claims", &claim.to_lowercase(), &claim),
        ("claims", &middle(&claim), &claim),
        ("payments", "ref-示例Ｚ9", &payment),
        ("payments", &payment, &payment),
        ("applications", &application, &application),
        ("applications", ENTERPRISE, &application),
        ("applications", "示例科技", &application),
        ("orders", &order, &order),
        ("orders", &middle(&order), &order),
        ("vouchers", voucher, voucher),
        ("vouchers", &middle(voucher), voucher),
        ("vouchers", ENTERPRISE, voucher),
        ("vouchers", &ENTERPRISE[4..], voucher),
        ("vouchers", "示例科技有限公司", voucher),
    ] {
        let rows = found(world, list, q).await;
        let rows = ids(&rows);
        assert!(rows.contains(&id.as_str()), "{list}: {q}: {rows:?}");
        // Many vouchers and applications are of the one firm.
        assert!(
            rows.len() == 1 || list == "vouchers" || list == "applications",
            "{list}: {q}"
        );
        assert!(found(world, list, "无此").await.is_empty(), "{list}");
    }
    // An identifier leads nobody beyond what concerns them.
    let path = format!("/v1/vouchers?q={voucher}");
    assert_eq!(
        all(world, &world.stranger, &format!("{path}&limit=50"))
            .await
            .0
            .len(),
        0
    );
}

/// Names are found by themselves and by their other spellings, also once they are changed.
pub(super) async fn names(world: &World) {
    let admin = &world.administrator;
    let firm = json!({"code": code(41), "name": "示例ＡＢ科技Ü有限公司", "city": "310117",
        "kind": "sme"});
    let firm = world.post(admin, "/v1/enterprises", firm).await;
    let provider = json!({"code": code(42), "name": "示例（Ä）Ｌａｂ", "city": "330100",
        "categories": ["testing"], "admitted_from": "2020-01-01", "admitted_to": "2099-12-31"});
    let provider = world.post(admin, "/v1/providers", provider).await;
    let [firm, provider] = [&firm["id"], &provider["id"]];
    let category = json!({"code": "oe", "name_zh": "光学Ⅱ类", "name_en": "ÖPTICS"});
    world.post(admin, "/v1/categories", category).await;
    let member = json!({"code": "330200", "kind": "city", "name_zh": "示例Ｂ市", "name_en": "Ñ City",
        "province": "P", "signed_protocol": true});
    world.post(admin, "/v1/members", member).await;
    let programme = json!({"code": "310117-N", "title": "Ｎ计划Ü", "city": "310117",
        "budget_year": 2026});
    world
        .post(&world.science, "/v1/programmes", programme)
        .await;
    for (list, q, id) in [
        ("enterprises", "示例ＡＢ科技Ü有限公司", firm),
        ("enterprises", "ab科技ü", firm),
        ("enterprises", "AB科技U\u{308}有限", firm),
        ("enterprises", &code(41).to_lowercase(), firm),
        ("providers", "示例（Ä）Ｌａｂ", provider),
        ("providers", "(ä)LAB", provider),
        ("categories", "光学Ⅱ类", &json!("oe")),
        ("categories", "öptics", &json!("oe")),
        ("members", "示例b市", &json!("330200")),
        ("members", "ñ city", &json!("330200")),
        ("programmes", "Ｎ计划Ü", &json!("310117-N")),
        ("programmes", "310117-n", &json!("310117-N")),
    ] {
        let rows = found(world, list, q).await;
        assert_eq!(ids(&rows), [id.as_str().expect("an id")], "{list}: {q}");
        assert!(rows[0].get("search_text").is_none(), "{}", rows[0]);
    }
    for (list, office, id, old, new) in [
        (
            "enterprises",
            &world.science,
            firm,
            "ab科技",
            "示例新Ｃ公司É",
        ),
        ("providers", &world.stranger, provider, "（Ä）", "示例Ｅ院Õ"),
    ] {
        let path = format!("/v1/{list}/{}/corrections", id.as_str().expect("an id"));
        world
            .post(office, &path, json!({"name": new, "from": world.today}))
            .await;
        assert_eq!(
            ids(&found(world, list, new).await),
            [id.as_str().expect("an id")]
        );
        assert_eq!(ids(&found(world, list, &new.to_lowercase()).await).len(), 1);
        assert!(found(world, list, old).await.is_empty(), "{list}: {old}");
    }
    let long = "q".repeat(201);
    for q in ["%00", "a%0Ab", &long] {
        let path = format!("/v1/enterprises?q={q}");
        let (status, problem) = world.call(Method::GET, admin, &path, None).await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (400, &json!("q")),
            "{q}"
        );
    }
}
