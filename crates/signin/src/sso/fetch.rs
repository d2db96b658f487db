//! Requests to a provider: without redirects, not for long, and not for much.

use openidconnect::url::Host;
use openidconnect::{HttpRequest, HttpResponse, http};
use std::time::Duration;

/// How long a provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer that is read: 1 MiB.
const LARGEST: usize = 1 << 20;

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// It did not get through.
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    /// The answer is too large.
    #[error("the answer is larger than 1 MiB")]
    TooLarge,
    /// The address would be asked without TLS.
    #[error("{0} is no https address")]
    Plain(String),
    /// What came is no answer.
    #[error("{0}")]
    Odd(#[from] http::Error),
}

/// The way to providers.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    http: reqwest::Client,
    /// Whether this machine may be asked without TLS: when the provider's issuer is on it.
    plain: bool,
}

impl Way {
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        // Another part of the program may have installed it already.
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .connect_timeout(PATIENCE)
            .user_agent(concat!("rolecall/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Way { http, plain: false })
    }

    /// The same to a provider of this issuer.
    pub(crate) fn to(&self, issuer: &str) -> Self {
        Way { http: self.http.clone(), plain: issuer.starts_with("http://") }
    }

    /// Refuses an address that somebody on the way could read or change.
    pub(crate) fn require_safe(&self, address: &str) -> Result<(), Unanswered> {
        let refused = || Unanswered::Plain(address.to_owned());
        let url = reqwest::Url::parse(address).map_err(|_| refused())?;
        let here = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if url.scheme() == "https" || url.scheme() == "http" && self.plain && here { Ok(()) } else { Err(refused()) }
    }

    /// Asks a provider.
    pub(crate) async fn fetch(self, request: HttpRequest) -> Result<HttpResponse, Unanswered> {
        self.require_safe(&request.uri().to_string())?;
        let mut answer = self.http.execute(request.try_into()?).await?;
        let mut response = http::Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            headers.clone_from(answer.headers());
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await? {
            if body.len() + piece.len() > LARGEST {
                return Err(Unanswered::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
        Ok(response.body(body)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_provider_on_this_machine_is_asked_without_tls() {
        let way = Way::new().unwrap();
        let (outside, here) = (way.to("https://idp.example"), way.to("http://127.0.0.1:7000"));
        for way in [&outside, &here] {
            assert!(way.require_safe("https://idp.example/token").is_ok());
            for odd in ["http://idp.example/token", "http://169.254.169.254/", "file:///etc/passwd", "gopher://x", ""] {
                assert!(way.require_safe(odd).is_err(), "{odd}");
            }
        }
        assert!(here.require_safe("http://localhost:7000/token").is_ok());
        assert!(outside.require_safe("http://127.0.0.1:7000/token").is_err(), "it could reach what listens here");
    }
}
