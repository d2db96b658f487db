//! The grammar: verb, then noun; and what stands beside it.

mod access;
mod action;
mod application;
mod assignment;
mod audit;
mod check;
mod definition;
mod environment;
mod explain;
mod group;
mod import;
mod inspect;
mod link;
mod login;
mod member;
mod noun;
mod policy;
mod project;
mod provider;
mod role;
mod serve;
mod session;
mod sign_in;
mod token;
mod user;
mod verb;

pub use noun::body;

use crate::failure::Failure;
use crate::session::{Change, Global, Session};
use clap::{Args, CommandFactory, Parser, Subcommand};
use rolecall_server::{RecoverArgs, RestoreArgs, ServeArgs};
use std::process::ExitCode;

const TASKS: &str = "\
Look at it in a minute:
  serve --demo   a server with a small lived-in organization, thrown away when it stops
  inspect        what the organization holds

Sign in:
  login          by your browser, or by a code that you type into any
  logout         give back what login got
  whoami         who the credential says you are

People and what they may do:
  create, get, update, delete
                 role, policy, assignment, user, application, group, project, environment, action, token,
                 provider (where people sign in elsewhere)
                 (get also: member)
  rotate         replace a token by a new one; for a while both count
  archive        hide a project and refuse new grants there; `restore project` takes it back
  import         add a whole workload from files

Signing in:
  create         invitation, reset, secret, scim-token
  get            session, sign-in, scim-token
  update         sign-in
  delete         session, second-factor, scim-token
  unlink         take a user or group out of SCIM's hands

Questions:
  check          may somebody do something? exit code 0 or 1
  explain        why, or what comes nearest and who could grant it
  who-can        everybody who may do something
  where-can      everywhere somebody may do something
  what-can       everything somebody may do somewhere
  access         every right of somebody, with its sources
  check-sign-in  what would happen if somebody came back from a provider with these claims
  audit          who did what, when

Run it:
  serve          start the server
  backup         write a backup while the server runs
  restore        put a backup back, or take a project out of the archive
  recover        make an administrator again, with the server stopped
  completions    what your shell needs to complete commands
  help           this, or the help of a command: rolecall help create role";

const TEMPLATE: &str = "{about}\n\n{usage-heading} {usage}\n\n{before-help}\n\nOptions:\n{options}{after-help}";

/// Who may do what, and why
#[derive(Parser, Debug)]
#[command(name = "rolecall", version, before_help = TASKS, help_template = TEMPLATE, infer_subcommands = false, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 allowed or done, 1 denied, 2 wrong use, 3 refused or failed.")]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make a role, policy, assignment, user, …
    Create(verb::Create),
    /// Show one or all of them
    #[command(subcommand)]
    Get(verb::Get),
    /// Change one of them
    Update(verb::Update),
    /// Delete one of them, after asking
    Delete(verb::Delete),
    /// Replace a token by a new one of the same reach
    Rotate(Rotate),
    /// Take a user or group out of SCIM's hands
    Unlink(Unlink),
    /// Hide a project and refuse new grants there
    Archive(Archive),
    /// Put a backup in the database's place (the server must be stopped), or restore a project
    Restore(Restore),
    /// May somebody do something? Exit code 0 when allowed, 1 when denied
    #[command(
        after_help = "Examples:\n  rolecall check grace@example.com create_flyte_executions --project checkout --environment production\n  rolecall check nightly-runner view_flyte_inventory && echo yes"
    )]
    Check(check::Question),
    /// Why somebody may do something, or what comes nearest
    #[command(
        after_help = "Example:\n  rolecall explain grace@example.com create_flyte_executions --project checkout --environment development"
    )]
    Explain(check::Question),
    /// Everybody who may do something
    WhoCan(check::WhoCan),
    /// Everywhere somebody may do something
    WhereCan(check::WhereCan),
    /// Everything somebody may do somewhere
    WhatCan(check::WhatCan),
    /// Every right of somebody, with its sources
    Access(access::Access),
    /// Sign in by your browser, or by a code that you type into any
    Login(login::Login),
    /// Give back what login got, and forget it
    Logout,
    /// What would happen if somebody came back from a provider with these claims. Exit code 0 when let in, 1 when not
    #[command(
        after_help = "Examples:\n  rolecall check-sign-in okta --claims claims.json\n  rolecall check-sign-in gitlab --claims token.jwt --userinfo userinfo.json -o json\n\nNothing is changed. A token is only read, not verified."
    )]
    CheckSignIn(provider::CheckSignIn),
    /// Who the credential says you are
    Whoami,
    /// Who did what, when
    Audit(audit::Audit),
    /// What the organization holds
    Inspect,
    /// Add a whole workload from files
    Import(ImportArgs),
    /// Write a backup while the server runs
    Backup(serve::Backup),
    /// Make an administrator again, with the server stopped
    #[command(
        after_help = "Examples:\n  rolecall recover --email ada@example.com\n  rolecall recover --database sqlite:/var/lib/rolecall/rolecall.db\n\nIt is written into the history as recovery on the machine."
    )]
    Recover(RecoverArgs),
    /// Start the server
    #[command(
        after_help = "Examples:\n  rolecall serve --demo\n  ROLECALL_ADMIN_TOKEN=… ROLECALL_CATALOG=union rolecall serve\n  rolecall serve --listen 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem --database sqlite:/var/lib/rolecall/rolecall.db"
    )]
    Serve(Box<ServeArgs>),
    /// What your shell needs to complete commands
    #[command(
        after_help = "Examples:\n  rolecall completions bash > /etc/bash_completion.d/rolecall\n  rolecall completions zsh > \"${fpath[1]}/_rolecall\"\n  rolecall completions fish > ~/.config/fish/completions/rolecall.fish"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the API document
    #[command(hide = true)]
    Openapi,
}

#[derive(Args, Debug)]
struct ImportArgs {
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    import: import::Import,
}

#[derive(Args, Debug)]
struct Rotate {
    #[command(flatten)]
    change: Change,
    #[command(subcommand)]
    noun: token::Rotated,
}

#[derive(Args, Debug)]
struct Unlink {
    #[command(flatten)]
    change: Change,
    #[command(subcommand)]
    noun: sign_in::Managed,
}

#[derive(Args, Debug)]
struct Archive {
    #[command(flatten)]
    change: Change,
    #[command(subcommand)]
    noun: Archivable,
}

#[derive(Subcommand, Debug)]
enum Archivable {
    /// A project
    #[command(
        after_help = "Examples:\n  rolecall archive project legacy-billing\n  rolecall restore project legacy-billing"
    )]
    Project(verb::Named),
}

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(
    after_help = "Examples:\n  rolecall restore rolecall-2030-01-31.db\n  rolecall restore project legacy-billing"
)]
struct Restore {
    #[command(flatten)]
    backup: Option<RestoreArgs>,
    #[command(subcommand)]
    noun: Option<Archivable>,
}

/// Carries out what the command line says.
pub async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let Cli { global, command } = cli;
    let session = |change| Session::begin(&global, change);
    let plain = || session(Change::default());
    match command {
        Command::Create(verb) => {
            let session = session(verb.change).await?;
            verb.run(&session).await?;
        }
        Command::Get(noun) => noun.run(&plain().await?).await?,
        Command::Update(verb) => {
            let session = session(verb.change).await?;
            verb.run(&session).await?;
        }
        Command::Delete(verb) => {
            let session = session(verb.change).await?;
            verb.run(&session).await?;
        }
        Command::Rotate(verb) => verb.noun.run(&session(verb.change).await?).await?,
        Command::Unlink(verb) => sign_in::unlink(&session(verb.change).await?, verb.noun).await?,
        Command::Archive(verb) => archive(&session(verb.change).await?, verb.noun, true).await?,
        Command::Restore(Restore { noun: Some(noun), .. }) => archive(&plain().await?, noun, false).await?,
        Command::Restore(Restore { backup: Some(args), .. }) => serve::restore(&args).await?,
        Command::Restore(_) => return Err(Failure::wrong_use("name the backup, or `project` and its name")),
        Command::Check(question) => return check::check(&plain().await?, &question).await,
        Command::Explain(question) => return explain::explain(&plain().await?, &question).await,
        Command::WhoCan(question) => question.run(&plain().await?).await?,
        Command::WhereCan(question) => question.run(&plain().await?).await?,
        Command::WhatCan(question) => question.run(&plain().await?).await?,
        Command::Access(access) => access.run(&plain().await?).await?,
        Command::CheckSignIn(check) => return check.run(&plain().await?).await,
        Command::Login(args) => login::login(&global, &args).await?,
        Command::Logout => login::logout(&global).await?,
        Command::Whoami => check::whoami(&plain().await?).await?,
        Command::Audit(audit) => audit.run(&plain().await?).await?,
        Command::Inspect => inspect::inspect(&plain().await?).await?,
        Command::Import(ImportArgs { change, import }) => import.run(&session(change).await?).await?,
        Command::Backup(backup) => backup.run(&plain().await?).await?,
        Command::Recover(args) => serve::recover(&args, global.output).await?,
        Command::Serve(args) => rolecall_server::serve(*args).await?,
        Command::Completions { shell } => completions(shell)?,
        Command::Openapi => serve::openapi()?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn archive(session: &Session, noun: Archivable, archived: bool) -> Result<(), Failure> {
    let Archivable::Project(named) = noun;
    project::archive(session, &named.name, archived).await
}

fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rolecall", &mut script);
    crate::output::print(&String::from_utf8_lossy(&script))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_stands_in_the_list_by_task() {
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            assert!(TASKS.contains(command.get_name()), "{}", command.get_name());
        }
    }

    #[test]
    fn every_command_has_an_example_or_needs_none() {
        fn walk(command: &clap::Command, path: &str) {
            let nouns: Vec<_> = command.get_subcommands().filter(|noun| noun.get_name() != "help").collect();
            let path = format!("{path} {}", command.get_name());
            let has_arguments =
                command.get_arguments().any(|argument| !argument.is_global_set() && argument.get_id() != "help");
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(!nouns.is_empty() || !has_arguments || help.contains("Example"), "{path} has no example");
            for noun in nouns {
                walk(noun, &path);
            }
        }
        Cli::command()
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
            .for_each(|command| walk(command, "rolecall"));
    }
}
