//! Addresses of links in the documented form. The pages are Rolecall's own: see `sign_in.rs`.

use crate::door::App;
use rolecall_service::Secret;

impl App {
    /// The address by which browsers reach the server, without the path under which this façade lies.
    pub(crate) fn public_url(&self) -> &str {
        self.base.strip_suffix(crate::PATH).unwrap_or(&self.base)
    }

    /// Where somebody chooses another password.
    pub(crate) fn reset_link(&self, secret: &Secret) -> String {
        format!("{}/reset-password?token={}", self.base, secret.expose())
    }

    /// Where somebody joins.
    pub(crate) fn join_link(&self, secret: &str) -> String {
        format!("{}/new-user?invite={secret}", self.base)
    }
}
