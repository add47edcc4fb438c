//! Timers: what happens because a day comes. They have a total order (due date; the close of a
//! period, then lapses, then the rest; id) and are stamped with their own due date.

use super::command::{AdvanceDate, Command, Submission};
use super::event::{DateAdvanced, Event, Recorded, SYSTEM, VoucherLapsed};
use super::execute::Execution;
use super::state::{PeriodStatus, State};
use crate::domain::{Day, OrderId, PeriodId, ProgrammeId, RecordedAt, TransferId, VoucherId};

/// Most timers that run in one batch: a day on which many vouchers lapse is spread over batches.
pub const TIMERS_PER_BATCH: usize = 4096;

/// A timer that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Timer {
    due: Day,
    what: What,
}

/// Kinds of timer, in the order in which they run on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The open period closes.
    Close,
    /// What is free on a voucher lapses.
    Lapse(VoucherId),
    /// Silence counts as agreement.
    Deem(PeriodId),
    /// What is unpaid is carried.
    Carry(PeriodId),
    /// The last day of an order's hold has passed.
    EndOrder(OrderId),
    /// A proposed transfer whose last day has passed is released.
    EndTransfer(TransferId),
    /// A claim that waited is approved by a pack.
    Release(ProgrammeId),
}

/// Moves the business date forward as the node does by its clock, at most
/// [`TIMERS_PER_BATCH`] timers at a time. True once the date has come.
pub fn advance(
    state: &mut State,
    recorded_at: RecordedAt,
    to: Day,
    out: &mut Vec<Recorded>,
) -> bool {
    if to <= *state.business_date {
        return true;
    }
    let submission = Submission::new(SYSTEM, Command::AdvanceDate(AdvanceDate { to }));
    let mut execution = Execution::of_node(state, &submission, recorded_at, out);
    let done = execution.run_timers(to, TIMERS_PER_BATCH);
    if done {
        execution.emit(Event::DateAdvanced(DateAdvanced { to }));
    }
    done
}

impl Execution<'_> {
    /// Runs the timers due up to `to`, at most `timers_max`; true if none is left.
    pub(super) fn run_timers(&mut self, to: Day, timers_max: usize) -> bool {
        // Lapses come in order and none is added meanwhile: what was passed is not looked at again.
        let mut lapses_from = (Day::MIN, VoucherId(0));
        let mut releases = true;
        for _ in 0..timers_max {
            let Some(timer) = self.state.next_timer(lapses_from, releases, to) else {
                self.today = to;
                return true;
            };
            self.today = timer.due;
            match timer.what {
                What::Close => self.close_open_period(),
                What::Lapse(voucher) => {
                    lapses_from = (timer.due, voucher);
                    self.lapse(voucher);
                }
                What::Deem(period) => self.agree_period(period, true),
                What::Carry(period) => self.carry_unpaid(period),
                What::EndOrder(order) => self.expire_order(order),
                What::EndTransfer(transfer) => self.expire_transfer(transfer),
                What::Release(pack) => {
                    // Without room for its lines the claim goes on waiting.
                    if !self.release_next(pack) {
                        releases = false;
                    }
                }
            }
        }
        false
    }

    fn lapse(&mut self, voucher: VoucherId) {
        let row = &self.state.vouchers[voucher.index()];
        let (programme, _) = self.state.voucher_owner(row);
        let programme = self.state.charged(programme);
        let amount = row.free;
        let issuer = self.state.programmes[programme.index()].city;
        let to_lapsed = self.state.is_closed(programme);
        self.emit(Event::VoucherLapsed(VoucherLapsed {
            voucher,
            programme,
            issuer,
            amount,
            to_lapsed,
        }));
    }
}

impl State {
    /// The first timer due up to a day.
    fn next_timer(&self, lapses_from: (Day, VoucherId), releases: bool, to: Day) -> Option<Timer> {
        let lapse = self
            .lapses
            .range(lapses_from..=(to, VoucherId(u32::MAX)))
            .find(|((_, id), ())| !self.vouchers[id.index()].free.is_zero())
            .map(|((due, id), ())| Timer {
                due: *due,
                what: What::Lapse(*id),
            });
        let open = self.open_period();
        let close = Timer {
            due: self.periods[open.index()].month.next().first_day(),
            what: What::Close,
        };
        let order = self.order_timers.first().map(|((due, order), ())| Timer {
            due: *due,
            what: What::EndOrder(*order),
        });
        let transfer = self.transfer_ends.first().map(|((due, id), ())| Timer {
            due: *due,
            what: What::EndTransfer(*id),
        });
        let release = self.releases.iter().filter(|_| releases);
        let release = release.map(|(pack, from)| Timer {
            due: (*from).max(*self.business_date),
            what: What::Release(*pack),
        });
        self.unsettled()
            .chain([close])
            .chain(order)
            .chain(transfer)
            .chain(release)
            .filter(|timer| timer.due <= to)
            .chain(lapse)
            .min()
    }

    /// The timers of closed periods.
    fn unsettled(&self) -> impl Iterator<Item = Timer> {
        (0..self.periods.len()).filter_map(|i| {
            let id = PeriodId::from_index(i)?;
            let row = &self.periods[i];
            match row.status {
                PeriodStatus::Closed => row.deemed_on.map(|due| Timer {
                    due,
                    what: What::Deem(id),
                }),
                PeriodStatus::Settling => row.pay_by.map(|pay_by| Timer {
                    due: pay_by.next(),
                    what: What::Carry(id),
                }),
                _ => None,
            }
        })
    }
}
