//! Logs: one line an event, text for people or JSON for programs, on standard error.

use anyhow::Context;
use tracing_subscriber::EnvFilter;

/// Begins logging.
///
/// # Errors
/// When the filter cannot be read.
pub(crate) fn start(filter: &str, json: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)
        .with_context(|| format!("--log is a level such as info, or levels by part, not `{filter}`"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second server in one process (tests) keeps the first one's logs.
    let _already_logging =
        if json { lines.json().flatten_event(true).try_init() } else { lines.with_target(false).try_init() };
    Ok(())
}
