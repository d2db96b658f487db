//! Settings, wiring, start and stop: puts the façades on one service on one store and serves them.
//!
//! Not here: what a route does (the façades), rules, SQL.

mod demo;
mod front;
mod key;
mod log;
mod loopback;
mod metrics;
mod observe;
mod offline;
mod routes;
mod serve;
mod settings;
mod setup;
mod tls;

pub use front::Front;
pub use offline::{RecoverArgs, RestoreArgs, recover, restore};
pub use routes::{OWN_ROUTES, app, front, openapi};
pub use serve::serve;
pub use settings::{DEFAULT_DATABASE, DEFAULT_LISTEN, ServeArgs, Settings, database, read_catalog};
