//! Start and stop. What was asked before the stop is answered; nothing acknowledged is lost.

use crate::demo;
use crate::front::Door;
use crate::key;
use crate::log;
use crate::metrics::Metrics;
use crate::routes::{metrics_router, served};
use crate::settings::{ServeArgs, Settings};
use crate::tls;
use anyhow::Context;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::RustlsAcceptor;
use rolecall_service::{Options, Post, Service};
use rolecall_store::{Durability, OpenOptions, SqliteStore};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How long requests in flight may take after the stop was asked for.
const FAREWELL: Duration = Duration::from_secs(30);

/// Runs the server until it is told to stop.
///
/// # Errors
/// What cannot be: a setting, the database, the address.
pub async fn serve(args: ServeArgs) -> anyhow::Result<()> {
    let settings = args.settle()?;
    log::start(&settings.log, settings.log_json)?;
    // Said before the database is touched: a wrong address or key should change nothing.
    let listener = listen(settings.listen)?;
    let address = listener.local_addr().context("the address cannot be read back")?;
    let tls = settings.tls.as_ref().map(|(certificate, key)| tls::config(certificate, key)).transpose()?;
    let folder = if settings.demo { Some(demo::folder()?) } else { None };
    let path = folder.as_ref().map_or_else(|| settings.database.clone(), |folder| folder.path().join("demo.db"));
    let url = public_url(&settings, address);
    let service = open(&path, &settings, &url).await?;
    if settings.trust_loopback {
        say_trust();
    }
    begin(&service, &settings, address, &path).await?;
    let metrics = Metrics::new();
    let handle = Handle::new();
    let stopping = tokio::spawn(stop_on_signal(handle.clone(), service.clone()));
    if let Some(address) = settings.metrics_listen {
        let listener = listen(address)?;
        let app = metrics_router(service.clone(), metrics.clone());
        tokio::spawn(axum_server::from_tcp(listener)?.handle(handle.clone()).serve(app.into_make_service()));
    }
    let mut front = served(service.clone(), metrics, &url, settings.trusted_proxies.clone());
    if settings.trust_loopback {
        front = front.trusting_loopback();
    }
    let front = Door(front);
    let server = axum_server::from_tcp(listener)?.handle(handle);
    // Without Nagle's algorithm, which holds back the end of an answer that takes several packets.
    let at_once = NoDelayAcceptor::new();
    let ended = match tls {
        Some(tls) => server.acceptor(RustlsAcceptor::new(tls).acceptor(at_once)).serve(front).await,
        None => server.acceptor(at_once).serve(front).await,
    };
    ended.context("the server stopped")?;
    stopping.await.context("the stop did not end well")??;
    tracing::info!("stopped");
    Ok(())
}

/// Said where nobody can overlook it, and in the log for whoever looks later.
fn say_trust() {
    tracing::warn!(
        "--trust-loopback: every program on this machine can administer the organization without a credential"
    );
    eprintln!(
        "\nATTENTION: started with --trust-loopback. Every program on this machine, whoever runs it, administers the home\n\
         organization over the Union client's protocol without a credential. For trying things out only.\n"
    );
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).with_context(|| {
        format!("cannot listen on {address}; is another server using it? choose another with --listen")
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// With port 0 the system chose one, which only the listener knows.
fn public_url(settings: &Settings, address: SocketAddr) -> String {
    if settings.listen.port() == 0 && settings.public_url.ends_with(":0") {
        return settings.public_url.replace(":0", &format!(":{}", address.port()));
    }
    settings.public_url.clone()
}

async fn open(path: &Path, settings: &Settings, public_url: &str) -> anyhow::Result<Service> {
    let durability = if settings.demo { Durability::Process } else { Durability::Disk };
    let store = SqliteStore::open(path, OpenOptions { durability, ..OpenOptions::default() }).await?;
    // A demo is thrown away, and its key with it.
    let key = if settings.demo { None } else { Some(key::of(&store, settings.key.clone()).await?) };
    let post = settings.mail.clone().map(|smtp| {
        tracing::info!(server = smtp.destination(), "mail is sent");
        Arc::new(smtp) as Arc<dyn Post>
    });
    let options = Options {
        key,
        post,
        tries_account: settings.tries.0,
        tries_address: settings.tries.1,
        public_url: public_url.into(),
        ..Options::default()
    };
    Service::open(Arc::new(store), options).await.map_err(cause)
}

/// The first start, if there was none, and the lines that say how to go on.
async fn begin(service: &Service, settings: &Settings, address: SocketAddr, path: &Path) -> anyhow::Result<()> {
    let url = public_url(settings, address);
    if settings.demo {
        let demo = demo::fill(service, settings.first.as_ref().and_then(|first| first.admin_token.clone())).await?;
        demo.announce(&url);
        return Ok(());
    }
    tracing::info!(database = %path.display(), "the database is open");
    if service.home().is_none()
        && let Some(first) = settings.first.clone()
    {
        let name = first.organization.clone();
        let done = service.first_start(first).await.map_err(cause)?;
        tracing::info!(organization = name, id = %done.organization, "the organization was made");
        if let Some(token) = done.token {
            // Said once and not as a log line, which would be kept.
            eprintln!("\nThe administrator's token, shown only now:\n\n    {}\n", token.expose());
        }
    }
    if let Some(key) = service.setup_key() {
        eprintln!(
            "\nNothing is set up yet. Open this link once to make your organization:\n\n    {url}/setup?key={key}\n"
        );
    }
    // Loading now keeps the first request from waiting, and says at once when the history is damaged.
    if service.home().is_some() {
        service.is_ready().await.map_err(cause)?;
    }
    tracing::info!(url, %address, "listening");
    Ok(())
}

/// An error with its cause, which the service keeps from callers.
fn cause(error: rolecall_service::Error) -> anyhow::Error {
    match error {
        rolecall_service::Error::Store(error) => error.into(),
        rolecall_service::Error::Damaged(why) => anyhow::anyhow!("the database is damaged: {why}; restore a backup"),
        error => error.into(),
    }
}

async fn stop_on_signal(handle: Handle<SocketAddr>, service: Service) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {},
        _ = interrupt.recv() => {},
    }
    tracing::info!("stopping: finishing what was asked");
    // Streams that follow the log end first, or they would keep their connections open.
    service.end_streams();
    handle.graceful_shutdown(Some(FAREWELL));
    while handle.connection_count() > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    service.close().await;
    Ok(())
}
