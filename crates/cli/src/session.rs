//! One command's way to the server: the connection, how to print, and whether to change anything.

use crate::credentials;
use crate::failure::Failure;
use crate::output::{self, Format};
use clap::Args;
use reqwest::Method;
use rolecall_client::{Ask, Client, Connection};
use serde_json::Value;
use std::io::{BufRead, Write};
use std::path::PathBuf;

/// What every command can be told.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// How to print: table (for people), json or yaml (whole, for programs)
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value = "table",
        hide_possible_values = true,
        value_name = "FORMAT"
    )]
    pub output: Format,
    /// The server's address
    #[arg(
        long,
        global = true,
        env = "ROLECALL_URL",
        default_value = "http://127.0.0.1:7400",
        value_name = "URL",
        help_heading = "Connection"
    )]
    pub url: String,
    /// The credential
    #[arg(
        long,
        global = true,
        env = "ROLECALL_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        help_heading = "Connection"
    )]
    pub token: Option<String>,
    /// Trust this certificate authority too (PEM), for a server with a certificate of one's own
    #[arg(long, global = true, env = "ROLECALL_CA_CERT", value_name = "FILE", help_heading = "Connection")]
    pub ca_cert: Option<PathBuf>,
}

/// How a change is made.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Change {
    /// Change nothing; show who would gain and who would lose what
    #[arg(long, global = true)]
    pub dry_run: bool,
}

/// The connection and the wishes of one command.
pub struct Session {
    /// The client.
    pub client: Client,
    /// How to print.
    pub format: Format,
    dry_run: bool,
}

impl Global {
    /// The way to the server, without a credential.
    pub fn client(&self) -> Result<Client, Failure> {
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|error| Failure::failed(format!("cannot read {}: {error}", path.display())))
        };
        let ca_certificate = self.ca_cert.as_ref().map(read).transpose()?;
        Ok(Client::new(Connection { url: self.url.clone(), token: None, ca_certificate })?)
    }
}

impl Session {
    /// Prepares the way. The credential is the one given, or the one that `rolecall login` keeps for the server,
    /// which is renewed when it is about to end.
    pub async fn begin(global: &Global, change: Change) -> Result<Self, Failure> {
        let client = global.client()?;
        let given = global.token.clone().filter(|token| !token.is_empty());
        let token = match given {
            Some(token) => Some(token),
            None => credentials::find(&client).await?,
        };
        Ok(Session { client: client.with_token(token), format: global.output, dry_run: change.dry_run })
    }

    /// Reads one thing.
    pub async fn read(&self, path: String) -> Result<Value, Failure> {
        Ok(self.client.ask(&Ask::new(Method::GET, path)).await?)
    }

    /// Makes a change and answers with what the server said; in a dry run it shows what would
    /// happen and answers nothing.
    pub async fn change(&self, ask: Ask) -> Result<Option<Value>, Failure> {
        if !self.dry_run {
            return Ok(Some(self.client.ask(&ask).await?));
        }
        let difference = self.client.ask(&ask.query("dry_run", Some("true"))).await?;
        self.show_difference(&difference)?;
        Ok(None)
    }

    /// Refuses a dry run of what cannot be shown beforehand.
    pub fn refuse_dry_run(&self, why: &str) -> Result<(), Failure> {
        if self.dry_run { Err(Failure::wrong_use(format!("leave --dry-run out: {why}"))) } else { Ok(()) }
    }

    /// Makes a change and says it in a sentence, or prints the thing for programs.
    pub async fn make(&self, ask: Ask, sentence: impl FnOnce(&Value) -> String) -> Result<(), Failure> {
        let Some(made) = self.change(ask).await? else { return Ok(()) };
        self.done(&made, &sentence(&made))
    }

    /// Says what was done to people, and prints the thing for programs.
    pub fn done(&self, made: &Value, sentence: &str) -> Result<(), Failure> {
        if self.format == Format::Table {
            output::say(sentence);
            return Ok(());
        }
        output::data(self.format, made)
    }

    /// Whether nothing is to be changed.
    pub const fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Shows who would gain and who would lose what.
    pub fn show_difference(&self, difference: &Value) -> Result<(), Failure> {
        if self.format != Format::Table {
            return output::data(self.format, difference);
        }
        let lines = |field: &str, verb: &str| -> Vec<String> {
            let deltas = difference.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
            deltas.iter().map(|delta| delta_line(delta, verb)).collect()
        };
        let all = [lines("gains", "gains"), lines("losses", "loses")].concat();
        if all.is_empty() {
            output::say("nobody would gain or lose anything");
        }
        output::print(&all.concat())?;
        if difference.get("complete") == Some(&Value::Bool(false)) {
            output::say("there is more than is shown");
        }
        output::say("this was a dry run: nothing has changed");
        Ok(())
    }
}

fn delta_line(delta: &Value, verb: &str) -> String {
    let name = match output::text(delta, "name") {
        name if name.is_empty() => output::text(delta, "subject"),
        name => name,
    };
    let except = output::text(delta, "except");
    let except = if except.is_empty() { except } else { format!(" except in {except}") };
    format!("{name} {verb} {} {}{except}\n", output::text(delta, "action"), output::place(delta))
}

/// Asks before something is taken away. The answer is read from standard input, so a script can
/// give it; when there is none, `--yes` must have been said.
pub fn confirm(yes: bool, question: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    eprint!("{question} [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    if std::io::stdin().lock().read_line(&mut answer)? == 0 {
        eprintln!();
        return Err(Failure::wrong_use("nobody is there to answer; say --yes"));
    }
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::failed("left as it was")),
    }
}
