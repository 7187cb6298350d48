//! Reading a kubeconfig, and making one of several.

use std::path::{Path, PathBuf};

use extdns_auth::documents::{self, Place};
use kube::config::{Kubeconfig, KubeconfigError};
use secrecy::{ExposeSecret as _, SecretString};

use crate::environment::Environment;
use crate::error::{chain, io_words};

/// The largest kubeconfig: one of a hundred clusters with their certificates has less.
const BOUND: usize = 4 << 20;

/// Where a kubeconfig is.
#[derive(Clone, Debug)]
pub enum KubeconfigSource {
    /// A file, or a document that AWS keeps.
    Place(Place),
    /// It is this text: the configuration holds it.
    Inline(SecretString),
}

impl PartialEq for KubeconfigSource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Place(own), Self::Place(other)) => own == other,
            (Self::Inline(own), Self::Inline(other)) => {
                own.expose_secret() == other.expose_secret()
            }
            _ => false,
        }
    }
}

/// A kubeconfig, and how messages name it.
pub(crate) struct Loaded {
    pub(super) kubeconfig: Kubeconfig,
    pub(super) shown: String,
}

/// The kubeconfig that is named.
pub(super) async fn of_source(
    source: &KubeconfigSource,
    environment: &Environment,
) -> Result<Loaded, String> {
    match source {
        KubeconfigSource::Place(Place::Path(path)) => {
            Ok(Loaded { kubeconfig: of_file(path)?, shown: path.display().to_string() })
        }
        KubeconfigSource::Place(place) => {
            let document =
                documents::read(place, &environment.reader(), std::io::empty(), BOUND).await;
            let document = document.map_err(|error| format!("{error}"))?;
            let shown = place.to_string();
            let text = String::from_utf8(document)
                .map_err(|_| format!("read kubeconfig {shown}: it is no text in UTF-8"))?;
            Ok(Loaded { kubeconfig: of_text(&text, &shown)?, shown })
        }
        KubeconfigSource::Inline(text) => {
            let shown = "(inline)".to_owned();
            Ok(Loaded { kubeconfig: of_text(text.expose_secret(), &shown)?, shown })
        }
    }
}

/// The files of `KUBECONFIG`, else the one in the home folder; `None` where there is none.
pub(super) fn of_environment(environment: &Environment) -> Result<Option<Loaded>, String> {
    if let Some(files) = environment.kubeconfig.as_deref().filter(|files| !files.is_empty()) {
        return merged(files).map(Some);
    }
    let at_home = environment.home.as_ref().map(|home| home.join(".kube/config"));
    let Some(path) = at_home.filter(|path| path.exists()) else { return Ok(None) };
    Ok(Some(Loaded { kubeconfig: of_file(&path)?, shown: path.display().to_string() }))
}

/// One of several files, as kubectl makes it: files that are not there count for nothing, and of each cluster,
/// context and user, and of the current context, the first one holds.
/// <https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files>
fn merged(files: &str) -> Result<Loaded, String> {
    let named: Vec<PathBuf> =
        std::env::split_paths(files).filter(|path| !path.as_os_str().is_empty()).collect();
    let shown = format!("{files} (KUBECONFIG)");
    let mut whole: Option<Kubeconfig> = None;
    for path in named.iter().filter(|path| path.exists()) {
        let next = of_file(path)?;
        whole = Some(match whole {
            None => next,
            Some(whole) => whole
                .merge(next)
                .map_err(|error| format!("merge the kubeconfigs {shown}: {}", explain(&error)))?,
        });
    }
    match whole {
        Some(kubeconfig) => Ok(Loaded { kubeconfig, shown }),
        None => Err(format!(
            "the variable KUBECONFIG names no file that is there ({files}); correct it, or unset it"
        )),
    }
}

/// What is wrong with a kubeconfig. The parser quotes lines of the file, which can hold secrets: only the place is
/// said.
pub(super) fn explain(error: &KubeconfigError) -> String {
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

/// Paths in a file are relative to it: the library makes them absolute.
fn of_file(path: &Path) -> Result<Kubeconfig, String> {
    let kubeconfig = Kubeconfig::read_from(path)
        .map_err(|error| format!("read kubeconfig {}: {}", path.display(), explain(&error)))?;
    Ok(normal(kubeconfig))
}

/// A text that is no file has no folder for its paths.
fn of_text(text: &str, shown: &str) -> Result<Kubeconfig, String> {
    let kubeconfig = Kubeconfig::from_yaml(text)
        .map_err(|error| format!("read kubeconfig {shown}: {}", explain(&error)))?;
    match relative_path(&kubeconfig) {
        None => Ok(normal(kubeconfig)),
        Some((field, remedy)) => Err(format!(
            "kubeconfig {shown}: {field} is relative to a file, and the kubeconfig is none; {remedy}"
        )),
    }
}

/// An empty text counts as none, as in client-go.
fn normal(mut kubeconfig: Kubeconfig) -> Kubeconfig {
    kubeconfig.current_context.take_if(|name| name.is_empty());
    kubeconfig
}

/// The first field with a relative path, and what would do.
fn relative_path(kubeconfig: &Kubeconfig) -> Option<(&'static str, &'static str)> {
    const CA: (&str, &str) = ("certificate-authority", "give certificate-authority-data");
    const CERTIFICATE: (&str, &str) = ("client-certificate", "give client-certificate-data");
    const KEY: (&str, &str) = ("client-key", "give client-key-data");
    const TOKEN: (&str, &str) = ("tokenFile", "give token, or an absolute path");
    const EXEC: (&str, &str) = ("the command of exec", "give an absolute path");
    let clusters = kubeconfig.clusters.iter().filter_map(|named| named.cluster.as_ref());
    let authorities = clusters.map(|cluster| (CA, cluster.certificate_authority.as_deref()));
    let users = kubeconfig.auth_infos.iter().filter_map(|named| named.auth_info.as_ref());
    let of_users = users.flat_map(|user| {
        // A bare name is looked for in PATH.
        let command = user.exec.as_ref().and_then(|exec| exec.command.as_deref());
        [
            (CERTIFICATE, user.client_certificate.as_deref()),
            (KEY, user.client_key.as_deref()),
            (TOKEN, user.token_file.as_deref()),
            (EXEC, command.filter(|command| command.contains('/'))),
        ]
    });
    authorities
        .chain(of_users)
        .find(|(_, path)| {
            path.is_some_and(|path| !path.is_empty() && Path::new(path).is_relative())
        })
        .map(|(field, _)| field)
}
