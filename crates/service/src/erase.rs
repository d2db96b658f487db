//! Erasing a person: the entry that says so, then the values out of every entry, then the old
//! checkpoints. The chain of hashes stays whole, because it covers the values' hashes only.

use crate::ctx::Ctx;
use crate::execute::{Done, execute, to_the_end};
use crate::{Error, checkpoint};
use rolecall_model::command::SubjectRef;
use rolecall_model::entry::{ANYBODY, forget};
use rolecall_model::principal::{PrincipalChange, Subject};
use rolecall_model::user::UserCommand;
use rolecall_model::{Change, Command};

/// Takes a user away, if still there, and its values out of the whole history.
///
/// # Errors
/// As [`execute`]; `Store` when the history could not be rewritten. Then the erasure is noted but not
/// finished: call it again.
pub async fn erase(ctx: &Ctx, user: SubjectRef) -> Result<Done, Error> {
    let ctx = ctx.clone();
    to_the_end(async move { erase_whole(&ctx, user).await }).await
}

async fn erase_whole(ctx: &Ctx, user: SubjectRef) -> Result<Done, Error> {
    let done = execute(ctx, Command::User(UserCommand::Erase(user))).await?;
    if ctx.is_dry_run() {
        return Ok(done);
    }
    let subject = done.changes.iter().find_map(|change| match change {
        Change::Principal(PrincipalChange::Erased { subject }) => Some(*subject),
        _ => None,
    });
    if let Some(subject) = subject {
        forget_in_history(ctx, subject).await?;
    }
    Ok(done)
}

async fn forget_in_history(ctx: &Ctx, subject: Subject) -> Result<(), Error> {
    let (store, key) = (ctx.service.store(), ctx.organization.key);
    let mut revisions = store.mentions(key, subject.bytes()).await?;
    // Imports do not say whom they bring, so each is looked through.
    revisions.extend(store.mentions(key, ANYBODY).await?);
    for revision in revisions {
        let Some(record) = store.record(key, revision).await? else { continue };
        let body = checkpoint::blocking(move || {
            forget(&record.body, subject).map_err(|error| Error::Damaged(error.to_string()))
        })
        .await?;
        if let Some(body) = body {
            let body = body.into_iter().map(bytes::Bytes::from).collect();
            store.rewrite(key, revision, body, subject.bytes()).await?;
        }
    }
    // The newest state holds nothing of the person any more, so it can be kept at once.
    ctx.organization.keep_only_newest(store.as_ref()).await?;
    ctx.service.past().forget();
    Ok(())
}
