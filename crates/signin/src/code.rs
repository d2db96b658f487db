//! The second factor of a sign-in: asking for a code, and setting codes up when the organization
//! demands them.

use crate::browser::Browser;
use crate::shell::{Page, Shell, problem, with_retry, wrong};
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use qrcodegen::{QrCode, QrCodeEcc};
use rolecall_service::{CodesOffer, Error, html::escape};
use serde::Deserialize;

/// What the forms say.
#[derive(Deserialize)]
pub(crate) struct Filled {
    csrf: String,
    /// Stands for the sign-in so far.
    begun: String,
    #[serde(default)]
    return_to: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    offer: String,
}

/// Asks for a code.
pub(crate) fn ask(browser: &Browser, begun: &str, return_to: &str, failed: Option<&str>) -> Page {
    let body = format!(
        "<h1>Your second factor</h1><p class=\"soft\">Open your authenticator app and type the code it shows now. \
         A recovery code counts too, once.</p>{}\
         <form method=\"post\" action=\"/signin/code\">{}{}\
         <label for=\"code\">Code</label>\
         <input id=\"code\" class=\"code\" name=\"code\" autocomplete=\"one-time-code\" autocapitalize=\"none\" spellcheck=\"false\" required autofocus>\
         <button>Go on</button></form><p><a href=\"/signin\">Start again</a></p>",
        wrong(failed),
        browser.field(),
        begun_fields(begun, return_to),
    );
    Page::new("Second factor", body)
}

fn begun_fields(begun: &str, return_to: &str) -> String {
    format!(
        "<input type=\"hidden\" name=\"begun\" value=\"{}\"><input type=\"hidden\" name=\"return_to\" value=\"{}\">",
        escape(begun),
        escape(return_to)
    )
}

/// Takes a code.
pub(crate) async fn take(State(shell): State<Shell>, browser: Browser, Form(filled): Form<Filled>) -> Response {
    if let Err(refused) = browser.require_own_form(&filled.csrf) {
        return refused;
    }
    match shell.service.sign_in_with_code(&filled.begun, &filled.code, &browser.visitor()).await {
        Ok(signed_in) => browser.signed_in(&signed_in, &filled.return_to),
        Err(error @ (Error::Unauthenticated(_) | Error::Busy { .. })) => {
            let status = if matches!(error, Error::Busy { .. }) {
                StatusCode::TOO_MANY_REQUESTS
            } else {
                StatusCode::UNAUTHORIZED
            };
            let page = ask(&browser, &filled.begun, &filled.return_to, Some(&error.to_string()));
            with_retry(page.status(status).into_response(), &error)
        }
        Err(error) => problem(&error).into_response(),
    }
}

/// Says that a second factor must be set up first.
pub(crate) fn must_enroll(browser: &Browser, begun: &str, return_to: &str) -> Page {
    let body = format!(
        "<h1>One step more</h1><p>Your organization asks everybody for a second factor beside the password: \
         a code that an app on your phone shows, new every half minute.</p>\
         <p class=\"soft\">Any authenticator app will do. Have it at hand and go on.</p>\
         <form method=\"post\" action=\"/signin/enroll\">{}{}<button>Set it up</button></form>",
        browser.field(),
        begun_fields(begun, return_to),
    );
    Page::new("Set up a second factor", body)
}

/// Shows a secret for codes, or takes the code that confirms it.
pub(crate) async fn enroll(State(shell): State<Shell>, browser: Browser, Form(filled): Form<Filled>) -> Response {
    if let Err(refused) = browser.require_own_form(&filled.csrf) {
        return refused;
    }
    let fields = format!("{}{}", browser.field(), begun_fields(&filled.begun, &filled.return_to));
    if filled.offer.is_empty() {
        return match shell.service.offer_codes_at_sign_in(&filled.begun).await {
            Ok(offer) => set_up("/signin/enroll", &fields, &offer).into_response(),
            Err(error) => problem(&error).into_response(),
        };
    }
    let visitor = browser.visitor();
    let confirmed = shell.service.confirm_codes_at_sign_in(&filled.begun, &filled.offer, &filled.code, &visitor).await;
    match confirmed {
        Ok((signed_in, recovery)) => {
            let to = crate::browser::return_path(&filled.return_to).unwrap_or("/account").to_owned();
            browser.signed_in_with(&signed_in, recovery_codes(&recovery, &to))
        }
        Err(Error::Refused(refusal)) => {
            not_confirmed("/signin/enroll", &fields, &filled.offer, &refusal.message).into_response()
        }
        Err(error) => with_retry(problem(&error).into_response(), &error),
    }
}

/// Shows the secret of codes, as a picture for the app's camera and as text.
pub(crate) fn set_up(action: &str, fields: &str, offer: &CodesOffer) -> Page {
    let groups: Vec<String> =
        offer.secret.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect();
    let body = format!(
        "<h1>Set up one-time codes</h1>\
         <p>Point your authenticator app at the picture, or <a href=\"{}\">open it on this device</a>.</p>{}\
         <p class=\"soft\">Or type this key into the app:</p><pre>{}</pre>{}",
        escape(&offer.address),
        picture(&offer.address),
        escape(&groups.join(" ")),
        confirm_form(action, fields, offer.offer.expose()),
    );
    Page::new("Set up one-time codes", body)
}

/// Says that the code was not right; the secret in the app is still the one.
pub(crate) fn not_confirmed(action: &str, fields: &str, offer: &str, message: &str) -> Page {
    let body = format!(
        "<h1>Set up one-time codes</h1>{}<p class=\"soft\">The key that your app has is still the one.</p>{}",
        wrong(Some(message)),
        confirm_form(action, fields, offer)
    );
    Page::new("Set up one-time codes", body).status(StatusCode::UNPROCESSABLE_ENTITY)
}

fn confirm_form(action: &str, fields: &str, offer: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{action}\">{fields}<input type=\"hidden\" name=\"offer\" value=\"{}\">\
         <label for=\"code\">The code that the app shows now</label>\
         <input id=\"code\" class=\"code\" name=\"code\" inputmode=\"numeric\" autocomplete=\"one-time-code\" required>\
         <button>Confirm</button></form>",
        escape(offer)
    )
}

/// Shows the recovery codes, once.
pub(crate) fn recovery_codes(codes: &[String], go_on: &str) -> Page {
    let body = format!(
        "<h1>Keep these recovery codes</h1><p>Each of them counts once in place of a code of the app: for when the phone \
         is gone. They are shown only now. Print them, or put them where you keep passwords.</p><pre>{}</pre>\
         <p><a class=\"button\" href=\"{}\">I have kept them</a></p>",
        escape(&codes.join("\n")),
        escape(go_on)
    );
    Page::new("Recovery codes", body)
}

/// A text as a QR code: dark on light whatever the page's colors are, as cameras need it.
fn picture(text: &str) -> String {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return String::new() };
    let (size, border) = (code.size(), 4);
    let dark = (0..size).flat_map(|y| (0..size).map(move |x| (x, y))).filter(|(x, y)| code.get_module(*x, *y));
    let squares: Vec<String> = dark.map(|(x, y)| format!("M{},{}h1v1h-1z", x + border, y + border)).collect();
    let path = squares.concat();
    let whole = size + border * 2;
    format!(
        "<svg viewBox=\"0 0 {whole} {whole}\" width=\"220\" height=\"220\" role=\"img\" aria-label=\"The key as a QR code\">\
         <rect width=\"{whole}\" height=\"{whole}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    )
}
