//! Redemptions on a state in memory: what deciding and applying cost without hashing and commit.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use quantong::cli::bench::World;
use quantong::domain::{RecordedAt, Text};
use quantong::engine::event::{Event, LedgerCreated};
use quantong::engine::{State, emit_system, look_ahead, submit};

const CLAIMS: u32 = 8_192;

fn state(world: &World) -> State {
    let mut state = State::empty();
    let mut out = Vec::new();
    let created = LedgerCreated {
        format: 1,
        ledger: [7; 16],
        origin: Text::parse("quantong.example/bench").expect("short"),
        hash: 0,
        time_zone: Text::parse("Asia/Shanghai").expect("short"),
        currency: Text::parse("CNY").expect("short"),
        scale: 2,
    };
    let event = Event::LedgerCreated(Box::new(created));
    emit_system(
        &mut state,
        RecordedAt(0),
        World::first_day(),
        event,
        &mut out,
    );
    let set_up = world.set_up().into_iter().chain(world.parties());
    for submission in set_up.chain(world.vouchers(0..world.vouchers)) {
        out.clear();
        submit(&mut state, RecordedAt(0), &submission, &mut out).expect("set-up is taken");
    }
    state
}

fn redeem(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("redeem");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(u64::from(CLAIMS)));
    for (name, hot) in [("uniform", false), ("hot", true)] {
        let world = World {
            vouchers: 50_000,
            providers: 2_000,
            hot,
        };
        let ready = state(&world);
        let claims = world.claims(0..CLAIMS);
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                || (ready.clone(), Vec::with_capacity(claims.len())),
                |(state, out)| {
                    for (at, claim) in claims.iter().enumerate() {
                        look_ahead(state, &claims, at);
                        submit(state, RecordedAt(0), claim, out).expect("claims are taken");
                    }
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, redeem);
criterion_main!(benches);
