//! Bodies of requests and the commands they stand for: one struct per operation.

mod applications;
mod claims;
mod life;
mod orders;
mod parties;
mod people;
mod periods;
mod programmes;
mod register;
mod transfers;
mod versions;
mod vouchers;

use super::context::{Cx, parse};
use super::problem::Problem;
use crate::engine::command::{Command, DocumentNo, Name};
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) use applications::*;
pub(super) use claims::*;
pub(super) use life::*;
pub(super) use orders::*;
pub(super) use parties::*;
pub(super) use people::*;
pub(super) use periods::*;
pub(super) use programmes::*;
pub(super) use register::*;
pub(super) use transfers::*;
pub(super) use versions::*;
pub(super) use vouchers::*;

/// A body that becomes a command.
pub(super) trait Body: for<'de> Deserialize<'de> + ToSchema + 'static {
    /// The command, with ids looked up.
    fn command(self, cx: &Cx<'_>) -> Result<Command, Problem>;
}

fn name(field: &str, text: &str) -> Result<Name, Problem> {
    parse(field, text, Name::parse)
}

fn document(text: Option<String>) -> Result<Option<DocumentNo>, Problem> {
    text.map(|text| parse("document_no", &text, DocumentNo::parse))
        .transpose()
}

fn group(text: Option<String>) -> Result<Option<Name>, Problem> {
    text.map(|text| name("controller_group", &text)).transpose()
}

/// Reads 64 hexadecimal digits.
pub(super) fn sha256(field: &str, text: &str) -> Result<[u8; 32], Problem> {
    let wrong = || Problem::field(field, "is 64 hexadecimal digits");
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let mut hash = [0; 32];
    for (i, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| wrong())?;
    }
    Ok(hash)
}

macro_rules! body {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty,)* }
        ($self:ident, $cx:ident) $convert:block
    ) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(in crate::api) struct $name { $($(#[$fdoc])* $field: $type,)* }

        impl Body for $name {
            fn command($self, $cx: &Cx<'_>) -> Result<Command, Problem> $convert
        }
    };
}

use body;
