//! What Rolecall is measured with: the deterministic workload with its expected verdicts, and the comparison of a
//! running server with them. No measurement of time is taken here.

pub mod verify;
pub mod workload;
