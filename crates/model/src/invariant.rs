//! What holds after every command, on every path: nobody gives what they do not hold, and an
//! administrator always remains. What a single noun must obey is decided with that noun.

mod administrator;
mod escalation;

pub(crate) use administrator::{administrator_remains, user_administrator};
pub(crate) use escalation::no_escalation;
