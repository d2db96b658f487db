//! Importing a workload: files are streamed, so their size does not matter.

use crate::failure::Failure;
use crate::output::text;
use crate::session::Session;
use bytes::Bytes;
use clap::{Args, ValueEnum};
use futures::stream::{self, Stream, StreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use tokio::io::AsyncRead;
use tokio_util::io::ReaderStream;

/// What the files are.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum FileFormat {
    /// One JSON object a line: environments, actions, roles, projects, policies, groups, users and applications
    Workload,
}

/// `import`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall import --format workload S.jsonl\n  zcat L.jsonl.gz | rolecall import --format workload -\n\nAll files are one change: it happens whole or not at all. The first bad line is named."
)]
pub struct Import {
    /// What the files are
    #[arg(long, value_enum, default_value = "workload")]
    format: FileFormat,
    /// The files, read one after the other; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Import {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        // Opened before anything is sent: a file that is not there stops nothing halfway.
        let mut readers = Vec::new();
        let mut size = Some(0);
        for file in &self.files {
            let (reader, length) = open(file).await?;
            readers.push(reader);
            size = size.zip(length).map(|(size, length)| size + length);
        }
        let bar = progress(size);
        let lines = counted(readers, bar.clone());
        let FileFormat::Workload = self.format;
        let answer = session.client.import("workload", session.is_dry_run(), lines).await;
        bar.finish_and_clear();
        let done = answer?;
        let (revision, lines) = (text(&done, "revision"), text(&done, "lines"));
        session.done(&done, &format!("imported {lines} lines as revision {revision}"))
    }
}

type Reader = Box<dyn AsyncRead + Send + Unpin>;

/// A file and its length, where it has one.
async fn open(path: &Path) -> Result<(Reader, Option<u64>), Failure> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(tokio::io::stdin()), None));
    }
    let failed = |error: io::Error| Failure::failed(format!("cannot read {}: {error}", path.display()));
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let about = file.metadata().await.map_err(failed)?;
    if about.is_dir() {
        return Err(Failure::failed(format!("{} is a folder; name the files in it", path.display())));
    }
    Ok((Box::new(file), about.is_file().then_some(about.len())))
}

/// A bar on a terminal; otherwise nothing is shown.
fn progress(size: Option<u64>) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match size {
        Some(size) => (ProgressBar::new(size), "{bar:30} {bytes} of {total_bytes} ({bytes_per_sec}, {eta} left) {msg}"),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} ({bytes_per_sec}) {msg}"),
    };
    // A template that cannot be read leaves the plain bar.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style)
}

/// The bytes of all files, one after the other, counted as they are taken.
fn counted(readers: Vec<Reader>, bar: ProgressBar) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let pieces = stream::iter(readers).flat_map(|reader| ReaderStream::with_capacity(reader, 256 * 1024));
    let last = bar.clone();
    let pieces = pieces.inspect(move |piece| {
        if let Ok(piece) = piece {
            bar.inc(piece.len() as u64);
        }
    });
    pieces.chain(stream::poll_fn(move |_| {
        last.set_message("the server makes it durable");
        std::task::Poll::Ready(None)
    }))
}
