//! What the leaf format promises.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::examples::{claim_meta, examples, fen, minimal_meta, short, typical_claim};
use super::examples_terms::{filing_with_evidence, typical_filing};
use super::*;
use crate::domain::hex;
use crate::domain::{
    ClaimId, Day, Fen, InvoiceNo, MemberId, PersonalOpening, PersonalText, ProviderId, RecordedAt,
    Seq,
};
use crate::engine::command::{Command, CommandKind, Payee, RegisterPrincipal};
use crate::engine::event::{ClaimApproved, CloseRequested, CommandRefused, Funding, SYSTEM};
use crate::engine::refusal::RefusalCode;

/// A struct with a table, as `docs/FORMATS.md` shows it.
pub(super) trait Documented {
    /// `key field: type`, separated by commas.
    fn columns() -> String;
}

/// One column: `?` marks an entry that may be absent, `= …` what it then means.
pub(super) fn column<T, F: Field>(
    key: u8,
    name: &str,
    _: fn(&T) -> &F,
    default: Option<&str>,
) -> String {
    let mark = if F::ABSENT.is_some() { "?" } else { "" };
    let default = default.map_or(String::new(), |default| {
        let default = default.split("=>").last().unwrap_or(default);
        format!(" = {}", default.trim_matches([' ', '}']))
    });
    format!("{key} {name}{mark}: {}{default}", F::SHAPE)
}

fn leaf(recorded: &Recorded) -> Vec<u8> {
    let mut out = Vec::new();
    encode(recorded, &mut out).expect("examples fit a leaf");
    out
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.split_whitespace().collect::<String>();
    (0..digits.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&digits[i..i + 2], 16).expect("golden files are hexadecimal"))
        .collect()
}

fn golden_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/leaves")
}

/// The golden file of an example; written first if it is missing and that is asked for.
fn golden(stem: &str, recorded: &Recorded) -> Vec<u8> {
    let path = golden_dir().join(format!("{stem}.cbor.hex"));
    if !path.exists() && std::env::var_os("UPDATE_GOLDEN").is_some() {
        let digits = hex(&leaf(recorded));
        let lines: Vec<&str> = digits
            .as_bytes()
            .chunks(96)
            .map(|line| std::str::from_utf8(line).expect("hexadecimal digits are ASCII"))
            .collect();
        fs::create_dir_all(golden_dir()).expect("the folder of the golden files");
        fs::write(&path, lines.join("\n") + "\n").expect("a golden file");
    }
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; UPDATE_GOLDEN=1 writes it", path.display()));
    unhex(&text)
}

#[test]
fn every_golden_leaf_is_read_and_written_as_it_stands() {
    for (stem, recorded) in examples() {
        let bytes = golden(&stem, &recorded);
        let read = decode(&bytes).unwrap_or_else(|e| panic!("{stem}: {e}"));
        assert_eq!(read, recorded, "{stem}");
        assert_eq!(hex(&leaf(&read)), hex(&bytes), "{stem}");
    }
}

#[test]
fn every_kind_of_event_has_a_golden_leaf_and_every_golden_leaf_an_example() {
    let examples: BTreeSet<_> = examples().into_iter().map(|(stem, _)| stem).collect();
    for (kind, name) in Event::KINDS {
        let stem = format!("{kind:02}-{name}-v1");
        assert!(examples.contains(&stem), "{stem} has no example");
    }
    for entry in fs::read_dir(golden_dir()).expect("the folder of the golden files") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_str().expect("golden files have ASCII names");
        let stem = name.trim_end_matches(".cbor.hex");
        assert!(examples.contains(stem), "{name} is not under test");
    }
}

#[test]
fn tables_and_engine_agree_on_the_numbers_of_kinds() {
    for (_, recorded) in examples() {
        let (kind, _) = events::kind_and_version(&recorded.event);
        assert_eq!(kind, recorded.event.kind());
    }
}

#[test]
fn leaves_are_well_formed_to_an_independent_reader() {
    for (stem, recorded) in examples() {
        let bytes = leaf(&recorded);
        let mut reader = minicbor::Decoder::new(&bytes);
        reader.skip().unwrap_or_else(|e| panic!("{stem}: {e}"));
        assert_eq!(reader.position(), bytes.len(), "{stem}");
    }
}

#[test]
fn a_typical_claim_fits_160_bytes_and_its_contract_number() {
    let event = Event::ClaimApproved(typical_claim());
    let meta = claim_meta();
    let bytes = leaf(&Recorded { meta, event }).len();
    println!("typical ClaimApproved leaf: {bytes} bytes");
    assert!(bytes <= 160 + 2 + typical_claim().contract_no.as_str().len());
}

#[test]
fn the_documented_tables_are_the_tables_in_use() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/FORMATS.md");
    let document = fs::read_to_string(path).expect("docs/FORMATS.md");
    let events = events::documented();
    let events = events.iter().map(|(kind, version, name, columns)| {
        format!("| {kind} | {version} | `{name}` | {columns} |")
    });
    let terms = [terms::documented(), orders::documented()].concat();
    let terms = terms
        .iter()
        .map(|(name, columns)| format!("| `{name}` | {columns} |"));
    let commands = commands::documented();
    let commands = commands
        .iter()
        .map(|(name, columns)| format!("| `{name}` | {columns} |"));
    let missing: Vec<String> = events
        .chain(terms)
        .chain(commands)
        .filter(|line| !document.contains(line))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/FORMATS.md lacks:\n{}",
        missing.join("\n")
    );
}

/// Event 80 with the least envelope, spelled out; tests spoil it.
const CLOSE_REQUESTED: &str = "a7 00 18 50 01 01 02 00 03 00 04 00 05 00 0d a1 00 07";

fn fault(text: &str) -> Fault {
    decode(&unhex(text)).expect_err(text).fault
}

#[test]
fn the_plainest_leaf_is_what_the_standard_says() {
    let recorded = decode(&unhex(CLOSE_REQUESTED)).expect("a leaf");
    let event = Event::CloseRequested(CloseRequested {
        period: crate::domain::PeriodId(7),
    });
    let meta = minimal_meta();
    assert_eq!(recorded, Recorded { meta, event });
    assert_eq!(leaf(&recorded), unhex(CLOSE_REQUESTED));
}

/// Leaves that are nearly `CloseRequested { period: 7 }`, and what is wrong with them.
const FOREIGN: &[(&str, Fault)] = &[
    // Not the shortest integers: version, seq, key, period; head of the envelope.
    (
        "a7 00 1850 01 1801 02 00 03 00 04 00 05 00 0d a1 00 07",
        Fault::NotCanonical,
    ),
    (
        "a7 00 190050 01 01 02 00 03 00 04 00 05 00 0d a1 00 07",
        Fault::NotCanonical,
    ),
    (
        "a7 00 1850 01 01 02 1b0000000000000001 03 00 04 00 05 00 0d a1 00 07",
        Fault::NotCanonical,
    ),
    (
        "a7 00 1850 01 01 02 00 03 00 04 00 05 00 180d a1 00 07",
        Fault::NotCanonical,
    ),
    (
        "b807 00 1850 01 01 02 00 03 00 04 00 05 00 0d a1 00 07",
        Fault::NotCanonical,
    ),
    // Indefinite maps.
    (
        "bf 00 1850 01 01 02 00 03 00 04 00 05 00 0d a1 00 07 ff",
        Fault::NotCanonical,
    ),
    (
        "a7 00 1850 01 01 02 00 03 00 04 00 05 00 0d bf 00 07 ff",
        Fault::NotCanonical,
    ),
    // Keys swapped, repeated, unknown, missing.
    (
        "a7 01 01 00 1850 02 00 03 00 04 00 05 00 0d a1 00 07",
        Fault::MissingKey(0),
    ),
    (
        "a7 00 1850 01 01 03 00 02 00 04 00 05 00 0d a1 00 07",
        Fault::MissingKey(2),
    ),
    (
        "a8 00 1850 01 01 02 00 03 00 04 00 05 00 05 00 0d a1 00 07",
        Fault::Key(5),
    ),
    (
        "a7 00 1850 01 01 02 00 03 00 04 00 05 00 0d a2 00 07 00 07",
        Fault::Key(0),
    ),
    (
        "a7 00 1850 01 01 02 00 03 00 04 00 05 00 0d a2 00 07 01 07",
        Fault::Key(1),
    ),
    (
        "a8 00 1850 01 01 02 00 03 00 04 00 05 00 0d a1 00 07 0f 00",
        Fault::Key(15),
    ),
    (
        "a6 00 1850 01 01 02 00 03 00 04 00 05 00",
        Fault::MissingKey(13),
    ),
    (
        "a7 00 1850 01 01 02 00 03 00 04 00 05 00 0d a0",
        Fault::MissingKey(0),
    ),
    // Spelled out what is said by absence: index 0.
    (
        "a8 00 1850 01 01 02 00 03 00 04 00 05 00 0c 00 0d a1 00 07",
        Fault::NotCanonical,
    ),
    // A source without a reference; a reference on an event that bears none.
    (
        "a8 00 1850 01 01 02 00 03 00 04 00 05 00 0a 00 0d a1 00 07",
        Fault::NotCanonical,
    ),
    (
        "a8 00 1850 01 01 02 00 03 00 04 00 05 00 09 6141 0d a1 00 07",
        Fault::Reference,
    ),
    // Too long, too short, of another type, out of bounds.
    (
        "a7 00 1850 01 01 02 00 03 00 04 00 05 00 0d a1 00 07 00",
        Fault::Trailing,
    ),
    (
        "a7 00 1850 01 01 02 00 03 00 04 00 05 00 0d a1 00",
        Fault::Truncated,
    ),
    ("", Fault::Truncated),
    (
        "a7 00 1850 01 01 02 20 03 00 04 00 05 00 0d a1 00 07",
        Fault::WrongType,
    ),
    (
        "a7 00 1850 01 01 02 00 03 00 04 1a7fffffff 05 00 0d a1 00 07",
        Fault::Value("Day"),
    ),
    (
        "a7 00 1850 01 01 02 00 03 00 04 00 05 00 0d a1 00 1a00010000",
        Fault::Value("u16"),
    ),
    // Kinds and versions of other software.
    (
        "a7 00 1907d0 01 01 02 00 03 00 04 00 05 00 0d a1 00 07",
        Fault::UnknownKind,
    ),
    (
        "a7 00 1850 01 02 02 00 03 00 04 00 05 00 0d a1 00 07",
        Fault::UnknownVersion,
    ),
];

#[test]
fn other_spellings_and_foreign_leaves_are_refused() {
    for (text, expected) in FOREIGN {
        assert_eq!(fault(text), *expected, "{text}");
    }
    assert_eq!(fault(&"00".repeat(LEAF_BYTES_MAX + 1)), Fault::TooLong);
}

#[test]
fn flags_and_defaults_are_absent_or_the_leaf_is_refused() {
    // ProtocolSet { member: 3, signed: false }, then with the flag spelled out.
    let good = "a7 00 0b 01 01 02 00 03 00 04 00 05 00 0d a1 00 03";
    assert!(decode(&unhex(good)).is_ok());
    let bad = "a7 00 0b 01 01 02 00 03 00 04 00 05 00 0d a2 00 03 01 f4";
    assert_eq!(fault(bad), Fault::NotCanonical);

    let claim = typical_claim();
    let same = ClaimApproved {
        invoice_amount: claim.contract_amount,
        ..claim.clone()
    };
    let event = |claim| Recorded {
        meta: claim_meta(),
        event: Event::ClaimApproved(claim),
    };
    assert_eq!(leaf(&event(claim)).len() - 6, leaf(&event(same)).len());
}

#[test]
fn a_message_names_kind_and_version() {
    let error = decode(&unhex(
        "a7 00 1850 01 02 02 00 03 00 04 00 05 00 0d a1 00 07",
    ));
    let text = error.expect_err("version 2").to_string();
    assert!(
        text.contains("kind 80 (CloseRequested), version 2"),
        "{text}"
    );
}

#[test]
fn a_leaf_over_the_bound_is_not_written() {
    let funders: Box<[_]> = (0..9_000).map(|i| (MemberId(i), Fen::MAX)).collect();
    let claim = ClaimApproved {
        funding: Funding {
            payer: MemberId(0),
            other: Some((MemberId(1), Fen::MAX)),
            more: funders,
        },
        ..typical_claim()
    };
    let event = Event::ClaimApproved(claim);
    let mut out = vec![1, 2, 3];
    let written = encode(
        &Recorded {
            meta: claim_meta(),
            event,
        },
        &mut out,
    );
    assert!(
        matches!(written, Err(EncodeError::TooLong { .. })),
        "{written:?}"
    );
    assert_eq!(out, [1, 2, 3]);
}

#[test]
fn every_source_of_a_reference_comes_back() {
    let acting = PrincipalId(4_242);
    let others = [SYSTEM, PrincipalId(1), acting, PrincipalId(u32::MAX)];
    let others = others.map(RefSource::Principal);
    for source in [RefSource::Import].into_iter().chain(others) {
        let reference = external_ref(CommandKind::FileClaim, source, short("R-1"));
        let meta = EventMeta {
            external_ref: Some(Box::new(reference.expect("a claim has a reference"))),
            ..claim_meta()
        };
        let event = Event::ClaimApproved(typical_claim());
        let recorded = Recorded { meta, event };
        assert_eq!(decode(&leaf(&recorded)), Ok(recorded));
    }
}

#[test]
fn command_and_event_agree_on_the_family_of_a_reference() {
    for command in CommandKind::ALL {
        let code = RefusalCode::AlreadyInState;
        let refused = Event::CommandRefused(CommandRefused {
            command: *command,
            code,
        });
        let family = reference::family_of_event(&refused);
        let made = external_ref(*command, RefSource::Import, short("R-1"));
        assert_eq!(family.is_some(), made.is_ok(), "{command:?}");
        if let (Some(family), Ok(made)) = (family, made) {
            assert_eq!(made.key, reference::key(family, RefSource::Import, "R-1"));
        }
    }
    let families: BTreeSet<_> = examples()
        .iter()
        .filter_map(|(_, recorded)| reference::family_of_event(&recorded.event))
        .collect();
    let commands = CommandKind::ALL
        .iter()
        .filter(|command| external_ref(**command, RefSource::Import, short("R-1")).is_ok());
    for command in commands {
        assert!(
            families.contains(command),
            "{command:?} has no event of its family"
        );
    }
}

#[test]
fn families_and_sources_keep_references_apart() {
    let key = |kind, source| {
        let made = external_ref(kind, source, short("R-1"));
        made.expect("takes references").key
    };
    let keys = BTreeSet::from([
        key(CommandKind::FileClaim, RefSource::Import),
        key(CommandKind::IssueVoucher, RefSource::Import),
        key(CommandKind::FileClaim, RefSource::Principal(PrincipalId(0))),
        key(CommandKind::FileClaim, RefSource::Principal(PrincipalId(1))),
    ]);
    assert_eq!(keys.len(), 4);
    assert_eq!(
        external_ref(CommandKind::AdvanceDate, RefSource::Import, short("R-1")),
        Err(NoReference(CommandKind::AdvanceDate))
    );
}

#[test]
fn fingerprints_and_keys_are_those_of_the_format() {
    let claim = fingerprint(&Command::FileClaim(typical_filing()));
    let evidence = fingerprint(&Command::FileClaim(filing_with_evidence()));
    // Computed apart from this code, from the format as it is documented.
    assert_eq!(claim, 0x0191_bcf0_17df_db1d_4403_6865_3f7a_4d5a);
    assert_eq!(evidence, 0xf812_92a6_fe76_9290_0039_b158_dc20_3d39);
    let key = |kind, source| external_ref(kind, source, short("R-1")).map(|made| made.key);
    assert_eq!(
        key(CommandKind::FileClaim, RefSource::Import),
        Ok(0x2900_72bf_d3f9_f9e3_11d9_f0be_c2be_d140)
    );
    assert_eq!(
        key(
            CommandKind::IssueVoucher,
            RefSource::Principal(PrincipalId(4_242))
        ),
        Ok(0x06d6_802e_e4b4_25f8_d4be_b8fb_1729_fd9b)
    );
    let base = idempotency_key(
        PrincipalId(1),
        IdempotencyKey::parse("retry-1").expect("a key"),
    );
    assert_eq!(base, 0x5518_551d_35ee_a169_61ed_a109_51c7_0993);
    assert_eq!(
        indexed_key(base, 7),
        0xb0b8_02c2_c7f8_5cd2_4aa4_e153_42e5_c052
    );
}

#[test]
fn a_fingerprint_depends_on_every_value_but_not_on_a_salt() {
    let command = |salt, value: &str| {
        let opening = PersonalOpening {
            salt: [salt; 16],
            value: value.into(),
        };
        Command::RegisterPrincipal(Box::new(RegisterPrincipal {
            name: PersonalText {
                commitment: [salt; 32],
                opening: Some(Box::new(opening)),
            },
        }))
    };
    assert_eq!(
        fingerprint(&command(1, "张三")),
        fingerprint(&command(2, "张三"))
    );
    assert_ne!(
        fingerprint(&command(1, "张三")),
        fingerprint(&command(1, "李四"))
    );
    let base = Command::FileClaim(typical_filing());
    let mut other = typical_filing();
    other.paid_amount = fen(other.paid_amount.get() + 1);
    assert_ne!(fingerprint(&base), fingerprint(&Command::FileClaim(other)));
    let period = crate::domain::PeriodId(1);
    let close = crate::engine::command::ClosePeriod { period };
    assert_ne!(
        fingerprint(&Command::RequestClose(close.clone())),
        fingerprint(&Command::ClosePeriod(close))
    );
}

#[test]
fn idempotency_keys_are_printable_and_bounded() {
    let parse = IdempotencyKey::parse;
    let (longest, too_long) = ("x".repeat(64), "x".repeat(65));
    for text in ["a", "0b7c8a52-6a2e-4b9a-8f1e-1c1d3f5a7b9c", " ~", &longest] {
        assert!(parse(text).is_ok(), "{text}");
    }
    for text in ["", "a\n", "\u{7f}", "券", &too_long] {
        assert_eq!(parse(text), Err(IdempotencyKeyError), "{text}");
    }
    let key = parse("retry-1").expect("a key");
    let one = idempotency_key(PrincipalId(1), key);
    assert_ne!(one, idempotency_key(PrincipalId(2), key));
    assert_ne!(indexed_key(one, 0), indexed_key(one, 1));
    assert_ne!(indexed_key(one, 0), one);
}

fn spoil(mut bytes: Vec<u8>, edits: &[(u8, usize, u8)]) -> Vec<u8> {
    for (edit, at, byte) in edits {
        let at = at % bytes.len().max(1);
        match edit % 5 {
            0 if at < bytes.len() => bytes[at] = *byte,
            1 if at < bytes.len() => bytes[at] ^= 1 << (byte % 8),
            2 => bytes.insert(at, *byte),
            3 if at < bytes.len() => {
                bytes.remove(at);
            }
            4 => bytes.truncate(at.max(1)),
            _ => {}
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn a_spoiled_leaf_is_refused_or_is_the_leaf_of_what_is_read(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<u8>(), any::<usize>(), any::<u8>()), 1..4),
    ) {
        let examples = examples();
        let (_, recorded) = &examples[which.index(examples.len())];
        let bytes = spoil(leaf(recorded), &edits);
        if let Ok(read) = decode(&bytes) {
            prop_assert_eq!(leaf(&read), bytes);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(read) = decode(&bytes) {
            prop_assert_eq!(leaf(&read), bytes);
        }
    }

    #[test]
    fn claims_come_back_as_written(
        (seq, at, day) in (any::<u64>(), any::<i64>(), Day::MIN.get()..=Day::MAX.get()),
        (claim, provider, member) in (any::<u32>(), any::<u32>(), any::<u16>()),
        invoice in "[0-9]{1,20}|[0-9A-Z]{1,20}",
        amounts in prop::array::uniform4(0..=Fen::MAX.get()),
        (key, index) in (any::<Option<u128>>(), any::<u32>()),
    ) {
        let claim = ClaimApproved {
            claim: ClaimId(claim),
            provider: ProviderId(provider),
            payee: Payee::Provider(ProviderId(claim)),
            invoice_no: InvoiceNo::parse(&invoice).expect("of the pattern"),
            contract_amount: fen(amounts[0]),
            invoice_amount: fen(amounts[1]),
            paid_amount: fen(amounts[2]),
            amount: fen(amounts[3]),
            issuer: MemberId(member),
            contract_date: Day::try_new(day).expect("within the bounds"),
            ..typical_claim()
        };
        let meta = EventMeta {
            seq: Seq(seq),
            recorded_at: RecordedAt(at),
            business_date: Day::try_new(day).expect("within the bounds"),
            key,
            index,
            ..claim_meta()
        };
        let recorded = Recorded { meta, event: Event::ClaimApproved(claim) };
        prop_assert_eq!(decode(&leaf(&recorded)), Ok(recorded));
    }
}

#[test]
fn a_commitment_stands_in_the_leaf_and_its_opening_does_not() {
    let opening = PersonalOpening {
        salt: [9; 16],
        value: "张三".into(),
    };
    let name = PersonalText {
        commitment: [0xc5; 32],
        opening: Some(Box::new(opening)),
    };
    let registered = crate::engine::event::PrincipalRegistered {
        principal: PrincipalId(1),
        name,
    };
    let event = Event::PrincipalRegistered(Box::new(registered));
    let bytes = leaf(&Recorded {
        meta: minimal_meta(),
        event,
    });
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(holds(&[0xc5; 32]));
    assert!(!holds("张三".as_bytes()) && !holds(&[9; 16]));
}
