//! `GET /metrics`: how the node stands, in the text format of Prometheus. Without a token, as
//! `/readyz`: numbers only, nothing of any party. Asks no database, so that it answers while one
//! is away.

use actix_web::{HttpResponse, web};

use super::server::Shared;
use crate::node::{Role, StageTimes};

/// Name, value and what it is.
type Metric = (&'static str, u64, &'static str);

pub(super) async fn metrics(shared: web::Data<Shared>) -> HttpResponse {
    let mut text = String::new();
    let times = shared.node.stage_times();
    for (kind, metrics) in [("gauge", standing(&shared)), ("counter", written(&times))] {
        for (name, value, help) in metrics {
            describe(&mut text, name, kind, help);
            text += &format!("{name} {value}\n");
        }
    }
    let name = "quantong_stage_seconds_total";
    let help = "Time spent in a stage of the pipeline; stages overlap.";
    describe(&mut text, name, "counter", help);
    for (stage, spent) in [
        ("execute", times.execute),
        ("encode", times.encode),
        ("hash", times.hash),
        ("commit", times.commit),
    ] {
        let (seconds, micros) = (spent.as_secs(), spent.subsec_micros());
        text += &format!("{name}{{stage=\"{stage}\"}} {seconds}.{micros:06}\n");
    }
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text)
}

fn describe(text: &mut String, name: &str, kind: &str, help: &str) {
    *text += &format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

/// How the node stands.
fn standing(shared: &Shared) -> Vec<Metric> {
    let status = shared.node.status();
    let role = |role| u64::from(status.role == role);
    let durable = status.durable.0;
    let views = shared.views.position();
    let stuck = shared.views.stuck();
    let stuck = stuck.map_or(0, |stuck| stuck.since.elapsed().as_secs().max(1));
    let mut standing = vec![
        (
            "quantong_ready",
            status.ready.into(),
            "1 if the node answers reads.",
        ),
        (
            "quantong_leader",
            role(Role::Leader),
            "1 if the node decides commands.",
        ),
        (
            "quantong_read_only",
            role(Role::ReadOnly),
            "1 while the journal cannot be written.",
        ),
        (
            "quantong_durable_sequence",
            durable,
            "Number of durable events that the node has.",
        ),
        (
            "quantong_views_sequence",
            views,
            "Number of events that the views hold.",
        ),
        (
            "quantong_views_lag_events",
            durable.saturating_sub(views),
            "Durable events that the views lack.",
        ),
        (
            "quantong_views_stuck_seconds",
            stuck,
            "Seconds for which the views have been standing still because of an error; 0 if not.",
        ),
    ];
    // A node without a state has neither an epoch nor a day.
    if let Some(today) = status.today {
        standing.push(("quantong_epoch", today.epoch, "Epoch of the node's state."));
        standing.push((
            "quantong_clock_days_ahead",
            u64::try_from(today.clock_days_ahead).unwrap_or(0),
            "Days by which the clock is ahead of the business date.",
        ));
    }
    standing
}

/// What this process has written.
fn written(times: &StageTimes) -> Vec<Metric> {
    vec![
        (
            "quantong_batches_total",
            times.batches,
            "Batches that this process has written.",
        ),
        (
            "quantong_events_total",
            times.events,
            "Events that this process has written.",
        ),
        (
            "quantong_refusals_total",
            times.refusals,
            "Events of these that are refusals by a rule.",
        ),
    ]
}
