//! The payload of every kind of event.

use super::Fault;
use super::cbor::{Reader, Writer};
use super::field::Field;
use super::table::{left_out, present, spelled_out, table};
use crate::engine::command::Payee;
use crate::engine::event::{
    AccessSet, AdmissionApplied, AdmissionDecided, AdmissionEnded, AdmissionObjected,
    AdmissionPolicySet, BankAccountDecided, BankAccountProposed, CreditFlagLifted,
    CreditFlagRaised, PartyCorrected, PartyDissolved, PasswordSet, ProviderAdmitted,
    RecognitionSet, RelationSet, StatusSet, TeamSet,
};
use crate::engine::event::{
    ActionProposed, ActionRuleSet, AgreementRegistered, ApplicationApproved, ApplicationDeclined,
    ApplicationFiled, ApplicationResubmitted, ApplicationReturned, ApplicationReviewBegun,
    ApplicationWithdrawn, ArrearsCarried, BudgetChanged, CalendarSet, CategoryRegistered,
    CellAgreed, CityPolicySet, ClaimApproved, ClaimAwaitsBudget, ClaimRefused, ClaimReversed,
    ClaimWithdrawn, CloseRequested, CommandRefused, ConsentGiven, ContractRefused,
    ControllerGroupSet, DateAdvanced, DisputeClosed, DraftSaved, DraftSimulated,
    EnterpriseRegistered, EpochStarted, Event, EvidenceRecorded, FileRowRefused, FileRowsIssued,
    FreezeSet, GrantSet, InstructionIssued, InstructionPaid, LedgerCreated, MemberRegistered,
    OrderAdvanced, OrderAgreed, OrderAsked, OrderConfirmed, OrderDisputed, OrderExtended,
    OrderProposed, OrderRefused, OrderReleased, PayeePaid, PaymentReturned, PeriodAgreed,
    PeriodClosed, PeriodInstructed, PeriodSettled, PositionFixed, PrincipalErased, PrincipalNamed,
    PrincipalRegistered, ProgrammeCreated, ProposalApproved, ProposalDeclined, ProposalFailed,
    ProposalWithdrawn, ProtocolSet, ProviderRegistered, StatementConfirmed, StepReversed,
    SuspensionSet, TokenIssued, TokenRevoked, TransferApproved, TransferDeclined, TransferEndorsed,
    TransferMoved, TransferProposed, TransferReleased, VersionPublished, VoucherExtended,
    VoucherFileApproved, VoucherIssued, VoucherLapsed, VoucherRefused, VoucherRevoked,
    WaitingApproved, YearCarried, YearClosed, YearClosingStarted,
};
use crate::engine::terms::{AccrualPoint, OrderParties};

macro_rules! event_tables {
    ($($kind:literal v $version:literal $type:ident $table:tt)*) => {
        $(table! { $type $table })*

        /// Kind and version under which the event is written.
        #[inline]
        pub(super) fn kind_and_version(event: &Event) -> (u16, u16) {
            match event { $(Event::$type(_) => ($kind, $version),)* }
        }

        #[inline]
        pub(super) fn write_payload(event: &Event, writer: &mut Writer<'_>) {
            match event { $(Event::$type(payload) => payload.write(writer),)* }
        }

        #[inline]
        pub(super) fn read_payload(
            kind: u16,
            version: u16,
            reader: &mut Reader<'_>,
        ) -> Result<Event, Fault> {
            match (kind, version) {
                $(($kind, $version) => Field::read(reader).map(Event::$type),)*
                _ => Err(Fault::UnknownKind),
            }
        }

        /// Every kind: number, version, name and entries.
        #[cfg(test)]
        pub(super) fn documented() -> Vec<(u16, u16, &'static str, String)> {
            use super::tests::Documented;
            vec![$(($kind, $version, stringify!($type), $type::columns()),)*]
        }
    };
}

event_tables! {
    1 v 1 LedgerCreated {
        0: format, 1: ledger, 2: origin, 3: hash, 4: time_zone, 5: currency, 6: scale,
    }
    2 v 1 EpochStarted { 0: epoch, 1: node, 2: version, }
    3 v 1 DateAdvanced { 0: to, }
    4 v 1 CommandRefused { 0: command, 1: code, }
    5 v 1 ActionProposed {
        0: proposal, 1: action, 2: office, 3: checker, 4: approvals, 5: command,
    }
    6 v 1 ProposalApproved { 0: proposal, 1: left, }
    7 v 1 ProposalDeclined { 0: proposal, }
    8 v 1 ProposalWithdrawn { 0: proposal, }
    9 v 1 ProposalFailed { 0: proposal, 1: code, }

    10 v 1 MemberRegistered {
        0: member, 1: code, 2: kind, 3: name_zh, 4: name_en, 5: province, 6: signed_protocol,
    }
    11 v 1 ProtocolSet { 0: member, 1: signed, }
    12 v 1 CategoryRegistered { 0: category, 1: code, 2: name_zh, 3: name_en, }
    13 v 1 CalendarSet { 0: calendar, }

    20 v 1 PrincipalRegistered { 0: principal, 1: name, }
    21 v 1 GrantSet { 0: principal, 1: role, 2: scope, 3: granted, }
    22 v 1 TokenIssued { 0: principal, 1: token_hash, 2: label, 3: expires_on, }
    23 v 1 TokenRevoked { 0: token_hash, }
    24 v 1 ActionRuleSet { 0: member, 1: action, 2: persons, 3: checker, }
    25 v 1 AccessSet { 0: principal, 1: enabled, }
    28 v 1 PasswordSet { 0: principal, 1: user_name, 2: verifier, }

    30 v 1 EnterpriseRegistered {
        0: enterprise, 1: code, 2: name, 3: city, 4: kind, 5: group,
    }
    31 v 1 ProviderRegistered {
        0: provider, 1: code, 2: name, 3: city, 4: categories, 5: group, 6: admitted_from,
        7: admitted_to, 8: bank_account,
    }
    32 v 1 ControllerGroupSet { 0: party, 1: group, 2: from, }
    33 v 1 SuspensionSet { 0: provider, 1: suspended, 2: until, }
    34 v 1 AdmissionApplied {
        0: admission, 1: provider, 2: code, 3: name, 4: city, 5: categories, 6: from, 7: to,
        8: answers, 9: documents,
    }
    35 v 1 AdmissionDecided { 0: admission, 1: decision, 2: publicity_until, 3: objection, }
    36 v 1 AdmissionObjected {
        0: admission, 1: objection, 2: reason, 3: on_behalf_of, 4: document_sha256,
    }
    37 v 1 ProviderAdmitted { 0: admission, 1: provider, 2: categories, 3: from, 4: to, }
    38 v 1 AdmissionEnded { 0: provider, 1: from, 2: term, }
    39 v 1 AdmissionPolicySet { 0: city, 1: publicity_days, }

    40 v 1 ProgrammeCreated { 0: programme, 1: code, 2: title, 3: city, 4: budget_year, }
    41 v 1 BudgetChanged { 0: programme, 1: city, 2: amount, 3: raise, 4: document_no, }
    42 v 1 VersionPublished { 0: programme, 1: version, 2: terms, 3: draft, }
    43 v 1 AgreementRegistered { 0: agreement, 1: terms, 2: document_no, }

    44 v 1 DraftSaved {
        0: programme, 1: draft, 2: terms, 3: source, 4: source_version,
    }
    45 v 1 DraftSimulated {
        0: programme, 1: draft, 2: digest, 3: from, 4: to, 5: budget, 6: outcome,
    }
    46 v 1 CityPolicySet { 0: member, 1: required, }
    47 v 1 YearClosingStarted { 0: programme, 1: city, }
    48 v 1 YearCarried {
        0: from, 1: into, 2: pack, 3: code, 4: city, 5: outstanding, 6: held, 7: claimed,
        8: approved, 9: budget_year,
    }
    49 v 1 YearClosed { 0: programme, 1: city, }

    50 v 1 VoucherIssued {
        0: voucher, 1: programme, 2: version, 3: issuer, 4: enterprise, 5: amount, 6: use_by,
        7: cash_by, 8: application, 9: replaces,
    }
    51 v 1 VoucherRefused { 0: programme, 1: enterprise, 2: amount, 3: code, }
    52 v 1 ConsentGiven {
        0: consent, 1: voucher, 2: by_provider, 3: provider, 4: up_to, 5: until,
    }
    53 v 1 FreezeSet { 0: voucher, 1: frozen, }
    54 v 1 VoucherRevoked { 0: voucher, 1: programme, 2: issuer, 3: amount, 4: to_lapsed, }
    55 v 1 VoucherLapsed { 0: voucher, 1: programme, 2: issuer, 3: amount, 4: to_lapsed, }

    56 v 1 VoucherExtended { 0: voucher, 1: use_by, 2: cash_by, }
    57 v 1 ApplicationFiled {
        0: application, 1: programme, 2: issuer, 3: enterprise, 4: amount, 5: purpose,
        6: documents, 7: issue_fault,
    }
    58 v 1 ApplicationResubmitted {
        0: application, 1: amount, 2: purpose, 3: documents, 4: issue_fault,
    }
    59 v 1 ApplicationReviewBegun { 0: application, }

    60 v 1 TransferProposed {
        0: transfer, 1: voucher, 2: programme, 3: issuer, 4: kind, 5: to, 6: to_city,
        7: cap_share, 8: amount, 9: document_no, 10: to_programme, 11: expires_on,
    }
    61 v 1 TransferApproved {
        0: transfer, 1: programme, 2: issuer, 3: child, 4: amount, 5: issued_moved,
        6: used_moved,
    }
    62 v 1 TransferDeclined { 0: transfer, 1: programme, 2: issuer, 3: amount, 4: returned, }
    63 v 1 TransferMoved {
        0: transfer, 1: programme, 2: issuer, 3: amount, 4: to_lapsed, 5: child, 6: enterprise,
        7: to_programme, 8: to_city, 9: version, 10: use_by, 11: cash_by,
    }
    64 v 1 TransferEndorsed { 0: transfer, 1: member, }
    65 v 1 TransferReleased {
        0: transfer, 1: programme, 2: issuer, 3: amount, 4: returned, 5: expired,
    }

    70 v 1 ClaimApproved {
        0: claim,
        1: voucher,
        2: programme,
        3: issuer,
        4: version,
        5: provider,
        6: payee or { provider => Payee::Provider(provider) },
        7: category,
        8: contract_no,
        9: contract_date,
        10: contract_amount,
        11: invoice_no,
        12: invoice_amount or { contract_amount => contract_amount },
        13: paid_amount,
        14: amount,
        15: funding,
        16: agreement,
        17: accrues_at or { => AccrualPoint::Approval },
        18: first_line,
        19: period,
        20: consent,
        21: order,
    }
    71 v 1 EvidenceRecorded { 0: claim, 1: files, }
    72 v 1 ClaimRefused {
        0: result, 1: faults, 2: voucher, 3: provider, 4: voucher_given, 5: provider_given,
        6: category, 7: contract_no, 8: contract_date, 9: contract_amount, 10: invoice_no,
        11: invoice_amount or { contract_amount => contract_amount }, 12: paid_amount,
        13: order,
    }
    73 v 1 ClaimReversed {
        0: claim, 1: voucher, 2: programme, 3: issuer, 4: payee, 5: amount, 6: funding,
        7: returned, 8: lines, 9: period, 10: charged,
    }
    74 v 1 PayeePaid {
        0: payment, 1: claim, 2: programme, 3: payee, 4: amount, 5: funding, 6: first_line,
        7: period, 8: bank_ref, 9: paid_on, 10: account_version,
    }
    75 v 1 PaymentReturned { 0: payment, 1: claim, 2: payer, 3: payee, 4: amount, }

    80 v 1 CloseRequested { 0: period, }
    81 v 1 PositionFixed { 0: period, 1: member, 2: receivable, 3: payable, }
    82 v 1 PeriodClosed {
        0: period, 1: month, 2: next, 3: gross, 4: parties, 5: cells, 6: deemed_on,
    }
    83 v 1 StatementConfirmed { 0: period, 1: member, 2: revision, }
    84 v 1 CellAgreed { 0: period, 1: debtor, 2: creditor, 3: amount, }
    85 v 1 PeriodAgreed { 0: period, 1: revision, 2: deemed, }
    86 v 1 InstructionIssued {
        0: instruction, 1: period, 2: order, 3: debtor, 4: creditor, 5: amount,
    }
    87 v 1 PeriodInstructed {
        0: period, 1: mode, 2: document_no, 3: instructions, 4: total, 5: pay_by,
    }
    88 v 1 InstructionPaid {
        0: instruction, 1: period, 2: debtor, 3: creditor, 4: amount, 5: bank_ref, 6: paid_on,
    }
    89 v 1 ArrearsCarried {
        0: instruction, 1: period, 2: line, 3: debtor, 4: creditor, 5: amount, 6: into,
    }
    90 v 1 PeriodSettled { 0: period, 1: carried, }

    100 v 1 OrderProposed {
        0: order, 1: provider, 2: host, 3: category, 4: contract_amount, 5: hold_until,
        6: lines, 7: agreed,
    }
    101 v 1 OrderAgreed { 0: order, 1: agreed, 2: complete, }
    102 v 1 OrderConfirmed { 0: order, 1: lines, }
    103 v 1 OrderRefused { 0: order, 1: result, 2: faults, 3: lines, }
    104 v 1 OrderAdvanced {
        0: order, 1: status, 2: contract_no, 3: contract_date, 4: accepted,
        5: counted or { => OrderParties::NONE },
    }
    105 v 1 OrderReleased { 0: order, 1: cause, 2: status, 3: lines, }
    106 v 1 OrderAsked { 0: order, 1: extend_to, 2: parties, }
    107 v 1 OrderExtended { 0: order, 1: hold_until, }
    108 v 1 OrderDisputed { 0: order, 1: by, 2: code, 3: ends_on, }
    109 v 1 DisputeClosed { 0: order, 1: outcome, 2: hold_until, }

    130 v 1 RecognitionSet {
        0: city, 1: subject, 2: stance, 3: categories, 4: from, 5: to,
    }
    131 v 1 StatusSet { 0: enterprise, 1: kind, 2: from, 3: to, 4: certificate_no, 5: city, }
    132 v 1 RelationSet { 0: party, 1: other, 2: kind, 3: from, 4: to, }
    133 v 1 CreditFlagRaised {
        0: flag, 1: party, 2: code, 3: level, 4: from, 5: until, 6: city, 7: document_no,
        8: document_sha256,
    }
    134 v 1 CreditFlagLifted { 0: flag, 1: party, }
    135 v 1 BankAccountProposed { 0: party, 1: version, 2: account, 3: bank, }
    136 v 1 BankAccountDecided { 0: party, 1: version, 2: approved, }
    137 v 1 TeamSet { 0: enterprise, 1: leader, 2: members, }
    138 v 1 PartyCorrected { 0: party, 1: name, 2: address, 3: from, }
    139 v 1 PartyDissolved { 0: party, 1: from, 2: successor, }
    110 v 1 ApplicationReturned { 0: application, }
    111 v 1 ApplicationApproved { 0: application, 1: amount, }
    112 v 1 ApplicationDeclined { 0: application, 1: code, }
    113 v 1 ApplicationWithdrawn { 0: application, }
    115 v 1 StepReversed { 0: step, 1: city, 2: undone, }
    120 v 1 ClaimAwaitsBudget {
        0: claim, 1: voucher, 2: programme, 3: issuer, 4: version, 5: provider,
        6: payee or { provider => Payee::Provider(provider) },
        7: category, 8: contract_no, 9: contract_date, 10: contract_amount, 11: invoice_no,
        12: invoice_amount or { contract_amount => contract_amount },
        13: paid_amount, 14: amount, 15: consent, 16: period,
    }
    121 v 1 WaitingApproved {
        0: claim, 1: voucher, 2: programme, 3: issuer, 4: payee, 5: amount, 6: funding,
        7: agreement, 8: accrues_at or { => AccrualPoint::Approval }, 9: first_line, 10: period,
    }
    122 v 1 ClaimWithdrawn {
        0: claim, 1: voucher, 2: programme, 3: issuer, 4: amount, 5: returned,
    }
    140 v 1 VoucherFileApproved {
        0: file, 1: programme, 2: issuer, 3: sha256, 4: mode, 5: rows, 6: total, 7: chunks,
    }
    141 v 1 FileRowsIssued {
        0: file, 1: programme, 2: issuer, 3: chunk, 4: issued, 5: refused, 6: unchanged,
        7: amount,
    }
    142 v 1 FileRowRefused {
        0: file, 1: line, 2: programme, 3: enterprise, 4: amount, 5: code,
    }
    153 v 1 PrincipalNamed { 0: principal, 1: name, 2: contact, }
    154 v 1 PrincipalErased { 0: principal, 1: texts, }
    155 v 1 ContractRefused { 0: order, 1: result, 2: faults, 3: lines, }
}
