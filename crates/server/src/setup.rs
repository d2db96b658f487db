//! The set-up page: makes the first organization when nothing was said about it at the start. It is
//! reached by a one-time link from the server's log and works without scripts.

use crate::settings::read_catalog;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rolecall_service::html::escape;
use rolecall_service::{Error, FirstStart, Secret, Service};
use rolecall_signin::Page;
use serde::Deserialize;

#[derive(Deserialize, Default)]
pub(crate) struct Key {
    #[serde(default)]
    key: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Filled {
    key: String,
    organization: String,
    catalog: String,
    email: String,
}

/// Shows the form to who has the key.
pub(crate) async fn show(State(service): State<Service>, Query(Key { key }): Query<Key>) -> Response {
    if service.setup_key().is_none() {
        return gone();
    }
    let filled = Filled { key, organization: "default".to_owned(), catalog: "none".to_owned(), email: String::new() };
    form(&filled, None).into_response()
}

/// Makes the organization and shows the administrator's token, once.
pub(crate) async fn make(State(service): State<Service>, Form(filled): Form<Filled>) -> Response {
    // Only the three catalogs that come with the binary: a file's name from a browser is not opened.
    let known = ["none", "union", "unleash"].contains(&filled.catalog.as_str());
    let Some(Ok(catalog)) = known.then(|| read_catalog(&filled.catalog)) else {
        return again(&filled, "choose one of the catalogs");
    };
    let start = FirstStart {
        organization: filled.organization.clone(),
        title: String::new(),
        catalog,
        admin_email: Some(filled.email.trim().to_owned()).filter(|email| !email.is_empty()),
        admin_password: None,
        admin_token: None,
    };
    match service.set_up(&filled.key, start).await {
        Ok(done) => {
            let token = done.token.as_ref().map(Secret::expose).unwrap_or_default();
            made(&filled, token).into_response()
        }
        Err(Error::Unauthenticated(_)) if service.setup_key().is_none() => gone(),
        Err(error @ Error::Unauthenticated(_)) => {
            form(&filled, Some(&error.to_string())).status(StatusCode::FORBIDDEN).into_response()
        }
        Err(error) => again(&filled, &error.to_string()),
    }
}

fn again(filled: &Filled, wrong: &str) -> Response {
    form(filled, Some(wrong)).status(StatusCode::UNPROCESSABLE_ENTITY).into_response()
}

fn gone() -> Response {
    let body = "<h1>This installation is set up</h1><p>The set-up link counts once. \
                To become an administrator again, stop the server and run <code>rolecall recover</code> on its machine.</p>";
    Page::new("Set up", body).status(StatusCode::GONE).into_response()
}

fn form(filled: &Filled, wrong: Option<&str>) -> Page {
    let wrong =
        wrong.map_or_else(String::new, |text| format!("<p class=\"wrong\" role=\"alert\">{}</p>", escape(text)));
    let catalogs = [
        ("none", "None: only Rolecall's own actions, add yours later"),
        ("union", "Union: executions and inventory in projects and domains"),
        ("unleash", "Unleash: feature flags in projects and environments"),
    ];
    let option = |(name, text): (&str, &str)| {
        let chosen = if name == filled.catalog { " selected" } else { "" };
        format!("<option value=\"{name}\"{chosen}>{text}</option>")
    };
    let options = catalogs.map(option).concat();
    let (key, organization, email) = (escape(&filled.key), escape(&filled.organization), escape(&filled.email));
    let body = format!(
        "<h1>Set up Rolecall</h1>\
         <p class=\"soft\">Makes your organization and its first administrator. You can do this once.</p>{wrong}\
         <form method=\"post\" action=\"/setup\"><input type=\"hidden\" name=\"key\" value=\"{key}\">\
         <label for=\"organization\">Organization</label>\
         <input id=\"organization\" name=\"organization\" value=\"{organization}\" required maxlength=\"100\">\
         <label for=\"catalog\">Catalog</label><select id=\"catalog\" name=\"catalog\">{options}</select>\
         <small>The actions, roles and policies it starts with.</small>\
         <label for=\"email\">Your email</label>\
         <input id=\"email\" name=\"email\" type=\"email\" value=\"{email}\" autocomplete=\"email\">\
         <small>You become its administrator. Without one, an application is made instead.</small>\
         <button>Set up</button></form>"
    );
    Page::new("Set up", body)
}

fn made(filled: &Filled, token: &str) -> Page {
    let (organization, token) = (escape(&filled.organization), escape(token));
    let body = format!(
        "<h1>{organization} is ready</h1>\
         <p>This is the administrator's token. It is shown only now; keep it somewhere safe.</p>\
         <pre>{token}</pre><p>Use it from a terminal:</p>\
         <pre>export ROLECALL_TOKEN={token}\nrolecall whoami\nrolecall create user --email somebody@example.com</pre>\
         <p><a href=\"/docs\">Read the API</a></p>"
    );
    Page::new("Ready", body)
}
