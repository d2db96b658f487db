//! Settings: one struct a concern, each value from a flag, else a variable, else the file, else its
//! default. Nothing below this crate looks at the environment.

mod file;

use anyhow::{Context, bail};
use clap::Args;
use rolecall_mail::{Smtp, SmtpSettings};
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_service::{FirstStart, Key, SHORTEST_TOKEN};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the server listens unless told otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:7400";
/// The database unless told otherwise.
pub const DEFAULT_DATABASE: &str = "sqlite:rolecall.db";

/// What `rolecall serve` can be told.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeArgs {
    /// A TOML file with any of these settings, named as the flags are
    #[arg(long, env = "ROLECALL_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:7400]
    #[arg(long, env = "ROLECALL_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Where everything is kept: sqlite:PATH [default: sqlite:rolecall.db]
    #[arg(long, env = "ROLECALL_DATABASE", value_name = "URL")]
    pub database: Option<String>,
    /// The address by which clients reach the server, as links and discovery show it
    #[arg(long, env = "ROLECALL_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Certificate chain for HTTPS, as PEM
    #[arg(long, env = "ROLECALL_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Private key for HTTPS, as PEM
    #[arg(long, env = "ROLECALL_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Let the Union client on this machine act as the first administrator without a credential, as it sends none over
    /// plain http; only with a loopback address to listen on
    #[arg(long)]
    pub trust_loopback: bool,
    /// A throw-away database with a small lived-in organization
    #[arg(long)]
    pub demo: bool,
    /// Serve metrics without a credential on this address of its own
    #[arg(long, env = "ROLECALL_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<String>,
    /// What to log: error, warn, info, debug or trace, or by part as in `info,rolecall_store=debug` [default: info]
    #[arg(long, env = "ROLECALL_LOG", value_name = "LEVEL")]
    pub log: Option<String>,
    /// How to log: text for people, json for programs [default: text on a terminal, else json]
    #[arg(long, env = "ROLECALL_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// The key that seals secrets in the database, 32 bytes as base64 or hexadecimal (or `ROLECALL_KEY_FILE`)
    /// [default: the file beside the database, made when missing]
    #[arg(long, env = "ROLECALL_KEY", value_name = "KEY", hide_env_values = true)]
    pub key: Option<String>,
    #[arg(long, env = "ROLECALL_KEY_FILE", hide = true)]
    key_file: Option<PathBuf>,
    /// Mail server: `smtps://user:password@host:465` or `smtp://host:587?tls=required`, `opportunistic` or, on this
    /// machine, `none` (or `ROLECALL_SMTP_URL_FILE`)
    #[arg(long, env = "ROLECALL_SMTP_URL", value_name = "URL", hide_env_values = true, help_heading = "Mail")]
    pub smtp_url: Option<String>,
    #[arg(long, env = "ROLECALL_SMTP_URL_FILE", hide = true)]
    smtp_url_file: Option<PathBuf>,
    /// Whom mail comes from, such as `Rolecall <roles@example.com>`
    #[arg(long, env = "ROLECALL_MAIL_FROM", value_name = "ADDRESS", help_heading = "Mail")]
    pub mail_from: Option<String>,
    /// Certificates of authorities to trust beside the public ones when mail is sent, as PEM
    #[arg(long, env = "ROLECALL_SMTP_CA", value_name = "FILE", help_heading = "Mail")]
    pub smtp_ca: Option<PathBuf>,
    /// Proxies whose `X-Forwarded-For` is believed, as addresses with commas between them
    #[arg(long, env = "ROLECALL_TRUSTED_PROXIES", value_name = "ADDRESSES", help_heading = "Sign-in")]
    pub trusted_proxies: Option<String>,
    /// Tries to sign in that one account has in a minute [default: 10]
    #[arg(long, env = "ROLECALL_SIGN_IN_TRIES", value_name = "COUNT", help_heading = "Sign-in")]
    pub sign_in_tries: Option<u32>,
    /// Tries to sign in that one address has in a minute [default: 60]
    #[arg(long, env = "ROLECALL_SIGN_IN_TRIES_ADDRESS", value_name = "COUNT", help_heading = "Sign-in")]
    pub sign_in_tries_address: Option<u32>,
    /// First start: the organization's name [default: default]
    #[arg(long, env = "ROLECALL_ORGANIZATION", value_name = "NAME", help_heading = "First start")]
    pub organization: Option<String>,
    /// First start: union, unleash, none, or a catalog file of one's own [default: none]
    #[arg(long, env = "ROLECALL_CATALOG", value_name = "CATALOG", help_heading = "First start")]
    pub catalog: Option<String>,
    /// First start: the administrator's address
    #[arg(long, env = "ROLECALL_ADMIN_EMAIL", value_name = "EMAIL", help_heading = "First start")]
    pub admin_email: Option<String>,
    /// First start: the administrator's password (or `ROLECALL_ADMIN_PASSWORD_FILE`)
    #[arg(
        long,
        env = "ROLECALL_ADMIN_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true,
        help_heading = "First start"
    )]
    pub admin_password: Option<String>,
    /// First start: a token of your choice for an application with every right (or `ROLECALL_ADMIN_TOKEN_FILE`)
    #[arg(
        long,
        env = "ROLECALL_ADMIN_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        help_heading = "First start"
    )]
    pub admin_token: Option<String>,
    #[arg(long, env = "ROLECALL_ADMIN_PASSWORD_FILE", hide = true)]
    admin_password_file: Option<PathBuf>,
    #[arg(long, env = "ROLECALL_ADMIN_TOKEN_FILE", hide = true)]
    admin_token_file: Option<PathBuf>,
}

/// Everything the server needs to know, checked.
#[derive(Clone)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The database's file.
    pub database: PathBuf,
    /// The address by which clients reach the server, without a slash at the end.
    pub public_url: String,
    /// Certificate chain and key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Whether the Union client on this machine needs no credential.
    pub trust_loopback: bool,
    /// Whether the database is to be thrown away.
    pub demo: bool,
    /// Where to serve metrics without a credential.
    pub metrics_listen: Option<SocketAddr>,
    /// What to log.
    pub log: String,
    /// Whether to log as JSON.
    pub log_json: bool,
    /// The key that seals secrets; none takes that of the file beside the database.
    pub key: Option<Arc<Key>>,
    /// How mail leaves; none shows links instead.
    pub mail: Option<Smtp>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Tries to sign in that one account, and that one address, has in a minute.
    pub tries: (u32, u32),
    /// What to make at the first start; none leaves it to the set-up page.
    pub first: Option<FirstStart>,
}

impl ServeArgs {
    /// Reads the file and checks everything.
    ///
    /// # Errors
    /// The setting that cannot be, and what it should be.
    pub fn settle(mut self) -> anyhow::Result<Settings> {
        self.forget_empty();
        if let Some(path) = self.config.clone() {
            self.fill_from(file::read(&path)?);
        }
        let listen = address(self.listen.as_deref().unwrap_or(DEFAULT_LISTEN), "listen")?;
        let tls = match (self.tls_cert.take(), self.tls_key.take()) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => bail!("--tls-cert needs --tls-key beside it"),
            (None, Some(_)) => bail!("--tls-key needs --tls-cert beside it"),
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let public_url = self.public_url.take().unwrap_or_else(|| format!("{scheme}://{listen}"));
        if !public_url.starts_with("http://") && !public_url.starts_with("https://") {
            bail!("--public-url must begin with http:// or https://, not `{public_url}`");
        }
        let metrics_listen = self.metrics_listen.as_deref().map(|text| address(text, "metrics-listen")).transpose()?;
        let database = database(self.database.as_deref().unwrap_or(DEFAULT_DATABASE))?;
        let log_json = match self.log_format.as_deref() {
            None => !std::io::IsTerminal::is_terminal(&std::io::stderr()),
            Some("json") => true,
            Some("text") => false,
            Some(other) => bail!("--log-format is text or json, not `{other}`"),
        };
        let log = self.log.clone().unwrap_or_else(|| "info".to_owned());
        let public_url = public_url.trim_end_matches('/').to_owned();
        let (key, mail) = (self.seal()?, self.mail()?);
        let trusted_proxies = proxies(self.trusted_proxies.as_deref().unwrap_or_default())?;
        let tries = (self.sign_in_tries.unwrap_or(10), self.sign_in_tries_address.unwrap_or(60));
        if tries.0 == 0 || tries.1 == 0 {
            bail!("--sign-in-tries and --sign-in-tries-address must be 1 or more, or nobody could sign in");
        }
        let trust_loopback = self.trust_loopback;
        if trust_loopback && !listen.ip().to_canonical().is_loopback() {
            bail!(
                "--trust-loopback lets whoever reaches the server on its own machine administer it, so it needs a loopback \
                 address to listen on, such as {DEFAULT_LISTEN}, not {listen}"
            );
        }
        let (demo, first) = (self.demo, self.first()?);
        Ok(Settings {
            listen,
            database,
            public_url,
            tls,
            trust_loopback,
            demo,
            metrics_listen,
            log,
            log_json,
            key,
            mail,
            trusted_proxies,
            tries,
            first,
        })
    }

    /// An empty variable says nothing: that is how container files leave a setting out.
    fn forget_empty(&mut self) {
        let texts = [
            &mut self.listen,
            &mut self.database,
            &mut self.public_url,
            &mut self.metrics_listen,
            &mut self.log,
            &mut self.log_format,
            &mut self.key,
            &mut self.smtp_url,
            &mut self.mail_from,
            &mut self.trusted_proxies,
            &mut self.organization,
            &mut self.catalog,
            &mut self.admin_email,
            &mut self.admin_password,
            &mut self.admin_token,
        ];
        for text in texts {
            text.take_if(|text| text.is_empty());
        }
        let paths = [
            &mut self.config,
            &mut self.tls_cert,
            &mut self.tls_key,
            &mut self.key_file,
            &mut self.smtp_url_file,
            &mut self.smtp_ca,
            &mut self.admin_password_file,
            &mut self.admin_token_file,
        ];
        for path in paths {
            path.take_if(|path| path.as_os_str().is_empty());
        }
    }

    /// The key, if one was given.
    fn seal(&mut self) -> anyhow::Result<Option<Arc<Key>>> {
        seal_key(self.key.take(), self.key_file.as_deref())
    }

    /// How mail leaves, if it can.
    fn mail(&mut self) -> anyhow::Result<Option<Smtp>> {
        let url = secret(self.smtp_url.take(), self.smtp_url_file.as_deref(), "ROLECALL_SMTP_URL")?;
        let (url, from) = match (url, self.mail_from.take()) {
            (Some(url), Some(from)) => (url, from),
            (None, None) if self.smtp_ca.is_none() => return Ok(None),
            (Some(_), None) => bail!("ROLECALL_SMTP_URL needs ROLECALL_MAIL_FROM beside it"),
            (None, _) => bail!("ROLECALL_MAIL_FROM and ROLECALL_SMTP_CA need ROLECALL_SMTP_URL beside them"),
        };
        let authorities = self
            .smtp_ca
            .as_deref()
            .map(|path| std::fs::read(path).with_context(|| format!("--smtp-ca {} cannot be read", path.display())));
        let settings = SmtpSettings { url, from, authorities: authorities.transpose()? };
        Ok(Some(Smtp::new(&settings)?))
    }

    /// What to make at the first start, if anything was said about it.
    fn first(mut self) -> anyhow::Result<Option<FirstStart>> {
        let password =
            secret(self.admin_password.take(), self.admin_password_file.as_deref(), "ROLECALL_ADMIN_PASSWORD")?;
        let token = secret(self.admin_token.take(), self.admin_token_file.as_deref(), "ROLECALL_ADMIN_TOKEN")?;
        if let Some(token) = &token
            && token.chars().count() < SHORTEST_TOKEN
        {
            bail!("ROLECALL_ADMIN_TOKEN has fewer than {SHORTEST_TOKEN} characters; choose a longer one");
        }
        if password.is_some() && self.admin_email.is_none() {
            bail!("ROLECALL_ADMIN_PASSWORD needs ROLECALL_ADMIN_EMAIL beside it");
        }
        let said = [&self.organization, &self.catalog, &self.admin_email, &password, &token];
        if said.iter().all(|value| value.is_none()) {
            return Ok(None);
        }
        let catalog = read_catalog(self.catalog.as_deref().unwrap_or("none"))?;
        let organization = self.organization.unwrap_or_else(|| "default".to_owned());
        let (admin_email, title) = (self.admin_email, String::new());
        let (admin_password, admin_token) = (password, token);
        Ok(Some(FirstStart { organization, title, catalog, admin_email, admin_password, admin_token }))
    }
}

/// A catalog of ours by name, or one from a file.
///
/// # Errors
/// When the file cannot be read, or with line and column what is wrong in it.
pub fn read_catalog(name: &str) -> anyhow::Result<Arc<Catalog>> {
    let yaml = match builtin(name) {
        Some(yaml) => yaml.to_owned(),
        None => std::fs::read_to_string(name).with_context(|| {
            format!("no catalog named `{name}`: it is union, unleash, none, or a file that can be read")
        })?,
    };
    let catalog = Catalog::read(&yaml).map_err(|error| anyhow::anyhow!("catalog {name}: {error}"))?;
    Ok(Arc::new(catalog))
}

/// The file of a database address.
///
/// # Errors
/// When the address is not one that this version can open.
pub fn database(url: &str) -> anyhow::Result<PathBuf> {
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        bail!("PostgreSQL comes with a later version; use sqlite:PATH for now");
    }
    let Some(path) = url.strip_prefix("sqlite:") else {
        bail!("a database is written sqlite:PATH, not `{url}`");
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        bail!("the database address `{url}` names no file; write sqlite:PATH");
    }
    Ok(PathBuf::from(path))
}

/// The key that was given, as itself or by its file.
pub(crate) fn seal_key(key: Option<String>, file: Option<&Path>) -> anyhow::Result<Option<Arc<Key>>> {
    let text = secret(key.filter(|key| !key.is_empty()), file, "ROLECALL_KEY")?;
    let key = text.map(|text| Key::parse(&text)).transpose();
    Ok(key.context("ROLECALL_KEY cannot be used")?.map(Arc::new))
}

fn proxies(text: &str) -> anyhow::Result<Vec<IpAddr>> {
    let named = text.split(',').map(str::trim).filter(|text| !text.is_empty());
    let read = |text: &str| {
        text.parse::<IpAddr>()
            .with_context(|| format!("--trusted-proxies names addresses such as 10.0.0.1, not `{text}`"))
    };
    named.map(read).collect()
}

fn address(text: &str, setting: &str) -> anyhow::Result<SocketAddr> {
    use std::net::ToSocketAddrs;
    let found = text.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.with_context(|| format!("--{setting} is an address with a port, such as {DEFAULT_LISTEN}, not `{text}`"))
}

fn secret(value: Option<String>, file: Option<&Path>, name: &str) -> anyhow::Result<Option<String>> {
    let Some(file) = file else { return Ok(value) };
    if value.is_some() {
        bail!("{name} and {name}_FILE are both set; keep one");
    }
    let text =
        std::fs::read_to_string(file).with_context(|| format!("{name}_FILE {} cannot be read", file.display()))?;
    Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(args: ServeArgs) -> String {
        args.settle().err().map(|error| format!("{error:#}")).unwrap_or_default()
    }

    #[test]
    fn defaults_need_no_flag() {
        let settings = ServeArgs::default().settle().unwrap();
        assert_eq!(settings.listen.to_string(), DEFAULT_LISTEN);
        assert_eq!(settings.database, PathBuf::from("rolecall.db"));
        assert_eq!(settings.public_url, "http://127.0.0.1:7400");
        assert!(settings.first.is_none());
    }

    #[test]
    fn a_flag_counts_more_than_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rolecall.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\npublic-url = \"https://r.example/\"\n").unwrap();
        let args = ServeArgs { config: Some(path), listen: Some("127.0.0.1:2".into()), ..ServeArgs::default() };
        let settings = args.settle().unwrap();
        assert_eq!(settings.listen.port(), 2);
        assert_eq!(settings.public_url, "https://r.example");
    }

    #[test]
    fn a_mistake_in_a_setting_is_named_with_its_mend() {
        let text = |value: &str| Some(value.to_owned());
        let cases = [
            (ServeArgs { listen: text("here"), ..ServeArgs::default() }, "--listen is an address with a port"),
            (
                ServeArgs { database: text("postgres://x"), ..ServeArgs::default() },
                "PostgreSQL comes with a later version",
            ),
            (ServeArgs { database: text("mysql:x"), ..ServeArgs::default() }, "written sqlite:PATH"),
            (
                ServeArgs { trust_loopback: true, listen: text("0.0.0.0:7400"), ..ServeArgs::default() },
                "needs a loopback address to listen on",
            ),
            (ServeArgs { tls_cert: Some("c".into()), ..ServeArgs::default() }, "needs --tls-key"),
            (ServeArgs { admin_token: text("short"), ..ServeArgs::default() }, "fewer than 16 characters"),
            (
                ServeArgs { admin_password: text("long enough 1A!"), ..ServeArgs::default() },
                "needs ROLECALL_ADMIN_EMAIL",
            ),
            (ServeArgs { trusted_proxies: text("proxy"), ..ServeArgs::default() }, "addresses such as 10.0.0.1"),
            (ServeArgs { sign_in_tries: Some(0), ..ServeArgs::default() }, "must be 1 or more"),
            (ServeArgs { catalog: text("unoin"), ..ServeArgs::default() }, "union, unleash, none, or a file"),
            (
                ServeArgs { key: text("too-short"), ..ServeArgs::default() },
                "ROLECALL_KEY cannot be used: a key is 32 bytes",
            ),
            (
                ServeArgs { smtp_url: text("smtps://mail.example"), ..ServeArgs::default() },
                "needs ROLECALL_MAIL_FROM beside it",
            ),
            (ServeArgs { mail_from: text("a@example.com"), ..ServeArgs::default() }, "need ROLECALL_SMTP_URL"),
            (
                ServeArgs {
                    smtp_url: text("smtp://mail.example?tls=none"),
                    mail_from: text("a@example.com"),
                    ..ServeArgs::default()
                },
                "must not go unprotected",
            ),
            (ServeArgs { public_url: text("r.example"), ..ServeArgs::default() }, "must begin with http"),
        ];
        for (args, expected) in cases {
            let message = refusal(args);
            assert!(message.contains(expected), "{message}");
        }
    }
}
