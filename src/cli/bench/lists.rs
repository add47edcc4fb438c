//! `bench lists`: pages of lists of claims, first and deep ones, by several filters.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{BenchError, Line, emit};
use crate::journal::Database;
use crate::views::{
    Compare, Filter, FilterValue, HOLDER_TEXT, Listed, Page, Reach, Resource, Sought, Views,
};

/// Pages per kind of list.
const PAGES: u32 = 200;

/// Rows of a page, the default of the API.
const ROWS: u32 = 50;

/// Makes the nth page of a kind.
type Make<'a> = Box<dyn Fn(u32) -> Page + 'a>;

fn filter(columns: &'static [&'static str], compare: Compare) -> Vec<Filter> {
    vec![Filter { columns, compare }]
}

/// Reads pages from the views in a folder, or in the database beside it, as `bench engine --views
/// --keep` leaves them.
pub(super) async fn run(folder: &Path, database: &Database) -> Result<(), BenchError> {
    let views = Views::open(database, folder).await?;
    let newest = views.list(&page(Vec::new(), None, None)).await?;
    if newest.rows.is_empty() {
        return Ok(());
    }
    let top = newest.rows.first().and_then(|row| row["id"].as_i64());
    let top = top.unwrap_or(0) + 1;
    let number = |n: u32| FilterValue::Number(i64::from(n));
    let text = |text: &str| FilterValue::Text(text.to_owned());
    let days = newest.rows.first().and_then(|row| row["filed_on"].as_str());
    let day = days.unwrap_or_default().to_owned();
    let at = |part: u32| Some(top * i64::from(part % PAGES) / i64::from(PAGES));
    let kinds: Vec<(&'static str, Make<'_>)> = vec![
        ("first", Box::new(|_| page(Vec::new(), None, None))),
        ("deep", Box::new(|n| page(Vec::new(), None, at(n)))),
        (
            "voucher",
            Box::new(|n| {
                page(
                    filter(&["voucher"], Compare::Is(number(n * 97))),
                    None,
                    None,
                )
            }),
        ),
        (
            "provider_deep",
            Box::new(|n| page(filter(&["provider"], Compare::Is(number(n))), None, at(n))),
        ),
        (
            "invoice",
            Box::new(|n| {
                let row = &newest.rows[n as usize % newest.rows.len()];
                let invoice = text(row["invoice_no"].as_str().unwrap_or_default());
                page(filter(&["invoice_no"], Compare::Is(invoice)), None, None)
            }),
        ),
        (
            "day_deep",
            Box::new(|n| page(filter(&["filed_on"], Compare::To(text(&day))), None, at(n))),
        ),
        (
            "city_deep",
            Box::new(|n| page(Vec::new(), Some(Reach::Member(1)), at(n))),
        ),
        (
            "rare_status_deep",
            Box::new(|n| {
                page(
                    filter(&["status"], Compare::Is(text("reversed"))),
                    None,
                    at(n),
                )
            }),
        ),
    ];
    for (name, make) in kinds.iter().chain(&searches(top)) {
        measure(&views, name, make).await?;
    }
    views.close().await;
    Ok(())
}

/// Pages of searches for a text that no row has: each looks at as many rows as a page may.
fn searches(top: i64) -> Vec<(&'static str, Make<'static>)> {
    let searched = |resource, columns| {
        move |n: u32| Page {
            resource,
            ..page(
                filter(columns, Compare::Contains(Sought::of("nowhere"))),
                None,
                Some(top * i64::from(PAGES - n % PAGES) / i64::from(PAGES)),
            )
        }
    };
    vec![
        (
            "search_claims",
            Box::new(searched(
                Resource::Claims,
                &["contract_no", "invoice_no", "public_id"],
            )),
        ),
        (
            "search_vouchers_by_holder",
            Box::new(searched(Resource::Vouchers, &["public_id", HOLDER_TEXT])),
        ),
        (
            "search_enterprises",
            Box::new(searched(Resource::Enterprises, &["search_text", "code"])),
        ),
    ]
}

/// Reads one page after the other.
async fn measure(views: &Views, name: &'static str, make: &Make<'_>) -> Result<(), BenchError> {
    let mut times = Vec::new();
    let mut rows = 0;
    for n in 0..PAGES {
        let begun = Instant::now();
        let Listed { rows: found, .. } = views.list(&make(n)).await?;
        times.push(begun.elapsed());
        rows += found.len();
    }
    report(name, times, rows);
    Ok(())
}

fn page(filters: Vec<Filter>, reach: Option<Reach>, before: Option<i64>) -> Page {
    Page {
        resource: Resource::Claims,
        reach: reach.map(|reach| vec![reach]),
        filters,
        before,
        rows: ROWS,
        look_at: None,
    }
}

fn report(name: &'static str, mut times: Vec<Duration>, rows: usize) {
    times.sort_unstable();
    let micros = |part: usize| {
        let at = (times.len() * part / 100).min(times.len() - 1);
        times[at].as_micros().to_string()
    };
    emit(&Line {
        name,
        count: times.len() as u64,
        elapsed: times.iter().sum(),
        times: None,
        extra: vec![
            ("rows", rows.to_string()),
            ("p50_us", micros(50)),
            ("p99_us", micros(99)),
            ("max_us", micros(100)),
        ],
    });
}
