//! The OAuth clients: our own, which are built in, and every application that has a secret.

use std::borrow::Cow;

/// Where a client may be called back.
#[derive(Clone, Copy, Debug)]
enum Callback {
    /// This path on the machine itself, on whatever port was free (RFC 8252, 7.3).
    Loopback(&'static str),
    /// This address to the letter.
    Exactly(&'static str),
    /// This path of the server itself.
    Here(&'static str),
}

/// A client that people let act for them. It has no secret, as it could not keep one.
#[derive(Debug)]
pub struct Client {
    /// What it calls itself.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    callbacks: &'static [Callback],
    /// Whether nobody is asked before it acts for them. Only what this server itself serves, on its own address,
    /// could not be somebody else's (RFC 8252, 8.6).
    pub is_part_of_us: bool,
    /// Whether it may ask for a code to be typed elsewhere.
    pub has_device: bool,
}

/// The clients that are built in.
pub static CLIENTS: [Client; 3] = [
    Client {
        id: "rolecall-cli",
        title: "rolecall",
        callbacks: &[Callback::Loopback("/callback")],
        is_part_of_us: false,
        has_device: true,
    },
    Client {
        id: "rolecall-console",
        title: "Rolecall console",
        callbacks: &[Callback::Here("/callback")],
        is_part_of_us: true,
        has_device: false,
    },
    Client {
        id: "flyte",
        title: "flyte",
        callbacks: &[Callback::Exactly("http://localhost:53593/callback")],
        is_part_of_us: false,
        has_device: true,
    },
];

impl Client {
    /// The client of this id.
    pub fn named(id: &str) -> Option<&'static Client> {
        CLIENTS.iter().find(|client| client.id == id)
    }

    /// The one address at which it may be called back, when there is just one.
    pub fn exact_callback(&self) -> Option<&'static str> {
        match self.callbacks {
            [Callback::Exactly(address)] => Some(address),
            _ => None,
        }
    }

    /// Whether it may be called back at this address, on a server of this public address.
    pub(crate) fn takes(&self, address: &str, public_url: &str) -> bool {
        self.callbacks.iter().any(|callback| match callback {
            Callback::Exactly(exact) => address == *exact,
            Callback::Here(path) => address.strip_prefix(public_url) == Some(path),
            Callback::Loopback(path) => ["http://127.0.0.1", "http://localhost"]
                .iter()
                .filter_map(|host| address.strip_prefix(host)?.strip_suffix(path))
                .any(is_port),
        })
    }

    /// How it is called on a machine, for people who look at what they granted.
    pub(crate) fn called_on(&self, host: Option<&str>) -> String {
        host.map_or_else(|| self.title.to_owned(), |host| format!("{} on {host}", self.title))
    }
}

/// Nothing, or a colon and a port.
fn is_port(text: &str) -> bool {
    let Some(port) = text.strip_prefix(':') else { return text.is_empty() };
    let digits = !port.starts_with('0') && port.bytes().all(|byte| byte.is_ascii_digit());
    digits && port.parse::<u16>().is_ok()
}

/// A machine's name as a client told it: short, and without what could pass for something else on a page.
pub(crate) fn host_name(told: Option<&str>) -> Option<String> {
    let fit = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = told?.chars().filter(fit).take(60).collect();
    (!name.is_empty()).then_some(name)
}

/// An address with parameters added to its query, escaped.
pub(crate) fn with_query(address: &str, parameters: &[(&str, &str)]) -> String {
    let mut whole = address.to_owned();
    for (index, (name, value)) in parameters.iter().enumerate() {
        whole.push(if index == 0 { '?' } else { '&' });
        whole.push_str(name);
        whole.push('=');
        whole.push_str(&escaped(value));
    }
    whole
}

/// A value as it may stand in a query.
pub fn escaped(value: &str) -> Cow<'_, str> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if value.bytes().all(|byte| plain(&byte)) {
        return Cow::Borrowed(value);
    }
    let escape = |byte: u8| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    Cow::Owned(value.bytes().map(escape).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = "https://roles.example";

    fn takes(client: &str, address: &str) -> bool {
        Client::named(client).unwrap().takes(address, PUBLIC)
    }

    #[test]
    fn a_terminal_is_called_back_on_the_machine_itself_on_any_port() {
        for address in ["http://127.0.0.1:1/callback", "http://localhost:65535/callback", "http://127.0.0.1/callback"] {
            assert!(takes("rolecall-cli", address), "{address}");
        }
    }

    #[test]
    fn an_address_that_only_looks_like_it_is_not_taken() {
        for address in [
            "",
            "https://127.0.0.1:1/callback",
            "HTTP://127.0.0.1:1/callback",
            "http://127.0.0.1:1/callback/",
            "http://127.0.0.1:1/callback?x=1",
            "http://127.0.0.1:1/callback#x",
            "http://127.0.0.1:1/other/../callback",
            "http://127.0.0.1:1/%63allback",
            "http://127.0.0.1:1//callback",
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:01/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:/callback",
            "http://127.0.0.1:+1/callback",
            "http://127.0.0.1:1:2/callback",
            "http://127.0.0.1:1@evil.example/callback",
            "http://127.0.0.1@evil.example/callback",
            "http://evil.example@127.0.0.1:1/callback",
            "http://127.0.0.1.evil.example/callback",
            "http://127.0.0.1:1\\@evil.example/callback",
            "http://127.0.0.2:1/callback",
            "http://localhost.evil.example:1/callback",
            "http://[::1]:1/callback",
            " http://127.0.0.1:1/callback",
            "http://127.0.0.1:1/callback\n",
        ] {
            assert!(!takes("rolecall-cli", address), "{address}");
        }
    }

    #[test]
    fn other_clients_are_called_back_at_one_address_to_the_letter() {
        assert!(takes("rolecall-console", "https://roles.example/callback"));
        for address in [
            "https://roles.example:443/callback",
            "https://roles.example/callback/",
            "https://roles.example/callback?x=1",
            "https://roles.example.evil.example/callback",
            "http://roles.example/callback",
            "http://127.0.0.1:1/callback",
        ] {
            assert!(!takes("rolecall-console", address), "{address}");
        }
        assert!(takes("flyte", "http://localhost:53593/callback"));
        assert!(
            !takes("flyte", "http://localhost:53594/callback") && !takes("flyte", "http://127.0.0.1:53593/callback")
        );
    }

    #[test]
    fn a_machine_s_name_is_told_without_what_could_mislead() {
        assert_eq!(host_name(Some("ada-laptop.local")).as_deref(), Some("ada-laptop.local"));
        assert_eq!(host_name(Some("<b>the bank</b>\u{202e}")).as_deref(), Some("bthebankb"));
        assert_eq!(host_name(Some("é \n")), None);
        assert_eq!(host_name(None), None);
    }

    #[test]
    fn a_value_stands_escaped_in_a_query() {
        assert_eq!(with_query("http://a/b", &[("x", "1 &é"), ("y", "ok")]), "http://a/b?x=1%20%26%C3%A9&y=ok");
    }
}
