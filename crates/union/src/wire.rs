//! What the build script wrote from the proto files, a module for each package.

macro_rules! packages {
    ($($(#[$doc:meta])* $package:ident: $file:literal),* $(,)?) => {$(
        $(#[$doc])*
        #[allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated; its rules are its generator's")]
        #[rustfmt::skip]
        pub mod $package {
            include!(concat!(env!("OUT_DIR"), "/", $file));
        }
    )*};
}

packages! {
    /// `cloudidl.common`: what the services share.
    common: "cloudidl.common.rs",
    /// `cloudidl.identity`: roles, policies, users, members and applications.
    identity: "cloudidl.identity.rs",
    /// `cloudidl.authorizer`: assignments and checks.
    authorizer: "cloudidl.authorizer.rs",
    /// `flyteidl2.auth`: how to sign in, and who one is.
    auth: "flyteidl2.auth.rs",
    /// `flyteidl2.project`: projects.
    project: "flyteidl2.project.rs",
}
