//! `GET /metrics`: how the node stands, in the text format of Prometheus. Without a token, as
//! `/readyz`: numbers only, nothing of any party. Asks no database, so that it answers while one
//! is away.

use std::fmt::Write as _;

use actix_web::{HttpResponse, web};

use super::server::Shared;
use crate::node::Role;

/// One metric without labels.
struct Metric {
    name: &'static str,
    /// `gauge`, or `counter` for what only grows while the process lives.
    kind: &'static str,
    help: &'static str,
    value: u64,
}

pub(super) async fn metrics(shared: web::Data<Shared>) -> HttpResponse {
    let mut text = String::new();
    for Metric {
        name,
        kind,
        help,
        value,
    } in measured(&shared)
    {
        let line = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        text.push_str(&line);
    }
    let times = shared.node.stage_times();
    let name = "quantong_stage_seconds_total";
    text.push_str("# HELP quantong_stage_seconds_total Time spent in a stage of the pipeline; stages overlap.\n");
    text.push_str("# TYPE quantong_stage_seconds_total counter\n");
    for (stage, spent) in [
        ("execute", times.execute),
        ("encode", times.encode),
        ("hash", times.hash),
        ("commit", times.commit),
    ] {
        let (seconds, micros) = (spent.as_secs(), spent.subsec_micros());
        let line = writeln!(text, "{name}{{stage=\"{stage}\"}} {seconds}.{micros:06}");
        line.expect("a text takes everything");
    }
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text)
}

fn measured(shared: &Shared) -> [Metric; 12] {
    let status = shared.node.status();
    let times = shared.node.stage_times();
    let views = shared.views.position();
    let stuck = shared.views.stuck();
    let stuck_for = stuck.map_or(0, |stuck| stuck.since.elapsed().as_secs().max(1));
    let gauge = |name, help, value| Metric {
        name,
        kind: "gauge",
        help,
        value,
    };
    let counter = |name, help, value| Metric {
        name,
        kind: "counter",
        help,
        value,
    };
    [
        gauge(
            "quantong_ready",
            "1 if the node answers reads.",
            status.ready.into(),
        ),
        gauge(
            "quantong_leader",
            "1 if the node decides commands.",
            (status.role == Role::Leader).into(),
        ),
        gauge(
            "quantong_read_only",
            "1 while the journal cannot be written.",
            (status.role == Role::ReadOnly).into(),
        ),
        gauge("quantong_epoch", "Epoch of the node's state.", status.epoch),
        gauge(
            "quantong_durable_sequence",
            "Number of durable events that the node has.",
            status.durable.0,
        ),
        gauge(
            "quantong_views_sequence",
            "Number of events that the views hold.",
            views,
        ),
        gauge(
            "quantong_views_lag_events",
            "Durable events that the views lack.",
            status.durable.0.saturating_sub(views),
        ),
        gauge(
            "quantong_views_stuck_seconds",
            "Seconds for which the views have been standing still because of an error; 0 if not.",
            stuck_for,
        ),
        gauge(
            "quantong_clock_days_ahead",
            "Days by which the clock is ahead of the business date.",
            u64::try_from(status.clock_days_ahead).unwrap_or(0),
        ),
        counter(
            "quantong_batches_total",
            "Batches that this process has written.",
            times.batches,
        ),
        counter(
            "quantong_events_total",
            "Events that this process has written.",
            times.events,
        ),
        counter(
            "quantong_refusals_total",
            "Events of these that are refusals by a rule.",
            times.refusals,
        ),
    ]
}
