//! The ways to sign in beside a password, as buttons.

use crate::signin::query;
use rolecall_service::ProviderOffer;
use rolecall_service::html::escape;

/// A link to each provider. They are links and not forms: following one changes nothing here.
pub(crate) fn buttons(offers: &[ProviderOffer], organization: &str, return_to: &str) -> String {
    if offers.is_empty() {
        return String::new();
    }
    let one = |offer: &ProviderOffer| {
        format!(
            "<a class=\"button plain\" href=\"/signin/sso/{}?organization={}&amp;return_to={}\">Sign in with {}</a>",
            query(&offer.name),
            query(organization),
            query(return_to),
            escape(&offer.title)
        )
    };
    format!("<div class=\"ways\">{}</div>", offers.iter().map(one).collect::<String>())
}
