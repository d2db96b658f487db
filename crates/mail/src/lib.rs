//! Mail by SMTP. Not here: what a mail says and when it is tried again (`rolecall-service`).

mod message;
mod server;
mod smtp;

pub use smtp::{Misfit, Smtp, SmtpSettings};
