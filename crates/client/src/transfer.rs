//! Long transfers: a workload up, a backup down, both streamed.

use crate::{Client, ClientError, read};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt};
use reqwest::{Body, Method};
use serde_json::Value;
use std::io;
use std::path::Path;
use tokio::io::AsyncWriteExt;

impl Client {
    /// Uploads a workload and answers with what the server said at the end.
    ///
    /// # Errors
    /// As [`Client::ask`]; the first bad line is named.
    pub async fn import(
        &self,
        format: &str,
        dry_run: bool,
        lines: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<Value, ClientError> {
        let request = self.request(Method::POST, "/import").query(&[("format", format)]).query(&[("dry_run", dry_run)]);
        let body = Body::wrap_stream(lines);
        let request = request.header("Content-Type", "application/x-ndjson").body(body);
        match request.send().await {
            Ok(response) => read(response).await,
            Err(error) => Err(self.unreachable(&error)),
        }
    }

    /// Downloads a backup into a new file. The file is there whole or not at all.
    ///
    /// # Errors
    /// As [`Client::ask`]; `File` when it is there already or cannot be written.
    pub async fn backup(&self, to: &Path) -> Result<u64, ClientError> {
        let failed = |error: io::Error| ClientError::File(format!("cannot write {}: {error}", to.display()));
        if to.exists() {
            return Err(ClientError::File(format!("{} is there already; name another file", to.display())));
        }
        let response = self.request(Method::GET, "/backup").send().await.map_err(|error| self.unreachable(&error))?;
        if !response.status().is_success() {
            return read(response).await.map(|_| 0);
        }
        let mut partial = to.as_os_str().to_owned();
        partial.push(".partial");
        let mut file = own_file(&partial).await.map_err(failed)?;
        let mut pieces = response.bytes_stream().map_err(|error| ClientError::Broken(error.to_string()));
        let mut written = 0;
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            file.write_all(&piece).await.map_err(failed)?;
            written += piece.len() as u64;
        }
        file.sync_all().await.map_err(failed)?;
        tokio::fs::rename(&partial, to).await.map_err(failed)?;
        Ok(written)
    }
}

/// A new file that only its owner can read: a backup holds people and hashes.
async fn own_file(path: impl AsRef<Path>) -> io::Result<tokio::fs::File> {
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path).await
}
