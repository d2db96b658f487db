//! The SCIM connection over the wire: its token is answered once, when it is issued.

use crate::answer::{Answer, Reply};
use crate::call::Call;
use crate::route::Route;
use rolecall_model::{Timestamp, operation as op};
use rolecall_service::connection;
use serde::Serialize;
use utoipa::ToSchema;

/// A SCIM connection that was set up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectedView {
    /// Where the SCIM client asks.
    pub url: String,
    /// The token it sends. Nobody can show it again.
    pub token: String,
}

/// How the SCIM connection stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionView {
    /// Whether there is one.
    pub enabled: bool,
    /// Where the SCIM client asks.
    pub url: String,
    /// When its token was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub issued: Option<Timestamp>,
    /// When its token was last used, to within ten seconds; absent means never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used: Option<Timestamp>,
}

async fn connect(call: Call) -> Reply {
    let (done, secret) = connection::connect(&call.ctx).await?;
    let url = call.ctx.service().scim_url();
    call.changed(&done, |_, _| {
        let token = secret?.expose().to_owned();
        Some(Answer::json(&ConnectedView { url, token }).ok()?.secret())
    })
}

async fn read(call: Call) -> Reply {
    let state = connection::connection(&call.ctx).await?;
    Answer::json(&ConnectionView {
        enabled: state.issued.is_some(),
        url: call.ctx.service().scim_url(),
        issued: state.issued,
        last_used: state.last_used,
    })
}

async fn disconnect(call: Call) -> Reply {
    let done = connection::disconnect(&call.ctx).await?;
    call.gone(&done)
}

/// The routes of the SCIM connection.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/organization/scim", "read_scim", "Read how the SCIM connection stands")
            .needs(op::PROVIDERS_READ)
            .answers::<ConnectionView>()
            .by(read),
        Route::put(
            "/organization/scim",
            "connect_scim",
            "Set up the SCIM connection or give it a new token, which is answered once; older ones count no more",
        )
        .needs(op::PROVIDERS_WRITE)
        .answers::<ConnectedView>()
        .by(connect),
        Route::delete(
            "/organization/scim",
            "disconnect_scim",
            "End the SCIM connection; what it manages stays managed",
        )
        .needs(op::PROVIDERS_WRITE)
        .by(disconnect),
    ]
}
