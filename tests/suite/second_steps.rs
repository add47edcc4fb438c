//! Second steps that wait for more persons, over HTTP: what waits, how it is shown, who may decide.

use serde_json::{Value, json};

use super::server::{ENTERPRISE, World};

/// The world under rules of three persons, with a version that allows a relocation.
async fn world(folder: &std::path::Path) -> World {
    let world = World::new(folder).await;
    let versions = "/v1/programmes/310117-T/versions";
    let terms = json!({
        "effective_from": world.today, "document_no": "科发〔2026〕3号", "payee": "provider",
        "base": "invoice", "cap_enterprise": "5000000.00", "cap_group": "5000000.00",
        "use_months": 6, "cash_days": 30, "transfers": [{"kind": "relocation"}],
        "rates": [{"category": "testing", "tiers": [{"ratio": "0.5"}],
            "cap_claim": "100000.00"}]});
    world
        .post_with_second(&world.science, versions, terms)
        .await;
    for (action, checker) in [
        ("transfer", "science_officer"),
        ("reverse", "science_officer"),
        ("bank_account", "finance_officer"),
    ] {
        let rule = json!({"action": action, "persons": 3, "checker": checker});
        let rules = "/v1/members/310117/action-rules";
        world.post_with_second(&world.finance, rules, rule).await;
    }
    world
}

/// What a command that must wait is told: the proposal and the command as it is shown.
async fn waits(world: &World, token: &str, path: &str, body: Value) -> (String, Value) {
    let proposed = world.post(token, path, body).await;
    assert_eq!(proposed["event"], "ActionProposed", "{path}: {proposed}");
    assert_eq!(proposed["approvals"], 1, "{proposed}");
    let id = proposed["id"].as_str().expect("an id").to_owned();
    let read = world
        .get(&world.finance, &format!("/v1/proposals/{id}"))
        .await;
    assert_eq!(read["command"], proposed["command"]);
    (id, read["command"].clone())
}

/// The maker cannot approve; the checker does, and this is then done.
async fn approved(world: &World, maker: &str, proposal: &str, fact: &str) {
    let path = format!("/v1/proposals/{proposal}/decision");
    let body = json!({"approve": true});
    let (status, own) = world
        .call(reqwest::Method::POST, maker, &path, Some(body.clone()))
        .await;
    let told = (status, &own["code"]);
    assert_eq!(told, (422, &json!("SECOND_PERSON_REQUIRED")), "{own}");
    let done = world.post(&world.checker, &path, body).await;
    assert_eq!(done["events"][1]["event"], fact, "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_and_an_account_wait_for_a_third_person() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = world(folder.path()).await;
    let voucher = world.issue("10.00").await;
    let path = format!("/v1/vouchers/{voucher}/transfers");
    let body = json!({"kind": "relocation", "to_city": "330100", "amount": "0"});
    let transfer = world.post(&world.holder, &path, body).await["id"].clone();
    let path = format!(
        "/v1/transfers/{}/decision",
        transfer.as_str().expect("an id")
    );
    let approve = json!({"approve": true});
    let (proposal, command) = waits(&world, &world.science, &path, approve).await;
    assert_eq!(
        command,
        json!({"kind_of_command": "DecideTransfer", "transfer": transfer, "approve": true})
    );
    let account = format!("/v1/enterprises/{ENTERPRISE}/bank-account");
    let body = json!({"account": "6222000000000001"});
    world.post(&world.holder, &account, body).await;
    let path = format!("{account}/decision");
    let body = json!({"version": 1, "approve": true});
    let (second, command) = waits(&world, &world.finance, &path, body).await;
    assert_eq!(command["kind_of_command"], "SetBankAccount");
    assert_eq!(
        (&command["version"], &command["approve"]),
        (&json!(1), &json!(true))
    );
    approved(&world, &world.finance, &second, "BankAccountDecided").await;
    approved(&world, &world.science, &proposal, "TransferApproved").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_and_a_step_are_undone_by_three_persons() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = world(folder.path()).await;
    let claim = world.claim(&world.voucher, 1, "100.00");
    let claim = world.post(&world.provider, "/v1/claims", claim).await["id"].clone();
    let path = format!("/v1/claims/{}/reverse", claim.as_str().expect("an id"));
    let reason = json!({"reason": "误操作"});
    // The rule names the science office.
    let (status, said) = world
        .call(
            reqwest::Method::POST,
            &world.finance,
            &path,
            Some(json!({})),
        )
        .await;
    assert_eq!((status, &said["code"]), (403, &json!("FORBIDDEN")));
    let (proposal, command) = waits(&world, &world.science, &path, reason.clone()).await;
    let shown = json!({"kind_of_command": "ReverseClaim", "claim": claim});
    assert_eq!(command, shown);
    approved(&world, &world.science, &proposal, "ClaimReversed").await;
    let colleague = world.enrol("science_officer", "member:310117").await;
    let days = json!({"use_by": "2030-01-01", "cash_by": "2030-02-01", "reason": "W"});
    let path = format!("/v1/vouchers/{}/extend", world.voucher);
    let extended = world.post_with_second(&colleague, &path, days).await;
    let step = extended["events"][1]["sequence"].clone();
    let path = format!("/v1/events/{step}/reverse");
    let (proposal, command) = waits(&world, &world.science, &path, reason).await;
    let shown = json!({"kind_of_command": "ReverseStep", "step": step});
    assert_eq!(command, shown);
    approved(&world, &world.science, &proposal, "StepReversed").await;
    let event = world
        .get(&world.science, &format!("/v1/events/{step}"))
        .await;
    assert_eq!(event["reversible"], false, "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_office_alone_registers_a_laboratory_and_admits_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    let laboratory = json!({"code": "91330700MADEM0062Y", "name": "金华示例实验室",
        "city": "330100", "categories": ["testing"]});
    let mut admitted = laboratory.clone();
    admitted["admitted_from"] = json!("2025-01-01");
    admitted["admitted_to"] = json!("2099-12-31");
    let office = &world.stranger;
    let (status, said) = world
        .call(
            reqwest::Method::POST,
            office,
            "/v1/providers",
            Some(admitted),
        )
        .await;
    assert_eq!((status, &said["code"]), (403, &json!("FORBIDDEN")));
    let told = said["detail"].as_str().expect("a detail");
    assert!(told.contains("apply for admission"), "{told}");
    let registered = world.post(office, "/v1/providers", laboratory).await;
    assert_eq!(registered["admitted_from"], Value::Null);
    let path = "/v1/providers/91330700MADEM0062Y";
    let shown = world.get(office, path).await;
    let none = Value::Null;
    for (field, expected) in [
        ("admitted", &json!(false)),
        ("admitted_from", &none),
        ("admitted_to", &none),
        ("terms", &json!([])),
    ] {
        assert_eq!(&shown[field], expected, "{field}");
    }
    let list = world
        .get(office, "/v1/providers?q=91330700MADEM0062Y")
        .await;
    assert_eq!(list["data"][0]["id"], registered["id"]);
    // It is admitted by an application, as any other.
    let application = json!({"provider": "91330700MADEM0062Y", "categories": ["testing"],
        "from": world.today, "to": "2099-12-31"});
    world.post(office, "/v1/admissions", application).await;
}
