//! Of an order on vouchers of two cities each holder and each city reads its own lines.

use super::*;

/// The lines of an order: whose voucher is told in each.
fn told(order: &Value) -> Vec<Value> {
    let lines = order["lines"].as_array().expect("lines").iter();
    lines.map(|line| line["voucher"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_pooled_order_everybody_reads_their_own_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let walk = Walk::new(folder.path()).await;
    let world = &walk.world;
    let (own, other) = (
        json!(walk.things["voucher"].clone()),
        json!(walk.other_voucher.clone()),
    );
    let body = json!({"provider": PROVIDER, "category": "testing",
        "contract_amount": "20.00", "hold_until": world.today,
        "lines": [{"voucher": own, "amount": "5.00"}, {"voucher": other, "amount": "1.00"}]});
    let holder = walk.token(Side::Own, "enterprise");
    let stranger = walk.token(Side::Other, "enterprise");
    let hidden = Value::Null;
    // Nobody finds out whose a voucher is by trying.
    let tried = world
        .post(holder, "/v1/orders?dry_run=true", body.clone())
        .await;
    assert_eq!(told(&tried), [own.clone(), hidden.clone()]);
    let line = &tried["lines"][1];
    let named = ["voucher", "issuer", "enterprise"].map(|name| &line[name]);
    assert_eq!(named, [&hidden, &hidden, &hidden]);
    assert_eq!(
        (&line["amount"], &line["agreed"]),
        (&json!("1.00"), &json!(false))
    );
    let proposed = world.post(holder, "/v1/orders", body).await;
    assert_eq!(told(&proposed), [own.clone(), hidden.clone()]);
    let id = text(&proposed["id"]);
    let path = format!("/v1/orders/{id}");
    world
        .post(stranger, &format!("{path}/agree"), json!({}))
        .await;
    let lab = walk.token(Side::Own, "provider");
    let confirmed = world.post(lab, &format!("{path}/confirm"), json!({})).await;
    assert_eq!(told(&confirmed), [own.clone(), other.clone()]);
    let corridor = walk.token(Side::Corridor, "operator");
    for (token, lines) in [
        (holder, [own.clone(), hidden.clone()]),
        (stranger, [hidden.clone(), other.clone()]),
        (
            walk.token(Side::Own, "science_officer"),
            [own.clone(), hidden.clone()],
        ),
        (
            walk.token(Side::Other, "finance_officer"),
            [hidden.clone(), other.clone()],
        ),
        (lab, [own.clone(), other.clone()]),
        (&world.stranger, [own.clone(), other.clone()]),
        (corridor, [own.clone(), other.clone()]),
    ] {
        assert_eq!(told(&world.get(token, &path).await), lines);
    }
    elsewhere(&walk, &id).await;
}

/// The history of a voucher tells no more, nor does what one of the holders files or gives back.
async fn elsewhere(walk: &Walk, order: &str) {
    let world = &walk.world;
    let stranger = walk.token(Side::Other, "enterprise");
    let own = &walk.things["voucher"];
    let path = format!("/v1/vouchers/{}/history", walk.other_voucher);
    let history = world.get(stranger, &path).await.to_string();
    assert!(history.contains("OrderConfirmed"), "{history}");
    let filed = json!({"order": order, "provider": PROVIDER, "category": "testing",
        "contract_no": "HT-9", "contract_date": world.today, "contract_amount": "20.00",
        "invoice_no": "26312000000000000099", "invoice_amount": "20.00",
        "paid_amount": "10.00"});
    let path = "/v1/claims?dry_run=true";
    let (_, claim) = world.call(Method::POST, stranger, path, Some(filed)).await;
    let path = format!("/v1/orders/{order}/release?dry_run=true");
    let body = json!({"by": "holder", "reason": "W"});
    let (_, released) = world.call(Method::POST, stranger, &path, Some(body)).await;
    for told in [history, claim.to_string(), released.to_string()] {
        assert!(!told.contains(own.as_str()), "{told}");
    }
    refused(walk, order).await;
}

/// A contract and a claim that are refused name the voucher at fault to who may read it.
async fn refused(walk: &Walk, order: &str) {
    let world = &walk.world;
    let lab = walk.token(Side::Own, "provider");
    let stranger = walk.token(Side::Other, "enterprise");
    let own = &walk.things["voucher"];
    let contract = json!({"contract_no": "HT-9", "contract_date": world.today});
    let claim = json!({"order": order, "provider": PROVIDER, "category": "testing",
        "contract_no": "HT-9", "contract_date": world.today, "contract_amount": "20.00",
        "invoice_no": "26312000000000000098", "invoice_amount": "20.00",
        "paid_amount": "10.00"});
    let path_of_freeze = format!("/v1/vouchers/{own}/freeze");
    let freeze = |now: bool| {
        let body = json!({"frozen": now, "reason": "核查"});
        world.post(
            walk.token(Side::Own, "science_officer"),
            &path_of_freeze,
            body,
        )
    };
    let path = format!("/v1/orders/{order}/contract");
    for (token, name) in [(lab, json!(own)), (stranger, Value::Null)] {
        freeze(true).await;
        let (status, told) = world
            .call(Method::POST, token, &path, Some(contract.clone()))
            .await;
        let lines = json!([{"voucher": name, "faults": if name.is_null() {
            Value::Null
        } else {
            json!(["VOUCHER_FROZEN"])
        }}]);
        assert_eq!((status, &told["lines"]), (422, &lines), "{told}");
        freeze(false).await;
    }
    world.post(lab, &path, contract).await;
    freeze(true).await;
    for (token, name) in [(lab, json!(own)), (stranger, Value::Null)] {
        let (status, told) = world
            .call(Method::POST, token, "/v1/claims", Some(claim.clone()))
            .await;
        let at_fault = (status, &told["code"], &told["voucher"]);
        assert_eq!(at_fault, (422, &json!("VOUCHER_FROZEN"), &name), "{told}");
    }
}
