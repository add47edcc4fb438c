//! The canonical form of every command: it is hashed, and keys that are still alive hold
//! fingerprints of it. Commands that can wait for further persons stand in a leaf in this form, so
//! they are read as well; all others are written only.

use super::Fault;
use super::cbor::{Reader, Writer};
use super::field::Field;
use super::table::{left_out, present, spelled_out, table};
use super::terms::write_choice;
use crate::engine::command::{
    AdvanceDate, AdvanceOrder, AgreeOrder, ApplyForVoucher, ApproveVoucherFile, CancelOrder,
    ChangeBudget, ClosePeriod, Command, CommandKind, ConfirmInstruction, ConfirmOrder,
    ConfirmStatement, ConsentGiver, CopyPack, CreateProgramme, DecideProposal, DecideTransfer,
    DecideYearEnd, DisputeOrder, EnterpriseKey, ExtendOrder, ExtendVoucher, FileClaim, FileRow,
    GiveConsent, InstructPeriod, IssueFileRows, IssueToken, IssueVoucher, MarkSimulated, PayClaim,
    ProposeOrder, ProposeTransfer, ProposedCommand, ProviderKey, PublishDraft, PublishVersion,
    RegisterAgreement, RegisterCategory, RegisterEnterprise, RegisterMember, RegisterPrincipal,
    RegisterProvider, ReissueVoucher, ReleaseOrder, ResubmitApplication, ReturnPayment,
    ReverseClaim, ReverseStep, ReviewApplication, ReviewStep, RevokeToken, RevokeVoucher,
    SaveDraft, SetActionRule, SetCityPolicy, SetControllerGroup, SetFreeze, SetGrant, SetProtocol,
    SetSuspension, StartYearClosing, TransferRequest, VoucherKey, VoucherRequest,
    WithdrawApplication, WithdrawClaim, WithdrawProposal, WithdrawTransfer,
};
use crate::engine::command::{
    ApplyForAdmission, ErasePrincipal, LiftCreditFlag, NamePrincipal, RaiseCreditFlag, SetAccess,
    SetBankAccount, SetPassword, StepAdmission,
};

mod register;

/// What can be written in canonical form; everything that stands in a leaf can.
pub(super) trait Canonical {
    fn put(&self, writer: &mut Writer<'_>);

    fn is_left_out(&self) -> bool {
        false
    }
}

impl<T: Field> Canonical for T {
    #[inline]
    fn put(&self, writer: &mut Writer<'_>) {
        self.write(writer);
    }

    #[inline]
    fn is_left_out(&self) -> bool {
        self.is_absent()
    }
}

/// An id, or the 16 bytes of the key of a reference, which hold its family and source.
impl Canonical for VoucherKey {
    fn put(&self, writer: &mut Writer<'_>) {
        match self {
            VoucherKey::Id(id) => id.write(writer),
            VoucherKey::Ref(reference) => reference.key.write(writer),
        }
    }
}

impl Canonical for ProviderKey {
    fn put(&self, writer: &mut Writer<'_>) {
        match self {
            ProviderKey::Id(id) => id.write(writer),
            ProviderKey::Code(code) => code.write(writer),
        }
    }
}

impl Canonical for EnterpriseKey {
    fn put(&self, writer: &mut Writer<'_>) {
        match self {
            EnterpriseKey::Id(id) => id.write(writer),
            EnterpriseKey::Code(code) => code.write(writer),
        }
    }
}

impl Canonical for Option<EnterpriseKey> {
    fn put(&self, writer: &mut Writer<'_>) {
        if let Some(key) = self {
            key.put(writer);
        }
    }

    fn is_left_out(&self) -> bool {
        self.is_none()
    }
}

impl Canonical for ConsentGiver {
    fn put(&self, writer: &mut Writer<'_>) {
        match self {
            ConsentGiver::Holder(provider) => {
                write_choice(writer, 0, provider.map(|provider| provider.0));
            }
            ConsentGiver::Provider(provider) => write_choice(writer, 1, Some(provider.0)),
        }
    }
}

impl Canonical for ReviewStep {
    fn put(&self, writer: &mut Writer<'_>) {
        match self {
            ReviewStep::Begin => write_choice(writer, 0, None),
            ReviewStep::Return => write_choice(writer, 1, None),
            ReviewStep::Approve { amount } => {
                writer.array(2);
                writer.uint(2);
                amount.write(writer);
            }
            ReviewStep::Decline { code } => {
                write_choice(writer, 3, Some(u32::from(code.number())));
            }
        }
    }
}

impl Canonical for TransferRequest {
    fn put(&self, writer: &mut Writer<'_>) {
        match self {
            TransferRequest::Succession { to, cap_share } => {
                writer.array(3);
                writer.uint(0);
                to.write(writer);
                cap_share.write(writer);
            }
            TransferRequest::Incorporation { to, cap_share } => {
                writer.array(3);
                writer.uint(3);
                to.write(writer);
                cap_share.write(writer);
            }
            TransferRequest::Affiliate { to } => write_choice(writer, 4, Some(to.0)),
            TransferRequest::Move { to_city, programme } => {
                writer.array(3);
                writer.uint(5);
                to_city.write(writer);
                programme.write(writer);
            }
            TransferRequest::Relocation { to_city } => {
                write_choice(writer, 1, Some(u32::from(to_city.0)));
            }
            TransferRequest::Open { to } => write_choice(writer, 2, Some(to.0)),
        }
    }
}

impl Canonical for Box<IssueFileRows> {
    fn put(&self, writer: &mut Writer<'_>) {
        IssueFileRows::put(self, writer);
    }
}

/// Line, text of the reference, enterprise, amount: what of a row is approved. Whose reference it
/// is says the file.
impl Canonical for Box<[FileRow]> {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.array(self.len());
        for row in self {
            writer.array(4);
            row.line.write(writer);
            row.reference.text.write(writer);
            row.enterprise.put(writer);
            row.amount.write(writer);
        }
    }
}

/// Field tables as in [`super::table`], for writing only.
macro_rules! command_tables {
    ($($type:ident { $($key:literal: $field:ident,)* })*) => { $(
        impl Canonical for $type {
            #[inline]
            fn put(&self, writer: &mut Writer<'_>) {
                let $type { $($field,)* } = self;
                writer.map(0 $(+ usize::from(!$field.is_left_out()))*);
                $(if !$field.is_left_out() {
                    writer.uint($key);
                    $field.put(writer);
                })*
            }
        }
    )* };
}

command_tables! {
    RegisterMember {
        0: code, 1: kind, 2: name_zh, 3: name_en, 4: province, 5: signed_protocol,
    }
    SetProtocol { 0: member, 1: signed, }
    RegisterCategory { 0: code, 1: name_zh, 2: name_en, }
    RegisterPrincipal { 0: name, }
    RevokeToken { 0: token_hash, }
    DecideProposal { 0: proposal, 1: approve, }
    WithdrawProposal { 0: proposal, }
    SetPassword { 0: user_name, 1: verifier, }
    NamePrincipal { 0: principal, 1: name, 2: contact, }
    SetControllerGroup { 0: party, 1: group, 2: from, }
    SetSuspension { 0: provider, 1: suspended, 2: until, }
    StepAdmission { 0: admission, 1: step, }
    RaiseCreditFlag {
        0: party, 1: code, 2: level, 3: from, 4: until, 5: city, 6: document_no,
        7: document_sha256,
    }
    LiftCreditFlag { 0: flag, }
    CreateProgramme { 0: code, 1: title, 2: city, 3: budget_year, }
    RegisterAgreement { 0: terms, 1: document_no, }
    SaveDraft { 0: programme, 1: draft, 2: terms, }
    MarkSimulated {
        0: programme, 1: draft, 2: digest, 3: from, 4: to, 5: budget, 6: outcome,
    }
    CopyPack { 0: from, 1: to, }
    WithdrawClaim { 0: claim, }
    IssueVoucher { 0: programme, 1: enterprise, 2: amount, 3: application, }
    GiveConsent { 0: voucher, 1: giver, 2: up_to, 3: until, }
    VoucherRequest { 0: amount, 1: purpose, 2: documents, }
    ApplyForVoucher { 0: programme, 1: enterprise, 2: request, }
    ResubmitApplication { 0: application, 1: request, }
    ReviewApplication { 0: application, 1: step, }
    WithdrawApplication { 0: application, }
    ProposeTransfer { 0: voucher, 1: kind, 2: amount, 3: document_no, 4: expires_on, }
    WithdrawTransfer { 0: transfer, }
    FileClaim {
        0: voucher, 1: provider, 2: enterprise, 3: category, 4: contract_no, 5: contract_date,
        6: contract_amount, 7: invoice_no, 8: invoice_amount, 9: paid_amount, 10: evidence,
        11: order,
    }
    PayClaim { 0: claim, 1: bank_ref, 2: paid_on, }
    ReturnPayment { 0: payment, }
    ClosePeriod { 0: period, }
    ConfirmStatement { 0: period, 1: member, 2: revision, }
    InstructPeriod { 0: period, 1: mode, 2: document_no, }
    ConfirmInstruction { 0: instruction, 1: amount, 2: bank_ref, 3: paid_on, }
    AdvanceDate { 0: to, }
    IssueFileRows { 0: programme, 1: sha256, 2: chunk, 3: rows, }
    ProposeOrder { 0: provider, 1: category, 2: contract_amount, 3: hold_until, 4: lines, }
    AgreeOrder { 0: order, }
    ConfirmOrder { 0: order, }
    AdvanceOrder { 0: order, 1: step, }
    CancelOrder { 0: order, 1: by, }
    ReleaseOrder { 0: order, 1: by, 2: parts, }
    ExtendOrder { 0: order, 1: by, 2: until, }
    DisputeOrder { 0: order, 1: act, }
}

/// Field tables of the commands that can wait, and the command that a leaf holds: `[kind, {field:
/// value}]`, as in a fingerprint.
macro_rules! proposed_tables {
    ($($type:ident $table:tt)*) => {
        $(table! { $type $table })*

        impl Field for ProposedCommand {
            const SHAPE: &'static str = "command";

            fn write(&self, writer: &mut Writer<'_>) {
                writer.array(2);
                self.kind().write(writer);
                match self { $(ProposedCommand::$type(payload) => payload.write(writer),)* }
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
                if reader.array()? != 2 {
                    return Err(Fault::Value("command"));
                }
                match CommandKind::read(reader)? {
                    $(CommandKind::$type => Field::read(reader).map(ProposedCommand::$type),)*
                    _ => Err(Fault::Value("command that can wait")),
                }
            }
        }

        /// Every command that can stand in a leaf: name and entries.
        #[cfg(test)]
        pub(super) fn documented() -> Vec<(&'static str, String)> {
            use super::tests::Documented;
            vec![$((stringify!($type), $type::columns()),)*]
        }
    };
}

proposed_tables! {
    SetGrant { 0: principal, 1: role, 2: scope, 3: granted, }
    IssueToken { 0: principal, 1: token_hash, 2: label, 3: expires_on, }
    SetActionRule { 0: member, 1: action, 2: persons, 3: checker, }
    SetAccess { 0: principal, 1: enabled, }
    RegisterEnterprise {
        0: code, 1: accept_failed_check, 2: name, 3: city, 4: kind, 5: group,
    }
    RegisterProvider {
        0: code, 1: accept_failed_check, 2: name, 3: city, 4: categories, 5: group,
        6: admitted_from, 7: admitted_to, 8: bank_account,
    }
    ApplyForAdmission {
        0: applicant, 1: categories, 2: from, 3: to, 4: answers, 5: documents,
    }
    ChangeBudget { 0: programme, 1: amount, 2: raise, 3: document_no, }
    PublishVersion { 0: programme, 1: terms, }
    PublishDraft { 0: programme, 1: draft, 2: saved, }
    SetCityPolicy { 0: member, 1: required, }
    SetFreeze { 0: voucher, 1: frozen, }
    RevokeVoucher { 0: voucher, }
    ExtendVoucher { 0: voucher, 1: use_by, 2: cash_by, }
    ReissueVoucher { 0: voucher, 1: amount, }
    SetBankAccount { 0: party, 1: step, }
    StartYearClosing { 0: programme, }
    DecideYearEnd { 0: programme, 1: into, }
    DecideTransfer { 0: transfer, 1: approve, }
    ReverseStep { 0: step, }
    ReverseClaim { 0: claim, }
    ApproveVoucherFile { 0: programme, 1: sha256, 2: mode, 3: rows, 4: total, 5: chunks, }
    ErasePrincipal { 0: principal, }
}

macro_rules! payloads {
    ($($name:ident)*) => {
        /// Writes `[kind, {field: value}]`.
        pub(super) fn write(command: &Command, writer: &mut Writer<'_>) {
            writer.array(2);
            command.kind().write(writer);
            match command { $(Command::$name(payload) => payload.put(writer),)* }
        }
    };
}

payloads! {
    RegisterMember SetProtocol RegisterCategory SetCalendar RegisterPrincipal SetGrant IssueToken
    RevokeToken DecideProposal WithdrawProposal SetActionRule RegisterEnterprise RegisterProvider
    SetControllerGroup SetSuspension ApplyForAdmission StepAdmission ChangeRegister
    RaiseCreditFlag LiftCreditFlag SetBankAccount SetAccess SetPassword
    NamePrincipal ErasePrincipal
    CreateProgramme ChangeBudget PublishVersion RegisterAgreement IssueVoucher GiveConsent
    SetFreeze RevokeVoucher ProposeTransfer DecideTransfer WithdrawTransfer ReverseStep FileClaim
    ReverseClaim PayClaim
    ReturnPayment RequestClose ClosePeriod ConfirmStatement InstructPeriod ConfirmInstruction
    AdvanceDate ApproveVoucherFile IssueFileRows ProposeOrder AgreeOrder ConfirmOrder AdvanceOrder
    CancelOrder ReleaseOrder ExtendOrder DisputeOrder ApplyForVoucher ResubmitApplication
    ReviewApplication WithdrawApplication ExtendVoucher ReissueVoucher SaveDraft PublishDraft
    MarkSimulated CopyPack SetCityPolicy StartYearClosing DecideYearEnd WithdrawClaim
}
