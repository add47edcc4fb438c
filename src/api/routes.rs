//! The table of routes, and what serves no resource: health, readiness, the OpenAPI document.

use super::bank;
use super::bodies::*;
use super::bulk;
use super::context::Cx;
use super::credit;
use super::problem::Problem;
use super::read::{get_refusal, read};
use super::request::{Asked, Common, submission};
use super::resources;
use super::server::Shared;
use super::simulations;
use super::voucher_files;
use super::write::write;
use crate::engine::command::{Role as Office, Submission};
use crate::node::Role;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

/// A route as the OpenAPI document lists it.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) operation: &'static str,
    /// Name of the body's schema; empty for a read.
    pub(super) body: &'static str,
}

impl Route {
    /// Names of the parameters of the path, each with the values that it takes, if not all.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
        parameters_of(self.path)
    }
}

/// Names of the parameters of a path, each with the values that it takes, if not all.
pub(super) fn parameters_of(
    path: &'static str,
) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    let segments = path.split('/');
    let inside = segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    inside.map(|inside| match inside.split_once(':') {
        Some((name, values)) => (name, Some(values)),
        None => (inside, None),
    })
}

macro_rules! routes {
    (
        writes { $($method:ident $path:literal $operation:ident $body:ident;)* }
        reads { $($read_path:literal $find:ident;)* }
    ) => {
        /// All routes that go through the two generic handlers.
        pub(super) const ROUTES: &[Route] = &[
            $(Route {
                method: stringify!($method),
                path: $path,
                operation: stringify!($operation),
                body: stringify!($body),
            },)*
            $(Route {
                method: "get",
                path: $read_path,
                operation: stringify!($find),
                body: "",
            },)*
        ];

        /// The schemas of all bodies, with what they refer to.
        pub(super) fn schemas() -> Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)> {
            use utoipa::{PartialSchema, ToSchema};
            let mut schemas = Vec::new();
            $(
                schemas.push((stringify!($body).to_owned(), <$body as PartialSchema>::schema()));
                <$body as ToSchema>::schemas(&mut schemas);
            )*
            schemas
        }

        /// The command of a write's body, by the name of the operation; `None` if no write has it.
        pub(super) fn understand(
            operation: &str,
            cx: &Cx<'_>,
            body: Value,
            common: Common,
            key: Option<u128>,
        ) -> Option<Result<Submission, Problem>> {
            match operation {
                $(stringify!($operation) => Some(submission::<$body>(cx, body, common, key)),)*
                _ => None,
            }
        }

        fn configure_table(config: &mut web::ServiceConfig) {
            $(config.route(concat!("/v1", $path), web::$method().to(write::<$body>));)*
            $(config.route(
                concat!("/v1", $read_path),
                web::get().to(|request: HttpRequest, shared: web::Data<Shared>| async move {
                    read(&request, &shared, resources::$find).await
                }),
            );)*
        }
    };
}

routes! {
    writes {
        post "/members" register_member RegisterMemberBody;
        post "/members/{code}/protocol" set_protocol SetProtocolBody;
        post "/categories" register_category RegisterCategoryBody;
        put "/calendar" set_calendar SetCalendarBody;
        post "/principals" register_principal RegisterPrincipalBody;
        post "/principals/{id}/grants" set_grant SetGrantBody;
        post "/principals/{id}/tokens" issue_token IssueTokenBody;
        post "/tokens/revoke" revoke_token RevokeTokenBody;
        post "/principals/{id}/access" set_access SetAccessBody;
        post "/principals/{id}/details" name_principal NamePrincipalBody;
        post "/principals/{id}/erasure" erase_principal ErasePrincipalBody;
        post "/proposals/{id}/decision" decide_proposal DecideProposalBody;
        post "/proposals/{id}/withdraw" withdraw_proposal WithdrawProposalBody;
        post "/members/{code}/action-rules" set_action_rule SetActionRuleBody;
        post "/enterprises" register_enterprise RegisterEnterpriseBody;
        post "/providers" register_provider RegisterProviderBody;
        post "/providers/{id}/suspension" set_suspension SetSuspensionBody;
        post "/{kind:enterprises|providers}/{id}/controller-group"
            set_controller_group SetControllerGroupBody;
        post "/admissions" apply_for_admission ApplyForAdmissionBody;
        post "/admissions/{id}/check" check_admission CheckAdmissionBody;
        post "/admissions/{id}/withdraw" withdraw_admission WithdrawAdmissionBody;
        post "/admissions/{id}/objections" object_to_admission ObjectToAdmissionBody;
        post "/admissions/{id}/objections/{number}/decision"
            answer_objection AnswerObjectionBody;
        post "/admissions/{id}/admit" admit_provider AdmitProviderBody;
        post "/members/{code}/admission-policy" set_publicity SetPublicityBody;
        post "/members/{code}/recognitions" set_recognition SetRecognitionBody;
        post "/providers/{id}/removal" remove_provider RemoveProviderBody;
        post "/enterprises/{id}/statuses" set_status SetStatusBody;
        post "/enterprises/{id}/team" set_team SetTeamBody;
        post "/relations" set_relation SetRelationBody;
        post "/credit-flags" raise_credit_flag RaiseCreditFlagBody;
        post "/credit-flags/{id}/lift" lift_credit_flag LiftCreditFlagBody;
        post "/{kind:enterprises|providers}/{id}/bank-account" propose_account ProposeAccountBody;
        post "/{kind:enterprises|providers}/{id}/bank-account/decision"
            decide_account DecideAccountBody;
        post "/{kind:enterprises|providers}/{id}/corrections" correct_party CorrectPartyBody;
        post "/{kind:enterprises|providers}/{id}/dissolution" dissolve_party DissolvePartyBody;
        post "/programmes" create_programme CreateProgrammeBody;
        post "/programmes/{code}/budget-changes" change_budget ChangeBudgetBody;
        post "/programmes/{code}/versions" publish_version PublishVersionBody;
        post "/programmes/{code}/drafts" save_draft SaveDraftBody;
        post "/programmes/{code}/drafts/{draft}/simulation" mark_simulated MarkSimulatedBody;
        post "/programmes/{code}/drafts/{draft}/publication" publish_draft PublishDraftBody;
        post "/programmes/{code}/copies" copy_pack CopyPackBody;
        post "/programmes/{code}/year-closing" start_year_closing StartYearClosingBody;
        post "/programmes/{code}/year-end" decide_year_end DecideYearEndBody;
        post "/members/{code}/policy" set_city_policy SetCityPolicyBody;
        post "/claims/{id}/withdraw" withdraw_claim WithdrawClaimBody;
        post "/agreements" register_agreement RegisterAgreementBody;
        post "/vouchers" issue_voucher IssueVoucherBody;
        post "/vouchers/{id}/consents" give_consent GiveConsentBody;
        post "/vouchers/{id}/freeze" set_freeze SetFreezeBody;
        post "/vouchers/{id}/revoke" revoke_voucher RevokeVoucherBody;
        post "/vouchers/{id}/extend" extend_voucher ExtendVoucherBody;
        post "/vouchers/{id}/reissue" reissue_voucher ReissueVoucherBody;
        post "/applications" apply_for_voucher ApplyForVoucherBody;
        post "/applications/{id}/resubmission" resubmit_application ResubmitApplicationBody;
        post "/applications/{id}/review" review_application ReviewApplicationBody;
        post "/applications/{id}/withdraw" withdraw_application WithdrawApplicationBody;
        post "/vouchers/{id}/transfers" propose_transfer ProposeTransferBody;
        post "/transfers/{id}/decision" decide_transfer DecideTransferBody;
        post "/orders" propose_order ProposeOrderBody;
        post "/orders/{id}/agree" agree_order AgreeOrderBody;
        post "/orders/{id}/confirm" confirm_order ConfirmOrderBody;
        post "/orders/{id}/contract" contract_order ContractOrderBody;
        post "/orders/{id}/deliver" deliver_order DeliverOrderBody;
        post "/orders/{id}/accept" accept_order AcceptOrderBody;
        post "/orders/{id}/cancel" cancel_order CancelOrderBody;
        post "/orders/{id}/release" release_order ReleaseOrderBody;
        post "/orders/{id}/extend" extend_order ExtendOrderBody;
        post "/orders/{id}/dispute" dispute_order DisputeOrderBody;
        post "/orders/{id}/resolve" resolve_order ResolveOrderBody;
        post "/transfers/{id}/withdraw" withdraw_transfer WithdrawTransferBody;
        post "/events/{sequence}/reverse" reverse_step ReverseStepBody;
        post "/claims" file_claim FileClaimBody;
        post "/claims/{id}/reverse" reverse_claim ReverseClaimBody;
        post "/claims/{id}/payments" pay_claim PayClaimBody;
        post "/payments/{id}/return" return_payment ReturnPaymentBody;
        post "/periods/{month}/request-close" request_close RequestCloseBody;
        post "/periods/{month}/close" close_period ClosePeriodBody;
        post "/periods/{month}/confirmations" confirm_statement ConfirmStatementBody;
        post "/periods/{month}/instruct" instruct_period InstructPeriodBody;
        post "/instructions/{id}/payments" confirm_instruction ConfirmInstructionBody;
        post "/business-date" advance_date AdvanceDateBody;
    }
    reads {
        "/members/{code}" get_member;
        "/categories/{code}" get_category;
        "/calendar" get_calendar;
        "/principals/{id}" get_principal;
        "/proposals/{id}" get_proposal;
        "/members/{code}/action-rules" get_action_rules;
        "/enterprises/{id}" get_enterprise;
        "/providers/{id}" get_provider;
        "/programmes/{code}" get_programme;
        "/agreements/{id}" get_agreement;
        "/vouchers/{id}" get_voucher;
        "/applications/{id}" get_application;
        "/transfers/{id}" get_transfer;
        "/orders/{id}" get_order;
        "/events/{sequence}" get_event;
        "/claims/{id}" get_claim;
        "/payments/{id}" get_payment;
        "/lines/{id}" get_line;
        "/periods/{month}" get_period;
        "/instructions/{id}" get_instruction;
        "/admissions/{id}" get_admission;
        "/admissions/{id}/objections/{number}" get_objection;
        "/members/{code}/admission-policy" get_publicity;
        "/enterprises/{id}/statuses" get_statuses;
        "/enterprises/{id}/team" get_team;
        "/{kind:enterprises|providers}/{id}/relations" get_relations;
        "/credit-flags/{id}" get_credit_flag;
        "/positions" get_positions;
        "/trial-balance" get_trial_balance;
    }
}

/// Routes of the registers of parties with handlers of their own.
pub(super) const REGISTER_ROUTES: &[Route] = &[
    Route {
        method: "post",
        path: "/credit-flags/import",
        operation: "import_credit_flags",
        body: super::openapi::CSV,
    },
    Route {
        method: "get",
        path: "/credit-flags/export",
        operation: "export_credit_flags",
        body: "",
    },
    Route {
        method: "get",
        path: "/{kind:enterprises|providers}/{id}/bank-account",
        operation: "get_bank_account",
        body: "",
    },
];

/// Registers every route.
pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.route("/v1/claims/bulk", web::post().to(bulk::file_claims));
    config.route("/v1/bulk", web::post().to(bulk::write_bulk));
    config.route("/v1/simulations", web::post().to(simulations::simulate));
    // Before the table's, which would take the command as it was sent.
    config.route(
        "/v1/programmes/{code}/drafts/{draft}/simulation",
        web::post().to(simulations::mark_simulated),
    );
    config.route(
        "/v1/programmes/{code}/voucher-files",
        web::post().to(voucher_files::issue_from_file),
    );
    config.route(
        "/v1/voucher-files/{sha256}",
        web::get().to(voucher_files::get_voucher_file),
    );
    config.route("/v1/refusals/{id}", web::get().to(get_refusal));
    for route in REGISTER_ROUTES {
        let path = format!("/v1{}", route.path);
        config.route(
            &path,
            match route.operation {
                "import_credit_flags" => web::post().to(credit::import_credit_flags),
                "export_credit_flags" => web::get().to(credit::export_credit_flags),
                _ => web::get().to(bank::get_bank_account),
            },
        );
    }
    config.route("/v1/openapi.json", web::get().to(openapi));
    config.route("/healthz", web::get().to(health));
    config.route("/readyz", web::get().to(readiness));
    config.route("/metrics", web::get().to(super::metrics::metrics));
    configure_table(config);
    config.default_service(web::to(unknown));
}

async fn openapi() -> HttpResponse {
    match super::openapi().to_pretty_json() {
        Ok(text) => HttpResponse::Ok()
            .content_type("application/json")
            .body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

async fn health() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(r#"{"status":"ok"}"#)
}

async fn readiness(shared: web::Data<Shared>) -> HttpResponse {
    let status = shared.node.status();
    // A follower asks how far the leader is; one that cannot tell is not ready.
    let lag = match status.role {
        Role::Leader | Role::ReadOnly => Some(0),
        Role::Follower if status.ready => {
            let newest = shared.node.newest().await.ok();
            newest.map(|newest| newest.0.saturating_sub(status.durable.0))
        }
        Role::Follower | Role::Starting => None,
    };
    let ready = status.ready && lag.is_some();
    let body = json!({
        "ready": ready,
        "role": status.role.as_str(),
        "leader": shared.node.leader().map(|leader| leader.address),
        "lag_events": lag,
        "durable_sequence": status.durable.0,
        "journal_damaged": status.damaged,
        "epoch": status.today.map(|today| today.epoch),
        "business_date": status.today.map(|today| today.business_date.to_string()),
        "clock_days_ahead": status.today.map(|today| today.clock_days_ahead),
        "views_sequence": shared.views.position(),
        "views_stuck": shared.views.stuck().map(|stuck| json!({
            "error": stuck.error,
            "seconds": stuck.since.elapsed().as_secs(),
        })),
    });
    let mut response = if ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    response
        .content_type("application/json")
        .body(body.to_string())
}

/// A path that no route has, or a method that its route does not take.
async fn unknown(request: HttpRequest) -> HttpResponse {
    let asked = Asked::of(&request);
    let segments: Vec<&str> = request
        .path()
        .trim_start_matches("/v1")
        .split('/')
        .collect();
    let known = ROUTES.iter().any(|route| {
        let pattern: Vec<&str> = route.path.split('/').collect();
        pattern.len() == segments.len()
            && pattern
                .iter()
                .zip(&segments)
                .all(|(p, s)| p.starts_with('{') || p == s)
    });
    let code = if known {
        "METHOD_NOT_ALLOWED"
    } else {
        "NOT_FOUND"
    };
    asked.answer(Err(Problem::new(code)))
}

/// Roles that read everything; named here for the OpenAPI document.
pub(super) const CORRIDOR_ROLES: [Office; 4] = [
    Office::Administrator,
    Office::Operator,
    Office::Auditor,
    Office::Arbiter,
];
