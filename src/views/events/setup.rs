//! Members, parties, programmes and agreements.

use super::life;
use super::settlement::open_period;
use super::{Memory, maybe, seq};
use crate::domain::IdKind;
use crate::engine::command::{PartyName, Payee};
use crate::engine::event::{AgreementRegistered, Event, EventMeta, SYSTEM};
use crate::views::changes::{Changes, Update, Value, number};
use crate::views::schema as t;
use crate::views::search::{fold, fold_all};

pub(super) fn set_up(memory: &mut Memory, changes: &mut Changes, meta: &EventMeta, event: &Event) {
    match event {
        Event::LedgerCreated(_) => {
            open_period(changes, 0, &meta.business_date.month().to_string());
            super::people::registered(changes, meta, SYSTEM);
        }
        Event::MemberRegistered(e) => {
            memory.codes.push(e.code.get());
            let code = e.code.to_string();
            let folded = fold_all(&[e.name_zh.as_str(), e.name_en.as_str()]);
            changes.insert(
                &t::MEMBERS,
                &[
                    number(e.member.0),
                    code.as_str().into(),
                    e.kind.as_str().into(),
                    e.name_zh.as_str().into(),
                    e.name_en.as_str().into(),
                    e.province.as_str().into(),
                    e.signed_protocol.into(),
                    seq(meta),
                    folded.as_str().into(),
                ],
            );
        }
        Event::ProtocolSet(e) => {
            changes.update(
                Update::MemberProtocol,
                &[number(e.member.0), e.signed.into()],
            );
        }
        Event::CategoryRegistered(e) => changes.insert(
            &t::CATEGORIES,
            &[
                number(e.category.0),
                e.code.as_str().into(),
                e.name_zh.as_str().into(),
                e.name_en.as_str().into(),
                seq(meta),
                fold_all(&[e.name_zh.as_str(), e.name_en.as_str()])
                    .as_str()
                    .into(),
            ],
        ),
        Event::ProgrammeCreated(e) => changes.insert(
            &t::PROGRAMMES,
            &[
                number(e.programme.0),
                e.code.as_str().into(),
                e.title.as_str().into(),
                number(e.city.0),
                e.budget_year.into(),
                Value::Number(0),
                seq(meta),
                "draft".into(),
                Value::None,
                Value::None,
                fold(e.title.as_str()).as_str().into(),
            ],
        ),
        Event::AgreementRegistered(e) => agreement(changes, meta, e),
        event => rules(memory, changes, meta, event),
    }
}

fn rules(memory: &Memory, changes: &mut Changes, meta: &EventMeta, event: &Event) {
    match event {
        Event::BudgetChanged(e) => {
            let by = if e.raise {
                e.amount.get()
            } else {
                -e.amount.get()
            };
            changes.budget(e.programme.0, by);
            life::budget_changed(changes, meta, e);
        }
        Event::VersionPublished(e) => {
            life::published(changes, e);
            let from = e.terms.effective_from.to_string();
            changes.insert(
                &t::VERSIONS,
                &[
                    number(e.programme.0),
                    number(e.version.0),
                    from.as_str().into(),
                    e.terms.document_no.as_str().into(),
                    e.terms.payee.as_str().into(),
                    e.terms.base.as_str().into(),
                    e.terms.cap_enterprise.into(),
                    e.terms.cap_group.into(),
                    e.terms.use_months.into(),
                    e.terms.cash_days.into(),
                    seq(meta),
                ],
            );
        }
        event => parties(memory, changes, meta, event),
    }
}

fn parties(memory: &Memory, changes: &mut Changes, meta: &EventMeta, event: &Event) {
    match event {
        Event::EnterpriseRegistered(e) => {
            let year = meta.business_date.year();
            let public_id = memory.public_id(IdKind::Enterprise, e.city, year, e.enterprise.0);
            let name = match &e.name {
                PartyName::Public(name) => Some(name.as_str()),
                PartyName::Personal(_) => None,
            };
            let folded = name.map(fold);
            changes.insert(
                &t::ENTERPRISES,
                &[
                    number(e.enterprise.0),
                    public_id.as_str().into(),
                    maybe(e.code.as_ref(), |code| code.as_str().into()),
                    maybe(name, Value::Text),
                    number(e.city.0),
                    e.kind.as_str().into(),
                    maybe(e.group.as_ref(), |group| group.as_str().into()),
                    seq(meta),
                    maybe(folded.as_deref(), Value::Text),
                ],
            );
        }
        Event::ProviderRegistered(e) => {
            let year = meta.business_date.year();
            let public_id = memory.public_id(IdKind::Provider, e.city, year, e.provider.0);
            let (from, to) = (e.admitted_from.to_string(), e.admitted_to.to_string());
            changes.insert(
                &t::PROVIDERS,
                &[
                    number(e.provider.0),
                    public_id.as_str().into(),
                    e.code.as_str().into(),
                    e.name.as_str().into(),
                    number(e.city.0),
                    maybe(e.group.as_ref(), |group| group.as_str().into()),
                    from.as_str().into(),
                    to.as_str().into(),
                    false.into(),
                    seq(meta),
                    Value::None,
                    fold(e.name.as_str()).as_str().into(),
                ],
            );
            for category in (0_u8..64).filter(|bit| e.categories & (1 << bit) != 0) {
                let row = [number(e.provider.0), category.into()];
                changes.insert(&t::PROVIDER_CATEGORIES, &row);
            }
            super::register::account_registered(changes, meta, e);
        }
        event => party_changed(changes, event),
    }
}

fn party_changed(changes: &mut Changes, event: &Event) {
    match event {
        Event::ControllerGroupSet(e) => {
            let group = maybe(e.group.as_ref(), |group| group.as_str().into());
            let (update, id) = match e.party {
                Payee::Enterprise(id) => (Update::EnterpriseGroup, number(id.0)),
                Payee::Provider(id) => (Update::ProviderGroup, number(id.0)),
            };
            changes.update(update, &[id, group]);
        }
        Event::SuspensionSet(e) => {
            let until = e.until.map(|day| day.to_string());
            let until = maybe(until.as_deref(), Value::Text);
            changes.update(
                Update::ProviderSuspended,
                &[number(e.provider.0), e.suspended.into(), until],
            );
        }
        _ => {}
    }
}

fn agreement(changes: &mut Changes, meta: &EventMeta, e: &AgreementRegistered) {
    let terms = &e.terms;
    let (from, to) = (terms.from.to_string(), terms.to.to_string());
    changes.insert(
        &t::AGREEMENTS,
        &[
            number(e.agreement.0),
            number(terms.home.0),
            number(terms.host.0),
            maybe(terms.category, |id| number(id.0)),
            from.as_str().into(),
            to.as_str().into(),
            terms.model.as_str().into(),
            maybe(terms.pool, |id| number(id.0)),
            terms.accrues_at.as_str().into(),
            seq(meta),
        ],
    );
    for (place, (member, share)) in (0_u8..).zip(&terms.shares) {
        let millionths = share.millionths().into();
        let row = [
            number(e.agreement.0),
            place.into(),
            number(member.0),
            millionths,
        ];
        changes.insert(&t::AGREEMENT_SHARES, &row);
    }
}
