//! The URL of an API server, and the proxy on the way there.

use extdns_auth::secrets;
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::Config;

use crate::environment::Environment;

/// `--server` or what stands for it.
pub(crate) fn server_url(text: &str) -> Result<Uri, String> {
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        // As kubectl does with a bare host.
        format!("http://{text}")
    };
    let shown = secrets::redact(text);
    let url: Uri = with_scheme.parse().map_err(|error| format!("server URL {shown:?}: {error}"))?;
    match (url.scheme_str(), url.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(url),
        _ => Err(format!("server URL {shown:?}: write it like https://host:6443")),
    }
}

/// Refuses a server URL with a user name and password: they would not be sent.
pub(crate) fn require_no_userinfo(server: &Uri) -> Result<(), String> {
    if server.authority().is_none_or(|authority| !authority.as_str().contains('@')) {
        return Ok(());
    }
    secrets::register_url(&server.to_string());
    Err("the server URL holds a user name or password; write them into a kubeconfig \
         (`users[].user.username` and `password`)"
        .to_owned())
}

pub(super) fn parse_proxy(text: &str) -> Result<Uri, String> {
    secrets::register_url(text);
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    // The text can hold a password.
    with_scheme.parse().map_err(|error| format!("the proxy URL is wrong: {error}"))
}

/// Where the kubeconfig names no proxy, the environment's holds for `https` servers, as in Go.
pub(crate) fn set_proxy(config: &mut Config, environment: &Environment) -> Result<(), String> {
    let proxy = environment.https_proxy.as_deref().filter(|proxy| !proxy.is_empty());
    let (None, Some(proxy)) = (&config.proxy_url, proxy) else {
        return Ok(());
    };
    let host = config.cluster_url.host().unwrap_or_default().trim_matches(['[', ']']);
    let loopback =
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let rules = Matcher::builder()
        .https(proxy.to_owned())
        .no(environment.no_proxy.clone().unwrap_or_default())
        .build();
    if !loopback && rules.intercept(&config.cluster_url).is_some() {
        config.proxy_url = Some(parse_proxy(proxy)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{server_url, set_proxy};
    use crate::environment::Environment;

    #[test]
    fn server_urls() {
        let table = [
            ("https://10.0.0.1:6443", Some("https://10.0.0.1:6443/")),
            ("http://[::1]:8001", Some("http://[::1]:8001/")),
            ("localhost:8001", Some("http://localhost:8001/")),
            ("ftp://x", None),
            ("https://", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(
                server_url(text).ok().map(|url| url.to_string()).as_deref(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn the_environments_proxy_holds_for_https_unless_the_host_is_excepted() {
        let environment = Environment {
            https_proxy: Some("proxy.corp:3128".into()),
            no_proxy: Some("10.0.0.0/8,.internal".into()),
            ..Environment::default()
        };
        let table = [
            ("https://api.example.org:6443", Some("http://proxy.corp:3128/")),
            ("http://api.example.org:6443", None),
            ("https://10.1.2.3:6443", None),
            ("https://k8s.internal", None),
            ("https://localhost:6443", None),
            ("https://[::1]:6443", None),
        ];
        for (url, expected) in table {
            let mut config = kube::Config::new(server_url(url).unwrap());
            config.proxy_url = None;
            set_proxy(&mut config, &environment).unwrap();
            assert_eq!(config.proxy_url.map(|url| url.to_string()).as_deref(), expected, "{url}");
        }
    }
}
