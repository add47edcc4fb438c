//! Commands that wait for further persons, and who may act.

use serde::{Deserialize, Serialize};

use super::{
    AccountStep, ApplyForAdmission, ApproveVoucherFile, ChangeBudget, Command, CommandKind,
    DecideTransfer, DecideYearEnd, ExtendVoucher, IssueToken, PartyName, PublishDraft,
    PublishVersion, RegisterEnterprise, RegisterProvider, ReissueVoucher, ReverseClaim,
    ReverseStep, RevokeVoucher, SetBankAccount, SetCityPolicy, SetFreeze, SetGrant,
    StartYearClosing,
};
use crate::domain::{InlineText, MemberId, PersonalText, PrincipalId, ProposalId};
use crate::engine::terms::{Action, Role};

/// A name to sign in with, at most 40 bytes.
pub type UserName = InlineText<40>;

/// What a token is called that a sign-in gave: a session.
pub const SESSION_LABEL: &str = "sign-in";

/// Approves or declines what another person proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecideProposal {
    /// The proposal.
    pub proposal: ProposalId,
    /// True to approve.
    pub approve: bool,
}

/// Takes back what the sender proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawProposal {
    /// The proposal.
    pub proposal: ProposalId,
}

/// How many persons an action of a member needs, and of which office those who check are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetActionRule {
    /// The member.
    pub member: MemberId,
    /// The action.
    pub action: Action,
    /// Persons, the maker included.
    pub persons: u8,
    /// Office of those who check.
    pub checker: Role,
}

/// Lets a principal act, or no longer; its grants stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAccess {
    /// Who.
    pub principal: PrincipalId,
    /// False to shut out.
    pub enabled: bool,
}

/// The sender's name and password for signing in: a person sets them for itself, with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPassword {
    /// Name to sign in with, unique: small letters, digits, `.`, `-` and `_`. A designation that
    /// stands in the journal, no name of a person.
    pub user_name: UserName,
    /// What the password is checked by. Its value is erasable; the journal has the commitment.
    pub verifier: PersonalText,
}

/// Says anew who a principal is: its name, and where it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePrincipal {
    /// Who.
    pub principal: PrincipalId,
    /// Its name.
    pub name: PersonalText,
    /// A telephone number or an address.
    pub contact: Option<PersonalText>,
}

/// Erases what opens the personal data of a principal that is shut out. It stays so for ever; its
/// number and what it did stay in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasePrincipal {
    /// Who.
    pub principal: PrincipalId,
}

macro_rules! proposable {
    ($($name:ident($payload:ty),)*) => {
        /// A command that can wait for further persons. It stands in the journal as it was sent,
        /// so it bears no personal data: what the sender said of a person would be lost to the
        /// one who approves.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum ProposedCommand { $(
            #[doc = concat!("See [`", stringify!($name), "`].")]
            $name($payload),
        )* }

        impl ProposedCommand {
            /// All kinds that can wait, ascending by number.
            pub const KINDS: &'static [CommandKind] = &[$(CommandKind::$name,)*];

            /// The kind of the command.
            pub const fn kind(&self) -> CommandKind {
                match self { $(ProposedCommand::$name(_) => CommandKind::$name,)* }
            }

            /// The command.
            pub fn to_command(&self) -> Command {
                match self { $(ProposedCommand::$name(c) => Command::$name(c.clone()),)* }
            }

            fn find(command: &Command) -> Option<ProposedCommand> {
                match command {
                    $(Command::$name(c) => Some(ProposedCommand::$name(c.clone())),)*
                    _ => None,
                }
            }
        }
    };
}

proposable! {
    SetGrant(SetGrant),
    IssueToken(Box<IssueToken>),
    SetActionRule(SetActionRule),
    SetAccess(SetAccess),
    RegisterEnterprise(Box<RegisterEnterprise>),
    RegisterProvider(Box<RegisterProvider>),
    ApplyForAdmission(Box<ApplyForAdmission>),
    SetBankAccount(Box<SetBankAccount>),
    ChangeBudget(ChangeBudget),
    PublishVersion(PublishVersion),
    PublishDraft(PublishDraft),
    SetCityPolicy(SetCityPolicy),
    StartYearClosing(StartYearClosing),
    DecideYearEnd(DecideYearEnd),
    SetFreeze(SetFreeze),
    RevokeVoucher(RevokeVoucher),
    ExtendVoucher(ExtendVoucher),
    ReissueVoucher(ReissueVoucher),
    DecideTransfer(DecideTransfer),
    ReverseStep(ReverseStep),
    ReverseClaim(ReverseClaim),
    ApproveVoucherFile(Box<ApproveVoucherFile>),
    ErasePrincipal(ErasePrincipal),
}

impl ProposedCommand {
    /// The command as one that can wait; `None` if it cannot.
    pub fn of(command: &Command) -> Option<ProposedCommand> {
        let personal = match command {
            Command::RegisterEnterprise(c) => matches!(c.name, PartyName::Personal(_)),
            // Only the decision on an account waits; a team's account is personal data.
            Command::SetBankAccount(c) => matches!(c.step, AccountStep::Propose { .. }),
            _ => false,
        };
        ProposedCommand::find(command).filter(|_| !personal)
    }
}
