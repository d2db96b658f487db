//! A mail server in a thread: as much of SMTP (RFC 5321) as sending one letter needs.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// The authority that signed the server's certificate.
pub const AUTHORITY: &[u8] = include_bytes!("../../../server/tests/tls/authority.pem");
const CERTIFICATE: &[u8] = include_bytes!("../../../server/tests/tls/certificate.pem");
const KEY: &[u8] = include_bytes!("../../../server/tests/tls/key.pem");

/// How the server behaves.
#[derive(Clone, Copy)]
pub struct Manner {
    /// TLS from the first byte.
    pub wrapped: bool,
    /// Whether STARTTLS is offered.
    pub starttls: bool,
    /// Whether it knows no password.
    pub forgetful: bool,
    /// What it says to a recipient.
    pub recipient: &'static str,
}

impl Default for Manner {
    fn default() -> Self {
        Manner { wrapped: false, starttls: false, forgetful: false, recipient: "250 ok" }
    }
}

/// A letter that came.
#[derive(Debug, Default)]
pub struct Got {
    pub secured: bool,
    pub authorized: Option<String>,
    pub from: String,
    pub to: String,
    pub message: String,
}

pub struct Server {
    pub address: SocketAddr,
    pub received: Receiver<Got>,
}

impl Server {
    pub fn start(manner: Manner) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that hangs up ends its own conversation only.
                let _ended = stream.and_then(|stream| talk(stream, manner, &sender));
            }
        });
        Server { address, received }
    }
}

trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

fn secured(stream: TcpStream) -> Box<dyn Wire> {
    let chain = CertificateDer::pem_slice_iter(CERTIFICATE).map(|one| one.unwrap()).collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(KEY).unwrap())
        .unwrap();
    Box::new(StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream))
}

fn talk(stream: TcpStream, manner: Manner, sender: &Sender<Got>) -> Result<()> {
    let beneath = stream.try_clone()?;
    let mut wire: Box<dyn Wire> = if manner.wrapped { secured(stream) } else { Box::new(stream) };
    let mut got = Got { secured: manner.wrapped, ..Got::default() };
    say(&mut wire, "220 mail.example")?;
    loop {
        let line = read_line(&mut wire)?;
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match word.to_ascii_uppercase().as_str() {
            "EHLO" => {
                let offer = if manner.starttls && !got.secured { "250-STARTTLS\r\n" } else { "" };
                say(&mut wire, &format!("250-mail.example\r\n{offer}250 AUTH PLAIN"))?;
            }
            "STARTTLS" => {
                say(&mut wire, "220 go on")?;
                wire = secured(beneath.try_clone()?);
                got.secured = true;
            }
            "AUTH" if manner.forgetful => say(&mut wire, "535 5.7.8 wrong password")?,
            "AUTH" => {
                got.authorized = rest.strip_prefix("PLAIN ").map(str::to_owned);
                say(&mut wire, "235 welcome")?;
            }
            "MAIL" => {
                got.from = bracketed(rest);
                say(&mut wire, "250 ok")?;
            }
            "RCPT" => {
                got.to = bracketed(rest);
                say(&mut wire, manner.recipient)?;
            }
            "DATA" => {
                say(&mut wire, "354 go on")?;
                got.message = message(&mut wire)?;
                let letter = Got { authorized: got.authorized.clone(), ..std::mem::take(&mut got) };
                // Received before it is acknowledged, so that a test finds it.
                sender.send(letter).map_err(Error::other)?;
                say(&mut wire, "250 taken")?;
            }
            "QUIT" => return say(&mut wire, "221 bye"),
            _ => say(&mut wire, "502 not here")?,
        }
    }
}

fn say(wire: &mut impl Wire, line: &str) -> Result<()> {
    wire.write_all(format!("{line}\r\n").as_bytes())?;
    wire.flush()
}

fn read_line(wire: &mut impl Wire) -> Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut byte = [0];
        wire.read_exact(&mut byte)?;
        line.push(byte[0]);
    }
    line.truncate(line.len() - 2);
    String::from_utf8(line).map_err(|error| Error::new(ErrorKind::InvalidData, error))
}

/// The lines up to the single dot, with doubled dots made single.
fn message(wire: &mut impl Wire) -> Result<String> {
    let mut message = String::new();
    loop {
        let line = read_line(wire)?;
        if line == "." {
            return Ok(message);
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
        message.push('\n');
    }
}

fn bracketed(text: &str) -> String {
    text.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}
