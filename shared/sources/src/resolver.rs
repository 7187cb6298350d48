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
    /// When there are none, or when they cannot be found at the moment.
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
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        let mut name = Name::from_utf8(host).map_err(|_| ResolveError::NotFound)?;
        // With the machine's search list, the last of several answers would hide a lost one.
        name.set_fqdn(host.contains('.'));
        let resolver =
            self.get().await.map_err(|error| ResolveError::Temporary(error.to_string()))?;
        // Two queries, so that the answer to one is not taken for the whole.
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

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use hickory_resolver::TokioResolver;
    use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
    use hickory_resolver::net::runtime::TokioRuntimeProvider;
    use hickory_resolver::proto::op::{Message, ResponseCode};
    use hickory_resolver::proto::rr::rdata::{A, AAAA};
    use hickory_resolver::proto::rr::{RData, Record, RecordType};
    use tokio::net::UdpSocket;
    use tokio::sync::OnceCell;

    use super::{ResolveError, Resolver as _, SystemResolver};

    /// A name server that answers by the first label of the name.
    async fn serve(socket: UdpSocket) {
        let mut buffer = [0; 1500];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
            let Ok(message) = Message::from_vec(&buffer[..length]) else { continue };
            let query = message.queries[0].clone();
            let (name, rtype) = (query.name().clone(), query.query_type());
            let label = String::from_utf8_lossy(name.iter().next().unwrap_or_default()).to_string();
            let mut answer = message.into_response();
            match (label.as_str(), rtype) {
                ("both" | "v4" | "half", RecordType::A) => {
                    let data = RData::A(A::new(192, 0, 2, 1));
                    answer.add_answer(Record::from_rdata(name, 60, data));
                }
                ("both", RecordType::AAAA) => {
                    let data = RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
                    answer.add_answer(Record::from_rdata(name, 60, data));
                }
                ("broken" | "half", _) => answer.metadata.response_code = ResponseCode::ServFail,
                ("silent", _) => continue,
                ("missing", _) => answer.metadata.response_code = ResponseCode::NXDomain,
                _ => {}
            }
            let _ = socket.send_to(&answer.to_vec().unwrap(), peer).await;
        }
    }

    async fn resolver() -> SystemResolver {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut connection = ConnectionConfig::udp();
        connection.port = socket.local_addr().unwrap().port();
        tokio::spawn(serve(socket));
        let server = NameServerConfig::new(Ipv4Addr::LOCALHOST.into(), true, vec![connection]);
        let config = ResolverConfig::from_parts(None, vec![], vec![server]);
        let mut builder =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        builder.options_mut().timeout = Duration::from_millis(200);
        builder.options_mut().attempts = 1;
        SystemResolver(OnceCell::new_with(Some(builder.build().unwrap())))
    }

    #[tokio::test]
    async fn what_a_name_server_answers() {
        let resolver = resolver().await;
        let v4 = IpAddr::from([192, 0, 2, 1]);
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        assert_eq!(resolver.lookup("both.example.net").await, Ok(vec![v4, v6]));
        assert_eq!(resolver.lookup("v4.example.net").await, Ok(vec![v4]));
        for host in ["missing.example.net", "nodata.example.net"] {
            assert_eq!(resolver.lookup(host).await, Err(ResolveError::NotFound), "{host}");
        }
        for host in ["broken.example.net", "half.example.net", "silent.example.net"] {
            let answer = resolver.lookup(host).await;
            assert!(matches!(answer, Err(ResolveError::Temporary(_))), "{host}: {answer:?}");
        }
    }

    #[tokio::test]
    async fn what_needs_no_name_server() {
        let resolver = SystemResolver::default();
        assert_eq!(resolver.lookup("192.0.2.9").await, Ok(vec![[192, 0, 2, 9].into()]));
        let no_name = format!("{}.example.net", "a".repeat(64));
        assert_eq!(resolver.lookup(&no_name).await, Err(ResolveError::NotFound));
    }
}
