//! What an event posts: a pure function of the event alone, `rules.md` §6.

mod life;

use super::books::{Account, AccountKind as Kind, Pair};
use super::command::Payee;
use super::event::{
    ClaimApproved, ClaimReversed, Event, Funding, LinesUndone, PayeePaid, ReturnedTo, StepReversed,
    TransferMoved, Undone,
};
use super::terms::AccrualPoint;
use crate::domain::{Fen, MemberId, ProgrammeId};

/// Hands every pair that an event posts to `post`, in the order of the posting table.
pub fn posting(event: &Event, post: &mut impl FnMut(Pair)) {
    match event {
        Event::ClaimApproved(e) => claim_approved(e, post),
        Event::BudgetChanged(e) if e.raise => {
            budget(
                e.city,
                e.programme,
                Kind::Appropriation,
                Kind::Available,
                e.amount,
                post,
            );
        }
        Event::BudgetChanged(e) => {
            budget(
                e.city,
                e.programme,
                Kind::Available,
                Kind::Appropriation,
                e.amount,
                post,
            );
        }
        Event::VoucherIssued(e) => {
            budget(
                e.issuer,
                e.programme,
                Kind::Available,
                Kind::Outstanding,
                e.amount,
                post,
            );
        }
        Event::VoucherRevoked(e) => {
            let to = came_back(e.to_lapsed);
            budget(e.issuer, e.programme, Kind::Outstanding, to, e.amount, post);
        }
        Event::VoucherLapsed(e) => {
            let to = came_back(e.to_lapsed);
            budget(e.issuer, e.programme, Kind::Outstanding, to, e.amount, post);
        }
        event @ (Event::TransferProposed(_)
        | Event::TransferApproved(_)
        | Event::TransferDeclined(_)
        | Event::TransferReleased(_)
        | Event::TransferMoved(_)) => transfer(event, post),
        Event::StepReversed(e) => step_reversed(e, post),
        Event::OrderConfirmed(_) | Event::OrderReleased(_) => order(event, post),
        Event::ClaimReversed(e) => claim_reversed(e, post),
        Event::PayeePaid(e) => payee_paid(e, post),
        Event::PaymentReturned(e) => {
            let payable = Account::payee(e.payer, Kind::Payable, e.payee);
            post(Pair::new(Account::treasury(e.payer), payable, e.amount));
        }
        Event::CellAgreed(_) | Event::InstructionPaid(_) | Event::ArrearsCarried(_) => {
            settlement(event, post);
        }
        event => life::life(event, post),
    }
}

/// What orders hold and release.
fn order(event: &Event, post: &mut impl FnMut(Pair)) {
    match event {
        Event::OrderConfirmed(e) => {
            for line in &e.lines {
                let (issuer, programme) = (line.issuer, line.programme);
                budget(
                    issuer,
                    programme,
                    Kind::Outstanding,
                    Kind::Held,
                    line.amount,
                    post,
                );
            }
        }
        Event::OrderReleased(e) => {
            for line in &e.lines {
                let to = freed(line.returned);
                budget(
                    line.issuer,
                    line.programme,
                    Kind::Held,
                    to,
                    line.amount,
                    post,
                );
            }
        }
        _ => {}
    }
}

/// What members owe each other, from the agreed statement on.
fn settlement(event: &Event, post: &mut impl FnMut(Pair)) {
    match event {
        Event::CellAgreed(e) => {
            let clearing = |party| Account::clearing(party, e.period);
            let due_to = Account::member(e.debtor, Kind::DueTo, e.creditor);
            let due_from = Account::member(e.creditor, Kind::DueFrom, e.debtor);
            post(Pair::new(due_to, clearing(e.debtor), e.amount));
            post(Pair::new(clearing(e.creditor), due_from, e.amount));
        }
        Event::InstructionPaid(e) => {
            let (debtor, creditor) = (e.debtor, e.creditor);
            let clearing = |party| Account::clearing(party, e.period);
            post(Pair::new(
                clearing(debtor),
                Account::treasury(debtor),
                e.amount,
            ));
            post(Pair::new(
                Account::treasury(creditor),
                clearing(creditor),
                e.amount,
            ));
        }
        Event::ArrearsCarried(e) => {
            let clearing = |party| Account::clearing(party, e.period);
            let due_to = Account::member(e.debtor, Kind::DueTo, e.creditor);
            let due_from = Account::member(e.creditor, Kind::DueFrom, e.debtor);
            post(Pair::new(clearing(e.debtor), due_to, e.amount));
            post(Pair::new(due_from, clearing(e.creditor), e.amount));
        }
        _ => {}
    }
}

fn came_back(to_lapsed: bool) -> Kind {
    if to_lapsed {
        Kind::Lapsed
    } else {
        Kind::Available
    }
}

/// The budget account that freed money goes to.
fn freed(returned: ReturnedTo) -> Kind {
    match returned {
        ReturnedTo::Voucher => Kind::Outstanding,
        ReturnedTo::Available => Kind::Available,
        ReturnedTo::Lapsed => Kind::Lapsed,
    }
}

fn budget(
    city: MemberId,
    programme: ProgrammeId,
    debit: Kind,
    credit: Kind,
    amount: Fen,
    post: &mut impl FnMut(Pair),
) {
    if !amount.is_zero() {
        let account = |kind| Account::programme(city, kind, programme);
        post(Pair::new(account(debit), account(credit), amount));
    }
}

/// What is proposed is held; what is approved is the child's, what is not goes back.
fn transfer(event: &Event, post: &mut impl FnMut(Pair)) {
    match event {
        Event::TransferProposed(e) => {
            budget(
                e.issuer,
                e.programme,
                Kind::Outstanding,
                Kind::Held,
                e.amount,
                post,
            );
        }
        Event::TransferApproved(e) => {
            budget(
                e.issuer,
                e.programme,
                Kind::Held,
                Kind::Outstanding,
                e.amount,
                post,
            );
        }
        Event::TransferDeclined(e) => {
            budget(
                e.issuer,
                e.programme,
                Kind::Held,
                freed(e.returned),
                e.amount,
                post,
            );
        }
        Event::TransferReleased(e) => {
            let to = freed(e.returned);
            budget(e.issuer, e.programme, Kind::Held, to, e.amount, post);
        }
        Event::TransferMoved(e) => transfer_moved(e, post),
        _ => {}
    }
}

/// Revoked here, issued there.
fn transfer_moved(e: &TransferMoved, post: &mut impl FnMut(Pair)) {
    let to = came_back(e.to_lapsed);
    budget(e.issuer, e.programme, Kind::Held, to, e.amount, post);
    budget(
        e.to_city,
        e.to_programme,
        Kind::Available,
        Kind::Outstanding,
        e.amount,
        post,
    );
}

/// The mirror of the step. What goes from a child voucher back to its parent stays outstanding.
fn step_reversed(e: &StepReversed, post: &mut impl FnMut(Pair)) {
    match &e.undone {
        Undone::Revocation(u) => {
            let from = came_back(u.from_lapsed);
            budget(e.city, u.programme, from, Kind::Outstanding, u.amount, post);
        }
        Undone::Budget(u) => {
            let (debit, credit) = if u.raise {
                (Kind::Available, Kind::Appropriation)
            } else {
                (Kind::Appropriation, Kind::Available)
            };
            budget(e.city, u.programme, debit, credit, u.amount, post);
        }
        Undone::Payment(u) => {
            let clearing = |party| Account::clearing(party, u.period);
            let (paid, received) = (Account::treasury(u.debtor), Account::treasury(u.creditor));
            post(Pair::new(paid, clearing(u.debtor), u.amount));
            post(Pair::new(clearing(u.creditor), received, u.amount));
        }
        Undone::Transfer(_) | Undone::Relocation(_) | Undone::Consent(_) | Undone::Extension(_) => {
        }
    }
}

/// An instant claim is filed and approved in one step, so `claimed` is passed through: outstanding,
/// or held for a claim on an order, is debited and approved credited.
fn claim_approved(e: &ClaimApproved, post: &mut impl FnMut(Pair)) {
    let from = if e.order.is_some() {
        Kind::Held
    } else {
        Kind::Outstanding
    };
    budget(e.issuer, e.programme, from, Kind::Approved, e.amount, post);
    let funded = (&e.funding, e.accrues_at);
    approved_by(funded, e.programme, e.payee, e.amount, post);
}

/// What the payer owes the payee of an approved claim, and the others the payer.
#[inline]
fn approved_by(
    (funding, accrues_at): (&Funding, AccrualPoint),
    programme: ProgrammeId,
    payee: Payee,
    amount: Fen,
    post: &mut impl FnMut(Pair),
) {
    let payer = funding.payer;
    let payable = Account::payee(payer, Kind::Payable, payee);
    let expense = |party| Account::programme(party, Kind::Expense, programme);
    if accrues_at == AccrualPoint::Payment {
        post(Pair::new(expense(payer), payable, amount));
        return;
    }
    let own = funding.payer_part(amount);
    if !own.is_zero() {
        post(Pair::new(expense(payer), payable, own));
    }
    for (funder, part) in funding.others() {
        let due_from = Account::member(payer, Kind::DueFrom, funder);
        let due_to = Account::member(funder, Kind::DueTo, payer);
        post(Pair::new(due_from, payable, part));
        post(Pair::new(expense(funder), due_to, part));
    }
}

/// Mirrors the approval. Where the obligation already left its open period, the opposite line is
/// a new debt of the payer, so the legs between members are posted on the opposite accounts.
fn claim_reversed(e: &ClaimReversed, post: &mut impl FnMut(Pair)) {
    budget(
        e.issuer,
        e.charged.unwrap_or(e.programme),
        Kind::Approved,
        freed(e.returned),
        e.amount,
        post,
    );
    let payer = e.funding.payer;
    let payable = Account::payee(payer, Kind::Payable, e.payee);
    let expense = |party| Account::programme(party, Kind::Expense, e.programme);
    if e.lines == LinesUndone::None {
        // Home bore all of it, or the others had not begun to owe: the payer carried everything.
        post(Pair::new(payable, expense(payer), e.amount));
        return;
    }
    let own = e.funding.payer_part(e.amount);
    if !own.is_zero() {
        post(Pair::new(payable, expense(payer), own));
    }
    for (funder, part) in e.funding.others() {
        let (at_payer, at_funder) = match e.lines {
            LinesUndone::Opposed(_) => (
                Account::member(payer, Kind::DueTo, funder),
                Account::member(funder, Kind::DueFrom, payer),
            ),
            LinesUndone::None | LinesUndone::Voided => (
                Account::member(payer, Kind::DueFrom, funder),
                Account::member(funder, Kind::DueTo, payer),
            ),
        };
        post(Pair::new(payable, at_payer, part));
        post(Pair::new(at_funder, expense(funder), part));
    }
}

fn payee_paid(e: &PayeePaid, post: &mut impl FnMut(Pair)) {
    let payer = e.funding.payer;
    let payable = Account::payee(payer, Kind::Payable, e.payee);
    post(Pair::new(payable, Account::treasury(payer), e.amount));
    if e.first_line.is_some() {
        share_expense(&e.funding, e.programme, post);
    }
}

/// The other funders begin to bear their parts of what the payer had carried alone.
fn share_expense(funding: &Funding, programme: ProgrammeId, post: &mut impl FnMut(Pair)) {
    let payer = funding.payer;
    let expense = |party| Account::programme(party, Kind::Expense, programme);
    for (funder, part) in funding.others() {
        let due_from = Account::member(payer, Kind::DueFrom, funder);
        let due_to = Account::member(funder, Kind::DueTo, payer);
        post(Pair::new(due_from, expense(payer), part));
        post(Pair::new(expense(funder), due_to, part));
    }
}
