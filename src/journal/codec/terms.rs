//! Closed sets, choices and terms that events and commands share.

use super::Fault;
use super::cbor::{Reader, Writer};
use super::field::Field;
use super::table::{left_out, present, spelled_out, table};
use crate::domain::{EnterpriseId, Fen, MemberId, ProviderId};
use crate::engine::command::{Calendar, CommandKind, PartyName, Payee, Purpose};
use crate::engine::event::{
    BudgetUndone, ConsentUndone, ExtensionUndone, Funding, LinesUndone, PaymentUndone,
    RelocationUndone, ReturnedTo, RevocationUndone, TransferUndone, Undone,
};
use crate::engine::refusal::{Faults, RefusalCode};
use crate::engine::terms::{
    AccrualPoint, Action, AdmissionAnswer, AdmissionDecision, AdmissionDocument, AgreementTerms,
    BasePolicy, DeclineCode, EnterpriseKind, Evidence, EvidenceKind, EvidenceKinds, Exclusion,
    FileMode, FlagCode, FlagLevel, MemberKind, ObjectionReason, PayeeMode, PayerModel, RateTerms,
    Recognition, RecognitionStance, RecognitionSubject, RelationKind, RequiredFields, Role,
    RollingCap, RollingPeriod, Scope, SettlementMode, SimulationOutcome, Tier, TransferKind,
    TransferRule, VersionTerms,
};

macro_rules! closed_sets {
    ($($type:ident: $number:ty;)*) => { $(
        impl Field for $type {
            const SHAPE: &'static str = stringify!($type);

            #[inline]
            fn write(&self, writer: &mut Writer<'_>) {
                writer.uint(u64::from(self.number()));
            }

            #[inline]
            fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
                let number: $number = Field::read(reader)?;
                $type::from_number(number).ok_or(Fault::Value(stringify!($type)))
            }
        }
    )* };
}

closed_sets! {
    MemberKind: u8;
    EnterpriseKind: u8;
    Role: u8;
    Action: u8;
    PayeeMode: u8;
    BasePolicy: u8;
    PayerModel: u8;
    AccrualPoint: u8;
    TransferKind: u8;
    FileMode: u8;
    EvidenceKind: u8;
    AdmissionDecision: u8;
    ObjectionReason: u8;
    RecognitionStance: u8;
    RelationKind: u8;
    FlagCode: u8;
    FlagLevel: u8;
    DeclineCode: u8;
    CommandKind: u16;
    RefusalCode: u16;
}

impl Field for ReturnedTo {
    const SHAPE: &'static str = "ReturnedTo";

    fn write(&self, writer: &mut Writer<'_>) {
        writer.uint(match self {
            ReturnedTo::Voucher => 0,
            ReturnedTo::Available => 1,
            ReturnedTo::Lapsed => 2,
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        match reader.uint()? {
            0 => Ok(ReturnedTo::Voucher),
            1 => Ok(ReturnedTo::Available),
            2 => Ok(ReturnedTo::Lapsed),
            _ => Err(Fault::Value("ReturnedTo")),
        }
    }
}

pub(super) use closed_sets;

macro_rules! sets {
    ($($type:ident)*) => { $(
        impl Field for $type {
            const SHAPE: &'static str = "set";

            fn write(&self, writer: &mut Writer<'_>) {
                self.0.write(writer);
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
                Field::read(reader).map($type)
            }
        }
    )* };
}

pub(super) use sets;

sets! { EvidenceKinds Faults RequiredFields }

impl Field for Payee {
    const SHAPE: &'static str = "payee";

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Payee::Provider(id) => writer.uint(u64::from(id.0)),
            Payee::Enterprise(id) => writer.negative(u64::from(id.0)),
        }
    }

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let (enterprise, id) = reader.signed()?;
        let id = u32::try_from(id).map_err(|_| Fault::Value("payee"))?;
        Ok(if enterprise {
            Payee::Enterprise(EnterpriseId(id))
        } else {
            Payee::Provider(ProviderId(id))
        })
    }
}

/// Writes a choice: `[number]`, or `[number, id]` for one that names something.
pub(super) fn write_choice(writer: &mut Writer<'_>, number: u64, id: Option<u32>) {
    writer.array(1 + usize::from(id.is_some()));
    writer.uint(number);
    id.write(writer);
}

fn read_choice(reader: &mut Reader<'_>) -> Result<(u64, Option<u32>), Fault> {
    match reader.array()? {
        1 => Ok((reader.uint()?, None)),
        2 => Ok((reader.uint()?, Some(u32::read(reader)?))),
        _ => Err(Fault::Value("choice")),
    }
}

fn member(id: u32) -> Result<MemberId, Fault> {
    u16::try_from(id)
        .map(MemberId)
        .map_err(|_| Fault::Value("member"))
}

impl Field for Scope {
    const SHAPE: &'static str = "Scope";

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Scope::Corridor => write_choice(writer, 0, None),
            Scope::Member(id) => write_choice(writer, 1, Some(u32::from(id.0))),
            Scope::Enterprise(id) => write_choice(writer, 2, Some(id.0)),
            Scope::Provider(id) => write_choice(writer, 3, Some(id.0)),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        match read_choice(reader)? {
            (0, None) => Ok(Scope::Corridor),
            (1, Some(id)) => member(id).map(Scope::Member),
            (2, Some(id)) => Ok(Scope::Enterprise(EnterpriseId(id))),
            (3, Some(id)) => Ok(Scope::Provider(ProviderId(id))),
            _ => Err(Fault::Value("Scope")),
        }
    }
}

impl Field for RecognitionSubject {
    const SHAPE: &'static str = "RecognitionSubject";

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            RecognitionSubject::Provider(id) => write_choice(writer, 0, Some(id.0)),
            RecognitionSubject::AdmittedBy(id) => write_choice(writer, 1, Some(u32::from(id.0))),
            RecognitionSubject::StatusOf(id) => write_choice(writer, 2, Some(u32::from(id.0))),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        match read_choice(reader)? {
            (0, Some(id)) => Ok(RecognitionSubject::Provider(ProviderId(id))),
            (1, Some(id)) => member(id).map(RecognitionSubject::AdmittedBy),
            (2, Some(id)) => member(id).map(RecognitionSubject::StatusOf),
            _ => Err(Fault::Value("RecognitionSubject")),
        }
    }
}

impl Field for SettlementMode {
    const SHAPE: &'static str = "SettlementMode";

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            SettlementMode::Direct => write_choice(writer, 0, None),
            SettlementMode::Hub(id) => write_choice(writer, 1, Some(u32::from(id.0))),
            SettlementMode::Bilateral => write_choice(writer, 2, None),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        match read_choice(reader)? {
            (0, None) => Ok(SettlementMode::Direct),
            (1, Some(id)) => member(id).map(SettlementMode::Hub),
            (2, None) => Ok(SettlementMode::Bilateral),
            _ => Err(Fault::Value("SettlementMode")),
        }
    }
}

/// `[0, days]` or `[1, months]`.
impl Field for RollingPeriod {
    const SHAPE: &'static str = "RollingPeriod";

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            RollingPeriod::Days(days) => write_choice(writer, 0, Some(u32::from(*days))),
            RollingPeriod::Months(months) => write_choice(writer, 1, Some(u32::from(*months))),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let (kind, length) = read_choice(reader)?;
        let length = length.and_then(|length| u16::try_from(length).ok());
        match (kind, length) {
            (0, Some(days)) => Ok(RollingPeriod::Days(days)),
            (1, Some(months)) => Ok(RollingPeriod::Months(months)),
            _ => Err(Fault::Value("RollingPeriod")),
        }
    }
}

impl Field for LinesUndone {
    const SHAPE: &'static str = "LinesUndone";

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            LinesUndone::None => write_choice(writer, 0, None),
            LinesUndone::Voided => write_choice(writer, 1, None),
            LinesUndone::Opposed(id) => write_choice(writer, 2, Some(id.0)),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        match read_choice(reader)? {
            (0, None) => Ok(LinesUndone::None),
            (1, None) => Ok(LinesUndone::Voided),
            (2, Some(id)) => Ok(LinesUndone::Opposed(crate::domain::LineId(id))),
            _ => Err(Fault::Value("LinesUndone")),
        }
    }
}

/// `[number, {field: value}]`.
impl Field for Undone {
    const SHAPE: &'static str = "Undone";

    fn write(&self, writer: &mut Writer<'_>) {
        writer.array(2);
        match self {
            Undone::Revocation(undone) => numbered(writer, 0, undone),
            Undone::Budget(undone) => numbered(writer, 1, undone),
            Undone::Transfer(undone) => numbered(writer, 2, undone),
            Undone::Relocation(undone) => numbered(writer, 3, undone),
            Undone::Consent(undone) => numbered(writer, 4, undone),
            Undone::Payment(undone) => numbered(writer, 5, undone),
            Undone::Extension(undone) => numbered(writer, 6, undone),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        if reader.array()? != 2 {
            return Err(Fault::Value("Undone"));
        }
        match reader.uint()? {
            0 => Field::read(reader).map(Undone::Revocation),
            1 => Field::read(reader).map(Undone::Budget),
            2 => Field::read(reader).map(Undone::Transfer),
            3 => Field::read(reader).map(Undone::Relocation),
            4 => Field::read(reader).map(Undone::Consent),
            5 => Field::read(reader).map(Undone::Payment),
            6 => Field::read(reader).map(Undone::Extension),
            _ => Err(Fault::Value("Undone")),
        }
    }
}

fn numbered(writer: &mut Writer<'_>, number: u64, value: &impl Field) {
    writer.uint(number);
    value.write(writer);
}

impl Field for PartyName {
    const SHAPE: &'static str = "text or commitment";

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            PartyName::Public(name) => name.write(writer),
            PartyName::Personal(name) => name.write(writer),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        if reader.is_text() {
            Field::read(reader).map(PartyName::Public)
        } else {
            Field::read(reader).map(PartyName::Personal)
        }
    }
}

impl Field for Purpose {
    const SHAPE: &'static str = "text or commitment";

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Purpose::Public(text) => text.write(writer),
            Purpose::Personal(text) => text.write(writer),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        if reader.is_text() {
            Field::read(reader).map(Purpose::Public)
        } else {
            Field::read(reader).map(Purpose::Personal)
        }
    }
}

/// `[payer, funder, part, funder, part, …]`.
impl Field for Funding {
    const SHAPE: &'static str = "funding";

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        let others = usize::from(self.other.is_some()) + self.more.len();
        writer.array(1 + 2 * others);
        self.payer.write(writer);
        for (funder, part) in self.others() {
            funder.write(writer);
            part.write(writer);
        }
    }

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let len = reader.array()?;
        if len % 2 == 0 {
            return Err(Fault::Value("funding"));
        }
        let payer = Field::read(reader)?;
        let mut other = None;
        if len > 1 {
            other = Some((MemberId::read(reader)?, Fen::read(reader)?));
        }
        let more = if len > 3 {
            (0..(len - 3) / 2)
                .map(|_| Ok((MemberId::read(reader)?, Fen::read(reader)?)))
                .collect::<Result<_, Fault>>()?
        } else {
            Box::default()
        };
        Ok(Funding { payer, other, more })
    }
}

/// `[up_to, ratio]`.
impl Field for Tier {
    const SHAPE: &'static str = "pair";

    fn write(&self, writer: &mut Writer<'_>) {
        (self.up_to, self.ratio).write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let (up_to, ratio) = Field::read(reader)?;
        Ok(Tier { up_to, ratio })
    }
}

macro_rules! tables_of_terms {
    ($($type:ident $table:tt)*) => {
        $(table! { $type $table })*

        /// Every map that stands within an event: name and entries.
        #[cfg(test)]
        pub(super) fn documented() -> Vec<(&'static str, String)> {
            use $crate::journal::codec::tests::Documented;
            vec![$((stringify!($type), $type::columns()),)*]
        }
    };
}

pub(super) use tables_of_terms;

tables_of_terms! {
    Calendar { 0: confirm_days, 1: pay_days, }
    AdmissionAnswer { 0: question, 1: answer, 2: score, }
    AdmissionDocument { 0: title, 1: sha256, }
    Evidence { 0: kind, 1: sha256, 2: size_bytes, 3: media_type, }
    TransferRule { 0: kind, 1: document_no, }
    RateTerms { 0: category, 1: tiers, 2: cap_claim, }
    RollingCap { 0: cap, 1: period, }
    SimulationOutcome { 0: saved, 1: claims, 2: changed, 3: before, 4: after, }
    Exclusion { 0: enterprise_kind, 1: category, 2: provider, 3: host, }
    Recognition { 0: host, 1: from, 2: to, 3: categories or { => 0 }, }
    VersionTerms {
        0: effective_from, 1: document_no, 2: payee, 3: base, 4: cap_enterprise, 5: cap_group,
        6: use_months, 7: cash_days, 8: rates, 9: recognised, 10: evidence, 11: transfers,
        12: category_caps or { => Box::default() },
        13: cap_contract,
        14: rolling,
        15: category_evidence or { => Box::default() },
        16: exclusions or { => Box::default() },
        17: recognitions or { => Box::default() },
        18: review_no,
        19: performance_target,
        20: application_required,
    }
    RevocationUndone { 0: voucher, 1: programme, 2: amount, 3: from_lapsed, 4: issued, }
    BudgetUndone { 0: programme, 1: amount, 2: raise, }
    TransferUndone {
        0: transfer, 1: parent, 2: child, 3: amount, 4: issued_moved, 5: used_moved,
    }
    RelocationUndone { 0: transfer, 1: enterprise, 2: home, }
    ConsentUndone { 0: consent, 1: voucher, 2: left, }
    ExtensionUndone { 0: voucher, 1: use_by, 2: cash_by, }
    PaymentUndone {
        0: instruction, 1: period, 2: debtor, 3: creditor, 4: amount, 5: bank_ref,
    }
    AgreementTerms {
        0: home, 1: host, 2: category, 3: from, 4: to, 5: model, 6: pool, 7: shares,
        8: accrues_at or { => AccrualPoint::Approval },
    }
}
