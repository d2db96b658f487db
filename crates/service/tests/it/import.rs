//! An import is one entry: all of it or nothing.

use crate::fixture::*;
use crate::word::*;
use bytes::Bytes;
use futures::{StreamExt, stream};
use rolecall_model::refusal::Kind;
use rolecall_service::{Ctx, Done, Error, access, import};
use std::io;

const LINES: &str = r#"{"t":"meta","format":1}
{"t":"environment","id":"production"}
{"t":"action","id":"run"}
{"t":"role","id":"runner","level":"project","permissions":[{"action":"run"}]}
{"t":"project","id":"alpha"}
{"t":"policy","id":"runs","bindings":[{"role":"runner","project":"alpha"}]}
{"t":"group","id":"crew","grants":[{"role":"runner","project":"alpha","environment":"production"}]}
{"t":"user","id":"u1","groups":["crew"]}
{"t":"user","id":"u2","policies":["runs"]}
{"t":"user","id":"u3"}
"#;

/// Sends a text in pieces of so many bytes.
async fn send(ctx: &Ctx, text: &str, piece: usize) -> Result<Done, Error> {
    let pieces: Vec<io::Result<Bytes>> =
        text.as_bytes().chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    import(ctx, stream::iter(pieces)).await
}

#[tokio::test]
async fn a_workload_is_one_entry_however_it_is_cut_and_outlives_a_restart() {
    for piece in [1, 7, 1_000_000] {
        let house = shop().await;
        let before = house.revision().await;
        let done = send(&house.root().ctx().await, LINES, piece).await.unwrap();
        assert_eq!((done.revision, done.changes.len()), (before + 1, 1));
        let house = house.restarted().await;
        let ctx = house.root().ctx().await;
        for (who, environment, allowed) in
            [("u1", "production", true), ("u1", "staging", false), ("u2", "staging", true), ("u3", "production", false)]
        {
            let place = access::place(ctx.org(), Some("alpha"), Some(environment));
            assert_eq!(access::check(&ctx, who, "run", place).unwrap(), allowed, "{who} {environment}");
        }
        rolecall_service::history::verify(&ctx).await.unwrap();
    }
}

#[tokio::test]
async fn the_first_bad_line_is_named_and_nothing_is_changed() {
    let house = shop().await;
    let state = house.state().await;
    let ctx = house.root().ctx().await;
    let bad = [
        (format!("{LINES}{{\"t\":\"user\",\"id\":\"u4\",\"groups\":[\"nobody\"]}}\n"), "11"),
        (format!("{LINES}\n\nnonsense"), "13"),
        (LINES.replace("\"format\":1", "\"format\":2"), "1"),
        (String::new(), "1"),
    ];
    for (text, line) in bad {
        let error = send(&ctx, &text, 50).await.unwrap_err();
        assert!(matches!(&error, Error::Unreadable { message } if message.contains(line)), "{error:?}");
    }
    let broken = stream::iter(vec![Ok(Bytes::from_static(LINES.as_bytes())), Err(io::Error::other("cut"))]);
    assert!(matches!(import(&ctx, broken).await, Err(Error::Unreadable { .. })));
    assert_eq!(house.state().await, state);
}

#[tokio::test]
async fn a_name_that_is_taken_refuses_the_whole() {
    let house = shop().await.with(role("runner", &["view"])).await;
    let state = house.state().await;
    let error = send(&house.root().ctx().await, LINES, 1_000).await.unwrap_err();
    assert!(matches!(&error, Error::Refused(refusal) if refusal.kind == Kind::Taken), "{error:?}");
    assert_eq!(house.state().await, state);
}

#[tokio::test]
async fn who_may_not_import_need_not_send_anything() {
    let house = shop().await.with(user("eve")).await;
    let never = stream::pending::<io::Result<Bytes>>();
    let error = import(&house.by("eve").await.ctx().await, never).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }));
}

#[tokio::test]
async fn an_import_needs_the_right_to_give_what_it_brings() {
    let house =
        shop().await.with(role("loader", &["rolecall.import"])).await.with(user("eve").given("role loader")).await;
    let error = send(&house.by("eve").await.ctx().await, LINES, 1_000).await.unwrap_err();
    assert!(matches!(&error, Error::Refused(refusal) if refusal.kind == Kind::NotHeld), "{error:?}");
}

#[tokio::test]
async fn an_import_can_be_tried_and_repeated() {
    let house = shop().await;
    let (root, state) = (house.root(), house.state().await);
    let dry = root.asking(Asked { dry_run: true, ..Asked::default() }).await;
    let difference = send(&dry, LINES, 100).await.unwrap().difference.unwrap();
    assert!(difference.subjects >= 2 && difference.losses.is_empty());
    assert_eq!(house.state().await, state);
    let ctx = root.asking(Asked { key: Some("k"), ..Asked::default() }).await;
    let first = send(&ctx, LINES, 100).await.unwrap();
    let again = send(&ctx, LINES, 9).await.unwrap();
    assert!(again.repeated && again.revision == first.revision, "the same bytes, cut otherwise");
}

#[tokio::test]
async fn an_upload_that_goes_on_and_on_does_not_hold_up_a_stop() {
    let house = shop().await;
    let ctx = house.root().ctx().await;
    let revision = house.revision().await;
    let endless = stream::once(async { Ok(Bytes::from_static(b"\n")) }).chain(stream::pending());
    let importing = tokio::spawn(async move { import(&ctx, endless).await });
    house.service.end_streams();
    assert!(matches!(importing.await.unwrap(), Err(Error::Closing)));
    assert_eq!(house.revision().await, revision);
}
