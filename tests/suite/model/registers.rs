//! Credit flags and related parties, naively: lists that are looked through.

use jiff::civil::Date;
use quantong::domain::{CreditFlagId, EnterpriseId, ProviderId};
use quantong::engine::command::*;

use super::pair::Both;
use super::world::{OFFICERS, day, member};
use super::{Model, Pair, Verdict, plus_days, refused};

/// A block on a legal person, whatever its role.
pub(super) struct Flag {
    code: String,
    days: (Date, Date),
    lifted: bool,
}

pub(super) struct Relation {
    lab: usize,
    firm: usize,
    days: (Date, Date),
}

impl Model {
    /// True if a legal person is blocked today.
    pub(super) fn is_blocked(&self, code: &str) -> bool {
        self.flags.iter().any(|flag| {
            !flag.lifted
                && flag.code == code
                && flag.days.0 <= self.today
                && self.today <= flag.days.1
        })
    }

    /// True if a declared relation holds on a day.
    pub(super) fn declared(&self, lab: usize, firm: usize, on: Date) -> bool {
        self.relations.iter().any(|relation| {
            (relation.lab, relation.firm) == (lab, firm)
                && relation.days.0 <= on
                && on <= relation.days.1
        })
    }

    fn raise(&mut self, code: Option<String>, days: (Date, Date)) -> Verdict {
        let Some(code) = code else {
            return Verdict::Rejected;
        };
        self.flags.push(Flag {
            code,
            days,
            lifted: false,
        });
        Verdict::Done
    }

    fn lift(&mut self, flag: usize) -> Verdict {
        match self.flags.get_mut(flag) {
            None => Verdict::Rejected,
            Some(flag) if flag.lifted => refused("FLAG_LIFTED"),
            Some(flag) => {
                flag.lifted = true;
                Verdict::Done
            }
        }
    }

    fn relate(&mut self, lab: usize, firm: usize, days: (Date, Date)) -> Verdict {
        if self.providers.get(lab).is_none() || self.enterprises.get(firm).is_none() {
            return Verdict::Rejected;
        }
        let of_pair = |relation: &&mut Relation| (relation.lab, relation.firm) == (lab, firm);
        let mut same = None;
        for relation in self.relations.iter_mut().filter(of_pair) {
            if relation.days.0 == days.0 {
                if relation.days.1 == days.1 {
                    return refused("ALREADY_IN_STATE");
                }
                same = Some(relation);
            } else if relation.days.0 <= days.1 && days.0 <= relation.days.1 {
                return refused("ENTRY_OVERLAPS");
            }
        }
        match same {
            Some(relation) => relation.days = days,
            None => self.relations.push(Relation { lab, firm, days }),
        }
        Verdict::Done
    }
}

impl Pair {
    /// Raises or lifts a block, or relates a lab and a firm.
    pub(super) fn registers(&mut self, a: u8, b: u8, n: u32) -> Both {
        let (firm, lab) = (usize::from(a) % 5, usize::from(b) % 6);
        let from = plus_days(self.model.today, i64::from(n / 4 % 5) - 2);
        let to = plus_days(from, i64::from(n / 20 % 9));
        let firm_id = EnterpriseId::from_index(firm).expect("few");
        let lab_id = ProviderId::from_index(lab).expect("few");
        match n % 4 {
            0 | 1 => {
                let of_firm = n.is_multiple_of(4);
                let code = if of_firm {
                    self.model.enterprises.get(firm).map(|row| row.code.clone())
                } else {
                    self.model.providers.get(lab).map(|row| row.code.clone())
                };
                let command = Command::RaiseCreditFlag(Box::new(RaiseCreditFlag {
                    party: if of_firm {
                        Payee::Enterprise(firm_id)
                    } else {
                        Payee::Provider(lab_id)
                    },
                    code: FlagCode::Other,
                    level: FlagLevel::Block,
                    from: day(from),
                    until: Some(day(to)),
                    city: member(0),
                    document_no: None,
                    document_sha256: None,
                }));
                (OFFICERS[0], command, self.model.raise(code, (from, to)))
            }
            2 => {
                let flag = usize::from(a) % 4;
                let command = Command::LiftCreditFlag(LiftCreditFlag {
                    flag: CreditFlagId::from_index(flag).expect("few"),
                });
                (OFFICERS[0], command, self.model.lift(flag))
            }
            _ => {
                let command = Command::ChangeRegister(Box::new(ChangeRegister::Relation {
                    party: Payee::Enterprise(firm_id),
                    other: Payee::Provider(lab_id),
                    kind: RelationKind::Control,
                    from: day(from),
                    to: Some(day(to)),
                }));
                (
                    OFFICERS[0],
                    command,
                    self.model.relate(lab, firm, (from, to)),
                )
            }
        }
    }
}
