//! Where a service of AWS is.

use aws_config::SdkConfig;
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
use aws_types::service_config::ServiceConfigKey;

use super::AwsService;
use crate::aws::aws_error_chain;

/// Where a service is, and whether that is AWS itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Scheme and host, without a slash at its end.
    pub(super) url: String,
    /// Whether a setting names it (`AWS_ENDPOINT_URL_S3`, a profile): an emulator, or a proxy.
    pub(super) configured: bool,
}

/// The endpoint that a variable or the profile names for the service or for all of them, else that
/// of AWS in the region. The SDK reads the settings; it is asked in the way of its own clients.
pub(super) async fn of(
    service: &AwsService,
    region: &str,
    config: &SdkConfig,
) -> Result<Endpoint, String> {
    let configured = named(service, config).or_else(|| config.endpoint_url().map(str::to_owned));
    if let Some(url) = configured {
        return Ok(Endpoint { url: url.trim_end_matches('/').to_owned(), configured: true });
    }
    // Its own client knows the hosts of STS in each partition, with and without FIPS; those of the
    // other services differ in the first word.
    let dual = config.use_dual_stack().unwrap_or(false) && service.host != "s3";
    let parameters = Params::builder()
        .region(region.to_owned())
        .set_use_fips(config.use_fips())
        .use_dual_stack(dual)
        .build()
        .map_err(|error| aws_error_chain(&error))?;
    let sts = DefaultResolver::new().resolve_endpoint(&parameters).await;
    let sts = sts.map_err(|error| aws_error_chain(&*error))?;
    let rest = sts.url().strip_prefix("https://sts").ok_or("AWS has no such endpoint")?;
    let AwsService { prefix, host, .. } = service;
    Ok(Endpoint { url: format!("https://{prefix}{host}{rest}"), configured: false })
}

/// The endpoint of this service alone.
fn named(service: &AwsService, config: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service.id)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    config.service_config()?.load_config(key)
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, Region, SdkConfig};

    use super::*;
    use crate::aws::api::{CLOUD_MAP, CLOUD_MAP_DATA, S3, SECRETS_MANAGER, SSM};

    #[tokio::test]
    async fn the_hosts_of_services_in_each_partition() {
        let config = |fips, url: Option<&str>| {
            let mut config = SdkConfig::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::from_static("eu-west-1"))
                .use_fips(fips);
            config.set_endpoint_url(url.map(str::to_owned));
            config.build()
        };
        let plain = config(false, None);
        let table = [
            (&SSM, "eu-west-1", &plain, "https://ssm.eu-west-1.amazonaws.com"),
            (
                &SECRETS_MANAGER,
                "eu-west-1",
                &plain,
                "https://secretsmanager.eu-west-1.amazonaws.com",
            ),
            (&S3, "cn-north-1", &plain, "https://s3.cn-north-1.amazonaws.com.cn"),
            (
                &CLOUD_MAP,
                "us-gov-west-1",
                &plain,
                "https://servicediscovery.us-gov-west-1.amazonaws.com",
            ),
            (
                &CLOUD_MAP_DATA,
                "cn-north-1",
                &plain,
                "https://data-servicediscovery.cn-north-1.amazonaws.com.cn",
            ),
            (
                &CLOUD_MAP_DATA,
                "us-east-1",
                &config(true, None),
                "https://data-servicediscovery-fips.us-east-1.amazonaws.com",
            ),
            (&CLOUD_MAP_DATA, "us-east-1", &config(true, Some("http://[::1]:1")), "http://[::1]:1"),
            (&SSM, "us-east-1", &config(true, None), "https://ssm-fips.us-east-1.amazonaws.com"),
            (&S3, "eu-west-1", &config(false, Some("http://[::1]:1/")), "http://[::1]:1"),
        ];
        for (service, region, config, url) in table {
            let found = of(service, region, config).await.expect(url);
            let configured = url.starts_with("http://");
            assert_eq!(found, Endpoint { url: url.to_owned(), configured });
        }
    }
}
