//! `quantong token`: a person, a role and a token, issued on the server's own machine.

use super::folder::{CliError, Folder, enrol};
use crate::domain::{CreditCode, DivisionCode};
use crate::engine::State;
use crate::engine::command::{Role, Scope};
use crate::node::Clock;

/// Settings of `token`.
#[derive(Debug, clap::Args)]
pub(super) struct Token {
    /// Name of the person, office or machine
    #[arg(long)]
    name: String,
    /// Role: administrator, science_officer, finance_officer, reviewer, operator, arbiter,
    /// auditor, enterprise or provider
    #[arg(long)]
    role: String,
    /// Where the role holds: `corridor`, a division code, or a credit code
    #[arg(long, default_value = "corridor")]
    scope: String,
}

pub(super) async fn run(folder: &Folder, command: &Token) -> Result<(), CliError> {
    let role = Role::parse(&command.role)
        .ok_or_else(|| CliError::Usage(format!("unknown role {}", command.role)))?;
    let node = folder.start(Clock::System).await?;
    let (scope, _) = node
        .read(|state| scope(state, role, &command.scope))
        .await?;
    let enrolled = match scope {
        Ok(scope) => enrol(&node, &command.name, role, scope)
            .await
            .map(|(_, token)| token),
        Err(error) => Err(error),
    };
    node.stop().await;
    say!("{}", enrolled?);
    Ok(())
}

/// The scope that a text names.
fn scope(state: &State, role: Role, text: &str) -> Result<Scope, CliError> {
    let unknown = || CliError::Usage(format!("the ledger knows no {} {text}", role.as_str()));
    if text == "corridor" {
        return Ok(Scope::Corridor);
    }
    if let Ok(code) = DivisionCode::parse(text) {
        return state
            .member_by_code(code)
            .map(Scope::Member)
            .ok_or_else(unknown);
    }
    let code = CreditCode::parse(text).map_err(|e| CliError::Usage(format!("scope: {e}")))?;
    match role {
        Role::Provider => state.provider_by_code(code).map(Scope::Provider),
        _ => state.enterprise_by_code(code).map(Scope::Enterprise),
    }
    .ok_or_else(unknown)
}
