//! Finding an API server and the credentials for it.

mod read;

use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use kube::config::{Cluster, Context, KubeConfigOptions, Kubeconfig, NamedCluster, NamedContext};
use kube::{Client, Config};

use crate::credentials::{self, Kind};
use crate::environment::Environment;
use crate::error::chain;
use crate::identity::Identity;
use crate::server::{parse_proxy, server_url};

pub use self::read::KubeconfigSource;
pub(crate) use self::read::Loaded;
use self::read::explain;

/// Time for the TCP and TLS handshakes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How to reach an API server.
pub(crate) struct Connection {
    pub(crate) config: Config,
    pub(crate) identity: Identity,
    /// As whom, and where that is written: `context "lab", user "u" of ~/.kube/config`. It holds no secret.
    pub(crate) origin: String,
    /// The file with the token, if it comes from one.
    pub(crate) token_file: Option<PathBuf>,
}

/// The files of `KUBECONFIG`, else the kubeconfig in the home folder if there is one, else, as upstream, the pod's
/// service account. A server alone is reached without credentials, as `kubectl proxy` offers it.
pub(crate) async fn detect(
    context: Option<&str>,
    server: Option<&str>,
    environment: &Environment,
) -> Result<Connection, String> {
    if let Some(loaded) = read::of_environment(environment)? {
        return from_loaded(loaded, context, environment).await;
    }
    if let Some(context) = context {
        return Err(format!(
            "--context={context} needs a kubeconfig, and there is none: give --kubeconfig, or set KUBECONFIG"
        ));
    }
    match server {
        Some(server) if environment.kubernetes_service_host.is_none() => Ok(Connection {
            config: plain(server_url(server)?),
            identity: Identity::anonymous("--server without a kubeconfig has none"),
            origin: "--server, without credentials".to_owned(),
            token_file: None,
        }),
        _ => in_cluster(server, environment).await,
    }
}

/// A context of a kubeconfig.
pub(crate) async fn from_source(
    source: &KubeconfigSource,
    context: Option<&str>,
    environment: &Environment,
) -> Result<Connection, String> {
    let loaded = read::of_source(source, environment).await?;
    from_loaded(loaded, context, environment).await
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
        origin: "the service account of the pod".to_owned(),
        token_file: Some(token),
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

async fn from_loaded(
    loaded: Loaded,
    context: Option<&str>,
    environment: &Environment,
) -> Result<Connection, String> {
    let Loaded { kubeconfig, shown } = loaded;
    let names = || listing(kubeconfig.contexts.iter().map(|context| context.name.as_str()));
    let name = context
        .or(kubeconfig.current_context.as_deref())
        .filter(|name| !name.is_empty())
        .ok_or_else(|| {
            format!(
                "kubeconfig {shown} has no current-context; set it, or --context, to one of {}",
                names()
            )
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
    let token_file = config.auth_info.token_file.as_ref().map(PathBuf::from);
    let kind = credentials::prepare(&mut config.auth_info, environment)
        .map_err(|reason| format!("kubeconfig {shown}, user {user:?}: {reason}"))?;
    let identity = match kind {
        Kind::Some(kind) => Identity::new(format!("{kind} of user {user:?} in {shown}")),
        Kind::Nothing if user.is_empty() => {
            Identity::anonymous(format!("context {name:?} in {shown} names no user"))
        }
        Kind::Nothing => Identity::anonymous(format!("user {user:?} in {shown} has none")),
    };
    let origin = match user.as_str() {
        "" => format!("context {name:?} without a user, of {shown}"),
        user => format!("context {name:?}, user {user:?}, of {shown}"),
    };
    Ok(Connection { config, identity, origin, token_file })
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

/// Makes the client. Nothing is sent yet.
pub(crate) fn client(mut config: Config, credentials: &str) -> Result<Client, String> {
    extdns_auth::install_crypto();
    if config.cluster_url.scheme() == Some(&Scheme::HTTP) && config.proxy_url.is_none() {
        // Without TLS there is nothing to verify, so the authorities of the system are not read.
        config.root_cert.get_or_insert_default();
    }
    if config.root_cert.is_none() {
        let roots = extdns_auth::all_roots();
        config.root_cert = roots.map(|all| all.iter().map(|root| root.to_vec()).collect());
    }
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

/// Names for a message.
fn listing<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
