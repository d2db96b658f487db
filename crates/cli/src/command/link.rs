//! Links by which somebody chooses a password: mailed, or shown when there is no mail server.

use crate::failure::Failure;
use crate::output::{self, Format, text, time};
use crate::session::Session;
use clap::Args;
use reqwest::Method;
use rolecall_client::{Ask, segment};
use serde_json::Value;

/// `create invitation`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  rolecall create invitation --email grace@example.com")]
pub struct Invitation {
    #[command(flatten)]
    whose: Whose,
}

/// `create reset`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  rolecall create reset --email grace@example.com")]
pub struct Reset {
    #[command(flatten)]
    whose: Whose,
}

#[derive(Args, Debug)]
struct Whose {
    /// Whose: an email or any other identifier
    #[arg(long, visible_alias = "user", value_name = "WHO")]
    email: String,
}

impl Invitation {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        self.whose.make(session, "invitation").await
    }
}

impl Reset {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        self.whose.make(session, "reset").await
    }
}

impl Whose {
    async fn make(self, session: &Session, kind: &str) -> Result<(), Failure> {
        session.refuse_dry_run("a link changes nothing that could be shown beforehand")?;
        let ask = Ask::new(Method::POST, format!("/users/{}/{kind}", segment(&self.email)));
        let made = session.client.ask(&ask).await?;
        if session.format == Format::Table {
            return say(&made, &self.email);
        }
        output::data(session.format, &made)
    }
}

/// Says where a link went: by mail, or here, and then it is to be handed over.
pub fn say(made: &Value, who: &str) -> Result<(), Failure> {
    let (link, until) = (text(made, "link"), time(made, "expires"));
    if link.is_empty() {
        output::say(&format!(
            "a link to choose a password is on its way to {}; it counts until {until}",
            output::shown(who)
        ));
        return Ok(());
    }
    output::say(&format!("hand over this link to choose a password; it counts once, until {until}"));
    output::print(&format!("{}\n", output::shown(&link)))
}
