//! Looking up addresses of load balancers that have only a host name.

use std::net::IpAddr;

use async_trait::async_trait;
use hickory_resolver::TokioResolver;
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::Name;
use tokio::sync::OnceCell;

/// Looks up the addresses of a host.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// The IPv4 and IPv6 addresses of a host.
    ///
    /// # Errors
    /// That there are none, or that nobody knows at the moment.
    async fn lookup(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError>;
}

/// Why a host has no addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The name does not exist, or has no addresses: an answer.
    #[error("no such host")]
    NotFound,
    /// No answer; another try may get one.
    #[error("{0}; try again, or see whether the resolver of this machine works")]
    Temporary(String),
}

/// The resolver that the machine is set up with, made on first use.
#[derive(Default)]
pub struct SystemResolver(OnceCell<TokioResolver>);

impl SystemResolver {
    async fn get(&self) -> Result<&TokioResolver, NetError> {
        self.0.get_or_try_init(|| async { TokioResolver::builder_tokio()?.build() }).await
    }
}

#[async_trait]
impl Resolver for SystemResolver {
    async fn lookup(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        let name = Name::from_utf8(host).map_err(|_| ResolveError::NotFound)?;
        let resolver =
            self.get().await.map_err(|error| ResolveError::Temporary(error.to_string()))?;
        // Two questions, so that half an answer is not taken for the whole.
        let (v4, v6) = tokio::join!(resolver.ipv4_lookup(name.clone()), resolver.ipv6_lookup(name));
        let mut addresses = addresses(v4)?;
        addresses.extend(self::addresses(v6)?);
        if addresses.is_empty() { Err(ResolveError::NotFound) } else { Ok(addresses) }
    }
}

/// The addresses of an answer; none if there are none.
fn addresses(answer: Result<Lookup, NetError>) -> Result<Vec<IpAddr>, ResolveError> {
    match answer {
        Ok(answer) => {
            Ok(answer.answers().iter().filter_map(|record| record.data.ip_addr()).collect())
        }
        Err(error) if error.is_no_records_found() => Ok(Vec::new()),
        Err(error) => Err(ResolveError::Temporary(error.to_string())),
    }
}
