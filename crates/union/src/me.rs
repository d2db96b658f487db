//! Who calls.

use crate::door::Caller;
use crate::identity;
use crate::user::Name;
use crate::wire::auth::UserInfoResponse;
use rolecall_model::principal::PrincipalKind;

/// What is known of the caller.
pub(crate) fn user_info(caller: &Caller) -> UserInfoResponse {
    let Some(me) = caller.ctx.org().principal(caller.ctx.principal()) else { return UserInfoResponse::default() };
    let text = |text: &Option<rolecall_model::name::Text>| text.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut info = UserInfoResponse {
        subject: me.subject.to_string(),
        name: me.name.to_string(),
        preferred_username: me.best_identifier().to_string(),
        email: text(&me.email),
        picture: me.picture().map(ToString::to_string).unwrap_or_default(),
        ..UserInfoResponse::default()
    };
    if me.kind() == PrincipalKind::User {
        let name = Name::read(me);
        (info.given_name, info.family_name) = (name.first().to_owned(), name.last().to_owned());
    } else {
        info.subject = identity::client_id(me);
    }
    info
}
