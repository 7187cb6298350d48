//! Finding an API server and the credentials for it.

use std::path::Path;
use std::time::Duration;

use extdns_auth::secrets;
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::config::{
    Cluster, Context, KubeConfigOptions, Kubeconfig, KubeconfigError, NamedCluster, NamedContext,
};
use kube::{Client, Config};

use crate::answer::chain;
use crate::credentials::{self, Kind};
use crate::environment::Environment;
use crate::error::io_words;
use crate::identity::Identity;

/// Time for the TCP and TLS handshakes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How to reach an API server.
pub(crate) struct Connection {
    pub(crate) config: Config,
    pub(crate) identity: Identity,
}

/// As upstream: the kubeconfig that is named, else the one in the home folder if there is one, else the pod's
/// service account. A server alone is reached without credentials, as `kubectl proxy` offers it.
pub(crate) async fn detect(
    kubeconfig: Option<&Path>,
    server: Option<&str>,
    environment: &Environment,
) -> Result<Connection, String> {
    let at_home = environment.home.as_ref().map(|home| home.join(".kube/config"));
    if let Some(path) = kubeconfig {
        return from_file(path, None).await;
    }
    let unread = environment.unread_kubeconfig();
    let found = match (at_home.filter(|path| path.exists()), server) {
        (Some(path), _) => from_file(&path, None).await,
        (None, Some(server)) if environment.kubernetes_service_host.is_none() => Ok(Connection {
            config: plain(server_url(server)?),
            identity: Identity::anonymous("--server without a kubeconfig has none"),
        }),
        _ => in_cluster(server, environment).await,
    };
    match (found, unread) {
        (Ok(connection), Some(unread)) => {
            tracing::warn!(used = connection.identity.credentials, "{unread}");
            Ok(connection)
        }
        (Err(error), Some(unread)) => Err(format!("{error}; {unread}")),
        (found, None) => found,
    }
}

/// The service account of the pod.
pub(crate) async fn in_cluster(
    server: Option<&str>,
    environment: &Environment,
) -> Result<Connection, String> {
    let url = match (
        server,
        &environment.kubernetes_service_host,
        &environment.kubernetes_service_port,
    ) {
        (Some(server), ..) => server_url(server)?,
        (None, Some(host), Some(port)) => {
            let bracketed = if host.contains(':') { format!("[{host}]") } else { host.clone() };
            server_url(&format!("https://{bracketed}:{port}"))?
        }
        _ => {
            return Err(
                "no kubeconfig, and not in a pod (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set); \
                 give --kubeconfig, --server or --manifests"
                    .to_owned(),
            );
        }
    };
    let folder = environment.service_account_folder();
    let token = folder.join("token");
    let authority = Some(folder.join("ca.crt")).filter(|path| path.exists());
    let cluster = Cluster {
        server: Some(url.to_string()),
        certificate_authority: authority.map(|path| path.display().to_string()),
        ..Cluster::default()
    };
    let mut config = of_cluster(cluster)
        .await
        .map_err(|reason| format!("the service account in {}: {reason}", folder.display()))?;
    config.auth_info.token = Some(credentials::read_token(&token)?);
    Ok(Connection {
        config,
        identity: Identity::new(format!("the service account's token in {}", token.display())),
    })
}

/// A server without credentials, by way of a kubeconfig: its loader reads the certificates.
pub(crate) async fn of_cluster(cluster: Cluster) -> Result<Config, String> {
    const NAME: &str = "cluster";
    let context = Context { cluster: NAME.to_owned(), ..Context::default() };
    let kubeconfig = Kubeconfig {
        clusters: vec![NamedCluster {
            name: NAME.to_owned(),
            cluster: Some(cluster),
            ..NamedCluster::default()
        }],
        contexts: vec![NamedContext {
            name: NAME.to_owned(),
            context: Some(context),
            ..NamedContext::default()
        }],
        current_context: Some(NAME.to_owned()),
        ..Kubeconfig::default()
    };
    load(kubeconfig, None).await
}

/// Chooses a context, and makes proxy, retries and time limits ours.
async fn load(kubeconfig: Kubeconfig, context: Option<String>) -> Result<Config, String> {
    let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| explain(&error))?;
    ours(&mut config);
    Ok(config)
}

/// A context of a kubeconfig file.
pub(crate) async fn from_file(path: &Path, context: Option<&str>) -> Result<Connection, String> {
    let shown = path.display();
    let kubeconfig = Kubeconfig::read_from(path)
        .map_err(|error| format!("read kubeconfig {shown}: {}", explain(&error)))?;
    let names = || listing(kubeconfig.contexts.iter().map(|context| context.name.as_str()));
    let name = context
        .or(kubeconfig.current_context.as_deref())
        .filter(|name| !name.is_empty())
        .ok_or_else(|| {
            format!("kubeconfig {shown} has no current-context; set it to one of {}", names())
        })?
        .to_owned();
    let chosen = kubeconfig.contexts.iter().find(|named| named.name == name);
    let chosen = chosen
        .and_then(|named| named.context.clone())
        .ok_or_else(|| format!("kubeconfig {shown} has no context {name:?}; it has {}", names()))?;
    let cluster = kubeconfig.clusters.iter().find(|named| named.name == chosen.cluster);
    let proxy = cluster
        .and_then(|named| named.cluster.as_ref()?.proxy_url.clone())
        .filter(|proxy| !proxy.is_empty());
    if let Some(user) = chosen.user.as_deref().filter(|user| !user.is_empty())
        && !kubeconfig.auth_infos.iter().any(|named| named.name == user)
    {
        let users = listing(kubeconfig.auth_infos.iter().map(|named| named.name.as_str()));
        return Err(format!(
            "kubeconfig {shown}, context {name:?}: there is no user {user:?}; it has {users}"
        ));
    }
    let mut config = load(kubeconfig, Some(name.clone()))
        .await
        .map_err(|reason| format!("kubeconfig {shown}, context {name:?}: {reason}"))?;
    config.proxy_url = proxy.map(|proxy| parse_proxy(&proxy)).transpose()?;
    let user = chosen.user.unwrap_or_default();
    let kind = credentials::prepare(&mut config.auth_info)
        .map_err(|reason| format!("kubeconfig {shown}, user {user:?}: {reason}"))?;
    let identity = match kind {
        Kind::Some(kind) => Identity::new(format!("{kind} of user {user:?} in {shown}")),
        Kind::Nothing if user.is_empty() => {
            Identity::anonymous(format!("context {name:?} in {shown} names no user"))
        }
        Kind::Nothing => Identity::anonymous(format!("user {user:?} in {shown} has none")),
    };
    Ok(Connection { config, identity })
}

/// A server without credentials.
fn plain(url: Uri) -> Config {
    let mut config = Config::new(url);
    ours(&mut config);
    config
}

/// Retries and time limits are ours, and so is the proxy: the library looks for one in the environment.
fn ours(config: &mut Config) {
    config.proxy_url = None;
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.read_timeout = None;
    config.write_timeout = None;
}

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

fn parse_proxy(text: &str) -> Result<Uri, String> {
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

/// Makes the client. Nothing is sent yet.
pub(crate) fn client(config: Config, credentials: &str) -> Result<Client, String> {
    extdns_auth::install_crypto();
    Client::try_from(config).map_err(|error| match error {
        kube::Error::InferKubeconfig(error) => format!("{credentials}: {}", explain(&error)),
        // Its own message prints the URL of the proxy, which can hold a password.
        kube::Error::ProxyProtocolUnsupported { .. } => {
            "the proxy URL is wrong: write it like http://host:3128 (or https, or socks5)"
                .to_owned()
        }
        error => format!("{credentials}: {}", chain(&error)),
    })
}

/// What is wrong with a kubeconfig. The parser quotes lines of the file, which can hold secrets: only the place is
/// said.
fn explain(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => match error.location() {
            Some(at) => format!("it is no kubeconfig: line {}, column {}", at.line(), at.column()),
            None => "it is no kubeconfig".to_owned(),
        },
        KubeconfigError::ReadConfig(error, _) => io_words(error),
        KubeconfigError::LoadClusterOfContext(name) => format!("there is no cluster {name:?}"),
        KubeconfigError::MissingClusterUrl => "its cluster has no `server`".to_owned(),
        other => chain(other),
    }
}

/// Names for a message.
fn listing<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::{plain, server_url, set_proxy};
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
            let mut config = plain(server_url(url).unwrap());
            set_proxy(&mut config, &environment).unwrap();
            assert_eq!(config.proxy_url.map(|url| url.to_string()).as_deref(), expected, "{url}");
        }
    }
}
