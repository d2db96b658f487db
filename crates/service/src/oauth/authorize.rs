//! The authorization request: what a client asks of whoever sits at the browser (RFC 6749, 4.1; OpenID Connect Core,
//! 3.1.2). PKCE is demanded of all, by S256 (RFC 9700, 2.1.1).

use super::client::{Client, host_name, with_query};
use super::code::{Code, State};
use super::grant::Agreement;
use super::scope::{Scope, Scopes};
use super::{Fault, access::seconds};
use crate::{Ctx, Error, Service};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rolecall_model::Timestamp;

/// Longest `state` and `nonce` that are carried along, in bytes.
const LONGEST: usize = 2_000;
/// Characters of a SHA-256 as base64.
const CHALLENGE: usize = 43;

/// An authorization request as it came.
#[derive(Clone, Debug, Default)]
pub struct AuthorizeRequest {
    /// The client's id.
    pub client_id: Option<String>,
    /// Where the browser goes back to.
    pub redirect_uri: Option<String>,
    /// Must be `code`.
    pub response_type: Option<String>,
    /// Must be `query`, if anything.
    pub response_mode: Option<String>,
    /// What is asked for.
    pub scope: Option<String>,
    /// The client's own, carried along.
    pub state: Option<String>,
    /// The client's own, put into the ID token.
    pub nonce: Option<String>,
    /// SHA-256 of the verifier.
    pub code_challenge: Option<String>,
    /// Must be `S256`.
    pub code_challenge_method: Option<String>,
    /// `none`, `login`, `consent`, `select_account`.
    pub prompt: Option<String>,
    /// Seconds since the sign-in, at most.
    pub max_age: Option<String>,
    /// A request as a token, which is not taken.
    pub request: Option<String>,
    /// A request elsewhere, which is not taken.
    pub request_uri: Option<String>,
    /// The organization that whoever agrees must be of.
    pub organization: Option<String>,
    /// The machine on which the client runs, as it says.
    pub host: Option<String>,
    /// Proof of ours since when a new sign-in is waited for.
    pub since: Option<String>,
}

/// Why an authorization request is not looked at further.
#[derive(Debug)]
pub enum Rejected {
    /// Nobody knows where to send the browser, so a page says it.
    Here(Fault),
    /// The browser is sent back to this address.
    Back(String),
}

/// An authorization request that was checked.
#[derive(Debug)]
pub struct Authorization {
    /// Who asks.
    pub client: &'static Client,
    /// What for.
    pub scopes: Scopes,
    /// On which machine the client says it runs.
    pub host: Option<String>,
    /// The organization that whoever agrees must be of.
    pub organization: Option<String>,
    redirect_uri: String,
    issuer: String,
    state: Option<String>,
    nonce: Option<String>,
    challenge: String,
    quiet: bool,
    again: bool,
    ask: bool,
    max_age: Option<i64>,
    since: Option<Timestamp>,
}

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// Somebody must sign in; also who has, when `again` says so.
    SignIn {
        /// Whether a session that goes on does not do.
        again: bool,
    },
    /// Whoever has signed in is asked.
    Ask,
    /// Nobody need be asked.
    Allow,
    /// The browser is sent back to this address.
    Back(String),
}

impl AuthorizeRequest {
    /// Checks a request. Who asks and where the answer goes are looked at first: until both are known, nothing is
    /// sent anywhere.
    ///
    /// # Errors
    /// What is wrong, and where it is to be said.
    pub fn check(self, service: &Service) -> Result<Authorization, Rejected> {
        let (client, redirect_uri) = self.addressee(service.public_url()).map_err(Rejected::Here)?;
        let issuer = service.public_url().to_owned();
        let state = self.state.clone().filter(|state| state.len() <= LONGEST);
        let back = |fault: &Fault| Rejected::Back(error_to(&redirect_uri, &issuer, state.as_deref(), fault));
        let (scopes, challenge) = self.demands().map_err(|fault| back(&fault))?;
        let prompts: Vec<&str> = self.prompt.as_deref().unwrap_or_default().split_whitespace().collect();
        let quiet = prompts.contains(&"none");
        if quiet && prompts.len() > 1 {
            return Err(back(&Fault::request("prompt=none cannot be combined with another")));
        }
        let max_age = self.max_age.as_deref().map(str::parse::<u32>).transpose();
        let max_age = max_age.map_err(|_| back(&Fault::request("max_age must be a number of seconds")))?;
        let since = self.since.as_deref().and_then(|since| service.since(&challenge, since));
        Ok(Authorization {
            client,
            scopes,
            host: host_name(self.host.as_deref()),
            organization: self.organization.filter(|name| !name.is_empty()),
            quiet,
            again: prompts.iter().any(|prompt| matches!(*prompt, "login" | "select_account")),
            ask: prompts.contains(&"consent"),
            max_age: max_age.map(i64::from),
            nonce: self.nonce,
            since,
            redirect_uri,
            issuer,
            state,
            challenge,
        })
    }

    fn addressee(&self, public_url: &str) -> Result<(&'static Client, String), Fault> {
        let Some(id) = self.client_id.as_deref() else { return Err(Fault::request("client_id is missing")) };
        let Some(client) = Client::named(id) else {
            return Err(Fault::client("no client of this client_id may ask people here"));
        };
        let Some(address) = self.redirect_uri.as_deref() else {
            return Err(Fault::request("redirect_uri is missing"));
        };
        if !client.takes(address, public_url) {
            return Err(Fault::request(format!("{} may not be called back at this redirect_uri", client.title)));
        }
        Ok((client, address.to_owned()))
    }

    fn demands(&self) -> Result<(Scopes, String), Fault> {
        if self.request.is_some() {
            return Err(Fault::refused("request_not_supported", "give the parameters themselves"));
        }
        if self.request_uri.is_some() {
            return Err(Fault::refused("request_uri_not_supported", "give the parameters themselves"));
        }
        match self.response_type.as_deref() {
            Some("code") => {}
            None => return Err(Fault::request("response_type is missing; it must be \"code\"")),
            Some(_) => return Err(Fault::refused("unsupported_response_type", "response_type must be \"code\"")),
        }
        if self.response_mode.as_deref().is_some_and(|mode| mode != "query") {
            return Err(Fault::request("response_mode must be \"query\""));
        }
        if self.code_challenge_method.as_deref() != Some("S256") {
            return Err(Fault::request("PKCE is demanded: code_challenge_method must be \"S256\" (RFC 7636)"));
        }
        let challenge = self.code_challenge.as_deref().unwrap_or_default();
        if challenge.len() != CHALLENGE || BASE64.decode(challenge).is_err() {
            let message = "PKCE is demanded: code_challenge must be a SHA-256 as base64url without padding (RFC 7636)";
            return Err(Fault::request(message));
        }
        let long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > LONGEST);
        if long(&self.state) || long(&self.nonce) {
            return Err(Fault::request(format!("state and nonce have at most {LONGEST} bytes")));
        }
        Ok((Scopes::asked(self.scope.as_deref(), Scopes::EVERYTHING)?, challenge.to_owned()))
    }
}

impl Authorization {
    /// What comes next, for who has this session, if any.
    pub fn step(&self, ctx: Option<&Ctx>) -> Step {
        let Some(agreement) = ctx.and_then(|ctx| Agreement::of(ctx).ok()).zip(ctx) else {
            return self.sign_in(false);
        };
        let (agreement, ctx) = agreement;
        let another = self.organization.as_deref().is_some_and(|wanted| !is_of(ctx, wanted));
        if another || self.is_stale(agreement.auth_time, ctx.now()) {
            return self.sign_in(true);
        }
        match (self.client.is_part_of_us && !self.ask, self.quiet) {
            (true, _) => Step::Allow,
            (false, true) => Step::Back(self.refuse("consent_required", "somebody must be asked; leave prompt out")),
            (false, false) => Step::Ask,
        }
    }

    fn sign_in(&self, again: bool) -> Step {
        if self.quiet {
            return Step::Back(self.refuse("login_required", "somebody must sign in; leave prompt out"));
        }
        Step::SignIn { again }
    }

    /// Whether a sign-in is too old for what the client asks. One made since we asked for it is new enough.
    fn is_stale(&self, signed_in: Timestamp, now: Timestamp) -> bool {
        if self.since.is_some_and(|since| signed_in >= since) {
            return false;
        }
        self.again || self.max_age.is_some_and(|most| seconds(now) - seconds(signed_in) > most)
    }

    /// The proof that a new sign-in is waited for from now on. It counts for this request only.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn since_now(&self, service: &Service) -> Result<String, Error> {
        let now = service.now().micros().to_be_bytes();
        Ok(BASE64.encode(service.key().seal(&purpose(&self.challenge), &now)?))
    }

    /// The origin that the browser is sent back to, as a policy of a page names it.
    pub fn origin(&self) -> &str {
        let path = self.redirect_uri.match_indices('/').nth(2).map_or(self.redirect_uri.len(), |(at, _)| at);
        &self.redirect_uri[..path]
    }

    /// Whoever was asked agrees: where the browser is sent, with a code for the client.
    ///
    /// # Errors
    /// `access_denied` when this caller cannot agree; when the store fails.
    pub async fn allow(&self, ctx: &Ctx) -> Result<String, Fault> {
        let service = ctx.service();
        let code = Code {
            client: self.client.id.to_owned(),
            redirect_uri: self.redirect_uri.clone(),
            challenge: self.challenge.clone(),
            nonce: self.nonce.clone(),
            scope: self.scopes.to_string(),
            host: self.host.clone(),
            agreement: Agreement::of(ctx)?,
            until: Code::until(service),
            state: State::Fresh,
        };
        let code = code.keep(service).await?;
        Ok(back(&self.redirect_uri, &self.issuer, self.state.as_deref(), &[("code", &code)]))
    }

    /// Whoever was asked does not agree: where the browser is sent.
    pub fn deny(&self) -> String {
        self.refuse("access_denied", "whoever was asked did not agree")
    }

    /// It failed: where the browser is sent.
    pub fn fail(&self, fault: &Fault) -> String {
        error_to(&self.redirect_uri, &self.issuer, self.state.as_deref(), fault)
    }

    fn refuse(&self, code: &'static str, description: &'static str) -> String {
        self.fail(&Fault::refused(code, description))
    }

    /// Whether the client asks to act as whoever agrees.
    pub const fn acts(&self) -> bool {
        self.scopes.has(Scope::All)
    }
}

impl Service {
    /// Since when a new sign-in is waited for, if this proof of it is ours and for this request.
    fn since(&self, challenge: &str, proof: &str) -> Option<Timestamp> {
        let sealed = BASE64.decode(proof).ok()?;
        let micros = self.key().open(&purpose(challenge), &sealed).ok()?;
        Some(Timestamp::from_micros(i64::from_be_bytes(micros.try_into().ok()?)))
    }
}

fn purpose(challenge: &str) -> String {
    format!("sign in again for {challenge}")
}

fn is_of(ctx: &Ctx, wanted: &str) -> bool {
    let settings = ctx.org().settings();
    let named = settings.is_some_and(|settings| rolecall_model::name::same_name(&settings.name, wanted.trim(), true));
    named || ctx.organization().to_string() == wanted
}

/// The client's address with an answer, and who gives it (RFC 9207).
fn back(redirect_uri: &str, issuer: &str, state: Option<&str>, answer: &[(&str, &str)]) -> String {
    let mut parameters = answer.to_vec();
    parameters.extend(state.map(|state| ("state", state)));
    parameters.push(("iss", issuer));
    with_query(redirect_uri, &parameters)
}

fn error_to(redirect_uri: &str, issuer: &str, state: Option<&str>, fault: &Fault) -> String {
    let description = fault.description();
    back(redirect_uri, issuer, state, &[("error", fault.code()), ("error_description", &description)])
}
