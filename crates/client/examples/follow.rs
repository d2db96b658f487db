//! Follows an organization and answers questions from the copy, line by line.
//!
//! ```console
//! $ export ROLECALL_TOKEN=…   # of somebody with rolecall.replicate
//! $ echo 'ada@example.com deploy shop production' | cargo run -p rolecall-client --example follow
//! ada@example.com deploy shop production: yes, at revision 12
//! ```

use rolecall_client::{Client, Connection, FollowOptions, now};
use std::error::Error;
use std::io::BufRead;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::var("ROLECALL_URL").unwrap_or_else(|_| "http://127.0.0.1:7400".to_owned());
    let token = std::env::var("ROLECALL_TOKEN").ok();
    let client = Client::new(Connection { url, token, ..Connection::default() })?;
    // ANCHOR: follow
    let follower = client.follow(FollowOptions::default()).await?;
    eprintln!("following, at revision {}", follower.revision());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split_whitespace();
        let (Some(subject), Some(action)) = (words.next(), words.next()) else { continue };
        let (project, environment) = (words.next(), words.next());
        // One state for everything that belongs to one decision; an error when it is too old.
        let index = follower.index()?;
        let decision = index.check_named(subject, action, project, environment, now());
        let answer = if decision.allowed { "yes" } else { "no" };
        println!("{line}: {answer}, at revision {}", index.org().revision());
    }
    // ANCHOR_END: follow
    Ok(())
}
