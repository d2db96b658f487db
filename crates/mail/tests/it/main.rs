//! Letters on their way to a mail server that is small but real: it listens, speaks TLS and refuses on demand.

// A test fails by panicking, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod server;

use rolecall_mail::{Smtp, SmtpSettings};
use rolecall_service::{Letter, Post, PostError};
use server::{AUTHORITY, Manner, Server};

fn smtp(url: &str, authorities: Option<&[u8]>) -> Smtp {
    let (url, from) = (url.to_owned(), "Roles <roles@mail.example>".to_owned());
    Smtp::new(&SmtpSettings { url, from, authorities: authorities.map(<[u8]>::to_vec) }).unwrap()
}

async fn send(url: &str, authorities: Option<&[u8]>) -> Result<(), PostError> {
    let letter = Letter {
        to: "ada@example.com".to_owned(),
        subject: "Your invitation to Zürich".to_owned(),
        text: "Hello Ada,\n.\n..\nhttps://roles.example/signin/invitation?token=a=b\n".to_owned(),
        html: "<p>Hello Ada</p>".to_owned(),
    };
    smtp(url, authorities).send(&letter).await
}

#[tokio::test]
async fn a_letter_arrives_whole_over_tls_with_user_and_password() {
    let server = Server::start(Manner { wrapped: true, ..Manner::default() });
    let url = format!("smtps://user%40x:pass@{}", server.address);
    send(&url, Some(AUTHORITY)).await.unwrap();
    let got = server.received.recv().unwrap();
    assert!(got.secured);
    assert_eq!((got.from.as_str(), got.to.as_str()), ("roles@mail.example", "ada@example.com"));
    // "\0user@x\0pass" as RFC 4616 says.
    assert_eq!(got.authorized.as_deref(), Some("AHVzZXJAeABwYXNz"));
    assert!(got.message.contains("multipart/alternative") && got.message.contains("<p>Hello Ada</p>"), "{got:?}");
    assert!(got.message.contains("Subject: Your invitation to =?utf-8?"), "{got:?}");
    assert!(got.message.is_ascii(), "{got:?}");
}

#[tokio::test]
async fn starttls_is_used_when_it_is_required_and_when_it_is_offered() {
    for tls in ["required", "opportunistic"] {
        let server = Server::start(Manner { starttls: true, ..Manner::default() });
        send(&format!("smtp://{}?tls={tls}", server.address), Some(AUTHORITY)).await.unwrap();
        let got = server.received.recv().unwrap();
        assert!(got.secured && got.authorized.is_none(), "{got:?}");
    }
}

#[tokio::test]
async fn without_starttls_nothing_is_sent_unless_it_is_only_wished_for() {
    let server = Server::start(Manner::default());
    let refused = send(&format!("smtp://{}", server.address), Some(AUTHORITY)).await.unwrap_err();
    assert!(refused.again, "{refused}");
    assert!(server.received.try_recv().is_err());
    for tls in ["opportunistic", "none"] {
        send(&format!("smtp://{}?tls={tls}", server.address), None).await.unwrap();
        assert!(!server.received.recv().unwrap().secured);
    }
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_is_not_trusted_stops_the_letter() {
    for (manner, url) in [
        (Manner { wrapped: true, ..Manner::default() }, "smtps://u:unmistakable@ADDRESS"),
        (Manner { starttls: true, ..Manner::default() }, "smtp://u:unmistakable@ADDRESS"),
    ] {
        let server = Server::start(manner);
        let refused = send(&url.replace("ADDRESS", &server.address.to_string()), None).await.unwrap_err();
        assert!(refused.again && !refused.message.contains("unmistakable"), "{refused}");
        assert!(server.received.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_recipient_refused_for_good_is_final_and_everything_else_is_tried_again() {
    let cases = [
        ("550 5.1.1 no such user", false),
        ("550 no such user", false),
        ("450 4.2.1 greylisted", true),
        ("550 5.7.1 relaying denied", true),
    ];
    for (answer, again) in cases {
        let server = Server::start(Manner { recipient: answer, ..Manner::default() });
        let refused = send(&format!("smtp://{}?tls=none", server.address), None).await.unwrap_err();
        assert_eq!(refused.again, again, "{refused}");
        assert!(refused.message.contains(&answer[4..]), "{refused}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_tried_again_and_not_repeated() {
    let server = Server::start(Manner { forgetful: true, ..Manner::default() });
    let url = format!("smtp://u:unmistakable@{}?tls=none", server.address);
    let refused = send(&url, None).await.unwrap_err();
    assert!(refused.again && refused.message.contains("5.7.8"), "{refused}");
    assert!(!format!("{refused} {refused:?}").contains("unmistakable"), "{refused:?}");
}
