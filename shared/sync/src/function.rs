//! How a function of AWS Lambda starts: its settings are environment variables and a configuration file.

use std::io;

use crate::logging;
use crate::settings::{Arguments, Environment, Request, SettingsError, load, resolve};

/// The settings of a function, and the environment with the configuration file that it names. From here on, what is
/// logged has the form that the settings ask for.
///
/// # Errors
/// When the settings cannot be used, or ask for nothing but a text to be shown.
pub async fn start(environment: Environment) -> Result<(Arguments, Environment), String> {
    match settings(environment).await {
        Ok((Request::Run(arguments), environment)) => {
            logging::start(arguments.process.log_format, arguments.process.log_level);
            Ok((*arguments, environment))
        }
        Ok((Request::Show(text), _)) => Err(text),
        Err(error) => {
            logging::start(Default::default(), Default::default());
            Err(error.to_string())
        }
    }
}

async fn settings(environment: Environment) -> Result<(Request, Environment), SettingsError> {
    let environment = load(environment, io::empty()).await?;
    Ok((resolve(&environment)?, environment))
}
