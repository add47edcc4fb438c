//! Which actions need two persons or can be made to, of which office the second one is, and how far
//! a member may tighten that. One table; the engine looks a command up in it before it is decided.

use super::terms::{Action, Role};

/// Fewest persons of an action of two persons. No rule of a member goes below its line.
pub const PERSONS_MIN: u8 = 2;
/// Most persons that a rule can ask for: a maker and three checkers. A maker who must wait for
/// more offices than a city has people in would never be answered.
pub const PERSONS_MAX: u8 = 4;
/// Most vouchers that one person issues with one bulk, those not counted that answer an application
/// which another person has approved: as many as somebody looks at one by one. More are issued
/// from a file, which a second person approves.
pub const ISSUES_ALONE_MAX: usize = 20;
/// Days of the business date during which a proposal can be decided: a month of holidays, and
/// short enough that what was checked when it was made still tells something.
pub const PROPOSAL_DAYS: u32 = 30;

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionLine {
    /// The action.
    pub action: Action,
    /// Whose command it is.
    pub makers: &'static [Role],
    /// Offices that a checker may be of; the first one unless a member names another.
    pub checkers: &'static [Role],
    /// True if the action has two steps of its own: one command takes the first, another person's
    /// command the second. Under a rule of more than two persons that one waits for the others.
    pub own_steps: bool,
    /// Fewest persons. One for what is urgent and can be undone: a member may ask for more.
    pub persons: u8,
}

const SCIENCE: Role = Role::ScienceOfficer;
const FINANCE: Role = Role::FinanceOfficer;
const ADMINISTRATOR: Role = Role::Administrator;

const fn line(action: Action, makers: &'static [Role], checkers: &'static [Role]) -> ActionLine {
    ActionLine {
        action,
        makers,
        checkers,
        own_steps: false,
        persons: PERSONS_MIN,
    }
}

const fn alone(action: Action, makers: &'static [Role], checkers: &'static [Role]) -> ActionLine {
    ActionLine {
        persons: 1,
        ..line(action, makers, checkers)
    }
}

const fn own_steps(
    action: Action,
    makers: &'static [Role],
    checkers: &'static [Role],
) -> ActionLine {
    ActionLine {
        own_steps: true,
        ..line(action, makers, checkers)
    }
}

/// The table, in the order of the actions' numbers.
pub const ACTIONS: &[ActionLine] = &[
    line(Action::Budget, &[FINANCE], &[FINANCE]),
    line(Action::Publish, &[SCIENCE], &[FINANCE]),
    line(Action::BulkIssue, &[SCIENCE], &[SCIENCE, FINANCE]),
    line(Action::Extend, &[SCIENCE], &[SCIENCE, FINANCE]),
    line(Action::Revoke, &[SCIENCE], &[SCIENCE, FINANCE]),
    line(Action::Reissue, &[SCIENCE], &[SCIENCE, FINANCE]),
    own_steps(Action::Transfer, &[Role::Enterprise, SCIENCE], &[SCIENCE]),
    own_steps(Action::Reverse, &[SCIENCE, FINANCE], &[SCIENCE, FINANCE]),
    own_steps(
        Action::BankAccount,
        &[Role::Provider, Role::Enterprise, SCIENCE, ADMINISTRATOR],
        &[FINANCE],
    ),
    line(
        Action::CodeOverride,
        &[SCIENCE, ADMINISTRATOR],
        &[SCIENCE, FINANCE],
    ),
    line(Action::Grants, &[ADMINISTRATOR], &[ADMINISTRATOR]),
    line(Action::Credentials, &[ADMINISTRATOR], &[ADMINISTRATOR]),
    line(Action::YearEnd, &[FINANCE], &[FINANCE, SCIENCE]),
    line(Action::Rules, &[SCIENCE, FINANCE], &[FINANCE, SCIENCE]),
    alone(Action::Freeze, &[SCIENCE, FINANCE], &[SCIENCE, FINANCE]),
];

impl Action {
    /// The action's line of the table.
    pub fn line(self) -> &'static ActionLine {
        let found = ACTIONS.iter().find(|line| line.action == self);
        found.expect("every action has a line; a test looks")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_one_line_and_somebody_to_check_it() {
        let lines: Vec<Action> = ACTIONS.iter().map(|line| line.action).collect();
        assert_eq!(lines, Action::ALL);
        for line in ACTIONS {
            assert!(
                !line.makers.is_empty() && !line.checkers.is_empty(),
                "{line:?}"
            );
        }
    }
}
