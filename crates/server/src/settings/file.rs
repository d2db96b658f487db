//! The settings file: TOML with the names of the flags. Unknown names are refused.

use super::ServeArgs;
use anyhow::{Context, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct FileSettings {
    listen: Option<String>,
    database: Option<String>,
    public_url: Option<String>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    metrics_listen: Option<String>,
    log: Option<String>,
    log_format: Option<String>,
    key_file: Option<PathBuf>,
    smtp_url: Option<String>,
    smtp_url_file: Option<PathBuf>,
    mail_from: Option<String>,
    smtp_ca: Option<PathBuf>,
    trusted_proxies: Option<String>,
    sign_in_tries: Option<u32>,
    sign_in_tries_address: Option<u32>,
    organization: Option<String>,
    catalog: Option<String>,
    admin_email: Option<String>,
    admin_password_file: Option<PathBuf>,
    admin_token_file: Option<PathBuf>,
}

/// Reads a settings file.
pub(super) fn read(path: &Path) -> anyhow::Result<FileSettings> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the settings file {} cannot be read", path.display()))?;
    parse(&text).with_context(|| format!("the settings file {}", path.display()))
}

/// Parses the text of a settings file.
pub(super) fn parse(text: &str) -> anyhow::Result<FileSettings> {
    let file: FileSettings =
        toml::from_str(text).map_err(|error| anyhow::anyhow!("{}", error.to_string().trim_end()))?;
    if file.smtp_url.as_deref().is_some_and(|url| url.contains('@')) {
        bail!("smtp-url holds a password; put it in a file of its own and name that as smtp-url-file");
    }
    Ok(file)
}

impl ServeArgs {
    /// Takes from the file what neither a flag nor a variable said.
    pub(super) fn fill_from(&mut self, file: FileSettings) {
        fn fill<T>(value: &mut Option<T>, other: Option<T>) {
            if value.is_none() {
                *value = other;
            }
        }
        fill(&mut self.listen, file.listen);
        fill(&mut self.database, file.database);
        fill(&mut self.public_url, file.public_url);
        fill(&mut self.tls_cert, file.tls_cert);
        fill(&mut self.tls_key, file.tls_key);
        fill(&mut self.metrics_listen, file.metrics_listen);
        fill(&mut self.log, file.log);
        fill(&mut self.log_format, file.log_format);
        // Whoever names a secret, as itself or by its file, is heard as a whole.
        if self.key.is_none() {
            fill(&mut self.key_file, file.key_file);
        }
        if self.smtp_url.is_none() && self.smtp_url_file.is_none() {
            self.smtp_url = file.smtp_url;
            self.smtp_url_file = file.smtp_url_file;
        }
        fill(&mut self.mail_from, file.mail_from);
        fill(&mut self.smtp_ca, file.smtp_ca);
        fill(&mut self.trusted_proxies, file.trusted_proxies);
        fill(&mut self.sign_in_tries, file.sign_in_tries);
        fill(&mut self.sign_in_tries_address, file.sign_in_tries_address);
        fill(&mut self.organization, file.organization);
        fill(&mut self.catalog, file.catalog);
        fill(&mut self.admin_email, file.admin_email);
        fill(&mut self.admin_password_file, file.admin_password_file);
        fill(&mut self.admin_token_file, file.admin_token_file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_the_clear_is_refused_without_being_repeated() {
        let error = parse("smtp-url = \"smtps://user:unmistakable@mail.example\"").err().map(|error| error.to_string());
        let error = error.unwrap_or_default();
        assert!(error.contains("name that as smtp-url-file") && !error.contains("unmistakable"), "{error}");
        assert!(parse("smtp-url = \"smtp://localhost:25?tls=none\"").is_ok());
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let error = parse("lisen = \"127.0.0.1:1\"").err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("lisen") && error.contains("listen"), "{error}");
    }
}
