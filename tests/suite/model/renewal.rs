//! Applications, extension and reissue, naively; and the steps that try them on both sides.

use jiff::civil::Date;
use quantong::domain::{ApplicationId, EnterpriseId, ProgrammeId, VoucherId};
use quantong::engine::command::*;

use super::pair::{Both, Pair, pick};
use super::steps::What;
use super::world::{FILER, OFFICERS, day, fen};
use super::{Model, Money, Verdict, plus_days, plus_months, refused};

/// An application for a voucher.
pub(super) struct Application {
    pub(super) programme: usize,
    pub(super) enterprise: usize,
    pub(super) amount: Money,
    pub(super) approved: Option<Money>,
    /// The word of where it stands.
    pub(super) stage: &'static str,
    pub(super) submitted_by: usize,
    approved_by: Option<usize>,
    pub(super) voucher: Option<usize>,
}

/// A step of a review.
#[derive(Clone, Copy)]
enum Review {
    Begin,
    Return,
    Approve(Money),
    Decline,
}

impl Model {
    pub(super) fn reissued_of(&self, voucher: usize) -> Money {
        let again = self.vouchers.iter();
        again
            .filter(|row| row.replaces == Some(voucher))
            .map(|row| row.amount)
            .sum()
    }

    fn extend(&mut self, by: usize, voucher: usize, use_by: Date, cash_by: Date) -> Verdict {
        let today = self.today;
        let Some(row) = self.vouchers.get_mut(voucher) else {
            return Verdict::Rejected;
        };
        if cash_by < use_by {
            return Verdict::Rejected;
        }
        if row.revoked {
            return refused("VOUCHER_REVOKED");
        }
        let pot = row.pot;
        if self.is_over(pot) {
            return refused("PROGRAMME_CLOSED");
        }
        let row = &mut self.vouchers[voucher];
        if (use_by, cash_by) == (row.use_by, row.cash_by) {
            return refused("ALREADY_IN_STATE");
        }
        let backwards = use_by < row.use_by || cash_by < row.cash_by || cash_by < today;
        let latest = plus_months(row.issued_on, 120);
        if backwards || use_by > latest || cash_by > plus_days(use_by, 3_660) {
            return refused("EXTENSION_OUT_OF_BOUNDS");
        }
        let before = (row.use_by, row.cash_by);
        (row.use_by, row.cash_by) = (use_by, cash_by);
        let what = What::Extension {
            voucher,
            before,
            after: (use_by, cash_by),
            known: [self.claims.len(), self.transfers.len(), self.vouchers.len()],
        };
        self.did(by, what);
        Verdict::Done
    }

    fn reissue(&mut self, voucher: usize, amount: Money) -> Verdict {
        if voucher >= self.vouchers.len() || amount == 0 {
            return Verdict::Rejected;
        }
        if amount
            > self.returned_of(voucher) - self.reissued_of(voucher) - self.gone_elsewhere(voucher)
        {
            return refused("REISSUE_EXCEEDED");
        }
        let (programme, holder) = {
            let row = &self.vouchers[voucher];
            (row.pot, row.holder)
        };
        let said = self.issue(programme, holder, amount);
        if said == Verdict::Done {
            let last = self.vouchers.last_mut().expect("issued");
            last.replaces = Some(voucher);
        }
        said
    }

    fn apply(&mut self, by: usize, programme: usize, enterprise: usize, amount: Money) -> Verdict {
        if enterprise >= self.enterprises.len() || amount == 0 {
            return Verdict::Rejected;
        }
        if self.is_blocked(&self.enterprises[enterprise].code) {
            return refused("PARTY_BLOCKED");
        }
        self.applications.push(Application {
            programme,
            enterprise,
            amount,
            approved: None,
            stage: "submitted",
            submitted_by: by,
            approved_by: None,
            voucher: None,
        });
        Verdict::Done
    }

    fn resubmit(&mut self, by: usize, application: usize, amount: Money) -> Verdict {
        match self.applications.get_mut(application) {
            None => Verdict::Rejected,
            Some(_) if amount == 0 => Verdict::Rejected,
            Some(row) if row.stage != "returned" => refused("APPLICATION_STATE_MISMATCH"),
            Some(row) => {
                (row.stage, row.submitted_by, row.amount) = ("submitted", by, amount);
                Verdict::Done
            }
        }
    }

    fn withdraw(&mut self, application: usize) -> Verdict {
        match self.applications.get_mut(application) {
            None => Verdict::Rejected,
            Some(row) if ["declined", "withdrawn", "issued"].contains(&row.stage) => {
                refused("APPLICATION_STATE_MISMATCH")
            }
            Some(row) => {
                row.stage = "withdrawn";
                Verdict::Done
            }
        }
    }

    fn review(&mut self, by: usize, application: usize, step: Review) -> Verdict {
        let Some(row) = self.applications.get_mut(application) else {
            return Verdict::Rejected;
        };
        let needed = match step {
            Review::Begin => "submitted",
            _ => "in_review",
        };
        if row.stage != needed {
            return refused("APPLICATION_STATE_MISMATCH");
        }
        if row.submitted_by == by {
            return refused("SECOND_PERSON_REQUIRED");
        }
        match step {
            Review::Begin => row.stage = "in_review",
            Review::Return => row.stage = "returned",
            Review::Decline => row.stage = "declined",
            Review::Approve(0) => return Verdict::Rejected,
            Review::Approve(amount) if amount > row.amount => {
                return refused("APPLICATION_EXCEEDED");
            }
            Review::Approve(amount) => {
                row.stage = "approved";
                (row.approved, row.approved_by) = (Some(amount), Some(by));
            }
        }
        Verdict::Done
    }

    fn issue_on(
        &mut self,
        by: usize,
        application: usize,
        (programme, enterprise): (usize, usize),
        amount: Money,
    ) -> Verdict {
        if enterprise >= self.enterprises.len() || amount == 0 {
            return Verdict::Rejected;
        }
        if self.version_in_force(programme, self.today).is_none() {
            return refused("NO_VERSION_IN_FORCE");
        }
        let Some(row) = self.applications.get(application) else {
            return Verdict::Rejected;
        };
        if (row.programme, row.enterprise) != (programme, enterprise) {
            return refused("APPLICATION_MISMATCH");
        }
        if row.stage != "approved" {
            return refused("APPLICATION_STATE_MISMATCH");
        }
        if row.approved.is_none_or(|approved| amount > approved) {
            return refused("APPLICATION_EXCEEDED");
        }
        if row.approved_by == Some(by) {
            return refused("SECOND_PERSON_REQUIRED");
        }
        let said = self.issue(programme, enterprise, amount);
        if said == Verdict::Done {
            let issued = self.vouchers.len() - 1;
            let row = &mut self.applications[application];
            (row.stage, row.voucher) = ("issued", Some(issued));
        }
        said
    }
}

impl Pair {
    /// Extends or reissues a voucher, or moves an application on.
    pub(super) fn renew(&mut self, a: u8, b: u8, n: u32) -> Both {
        match b % 8 {
            0 | 1 => self.extend(a, b, n),
            2 | 3 => self.reissue(a, n),
            _ => self.apply_or_review(a, b, n),
        }
    }

    fn extend(&mut self, a: u8, b: u8, n: u32) -> Both {
        let lapsed = |id: &usize| {
            let row = &self.model.vouchers[*id];
            !row.returned.is_empty() && !row.revoked && self.model.today > row.cash_by
        };
        let lapsed = (0..self.model.vouchers.len()).rev().find(lapsed);
        let lapsed = lapsed.filter(|_| b.is_multiple_of(2));
        let voucher = lapsed.unwrap_or_else(|| pick(a, self.model.vouchers.len()));
        let known = self.model.vouchers.get(voucher);
        let (use_by, cash_by) = known.map_or((self.model.today, self.model.today), |row| {
            (row.use_by, row.cash_by)
        });
        // Now and then a day earlier, or many years later.
        let far = i64::from(n.is_multiple_of(17)) * 3_700;
        let use_by = plus_days(use_by, i64::from(n % 40) - 1);
        let cash_by = plus_days(cash_by.max(self.model.today), i64::from(b) / 4 - 1 + far);
        let command = Command::ExtendVoucher(ExtendVoucher {
            voucher: VoucherId::from_index(voucher).expect("few"),
            use_by: day(use_by),
            cash_by: day(cash_by),
        });
        let by = OFFICERS[usize::from(a) % 2];
        let expected = self.model.extend(by, voucher, use_by, cash_by);
        (by, command, expected)
    }

    fn reissue(&mut self, a: u8, n: u32) -> Both {
        let came_back = |id: &usize| self.model.returned_of(*id) > 0;
        let some: Vec<usize> = (0..self.model.vouchers.len()).filter(came_back).collect();
        let voucher = match some.get(usize::from(a) % some.len().max(1)) {
            Some(id) if !n.is_multiple_of(7) => *id,
            _ => pick(a, self.model.vouchers.len()),
        };
        let amount = Money::from(n / 7 % 40_000);
        let command = Command::ReissueVoucher(ReissueVoucher {
            voucher: VoucherId::from_index(voucher).expect("few"),
            amount: fen(amount),
        });
        let expected = self.model.reissue(voucher, amount);
        (OFFICERS[0], command, expected)
    }

    fn apply_or_review(&mut self, a: u8, b: u8, n: u32) -> Both {
        let count = self.model.applications.len();
        let application = pick(a, count);
        let amount = Money::from(n % 20_000);
        let officer = OFFICERS[usize::from(a) / 16 % 2];
        let stage = self
            .model
            .applications
            .get(application)
            .map(|row| row.stage);
        // Mostly what may come next, so that some applications get to a voucher.
        let next = match stage {
            _ if n.is_multiple_of(5) => n / 5 % 8,
            None => 0,
            Some("submitted") => 3,
            Some("in_review") => [4, 5, 5, 5, 5, 6][usize::from(b) / 8 % 6],
            Some("returned") => 1,
            Some("approved") => 7,
            Some(_) => 0,
        };
        match next {
            0 => self.apply(a, n, amount),
            1 => {
                let request = request(amount);
                let command = ResubmitApplication {
                    application: id(application),
                    request,
                };
                let command = Command::ResubmitApplication(Box::new(command));
                let expected = self.model.resubmit(FILER, application, amount);
                (FILER, command, expected)
            }
            2 => {
                let application_id = id(application);
                let command = Command::WithdrawApplication(WithdrawApplication {
                    application: application_id,
                });
                (FILER, command, self.model.withdraw(application))
            }
            7 => self.issue_on(officer, application, amount),
            step => self.review(officer, application, step, n),
        }
    }

    fn apply(&mut self, a: u8, n: u32, amount: Money) -> Both {
        // Now and then an office applies, and may not review then.
        let by = match n % 7 {
            0 => OFFICERS[0],
            _ => FILER,
        };
        let programme = self.model.issuing(usize::from(a) % 2);
        let enterprise = usize::from(a) / 2 % 4;
        let command = Command::ApplyForVoucher(Box::new(ApplyForVoucher {
            programme: ProgrammeId::from_index(programme).expect("few"),
            enterprise: EnterpriseKey::Id(EnterpriseId::from_index(enterprise).expect("few")),
            request: request(amount),
        }));
        let expected = self.model.apply(by, programme, enterprise, amount);
        (by, command, expected)
    }

    fn review(&mut self, by: usize, application: usize, step: u32, n: u32) -> Both {
        let asked = self.model.applications.get(application);
        let asked = asked.map_or(1, |row| row.amount);
        let amount = match n % 4 {
            0 => asked + 1,
            1 => asked / 2,
            _ => asked,
        };
        let (step, naive) = match step {
            3 => (ReviewStep::Begin, Review::Begin),
            4 => (ReviewStep::Return, Review::Return),
            5 => {
                let step = ReviewStep::Approve {
                    amount: fen(amount),
                };
                (step, Review::Approve(amount))
            }
            _ => {
                let code = DeclineCode::Other;
                (ReviewStep::Decline { code }, Review::Decline)
            }
        };
        let command = Command::ReviewApplication(ReviewApplication {
            application: id(application),
            step,
        });
        (by, command, self.model.review(by, application, naive))
    }

    fn issue_on(&mut self, by: usize, application: usize, amount: Money) -> Both {
        let known = self.model.applications.get(application);
        let whose = known.map_or((0, 0), |row| (row.programme, row.enterprise));
        let approved = known.and_then(|row| row.approved).unwrap_or(amount);
        let amount = amount.min(approved + 1);
        let command = Command::IssueVoucher(IssueVoucher {
            programme: ProgrammeId::from_index(whose.0).expect("few"),
            enterprise: EnterpriseKey::Id(EnterpriseId::from_index(whose.1).expect("few")),
            amount: fen(amount),
            application: Some(id(application)),
        });
        let expected = self.model.issue_on(by, application, whose, amount);
        (by, command, expected)
    }
}

fn id(application: usize) -> ApplicationId {
    ApplicationId::from_index(application).expect("few")
}

fn request(amount: Money) -> VoucherRequest {
    VoucherRequest {
        amount: fen(amount),
        purpose: None,
        documents: Box::default(),
    }
}
