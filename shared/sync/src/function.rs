//! The settings of a process that makes many runs: environment variables, flags and a configuration file that may change.

use std::io;
use std::time::{Duration, SystemTime};

use extdns_auth::documents::Place;
use tokio::time::Instant;

use crate::logging;
use crate::settings::{Arguments, Environment, Request, SettingsError, load, resolve};

/// How long the configuration file is used before it is read again: a process may live for months. A file on disk that was
/// written is read again at once.
const KEPT: Duration = Duration::from_secs(300);

/// How long reading it again may take. An API server waits for the relay, two seconds at most.
const BOUND: Duration = Duration::from_secs(1);

/// The settings of a process, by the configuration file as it was read last.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The flags.
    pub arguments: Arguments,
    /// The variables, and the configuration file that they name.
    pub environment: Environment,
    looked: Instant,
    /// When the configuration file was written, where it is a file on disk.
    written: Option<SystemTime>,
}

impl Settings {
    /// Settings that are there already.
    #[must_use]
    pub fn new(arguments: Arguments, environment: Environment) -> Self {
        let written = written(&environment);
        Self { arguments, environment, looked: Instant::now(), written }
    }

    /// The settings of a process that starts. From here on, what is logged has the form that they ask for.
    ///
    /// # Errors
    /// When the settings cannot be used, or ask for nothing but a text to be shown.
    pub async fn start(environment: Environment) -> Result<Self, String> {
        let read = Self::read(environment).await;
        let process = read.as_ref().map(|own| &own.arguments.process);
        let (format, level) =
            process.map(|own| (own.log_format, own.log_level)).unwrap_or_default();
        logging::start(format, level);
        read
    }

    /// The settings by a configuration file that has changed: one on disk when it was written, another one is read once
    /// in five minutes. One that cannot be
    /// read or used changes nothing, which is told in the log.
    pub async fn newer(&mut self) -> Option<Self> {
        let known = self.environment.config.as_ref()?;
        let written = written(&self.environment);
        if self.looked.elapsed() < KEPT && written == self.written {
            return None;
        }
        self.looked = Instant::now();
        self.written = written;
        let read = tokio::time::timeout(BOUND, Self::read(self.environment.clone())).await;
        let problem = match read {
            Ok(Ok(newer)) if newer.environment.config.as_ref() == Some(known) => return None,
            Ok(Ok(newer)) => {
                tracing::info!("the configuration file has changed");
                return Some(newer);
            }
            Ok(Err(problem)) => problem,
            Err(_) => format!("the configuration file cannot be read within {BOUND:?}"),
        };
        tracing::error!("the settings stay as they were: {problem}");
        None
    }

    async fn read(environment: Environment) -> Result<Self, String> {
        let said = async {
            let environment = load(environment, io::empty()).await?;
            Ok::<_, SettingsError>((resolve(&environment)?, environment))
        };
        match said.await {
            Ok((Request::Run(arguments), environment)) => Ok(Self::new(*arguments, environment)),
            Ok((Request::Show(text), _)) => Err(text),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// When the configuration file was written, where it is a file on disk.
fn written(environment: &Environment) -> Option<SystemTime> {
    let place = environment.config.as_ref()?.place.parse().ok()?;
    let Place::Path(path) = place else { return None };
    std::fs::metadata(path).ok()?.modified().ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn write(path: &Path, owner: &str) {
        let text = format!(
            "{{\"apiVersion\": \"extdns/v1\", \"defaults\": {{\"provider\": \"inmemory\", \"sources\": [\"fake\"], \"txtOwnerId\": \"{owner}\"}}}}"
        );
        std::fs::write(path, text).expect("written");
    }

    fn owner(settings: &Settings) -> &str {
        &settings.arguments.target_entries[0].arguments.registry.txt_owner_id
    }

    #[tokio::test(start_paused = true)]
    async fn a_configuration_file_that_has_changed_is_found_within_five_minutes() {
        let dir = tempfile::TempDir::new().expect("a folder");
        let path = dir.path().join("config.yaml");
        write(&path, "first");
        let variable = ("EXTERNAL_DNS_CONFIG".into(), path.clone().into());
        let start = Settings::start(Environment::of([], [variable])).await;
        let mut settings = start.expect("settings");
        assert_eq!(owner(&settings), "first");

        let file = || std::fs::File::options().write(true).open(&path).expect("the file");
        let written = file().metadata().expect("there").modified().expect("a time");
        write(&path, "second");
        file().set_modified(written).expect("a time of choice");
        assert!(settings.newer().await.is_none(), "it is not read for every event");
        tokio::time::advance(KEPT).await;
        settings = settings.newer().await.expect("newer settings");
        assert_eq!(owner(&settings), "second");
        tokio::time::advance(KEPT).await;
        assert!(settings.newer().await.is_none(), "it says the same");

        std::fs::write(&path, "apiVersion: extdns/v1\ndefualts: {}\n").expect("written");
        tokio::time::advance(KEPT).await;
        assert!(settings.newer().await.is_none(), "it cannot be used");
        std::fs::remove_file(&path).expect("removed");
        tokio::time::advance(KEPT).await;
        assert!(settings.newer().await.is_none(), "it cannot be read");
        write(&path, "third");
        assert_eq!(owner(&settings.newer().await.expect("newer settings")), "third");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_configuration_file_there_is_nothing_newer() {
        let variables = [("PROVIDER", "inmemory"), ("SOURCE", "fake")]
            .map(|(name, value)| (format!("EXTERNAL_DNS_{name}").into(), value.into()));
        let start = Settings::start(Environment::of([], variables)).await;
        let mut settings = start.expect("settings");
        tokio::time::advance(KEPT).await;
        assert!(settings.newer().await.is_none());
    }
}
