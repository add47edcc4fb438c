//! `quantong demo`: the example year from import to settlement, on a ledger of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::folder::{CliError, Folder, act, enrol, grant, register, send};
use super::import::{first_day, import_dataset, read_checked};
use super::serve::{bind, serve_node};
use super::tables::{self, Lang, Names};
use super::verify::{print_verified, verify_folder};
use crate::api::ApiSettings;
use crate::domain::{
    BankRef, ClaimId, Day, EnterpriseId, Fen, InstructionId, MemberId, PeriodId, PrincipalId,
    ProgrammeCode, Ratio, Text, VoucherId,
};
use crate::engine::State;
use crate::engine::command::{
    AdvanceDate, Command, ConfirmInstruction, DecideProposal, DecideTransfer, EnterpriseKey,
    InstructPeriod, IssueVoucher, ProposeTransfer, PublishVersion, Reason, ReverseClaim, Role,
    Scope, SettlementMode, Submission, TransferKind, TransferRequest, TransferRule,
};
use crate::engine::event::Event;
use crate::engine::state::{ClaimStatus, LineOrigin, LineRow, PeriodStatus};
use crate::journal::{Database, HashKind};
use crate::node::{Clock, Node};

/// Settings of `demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// End after the demonstration instead of serving the ledger
    #[arg(long)]
    once: bool,
    /// Folder with the example year
    #[arg(long, default_value = "examples/g60-2025")]
    examples: PathBuf,
    /// Address and port to serve on
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// Language of the tables; that of the environment if not given
    #[arg(long)]
    lang: Option<Lang>,
}

/// Runs in a folder that was named, which stays, or in a temporary one.
pub(super) async fn run(
    named: Option<PathBuf>,
    database: &Database,
    command: &Demo,
) -> Result<(), CliError> {
    let lang = command.lang.unwrap_or_else(Lang::of_environment);
    let stays = named.is_some();
    let temporary = || std::env::temp_dir().join(format!("quantong-demo-{}", std::process::id()));
    let folder = Folder::with(named.unwrap_or_else(temporary), database.clone());
    let mut ended = show(&folder, command, lang).await;
    if ended.is_ok() && !command.once {
        ended = serve(&folder, lang, &command.listen).await;
    }
    if !stays {
        // What went wrong before matters more, and there may be no folder yet.
        let removed = std::fs::remove_dir_all(folder.path());
        ended?;
        return Ok(removed?);
    }
    ended
}

async fn serve(folder: &Folder, lang: Lang, listen: &str) -> Result<(), CliError> {
    heading(lang.pick("The ledger is served", "账本服务"));
    say!(
        "{} {}",
        lang.pick("data folder", "数据目录"),
        folder.path().display()
    );
    let node = folder.start(Clock::SystemWithManualDate).await?;
    let (_, token) = enrol(&node, "auditor", Role::Auditor, Scope::Corridor).await?;
    say!("{} {token}", lang.pick("token of an auditor", "审计员令牌"));
    say!("curl -H 'Authorization: Bearer {token}' http://{listen}/v1/periods/2025-12");
    serve_node(folder, node, ApiSettings::default(), bind(listen)?).await
}

async fn show(folder: &Folder, command: &Demo, lang: Lang) -> Result<(), CliError> {
    let (set, _) = read_checked(&command.examples, false)?;
    folder
        .create("quantong.example/g60", HashKind::Sha256, first_day(&set))
        .await?;
    let node = folder.start(Clock::SystemWithManualDate).await?;
    let shown = show_on(&node, &set, lang).await;
    node.stop().await;
    shown?;
    heading(lang.pick("Verification of the journal", "日志校验"));
    print_verified(&verify_folder(folder, true).await?);
    Ok(())
}

async fn show_on(
    node: &Node,
    set: &crate::documents::dataset::Dataset,
    lang: Lang,
) -> Result<(), CliError> {
    let report = import_dataset(node, set).await?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in report
        .rows
        .iter()
        .filter(|row| matches!(row.file, "vouchers.csv" | "claims.csv"))
    {
        *counts
            .entry(format!("{} {}", row.file, row.result))
            .or_default() += 1;
    }
    heading(lang.pick(
        "What became of the year's vouchers and claims",
        "全年创新券与兑付结果",
    ));
    say!("{}", tables::counts(lang, &counts));
    let names = names(node, lang).await?;
    heading(lang.pick(
        "Approved, from home city to host city (yuan)",
        "兑付流向（元）",
    ));
    print(node, |state| tables::flows(lang, state, &names)).await?;
    let (periods, _) = node.read(closed).await?;
    heading(lang.pick("Net position per month (yuan)", "每月净头寸（元）"));
    print(node, |state| tables::nets(lang, state, &names, &periods)).await?;
    heading(lang.pick("Payments that settle each month", "每月清算支付"));
    print(node, |state| {
        tables::payments(lang, state, &names, &periods)
    })
    .await?;
    let people = People::enrol(node).await?;
    heading(lang.pick("A transfer", "转让"));
    transfer(node, &people).await?;
    heading(lang.pick("A reversal after the close", "关账后冲销"));
    reversal(node, &people, &names).await?;
    heading(lang.pick(
        "Settlement, and a payment that does not come",
        "清算与逾期未付",
    ));
    settlement(node, &people, &names, &periods).await?;
    heading(lang.pick("Trial balance", "试算平衡"));
    print(node, |state| tables::trial_balance(lang, state, &names)).await
}

fn heading(text: &str) {
    say!("\n{text}");
}

async fn print(node: &Node, table: impl FnOnce(&State) -> String + Send) -> Result<(), CliError> {
    say!("{}", node.read(table).await?.0);
    Ok(())
}

fn closed(state: &State) -> Vec<PeriodId> {
    let ids = (0..state.period_count()).filter_map(PeriodId::from_index);
    ids.filter(|id| {
        state
            .period(*id)
            .is_some_and(|row| row.status != PeriodStatus::Open)
    })
    .collect()
}

async fn names(node: &Node, lang: Lang) -> Result<Names, CliError> {
    let details = |state: &State| -> Vec<(MemberId, crate::domain::Seq)> {
        let members = state.members_by_code();
        members
            .filter_map(|(_, id)| Some((id, state.member(id)?.details)))
            .collect()
    };
    let mut names = Names::new();
    for (member, seq) in node.read(details).await?.0 {
        if let Some(Event::MemberRegistered(e)) = node.event(seq).await?.map(|r| r.event) {
            names.insert(
                member,
                lang.pick(e.name_en.as_str(), e.name_zh.as_str()).to_owned(),
            );
        }
    }
    Ok(names)
}

/// The people of the demonstration: two in every role that needs a second person.
struct People {
    operators: [PrincipalId; 2],
    officers: [PrincipalId; 2],
}

impl People {
    /// Enrols operators, and officers with both offices of every city.
    async fn enrol(node: &Node) -> Result<People, CliError> {
        let operators = [
            register(node, "运营一").await?,
            register(node, "运营二").await?,
        ];
        let officers = [register(node, "经办").await?, register(node, "复核").await?];
        for operator in operators {
            grant(node, operator, Role::Operator, Scope::Corridor).await?;
        }
        let (members, _) = node.read(State::member_count).await?;
        for member in (0..members).filter_map(MemberId::from_index) {
            for officer in officers {
                for role in [Role::ScienceOfficer, Role::FinanceOfficer] {
                    grant(node, officer, role, Scope::Member(member)).await?;
                }
            }
        }
        Ok(People {
            operators,
            officers,
        })
    }
}

fn missing(what: &str) -> CliError {
    CliError::Failed(format!("the example has no {what}"))
}

/// A new voucher under rules that allow successions; half of it goes to a successor.
async fn transfer(node: &Node, people: &People) -> Result<(), CliError> {
    let [maker, checker] = people.officers;
    let find = |state: &State| {
        let code = ProgrammeCode::parse("310117-2025").ok()?;
        let programme = state.programme_by_code(&code)?;
        let row = state.programme(programme)?;
        let mut terms = (**row.versions.last()?).clone();
        terms.effective_from = state.business_date();
        terms.document_no = Text::parse("科发〔2026〕1号").ok()?;
        terms.transfers = Box::new([TransferRule {
            kind: TransferKind::Succession,
            document_no: None,
        }]);
        let ids = (0..state.enterprise_count()).filter_map(EnterpriseId::from_index);
        let mut home = ids.filter(|id| {
            let fresh = state.usage_of(programme, *id).issued.is_zero();
            fresh && state.enterprise(*id).is_some_and(|e| e.city == row.city)
        });
        Some((programme, terms, home.next()?, home.next()?))
    };
    let (found, _) = node.read(find).await?;
    let (programme, terms, holder, successor) = found.ok_or_else(|| missing("two firms"))?;
    let terms = Box::new(terms);
    let publish = Command::PublishVersion(PublishVersion { programme, terms });
    let proposed = act(node, maker, publish).await?;
    approve(node, checker, &proposed).await?;
    let issue = Command::IssueVoucher(IssueVoucher {
        programme,
        enterprise: EnterpriseKey::Id(holder),
        amount: fen(2_000_000)?,
        application: None,
    });
    let Event::VoucherIssued(issued) = act(node, maker, issue).await? else {
        return Err(missing("voucher"));
    };
    move_half(node, people, issued.voucher, successor).await
}

/// The second person's approval of what waits for it.
async fn approve(node: &Node, checker: PrincipalId, proposed: &Event) -> Result<(), CliError> {
    let Event::ActionProposed(proposed) = proposed else {
        return Err(missing("proposal"));
    };
    let decide = DecideProposal {
        proposal: proposed.proposal,
        approve: true,
    };
    act(node, checker, Command::DecideProposal(decide)).await?;
    Ok(())
}

/// Half of a voucher of 20,000.00 goes to the successor of its holder.
async fn move_half(
    node: &Node,
    people: &People,
    voucher: VoucherId,
    successor: EnterpriseId,
) -> Result<(), CliError> {
    let [maker, checker] = people.officers;
    let cap_share = Ratio::from_millionths(500_000).map_err(|e| CliError::Failed(e.to_string()))?;
    let propose = Command::ProposeTransfer(ProposeTransfer {
        voucher,
        kind: TransferRequest::Succession {
            to: successor,
            cap_share,
        },
        amount: fen(1_000_000)?,
        document_no: None,
        expires_on: None,
    });
    let Event::TransferProposed(proposed) = act(node, maker, propose).await? else {
        return Err(missing("proposal"));
    };
    let decide = DecideTransfer {
        transfer: proposed.transfer,
        approve: true,
    };
    let Event::TransferApproved(approved) =
        act(node, checker, Command::DecideTransfer(decide)).await?
    else {
        return Err(missing("approval"));
    };
    let child = approved.child.ok_or_else(|| missing("child voucher"))?;
    let tag = node.ledger_tag();
    let (ids, _) = node
        .read(|state| (state.voucher_id(voucher, tag), state.voucher_id(child, tag)))
        .await?;
    say!(
        "{} 20000.00 → {} 10000.00 (10000.00)",
        text(ids.0),
        text(ids.1)
    );
    Ok(())
}

fn text(id: Option<crate::domain::InlineText<32>>) -> String {
    id.map_or_else(String::new, |id| id.to_string())
}

fn fen(amount: i64) -> Result<Fen, CliError> {
    Fen::try_new(amount).map_err(|error| CliError::Failed(error.to_string()))
}

/// Undoes a claim whose obligation stands in a closed period, and shows the opposite line.
async fn reversal(node: &Node, people: &People, names: &Names) -> Result<(), CliError> {
    let find = |state: &State| {
        let live = state
            .claims()
            .filter(|(_, row)| row.status == ClaimStatus::Approved && row.lines > 0);
        live.map(|(id, _)| id).last()
    };
    let claim: ClaimId = node
        .read(find)
        .await?
        .0
        .ok_or_else(|| missing("claim across cities"))?;
    let before = node.read(State::line_count).await?.0;
    let reverse = Command::ReverseClaim(ReverseClaim { claim });
    let reverse = Submission {
        reason: Reason::parse("发票作废").ok(),
        ..Submission::new(people.officers[0], reverse)
    };
    send(node, reverse).await?;
    let tag = node.ledger_tag();
    let shown = |state: &State| {
        let id = text(state.claim_id(claim, tag));
        let lines = state
            .lines()
            .skip(before)
            .map(|(_, line)| line_text(state, line, names));
        format!("{id}\n{}", lines.collect::<Vec<_>>().join("\n"))
    };
    print(node, shown).await
}

fn line_text(state: &State, line: &LineRow, names: &Names) -> String {
    let name = |member| names.get(&member).cloned().unwrap_or_default();
    let month = |period| {
        state
            .period(period)
            .map_or(String::new(), |r| r.month.to_string())
    };
    let origin = match line.origin {
        LineOrigin::Claim(id) => format!("claim {}", id.0),
        LineOrigin::Opposes(id) => {
            let old = state
                .line(id)
                .map_or(String::new(), |old| month(old.period));
            format!("opposes line {} of {old}", id.0)
        }
        LineOrigin::Arrears(id) => {
            let old = state
                .instruction(id)
                .map_or(String::new(), |old| month(old.period));
            format!("arrears of {old}")
        }
    };
    let (debtor, creditor) = (name(line.debtor), name(line.creditor));
    format!(
        "  {} {debtor} → {creditor} {} ({origin})",
        month(line.period),
        line.amount
    )
}

/// Settles every month; the last payment of the last month does not come and is carried.
async fn settlement(
    node: &Node,
    people: &People,
    names: &Names,
    periods: &[PeriodId],
) -> Result<(), CliError> {
    let [operator, _] = people.operators;
    let deemed = |state: &State| {
        let last = periods.last().and_then(|id| state.period(*id));
        last.and_then(|row| row.deemed_on)
    };
    let agreed_on: Day = node
        .read(deemed)
        .await?
        .0
        .ok_or_else(|| missing("closed period"))?;
    let advance = Command::AdvanceDate(AdvanceDate { to: agreed_on });
    act(node, operator, advance).await?;
    for period in periods {
        let command = InstructPeriod {
            period: *period,
            mode: SettlementMode::Direct,
            document_no: None,
        };
        act(node, operator, Command::InstructPeriod(command)).await?;
    }
    let open = |state: &State| -> Vec<(InstructionId, Fen)> {
        let all = periods.iter().flat_map(|id| state.instructions_of(*id));
        all.map(|(id, row)| (id, row.open())).collect()
    };
    let (mut instructions, _) = node.read(open).await?;
    let unpaid = instructions.pop().ok_or_else(|| missing("payment"))?;
    let bank_ref = BankRef::parse("DEMO").map_err(|e| CliError::Failed(e.to_string()))?;
    for (instruction, amount) in instructions {
        let command = ConfirmInstruction {
            instruction,
            amount,
            bank_ref,
            paid_on: agreed_on,
        };
        act(node, operator, Command::ConfirmInstruction(command)).await?;
    }
    let pay_by = |state: &State| {
        let row = state.instruction(unpaid.0)?;
        state.period(row.period)?.pay_by
    };
    let pay_by = node
        .read(pay_by)
        .await?
        .0
        .ok_or_else(|| missing("pay-by day"))?;
    carry(node, operator, names, periods, pay_by.next()).await
}

/// Lets the pay-by day pass and shows where what is unpaid went.
async fn carry(
    node: &Node,
    operator: PrincipalId,
    names: &Names,
    periods: &[PeriodId],
    to: Day,
) -> Result<(), CliError> {
    let before = node.read(State::line_count).await?.0;
    act(node, operator, Command::AdvanceDate(AdvanceDate { to })).await?;
    let shown = |state: &State| {
        let status = |id: &PeriodId| {
            let row = state.period(*id);
            row.map_or(String::new(), |row| {
                format!("{} {:?}", row.month, row.status)
            })
        };
        let months: Vec<String> = periods.iter().map(status).collect();
        let lines = state
            .lines()
            .skip(before)
            .map(|(_, line)| line_text(state, line, names));
        format!(
            "{}\n{}",
            months.join("; "),
            lines.collect::<Vec<_>>().join("\n")
        )
    };
    print(node, shown).await
}
