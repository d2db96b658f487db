//! Sign-in providers from the command line. A client secret comes from a file or is typed unseen; it never
//! stands on the command line, where others on the machine could read it.

use super::definition::text_of;
use super::noun::{Listing, Noun, body, some};
use crate::edit;
use crate::failure::Failure;
use crate::output::{self, text};
use crate::session::Session;
use crate::yaml::ProviderFile;
use clap::Args;
use reqwest::Method;
use rolecall_client::Ask;
use serde_json::{Value, json};
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Sign-in providers as people see them.
pub const PROVIDER: Noun = Noun {
    word: "provider",
    path: "/providers",
    columns: &[
        ("NAME", |one| text(one, "name")),
        ("TITLE", |one| text(one, "title")),
        ("ACTIVE", |one| text(one, "active")),
        ("ISSUER", |one| text(one, "issuer")),
        ("GROUPS FROM", sync),
    ],
    rows: &[
        ("name", |one| text(one, "name")),
        ("title", |one| text(one, "title")),
        ("active", |one| text(one, "active")),
        ("issuer", |one| text(one, "issuer")),
        ("client id", |one| text(one, "client_id")),
        ("scopes", |one| text(one, "scopes")),
        ("links by email", |one| text(one, "link_by_email")),
        ("adds users", |one| text(one, "create_users")),
        ("default policies", |one| text(one, "default_policies")),
        ("default roles", |one| super::user::names(one, "default_roles", "role")),
        ("groups from", sync),
        ("sends back to", |one| text(one, "redirect_path")),
    ],
};

/// Where groups come from; empty when they do not follow the provider.
fn sync(provider: &Value) -> String {
    let sync = &provider["group_sync"];
    if sync["enabled"] == Value::Bool(true) { text(sync, "path") } else { String::new() }
}

/// What a provider is told by flags.
#[derive(Args, Debug)]
struct Flags {
    /// What people call it
    #[arg(long)]
    title: Option<String>,
    /// Its issuer identifier, exactly as its metadata has it
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// What it knows this organization by
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Read the client secret from this file; - is standard input. Without it the secret is asked for
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
    /// It gave no client secret
    #[arg(long, conflicts_with = "client_secret_file")]
    public: bool,
    /// A scope to ask for beside openid; may be repeated [default: profile email]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Take somebody with a verified address for the user of that address
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    link_by_email: Option<bool>,
    /// Let somebody unknown become a user
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    create_users: Option<bool>,
    /// A domain of addresses, so that only somebody with one of it becomes a user; may be repeated
    #[arg(long = "email-domain", value_name = "DOMAIN")]
    email_domains: Vec<String>,
    /// A policy that such a user is given; may be repeated
    #[arg(long = "default-policy", value_name = "NAME")]
    default_policies: Vec<String>,
    /// Let groups follow it: where their names stand in the token, as a `JSONPath` such as $.groups
    #[arg(long, value_name = "PATH", conflicts_with = "no_groups")]
    groups: Option<String>,
    /// Let groups follow it no longer
    #[arg(long)]
    no_groups: bool,
    /// Ask for the scope "groups" too
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    add_groups_scope: Option<bool>,
    /// Switch it off (false) or on
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    active: Option<bool>,
}

impl Flags {
    fn body(&self) -> Value {
        let enabled = if self.no_groups { Some(false) } else { self.groups.as_ref().map(|_| true) };
        let sync = body([
            ("enabled", enabled.map(Value::from)),
            ("path", self.groups.as_ref().map(|path| json!(path))),
            ("add_groups_scope", self.add_groups_scope.map(Value::from)),
        ]);
        body([
            ("title", self.title.as_ref().map(|text| json!(text))),
            ("issuer", self.issuer.as_ref().map(|text| json!(text))),
            ("client_id", self.client_id.as_ref().map(|text| json!(text))),
            ("scopes", some(&self.scopes)),
            ("link_by_email", self.link_by_email.map(Value::from)),
            ("create_users", self.create_users.map(Value::from)),
            ("email_domains", some(&self.email_domains)),
            ("default_policies", some(&self.default_policies)),
            ("group_sync", Some(sync).filter(|sync| sync.as_object().is_some_and(|sync| !sync.is_empty()))),
            ("active", self.active.map(Value::from)),
        ])
    }
}

/// `create provider`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall create provider okta --title Okta --issuer https://acme.okta.com --client-id 0oa1 --client-secret-file okta.secret --create-users --groups '$.groups' --add-groups-scope\n  rolecall create provider --file providers.yaml\n\nRegister the address PUBLIC-URL/signin/sso/callback there first."
)]
pub struct Create {
    /// Its name, which stands in addresses: small letters, digits and hyphens
    #[arg(required_unless_present = "file")]
    name: Option<String>,
    /// Read one, or a list of them, from a YAML file; - is standard input
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["title", "issuer", "client_id", "client_secret_file", "public", "scopes", "link_by_email", "create_users", "email_domains", "default_policies", "groups", "active", "edit"])]
    file: Option<PathBuf>,
    /// Write it in $EDITOR
    #[arg(long)]
    edit: bool,
    #[command(flatten)]
    flags: Flags,
}

/// `get provider`
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  rolecall get provider\n  rolecall get provider okta -o yaml")]
pub struct Get {
    /// One of them
    name: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

/// `update provider`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall update provider okta\n  rolecall update provider okta --active false\n  rolecall update provider okta --client-secret-file new.secret\n  rolecall update provider --file providers.yaml"
)]
pub struct Update {
    /// Its name
    #[arg(required_unless_present = "file")]
    name: Option<String>,
    /// Read what is to change from a YAML file, of one or of a list; - is standard input
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["title", "issuer", "client_id", "client_secret_file", "public", "scopes", "link_by_email", "create_users", "email_domains", "default_policies", "groups", "active"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
}

impl Create {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        if let Some(file) = &self.file {
            return from_file(session, self.name.as_deref(), file, Doing::Create).await;
        }
        let name = self.name.unwrap_or_default();
        if self.edit {
            return create_typed(session, &name, &self.flags).await;
        }
        let mut body = self.flags.body();
        body["name"] = json!(name);
        if let Some(secret) = secret(&self.flags, true)? {
            body["client_secret"] = json!(secret);
        }
        PROVIDER.create(session, body).await
    }
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        PROVIDER.show(session, self.name.as_deref(), &self.listing, PROVIDER.list()).await
    }
}

impl Update {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        if let Some(file) = &self.file {
            return from_file(session, self.name.as_deref(), file, Doing::Update).await;
        }
        let name = self.name.unwrap_or_default();
        let mut body = self.flags.body();
        if self.flags.public {
            body["client_secret"] = Value::Null;
        } else if let Some(secret) = secret(&self.flags, false)? {
            body["client_secret"] = json!(secret);
        }
        if body.as_object().is_some_and(serde_json::Map::is_empty) {
            return update_typed(session, &name).await;
        }
        PROVIDER.patch(session, &name, body).await
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Create,
    Update,
}

/// Makes or changes what a file says, in its order, until something is refused.
async fn from_file(session: &Session, name: Option<&str>, path: &Path, doing: Doing) -> Result<(), Failure> {
    let file = path.display().to_string();
    let all = ProviderFile::read_all(&text_of(path)?).map_err(|failure| failure.in_file(&file))?;
    if name.is_some() && all.len() != 1 {
        return Err(Failure::wrong_use("the file has a list; leave the name out, each of them says its own"));
    }
    for (provider, line) in &all {
        let at = |failure: Failure| failure.on_line(Some(*line)).in_file(&file);
        let mut body = provider.body();
        let own = match (name, provider.name.as_deref()) {
            (Some(given), Some(own)) if given != own => {
                let said =
                    format!("the file names the provider \"{own}\", the command \"{given}\"; make them the same");
                return Err(at(Failure::mistake(said)));
            }
            (Some(name), _) | (None, Some(name)) => name.to_owned(),
            (None, None) => return Err(at(Failure::mistake("name is missing"))),
        };
        if let Some(secret) = &provider.client_secret_file {
            // Beside the file that names it.
            let secret = path.parent().map_or_else(|| secret.clone(), |folder| folder.join(secret));
            body["client_secret"] = json!(text_of(&secret)?.trim());
        }
        let done = match doing {
            Doing::Create => {
                body["name"] = json!(own);
                PROVIDER.create(session, body).await
            }
            Doing::Update => {
                body.as_object_mut().map(|body| body.remove("name"));
                PROVIDER.patch(session, &own, body).await
            }
        };
        done.map_err(|failure| if failure.is_mendable() { at(failure) } else { failure })?;
    }
    Ok(())
}

/// The client secret, from its file or typed unseen; none for a public client.
fn secret(flags: &Flags, ask: bool) -> Result<Option<String>, Failure> {
    if let Some(file) = &flags.client_secret_file {
        return Ok(Some(text_of(file)?.trim().to_owned()));
    }
    if flags.public || !ask {
        return Ok(None);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::wrong_use(
            "give the client secret by --client-secret-file, or say --public if there is none",
        ));
    }
    typed_unseen("Client secret (empty for a public client): ")
        .map(|secret| Some(secret).filter(|secret| !secret.is_empty()))
}

/// A line from the terminal that does not appear there.
fn typed_unseen(question: &str) -> Result<String, Failure> {
    let echo = |on: bool| {
        let word = if on { "echo" } else { "-echo" };
        Command::new("stty").arg(word).stdin(Stdio::inherit()).status().is_ok_and(|status| status.success())
    };
    eprint!("{question}");
    let hidden = echo(false);
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    if hidden {
        echo(true);
    }
    eprintln!();
    read?;
    Ok(line.trim().to_owned())
}

const HOW: &str = "# Save and close to go on. Leave it as it is, or empty it, to cancel.\n\
    # The client secret is not shown; name a file that has it: client_secret_file: PATH\n";

/// A provider as an editor shows it: JSON values are YAML.
fn shown(provider: &Value) -> String {
    let fields = [
        "title",
        "issuer",
        "client_id",
        "scopes",
        "active",
        "link_by_email",
        "create_users",
        "email_domains",
        "default_policies",
        "default_roles",
        "group_sync",
    ];
    let line = |name: &&str| Some(format!("{name}: {}\n", provider.get(*name)?));
    let lines: String = fields.iter().filter_map(line).collect();
    format!("# A provider is where people sign in elsewhere, by OpenID Connect.\n{HOW}\n{lines}")
}

async fn create_typed(session: &Session, name: &str, flags: &Flags) -> Result<(), Failure> {
    let mut start = json!({
        "title": name, "issuer": "https://", "client_id": "", "scopes": ["openid", "profile", "email"],
        "link_by_email": false, "create_users": false, "email_domains": [], "default_policies": [], "default_roles": [],
        "group_sync": { "enabled": false, "path": "$.groups", "add_groups_scope": false },
    });
    if let (Some(start), Value::Object(given)) = (start.as_object_mut(), flags.body()) {
        start.extend(given);
    }
    let attempt = async |typed: &str| {
        let mut body = one(typed)?;
        body["name"] = json!(name);
        PROVIDER.create(session, body).await
    };
    edit::until_right(PROVIDER.word, &shown(&start), attempt).await.map(|_| ())
}

async fn update_typed(session: &Session, name: &str) -> Result<(), Failure> {
    let present = session.read(PROVIDER.one(name)).await?;
    let revision = present["revision"].as_u64();
    let attempt = async |typed: &str| {
        let ask = Ask::new(Method::PATCH, PROVIDER.one(name)).body(one(typed)?).if_match(revision);
        session.make(ask, |_| format!("updated provider \"{}\"", output::shown(name))).await
    };
    edit::until_right(PROVIDER.word, &shown(&present), attempt).await.map(|_| ())
}

/// The one provider that was typed.
fn one(typed: &str) -> Result<Value, Failure> {
    let mut all = ProviderFile::read_all(typed)?;
    let (Some((provider, _)), true) = (all.pop(), all.is_empty()) else {
        return Err(Failure::mistake("one provider is edited at a time"));
    };
    let mut body = provider.body();
    body.as_object_mut().map(|body| body.remove("name"));
    if let Some(file) = &provider.client_secret_file {
        body["client_secret"] = json!(text_of(file)?.trim());
    }
    Ok(body)
}

/// `check-sign-in`
#[derive(Args, Debug)]
pub struct CheckSignIn {
    /// The provider
    provider: String,
    /// The claims of an ID token as JSON, or the token itself (it is only read, not verified); - is standard input
    #[arg(long, value_name = "FILE")]
    claims: PathBuf,
    /// What the userinfo endpoint answers, as JSON
    #[arg(long, value_name = "FILE")]
    userinfo: Option<PathBuf>,
}

impl CheckSignIn {
    /// Exit code 0 when somebody would be let in, 1 when not.
    pub async fn run(self, session: &Session) -> Result<ExitCode, Failure> {
        let userinfo = self.userinfo.as_ref().map(|path| claims(path)).transpose()?;
        let body = body([("claims", Some(claims(&self.claims)?)), ("userinfo", userinfo)]);
        let path = format!("{}/dry-run", PROVIDER.one(&self.provider));
        let would = session.client.ask(&Ask::new(Method::POST, path).body(body)).await?;
        output::item(session.format, &would, WOULD)?;
        if session.format == output::Format::Table && would["difference"].is_object() {
            session.show_difference(&would["difference"])?;
        }
        let is_nobody = would["who"] == "nobody";
        Ok(if is_nobody { ExitCode::from(crate::failure::DENIED) } else { ExitCode::SUCCESS })
    }
}

const WOULD: &[output::Column] = &[
    ("who", |one| text(one, "who")),
    ("name", |one| text(&one["user"], "name")),
    ("email", |one| text(&one["user"], "email")),
    ("subject", |one| text(&one["user"], "subject")),
    ("why not", |one| text(one, "detail")),
    ("groups", |one| text(one, "groups")),
    ("names", |one| text(one, "group_names")),
    ("joins", |one| text(one, "joined")),
    ("leaves", |one| text(one, "left")),
    ("keeps all groups", |one| {
        if one["kept"] == Value::Bool(true) { "the last administrator".to_owned() } else { String::new() }
    }),
];

/// The claims in a file: JSON, or a token whose middle part has them.
fn claims(path: &Path) -> Result<Value, Failure> {
    let text = text_of(path)?;
    let text = text.trim();
    let file = path.display().to_string();
    let parts: Vec<&str> = text.split('.').collect();
    let json = match parts.as_slice() {
        [head, middle, _] if head.starts_with("eyJ") => decoded(middle),
        _ => Some(text.as_bytes().to_vec()),
    };
    let value = json.and_then(|json| serde_json::from_slice::<Value>(&json).ok());
    value
        .filter(Value::is_object)
        .ok_or_else(|| Failure::failed("these are no claims; put a JSON object or a whole token there").in_file(&file))
}

/// Base64 in the alphabet of URLs.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_from_json_and_from_a_token() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| {
            let path = folder.path().join("claims");
            std::fs::write(&path, text).unwrap();
            claims(&path)
        };
        assert_eq!(write(" {\"sub\": \"1\"}\n").unwrap(), json!({ "sub": "1" }));
        assert_eq!(write("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln\n").unwrap(), json!({ "sub": "1" }));
        assert!(write("eyJ.%%%.x").is_err());
        assert!(write("[1]").is_err());
    }
}
