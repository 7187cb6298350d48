//! The settings of `ultradns`, all of them variables.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::SERVICE;
use super::pool::Pools;
use crate::rest::credentials::given;
use crate::rest::{Auth, Grant, Rest};
use crate::{Context, ProviderError};

const PASSWORD: &str = "ULTRADNS_PASSWORD";

/// The client with the credentials of the variables, and what several addresses of a name become.
///
/// # Errors
/// When a variable is missing or malformed.
pub(super) fn find(context: &Context) -> Result<(Rest, Pools), ProviderError> {
    let variables = &context.environment;
    let value = |name| variables.get(name).unwrap_or_default();
    let names = ["ULTRADNS_USERNAME", PASSWORD, "ULTRADNS_BASEURL"];
    let [user, encoded, base] = given("UltraDNS", names.map(|name| (name, value(name))))?;
    let password = STANDARD.decode(&encoded).ok().and_then(|it| String::from_utf8(it).ok());
    let password = password.ok_or_else(|| {
        ProviderError::config(format!("{PASSWORD} is not in base64; encode the password"))
    })?;
    Ok((client(context, &base, &user, password)?, pools(value)?))
}

/// The client of the API at this URL.
pub(super) fn client(
    context: &Context,
    base: &str,
    user: &str,
    password: String,
) -> Result<Rest, ProviderError> {
    let form = vec![
        ("grant_type", "password".to_owned()),
        ("username", user.to_owned()),
        ("password", password.clone()),
    ];
    let rest = Rest::new(&SERVICE, Some(base), Auth::none(), &context.http)?;
    let path = &["authorization", "token"];
    let auth = Auth::tokens(Grant { rest, path, form, secret: password });
    context.rest(&SERVICE, Some(base), auth)?.always_header("ultraclient", Some("kube-client"))
}

fn pools<'v>(value: impl Fn(&'static str) -> &'v str) -> Result<Pools, ProviderError> {
    let is_on = |name| match value(name) {
        "" | "true" => Ok(true),
        "false" => Ok(false),
        other => Err(ProviderError::config(format!("{name} is {other:?}; use true or false"))),
    };
    let probes = is_on("ULTRADNS_ENABLE_PROBING")?;
    let acts = is_on("ULTRADNS_ENABLE_ACTONPROBE")?;
    match value("ULTRADNS_POOL_TYPE") {
        "" | "rdpool" => Ok(Pools::ResourceDistribution),
        "sbpool" => Ok(Pools::SiteBacker { probes, acts }),
        other => Err(ProviderError::config(format!(
            "ULTRADNS_POOL_TYPE is {other:?}; use rdpool or sbpool"
        ))),
    }
}
