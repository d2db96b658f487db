//! What surrounds every page: the frame in HTML, its headers, and what all handlers share.

use crate::Settings;
use crate::sso::Providers;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rolecall_service::{Error, Service, html::escape};
use sha2::{Digest, Sha256};
use std::sync::{Arc, LazyLock};

/// What all handlers share. Cheap to copy.
#[derive(Clone)]
pub(crate) struct Shell {
    pub service: Service,
    pub settings: Arc<Settings>,
    pub sso: Arc<Providers>,
}

impl Shell {
    pub(crate) fn new(service: Service, settings: Settings) -> Self {
        Shell { service, settings: Arc::new(settings), sso: Arc::default() }
    }
}

/// A page: readable without scripts, small, in light and dark.
#[derive(Debug)]
pub struct Page {
    title: String,
    body: String,
    status: StatusCode,
    form_action: String,
    script: Option<&'static str>,
}

impl Page {
    /// A page of this title. The body is HTML already; what comes from elsewhere went through [`escape`].
    pub fn new(title: impl Into<String>, body: impl Into<String>) -> Self {
        let (title, body) = (title.into(), body.into());
        Page { title, body, status: StatusCode::OK, form_action: "'self'".to_owned(), script: None }
    }

    /// The same with another status.
    #[must_use]
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same, whose forms may end at another origin too, where the answer redirects to.
    #[must_use]
    pub fn form_action(mut self, origin: &str) -> Self {
        self.form_action = format!("'self' {origin}");
        self
    }

    /// The same with a script of ours, by its path. The page must work without it as far as it can.
    #[must_use]
    pub const fn script(mut self, path: &'static str) -> Self {
        self.script = Some(path);
        self
    }

    /// The whole page as text.
    pub fn html(&self) -> String {
        let script = self.script.map(|path| format!("<script src=\"{path}\" defer></script>")).unwrap_or_default();
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{} · Rolecall</title><style>{STYLE}</style>{script}</head>\
             <body><main><p class=\"brand\">Rolecall</p>{}</main></body></html>\n",
            escape(&self.title),
            self.body
        )
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let scripts = if self.script.is_some() { "script-src 'self'; connect-src 'self'; " } else { "" };
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; {scripts}form-action {}; frame-ancestors 'none'; base-uri 'none'",
            *STYLE_HASH, self.form_action
        );
        let mut response = (self.status, Html(self.html())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // Nothing leaves this server; and without a referrer a browser would not say where a form is from.
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// A notice of what went wrong, read out by screen readers at once; nothing when nothing did.
pub(crate) fn wrong(message: Option<&str>) -> String {
    let said = |text: &str| format!("<p class=\"wrong\" role=\"alert\">{}</p>", escape(&sentence(text)));
    message.map(said).unwrap_or_default()
}

/// The page for what went wrong outside of a form.
pub(crate) fn problem(error: &Error) -> Page {
    let (status, title) = match error {
        Error::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "You are not signed in"),
        Error::Forbidden { .. } => (StatusCode::FORBIDDEN, "You may not do this"),
        Error::NotFound { .. } => (StatusCode::NOT_FOUND, "This is not here"),
        Error::Refused(_) => (StatusCode::CONFLICT, "This is not possible"),
        Error::Busy { .. } => (StatusCode::TOO_MANY_REQUESTS, "Too much at once"),
        Error::Closing | Error::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "Not at the moment"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong"),
    };
    if status.is_server_error() {
        tracing::error!(error = %error, cause = ?std::error::Error::source(error), "a page failed");
    }
    let body = format!(
        "<h1>{title}</h1><p>{}</p><p><a href=\"/signin\">Go to sign-in</a></p>",
        escape(&sentence(&error.to_string()))
    );
    Page::new(title, body).status(status)
}

/// A message as a sentence for people.
pub(crate) fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    let stop = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

/// An answer with the time after which to try again, when the error says one.
pub(crate) fn with_retry(mut response: Response, error: &Error) -> Response {
    if let Error::Busy { retry_after, .. } = error {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
    }
    response
}

/// By which browsers know that the style is ours.
static STYLE_HASH: LazyLock<String> = LazyLock::new(|| STANDARD.encode(Sha256::digest(STYLE)));

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fbfbf9;--line:#7d858e;--faint:#d5d8dc;--accent:#0b5f4b}\
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a2abb5;--paper:#15181c;--line:#6b7480;--faint:#3a4149;--accent:#5fd0b0}}\
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}\
main{max-width:26rem;margin:0 auto;padding:3rem 1.25rem}main.wide{max-width:44rem}\
.brand{font-weight:700;letter-spacing:.02em;color:var(--accent);margin:0 0 2rem}\
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .75rem}h2{font-size:1.15rem;margin:2.25rem 0 .5rem}\
[hidden]{display:none!important}p{margin:.75rem 0}.soft{color:var(--soft)}\
a{color:var(--accent)}\
label{display:block;font-weight:600;margin:1.1rem 0 .3rem}\
label.check{display:flex;gap:.5rem;font-weight:400;align-items:baseline}label.check input{width:auto}\
input,select{width:100%;box-sizing:border-box;font:inherit;padding:.55rem .65rem;border:1px solid var(--line);border-radius:6px;background:transparent;color:inherit}\
input.code{font:1.25rem/1.4 ui-monospace,monospace;letter-spacing:.15em}\
input:focus-visible,select:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}\
small{display:block;color:var(--soft);margin-top:.25rem}\
button,a.button{font:inherit;font-weight:600;margin-top:1.25rem;padding:.6rem 1.2rem;border:1px solid var(--accent);border-radius:6px;background:var(--accent);color:var(--paper);cursor:pointer;text-decoration:none;display:inline-block;box-sizing:border-box}\
.ways button,.ways a.button,main>form>button{width:100%;text-align:center}\
button.plain,a.plain{background:transparent;color:var(--accent)}\
button.small{margin:0;padding:.25rem .7rem;font-size:.9rem}\
.or{display:flex;align-items:center;gap:.75rem;color:var(--soft);margin:1.5rem 0 .25rem}.or::before,.or::after{content:\"\";flex:1;border-top:1px solid var(--faint)}\
.wrong{border-left:4px solid #c2410c;padding:.5rem .9rem;margin:1rem 0}\
.good{border-left:4px solid var(--accent);padding:.5rem .9rem;margin:1rem 0}\
code,pre{font:14px/1.5 ui-monospace,monospace}pre{padding:.8rem 1rem;border:1px solid var(--faint);border-radius:6px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}\
ul.plain{list-style:none;padding:0;margin:0}ul.plain li{display:flex;justify-content:space-between;gap:1rem;align-items:center;padding:.6rem 0;border-top:1px solid var(--faint)}\
table{border-collapse:collapse;width:100%}td{padding:.35rem .5rem .35rem 0;border-top:1px solid var(--faint);vertical-align:top}";
