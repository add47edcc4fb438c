//! Applications for vouchers: filed by the enterprise or its registrar, reviewed by the issuing
//! city, answered by an issue.

use super::parties::positive;
use super::{Decision, Execution, Rejection, Stop, refuse_if, valid};
use crate::domain::{ApplicationId, EnterpriseId, Fen, MemberId, ProgrammeId};
use crate::engine::command::{
    ApplyForVoucher, EnterpriseKind, IssueVoucher, Payee, Purpose, ResubmitApplication,
    ReviewApplication, ReviewStep, VoucherRequest, WithdrawApplication,
};
use crate::engine::event::{
    ApplicationApproved, ApplicationDeclined, ApplicationFiled, ApplicationResubmitted,
    ApplicationReturned, ApplicationReviewBegun, ApplicationWithdrawn, Event,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::{ApplicationRow, ApplicationStatus};
use crate::engine::terms::{Role, Scope};

/// Most documents of one application: with the longest media type a document has 130 bytes in a
/// leaf, so that all of them take a tenth of what a leaf may have.
const DOCUMENTS_MAX: usize = 48;

/// An application with the city that decides on it.
struct Applied {
    row: ApplicationRow,
    issuer: MemberId,
}

impl Execution<'_> {
    fn application(&self, id: ApplicationId) -> Result<Applied, Rejection> {
        let row = self.state.applications.get(id.index()).cloned();
        let row = row.ok_or(Rejection::NotFound("application"))?;
        let issuer = self.city_of(row.programme)?;
        Ok(Applied { row, issuer })
    }

    /// Stops unless the sender acts for the enterprise or registers the parties of its city.
    fn require_applicant(&self, enterprise: EnterpriseId) -> Decision {
        let city = self.state.enterprises[enterprise.index()].city;
        let roles = [
            (Role::Enterprise, Scope::Enterprise(enterprise)),
            (Role::ScienceOfficer, Scope::Member(city)),
        ];
        self.require_party(&roles, "the enterprise or the office that registers it")
    }

    pub(super) fn apply_for_voucher(&mut self, c: &ApplyForVoucher) -> Decision {
        let issuer = self.city_of(c.programme)?;
        let enterprise = self.enterprise(c.enterprise)?;
        self.require_applicant(enterprise)?;
        self.check_request(&c.request, enterprise)?;
        self.refuse_standing(Payee::Enterprise(enterprise))?;
        let application = ApplicationId::from_index(self.state.applications.len())
            .ok_or(Rejection::Full("applications"))?;
        let issue_fault = self.preflight(c.programme, enterprise, c.request.amount);
        let VoucherRequest {
            amount,
            purpose,
            documents,
        } = c.request.clone();
        self.emit(Event::ApplicationFiled(Box::new(ApplicationFiled {
            application,
            programme: c.programme,
            issuer,
            enterprise,
            amount,
            purpose,
            documents,
            issue_fault,
        })));
        Ok(())
    }

    pub(super) fn resubmit_application(&mut self, c: &ResubmitApplication) -> Decision {
        let Applied { row, .. } = self.application(c.application)?;
        self.require_applicant(row.enterprise)?;
        self.check_request(&c.request, row.enterprise)?;
        expect_status(&row, ApplicationStatus::Returned)?;
        let issue_fault = self.preflight(row.programme, row.enterprise, c.request.amount);
        let VoucherRequest {
            amount,
            purpose,
            documents,
        } = c.request.clone();
        let event = ApplicationResubmitted {
            application: c.application,
            amount,
            purpose,
            documents,
            issue_fault,
        };
        self.emit(Event::ApplicationResubmitted(Box::new(event)));
        Ok(())
    }

    fn check_request(&self, request: &VoucherRequest, enterprise: EnterpriseId) -> Decision {
        positive(request.amount)?;
        valid(
            request.documents.len() <= DOCUMENTS_MAX,
            "documents",
            "is at most 48 files",
        )?;
        let team = self.state.enterprises[enterprise.index()].kind == EnterpriseKind::Team;
        let fits = match &request.purpose {
            None => true,
            Some(Purpose::Public(_)) => !team,
            Some(Purpose::Personal(_)) => team,
        };
        valid(fits, "purpose", "a team's is personal, a firm's is public")
    }

    /// What an issue of the amount would be refused for today.
    fn preflight(
        &self,
        programme: ProgrammeId,
        enterprise: EnterpriseId,
        amount: Fen,
    ) -> Option<RefusalCode> {
        match self.offer(programme, enterprise, amount) {
            Ok(offer) => offer.fault,
            Err(Stop::Refuse(code)) => Some(code),
            Err(Stop::Reject(_)) => None,
        }
    }

    pub(super) fn review_application(&mut self, c: &ReviewApplication) -> Decision {
        let Applied { row, issuer } = self.application(c.application)?;
        let roles = [
            (Role::ScienceOfficer, Scope::Member(issuer)),
            (Role::Reviewer, Scope::Member(issuer)),
        ];
        self.require_party(&roles, "the review of the issuing city")?;
        let needed = match c.step {
            ReviewStep::Begin => ApplicationStatus::Submitted,
            _ => ApplicationStatus::InReview,
        };
        expect_status(&row, needed)?;
        let same = row.submitted_by == self.submission.principal;
        refuse_if(same, RefusalCode::SecondPersonRequired)?;
        let application = c.application;
        self.emit(match c.step {
            ReviewStep::Begin => {
                Event::ApplicationReviewBegun(ApplicationReviewBegun { application })
            }
            ReviewStep::Return => Event::ApplicationReturned(ApplicationReturned { application }),
            ReviewStep::Approve { amount } => {
                positive(amount)?;
                refuse_if(amount > row.amount, RefusalCode::ApplicationExceeded)?;
                if amount < row.amount {
                    self.require_reason()?;
                }
                Event::ApplicationApproved(ApplicationApproved {
                    application,
                    amount,
                })
            }
            ReviewStep::Decline { code } => {
                Event::ApplicationDeclined(ApplicationDeclined { application, code })
            }
        });
        Ok(())
    }

    pub(super) fn withdraw_application(&mut self, c: &WithdrawApplication) -> Decision {
        let Applied { row, .. } = self.application(c.application)?;
        self.require_applicant(row.enterprise)?;
        refuse_if(!row.status.is_open(), RefusalCode::ApplicationStateMismatch)?;
        self.emit(Event::ApplicationWithdrawn(ApplicationWithdrawn {
            application: c.application,
        }));
        Ok(())
    }

    /// Stops unless the issue answers an approved application, where it names one or the rules
    /// demand one. Who approved does not issue.
    pub(super) fn check_application(
        &self,
        c: &IssueVoucher,
        enterprise: EnterpriseId,
        required: bool,
    ) -> Decision {
        let Some(id) = c.application else {
            let missing = required && !self.submission.imported;
            return refuse_if(missing, RefusalCode::ApplicationRequired);
        };
        let Applied { row, .. } = self.application(id)?;
        let other = row.programme != c.programme || row.enterprise != enterprise;
        refuse_if(other, RefusalCode::ApplicationMismatch)?;
        expect_status(&row, ApplicationStatus::Approved)?;
        refuse_if(c.amount > row.approved, RefusalCode::ApplicationExceeded)?;
        let same = row.approved_by == Some(self.submission.principal);
        refuse_if(same, RefusalCode::SecondPersonRequired)
    }
}

fn expect_status(row: &ApplicationRow, status: ApplicationStatus) -> Decision {
    refuse_if(row.status != status, RefusalCode::ApplicationStateMismatch)
}
