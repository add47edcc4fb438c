//! What an import does, and in which order.

use super::*;

#[test]
fn shuffled_rows_give_the_same_plan() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/g60-2025");
    let expected = content(&read_dataset(&folder, &mut Faults::default()));
    let mut files = Files::good();
    for (seed, file) in (1_u64..).zip(FILES) {
        let text = std::fs::read_to_string(folder.join(file)).expect("an example");
        let (header, rows) = text.split_once('\n').expect("a header");
        let mut rows: Vec<&str> = rows.lines().collect();
        let mut random = seed;
        for i in (1..rows.len()).rev() {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let other = (random >> 33) % u64::try_from(i + 1).expect("small");
            rows.swap(i, usize::try_from(other).expect("small"));
        }
        files
            .0
            .insert(file, format!("{header}\n{}\n", rows.join("\n")));
    }
    let (set, faults) = files.read();
    assert_eq!(faults, Faults::default());
    assert!(content(&set) == expected, "the plans differ");
}

#[test]
fn the_plan_is_ordered_by_day_then_vouchers_then_references_by_code_point() {
    let (set, _) = Files::good().read();
    let plan = Plan::of(&set);
    let days: Vec<String> = plan
        .days
        .iter()
        .map(|(day, steps)| {
            let references = steps.iter().map(|step| step.reference().to_string());
            format!("{day} {}", references.collect::<Vec<_>>().join(" "))
        })
        .collect();
    assert_eq!(days, ["2025-02-03 V10 V2 C1", "2025-03-01 C2"]);
    let set_up: Vec<String> = plan
        .set_up
        .iter()
        .flatten()
        .map(|step| step.reference().to_string())
        .collect();
    let (begin, rest) = set_up.split_at(12);
    assert_eq!(
        begin,
        [
            "310117",
            "320500",
            "design",
            "testing",
            "310117-2025",
            "320500-2025",
            "310117-2025/budget",
            "320500-2025/budget",
            "310117-2025/v1",
            "310117-2025/v2",
            "320500-2025/v1",
            "310117/320500//2025-01-01",
        ]
    );
    assert_eq!(rest.len(), 5);
}

#[test]
fn a_programme_may_begin_without_money() {
    let mut files = Files::good();
    files.replace("programmes.csv", "1000000.00", "0.00");
    let (set, faults) = files.read();
    assert_eq!(faults.count, 0);
    let plan = Plan::of(&set);
    let budgets = plan.set_up[3]
        .iter()
        .map(|step| step.reference().to_string());
    assert_eq!(budgets.collect::<Vec<_>>(), ["320500-2025/budget"]);
}
