//! How people sign in, over the wire: the organization's rules, one's password, the second factor, and links by which
//! somebody chooses a password.

use crate::answer::{Answer, Reply};
use crate::call::Call;
use crate::json::given;
use crate::noun;
use crate::route::Route;
use crate::user::Users;
use rolecall_model::organization::{SettingsPatch, SignInPatch, SignInRules};
use rolecall_model::{Timestamp, operation as op};
use rolecall_service::{self as service, LinkKind, LinkMade};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether a second factor is a matter of choice.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecondFactor {
    /// Everybody may set one up.
    Optional,
    /// Whoever signs in by password must have one.
    Required,
}

/// How people sign in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignInView {
    /// Whether passwords count; otherwise people sign in by a provider or a passkey.
    pub passwords: bool,
    /// Whether a second factor must be there after a password.
    pub second_factor: SecondFactor,
    /// After so many seconds without a request a session ends.
    pub session_idle_seconds: u32,
    /// After so many seconds a session ends in any case.
    pub session_seconds: u32,
    /// For so many seconds an invitation counts.
    pub invite_seconds: u32,
}

impl From<SignInRules> for SignInView {
    fn from(rules: SignInRules) -> Self {
        let SignInRules { passwords, second_factor, idle_seconds, session_seconds, invite_seconds } = rules;
        let second_factor = if second_factor { SecondFactor::Required } else { SecondFactor::Optional };
        SignInView { passwords, second_factor, session_idle_seconds: idle_seconds, session_seconds, invite_seconds }
    }
}

/// What of it is to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInPatchBody {
    /// Whether passwords count.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub passwords: Option<bool>,
    /// Whether a second factor must be there after a password.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub second_factor: Option<SecondFactor>,
    /// After so many seconds without a request a session ends: a minute to 31 days.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub session_idle_seconds: Option<u32>,
    /// After so many seconds a session ends in any case: a minute to 366 days.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub session_seconds: Option<u32>,
    /// For so many seconds an invitation counts: five minutes to 31 days.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub invite_seconds: Option<u32>,
}

impl From<SignInPatchBody> for SettingsPatch {
    fn from(body: SignInPatchBody) -> Self {
        let SignInPatchBody { passwords, second_factor, session_idle_seconds, session_seconds, invite_seconds } = body;
        let sign_in = SignInPatch {
            passwords,
            second_factor: second_factor.map(|word| matches!(word, SecondFactor::Required)),
            idle_seconds: session_idle_seconds,
            session_seconds,
            invite_seconds,
        };
        SettingsPatch { sign_in, ..SettingsPatch::default() }
    }
}

/// A change of one's password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    /// The present one.
    pub old: String,
    /// The new one.
    pub new: String,
}

/// A link by which somebody chooses a password.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkMadeView {
    /// Whether it is on its way by mail.
    pub mailed: bool,
    /// The link, when there is no mail server or the user has no address: to be handed over. It counts once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Until when it counts.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
}

impl From<LinkMade> for LinkMadeView {
    fn from(LinkMade { mailed, link, expires, .. }: LinkMade) -> Self {
        LinkMadeView { mailed, link, expires }
    }
}

async fn read(call: Call) -> Reply {
    Answer::json(&SignInView::from(call.org().sign_in_rules()))
}

async fn change(call: Call) -> Reply {
    let body: SignInPatchBody = call.json().await?;
    let done = call.change(SettingsPatch::from(body)).await?;
    call.changed(&done, |after, _| Answer::json(&SignInView::from(after.org().sign_in_rules())).ok())
}

async fn password(call: Call) -> Reply {
    let PasswordBody { old, new } = call.json().await?;
    service::change_password(&call.ctx, old, new).await?;
    Ok(Answer::nothing())
}

async fn link(call: Call, kind: LinkKind) -> Reply {
    let made = service::make_link(&call.ctx, kind, &call.subject("user")).await?;
    Ok(Answer::json(&LinkMadeView::from(made))?.secret())
}

async fn end_second_factor(call: Call) -> Reply {
    let done = service::end_codes(&call.ctx, call.subject("user")).await?;
    noun::changed::<Users>(&call, &done)
}

/// What a problem of a route that makes a link can be beside the usual.
const LINK_PROBLEMS: &[u16] = &[409, 429];

/// The routes about signing in.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/organization/sign-in", "read_sign_in", "Read how people sign in")
            .needs(op::SETTINGS_READ)
            .answers::<SignInView>()
            .by(read),
        Route::patch("/organization/sign-in", "change_sign_in", "Change how people sign in")
            .needs(op::SETTINGS_WRITE)
            .takes::<SignInPatchBody>()
            .answers::<SignInView>()
            .by(change),
        Route::post(
            "/me/password",
            "change_password",
            "Change one's own password; all sessions end but the one in use",
        )
        .open("it is about the caller, who must know the present password")
        .takes::<PasswordBody>()
        .present_only()
        .also(&[409, 429])
        .by(password),
        Route::post(
            "/users/{user}/invitation",
            "invite_user",
            "Invite a user to choose a password: by mail, or else by the link that is answered. Older links end",
        )
        .needs(op::USERS_WRITE)
        .seen_by(op::USERS_READ)
        .answers::<LinkMadeView>()
        .present_only()
        .also(LINK_PROBLEMS)
        .by(|call| link(call, LinkKind::Invitation)),
        Route::post(
            "/users/{user}/reset",
            "reset_password",
            "Let a user choose a new password: by mail, or else by the link that is answered. Older links end",
        )
        .needs(op::USERS_WRITE)
        .seen_by(op::USERS_READ)
        .answers::<LinkMadeView>()
        .present_only()
        .also(LINK_PROBLEMS)
        .by(|call| link(call, LinkKind::Reset)),
        Route::delete(
            "/users/{user}/second-factor",
            "end_second_factor",
            "Take one-time codes away from a user who has lost them, or from oneself",
        )
        .open("one's own; rolecall.users.write for others")
        .answers::<crate::user::UserView>()
        .also(&[404])
        .by(end_second_factor),
    ]
}
