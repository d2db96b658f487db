//! HTTPS: reading certificate and key, and saying clearly what is wrong with them.

use anyhow::{Context, bail};
use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;

/// The configuration for a certificate chain and its key; HTTP/2 and HTTP/1.1 by ALPN.
///
/// # Errors
/// Which file is missing, empty or does not fit.
pub(crate) fn config(certificate: &Path, key: &Path) -> anyhow::Result<RustlsConfig> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .with_context(|| format!("--tls-cert {} cannot be read as PEM", certificate.display()))?;
    if chain.is_empty() {
        bail!("--tls-cert {} holds no certificate", certificate.display());
    }
    let private = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("--tls-key {} cannot be read as a PEM private key", key.display()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .context("certificate and key do not belong together")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};
    use std::path::PathBuf;

    fn file(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
    }

    fn client(offers: &[&[u8]]) -> ClientConnection {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(file("authority.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = offers.iter().map(|offer| offer.to_vec()).collect();
        ClientConnection::new(Arc::new(config), "127.0.0.1".try_into().unwrap()).unwrap()
    }

    /// What both agree to speak, after a whole handshake in memory.
    fn spoken(offers: &[&[u8]]) -> Option<Vec<u8>> {
        let chosen = config(&file("certificate.pem"), &file("key.pem")).unwrap();
        let (mut asking, mut server) = (client(offers), ServerConnection::new(chosen.get_inner()).unwrap());
        while asking.is_handshaking() || server.is_handshaking() {
            let mut bytes = Vec::new();
            while asking.wants_write() {
                asking.write_tls(&mut bytes).unwrap();
            }
            server.read_tls(&mut bytes.as_slice()).unwrap();
            server.process_new_packets().unwrap();
            let mut bytes = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut bytes).unwrap();
            }
            asking.read_tls(&mut bytes.as_slice()).unwrap();
            asking.process_new_packets().unwrap();
        }
        server.alpn_protocol().map(<[u8]>::to_vec)
    }

    #[test]
    fn http_2_is_spoken_with_who_offers_it_and_http_1_with_who_does_not() {
        assert_eq!(spoken(&[b"h2", b"http/1.1"]).as_deref(), Some(&b"h2"[..]));
        assert_eq!(spoken(&[b"http/1.1"]).as_deref(), Some(&b"http/1.1"[..]));
        assert_eq!(spoken(&[]), None);
    }

    #[test]
    fn what_is_wrong_with_a_certificate_or_key_is_said_with_the_file() {
        let refusal = |certificate: &str, key: &str| {
            config(&file(certificate), &file(key)).err().map(|error| format!("{error:#}")).unwrap_or_default()
        };
        assert!(refusal("nowhere.pem", "key.pem").contains("nowhere.pem"));
        assert!(refusal("certificate.pem", "nowhere.pem").contains("nowhere.pem"));
        assert!(refusal("key.pem", "key.pem").contains("holds no certificate"));
        assert!(refusal("certificate.pem", "certificate.pem").contains("private key"));
        assert!(refusal("authority.pem", "key.pem").contains("do not belong together"));
    }
}
