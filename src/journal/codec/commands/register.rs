//! The canonical form of the choices within the commands of the registers of parties.

use super::Canonical;
use crate::engine::command::{AccountStep, AdmissionStep, Applicant, ChangeRegister};
use crate::journal::codec::Fault;
use crate::journal::codec::cbor::{Reader, Writer};
use crate::journal::codec::field::Field;

/// Writes `[number, field, …]`: a field that is left out stands as an empty array, so
/// that every other field keeps its place.
fn choice(writer: &mut Writer<'_>, number: u64, fields: &[&dyn Canonical]) {
    writer.array(1 + fields.len());
    writer.uint(number);
    for field in fields {
        if field.is_left_out() {
            writer.array(0);
        } else {
            field.put(writer);
        }
    }
}

/// Only a newcomer whose code is accepted though its check fails is read: nothing else waits.
impl Field for Applicant {
    const SHAPE: &'static str = "[1, code, true, name, city]";

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Applicant::Registered(id) => choice(writer, 0, &[id]),
            Applicant::New {
                code,
                accept_failed_check,
                name,
                city,
            } => choice(writer, 1, &[code, accept_failed_check, name, city]),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        if reader.array()? != 5 || reader.uint()? != 1 {
            return Err(Fault::Value("applicant whose code is accepted"));
        }
        let code = Field::read(reader)?;
        if !reader.bool()? {
            return Err(Fault::NotCanonical);
        }
        Ok(Applicant::New {
            code,
            accept_failed_check: true,
            name: Field::read(reader)?,
            city: Field::read(reader)?,
        })
    }
}

impl Canonical for AdmissionStep {
    fn put(&self, writer: &mut Writer<'_>) {
        match self {
            AdmissionStep::Check(decision) => choice(writer, 0, &[decision]),
            AdmissionStep::Object {
                reason,
                on_behalf_of,
                document_sha256,
            } => choice(writer, 1, &[reason, on_behalf_of, document_sha256]),
            AdmissionStep::Answer { objection, upheld } => choice(writer, 2, &[objection, upheld]),
            AdmissionStep::Admit => choice(writer, 3, &[]),
        }
    }
}

/// Only an approval is read: nothing else waits.
impl Field for AccountStep {
    const SHAPE: &'static str = "[1, version, true]";

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            AccountStep::Propose { account, bank } => choice(writer, 0, &[account, bank]),
            AccountStep::Decide { version, approve } => choice(writer, 1, &[version, approve]),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        if reader.array()? != 3 || reader.uint()? != 1 {
            return Err(Fault::Value("approval of an account"));
        }
        let version = Field::read(reader)?;
        if !reader.bool()? {
            return Err(Fault::NotCanonical);
        }
        let approve = true;
        Ok(AccountStep::Decide { version, approve })
    }
}

impl Canonical for ChangeRegister {
    fn put(&self, writer: &mut Writer<'_>) {
        match self {
            ChangeRegister::Publicity { city, days } => choice(writer, 0, &[city, days]),
            ChangeRegister::Removal { provider, from } => choice(writer, 1, &[provider, from]),
            ChangeRegister::Recognition {
                city,
                subject,
                stance,
                categories,
                from,
                to,
            } => choice(writer, 2, &[city, subject, stance, categories, from, to]),
            ChangeRegister::Status {
                enterprise,
                kind,
                from,
                to,
                certificate_no,
                city,
            } => choice(
                writer,
                3,
                &[enterprise, kind, from, to, certificate_no, city],
            ),
            ChangeRegister::Relation {
                party,
                other,
                kind,
                from,
                to,
            } => choice(writer, 4, &[party, other, kind, from, to]),
            ChangeRegister::Team {
                enterprise,
                leader,
                members,
            } => choice(writer, 5, &[enterprise, leader, members]),
            ChangeRegister::Correction {
                party,
                name,
                address,
                from,
            } => choice(writer, 6, &[party, name, address, from]),
            ChangeRegister::Dissolution {
                party,
                from,
                successor,
            } => choice(writer, 7, &[party, from, successor]),
        }
    }
}
