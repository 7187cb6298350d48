//! Signatures with Kerberos (GSS-TSIG, RFC 3645): a context is negotiated with each server (TKEY, RFC 2930), and its
//! tokens are the codes of TSIG.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::NULL;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use libgssapi::context::{ClientCtx, CtxFlags, SecurityContext as _};
use libgssapi::credential::{Cred, CredUsage};
use libgssapi::error::Error;
use libgssapi::name::Name as Principal;
use libgssapi::oid::{GSS_MECH_KRB5, GSS_NT_KRB5_PRINCIPAL, OidSet};
use rand::RngExt as _;

use super::tsig::{self, Key};
use crate::{ErrorKind, ProviderError};

/// The type of the record that negotiates, which the DNS library does not know.
const TKEY: RecordType = RecordType::Unknown(249);

/// The mode of a negotiation by GSS-API (RFC 2930, 2.5).
const GSS_API: u16 = 3;

/// The algorithm, as a name on the wire.
const ALGORITHM: &[u8] = b"\x08gss-tsig\x00";

/// How long a context shall be good, in seconds. It ends with its ticket at any rate.
const WANTED: u32 = 3600;

/// How long before its end a context is used no more.
const EARLY: Duration = Duration::from_secs(60);

/// A user of Kerberos, and the contexts that servers have with it: one for each server and run.
pub(super) struct Kerberos {
    account: Account,
    contexts: tokio::sync::Mutex<HashMap<String, Context>>,
}

#[derive(Clone)]
struct Account {
    principal: String,
    password: String,
}

/// A context, and when it ends (seconds since 1970).
struct Context {
    key: Arc<Key>,
    until: u64,
}

/// What a context signs and verifies with. Its tokens are numbered, so one is made after the other.
pub(super) struct Tokens(Mutex<ClientCtx>);

impl Tokens {
    /// The token of a text.
    ///
    /// # Errors
    /// When the context is over.
    pub(super) fn sign(&self, text: &[u8]) -> Result<Vec<u8>, ProviderError> {
        let token = self.context().get_mic(text).map(|token| token.to_vec());
        token.map_err(|error| {
            let message = format!("Kerberos: {error}; the next attempt begins anew");
            ProviderError::new(ErrorKind::Transient, message)
        })
    }

    /// Whether a token is that of a text.
    pub(super) fn is_right(&self, text: &[u8], token: &[u8]) -> bool {
        self.context().verify_mic(text, token).is_ok()
    }

    fn context(&self) -> MutexGuard<'_, ClientCtx> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kerberos {
    /// The user `name` of a realm. Nothing is sent yet.
    pub(super) fn new(name: &str, password: &str, realm: &str) -> Self {
        extdns_auth::secrets::register(password);
        let principal = format!("{name}@{}", realm.to_uppercase());
        let account = Account { principal, password: password.to_owned() };
        Self { account, contexts: tokio::sync::Mutex::default() }
    }

    /// The key of the context with a server: the one that there is, unless it ends soon, or a new one. `exchange` sends
    /// a message without a signature, and gives what the server answers.
    ///
    /// # Errors
    /// When the KDC gives no ticket, or the server does not take it.
    pub(super) async fn key<F>(
        &self,
        host: &str,
        now: u64,
        exchange: impl FnOnce(Message) -> F,
    ) -> Result<Arc<Key>, ProviderError>
    where
        F: Future<Output = Result<(Message, Vec<u8>), ProviderError>>,
    {
        let mut contexts = self.contexts.lock().await;
        if let Some(context) = contexts.get(host).filter(|it| now + EARLY.as_secs() < it.until) {
            return Ok(Arc::clone(&context.key));
        }
        let begun = self.begin(host).await?;
        let (answer, bytes) = exchange(begun.question(now)).await?;
        let context = begun.end(&answer, &bytes, now)?;
        let key = Arc::clone(&context.key);
        contexts.insert(host.to_owned(), context);
        Ok(key)
    }

    /// Lets go of a context that the server has no more.
    pub(super) async fn forget(&self, key: &Arc<Key>) {
        self.contexts.lock().await.retain(|_, context| !Arc::ptr_eq(&context.key, key));
    }

    /// Asks the KDC for a ticket for a server.
    async fn begin(&self, host: &str) -> Result<Begun, ProviderError> {
        let number = rand::rng().random_range(1..i32::MAX);
        let name = Name::from_ascii(format!("{number}.sig-{}.", host.trim_end_matches('.')));
        let name = name.map_err(tsig::unwritable)?;
        let (account, service) = (self.account.clone(), host.trim_end_matches('.').to_owned());
        // The library waits for the KDC.
        let asked = tokio::task::spawn_blocking(move || ticket(&account, &service)).await;
        let (context, token) = asked.map_err(tsig::unwritable)??;
        Ok(Begun { context, name, token })
    }
}

/// A context that the server has not taken yet, and the token with the ticket.
fn ticket(account: &Account, host: &str) -> Result<(ClientCtx, Vec<u8>), ProviderError> {
    let failed = |error: Error| refused_by_kdc(&error.to_string(), account, host);
    let user = Principal::new(account.principal.as_bytes(), Some(GSS_NT_KRB5_PRINCIPAL));
    let mut mechanisms = OidSet::new();
    mechanisms.add(GSS_MECH_KRB5).map_err(failed)?;
    let own = Cred::acquire_with_password(
        Some(&user.map_err(failed)?),
        &account.password,
        None,
        CredUsage::Initiate,
        Some(&mechanisms),
    );
    // As it is given: a name that DNS makes of it would have to be trusted. The KDC finds the realm.
    let service = format!("DNS/{host}@");
    let service =
        Principal::new(service.as_bytes(), Some(GSS_NT_KRB5_PRINCIPAL)).map_err(failed)?;
    let flags = CtxFlags::GSS_C_MUTUAL_FLAG | CtxFlags::GSS_C_INTEG_FLAG;
    let mut context =
        ClientCtx::new(Some(own.map_err(failed)?), service, flags, Some(GSS_MECH_KRB5));
    let token = context.step(None, None).map_err(failed)?;
    Ok((context, token.map(|token| token.to_vec()).unwrap_or_default()))
}

fn refused_by_kdc(said: &str, account: &Account, host: &str) -> ProviderError {
    let said = said.trim();
    let is = |text: &str| said.contains(text);
    let (kind, remedy) = if is("Cannot contact any KDC") || is("Cannot find KDC") {
        (
            ErrorKind::Transient,
            "check --rfc2136-kerberos-realm and the file of KRB5_CONFIG".to_owned(),
        )
    } else if is("Clock skew") {
        (ErrorKind::Unauthorised, "set the clocks of this machine and of the KDC".to_owned())
    } else if is("not found in Kerberos database") {
        let remedy = format!(
            "the KDC must have both that user and DNS/{host}, the server of --rfc2136-host"
        );
        (ErrorKind::Unauthorised, remedy)
    } else {
        (
            ErrorKind::Unauthorised,
            "check --rfc2136-kerberos-username and --rfc2136-kerberos-password".to_owned(),
        )
    };
    let message = format!("no Kerberos ticket for {}: {said}; {remedy}", account.principal);
    ProviderError::new(kind, message)
}

/// A context that the server has not taken yet.
struct Begun {
    context: ClientCtx,
    name: Name,
    token: Vec<u8>,
}

impl Begun {
    /// The message that offers it.
    fn question(&self, now: u64) -> Message {
        let mut message = Message::new(rand::random(), MessageType::Query, OpCode::Query);
        let mut query = Query::query(self.name.clone(), TKEY);
        query.set_query_class(DNSClass::ANY);
        message.add_query(query);
        let data = RData::Unknown { code: TKEY, rdata: NULL::with(offer(&self.token, now)) };
        let mut record = Record::from_rdata(self.name.clone(), 0, data);
        record.dns_class = DNSClass::ANY;
        message.add_additional(record);
        message
    }

    /// The context, as the server has taken it.
    ///
    /// # Errors
    /// When it has not, or the answer cannot be trusted.
    fn end(mut self, answer: &Message, bytes: &[u8], now: u64) -> Result<Context, ProviderError> {
        let code = answer.metadata.response_code;
        if code != ResponseCode::NoError {
            return Err(refused(&format!("bad return code: {code}")));
        }
        let taken = answer.answers.iter().find_map(|record| match &record.data {
            RData::Unknown { code: TKEY, rdata } if record.name == self.name => {
                Taken::read(&rdata.anything)
            }
            _ => None,
        });
        let taken = taken.ok_or_else(|| refused("the answer has no TKEY record"))?;
        match taken.error {
            0 => {}
            16..=18 => {
                return Err(refused("it does not take the ticket (BADSIG, BADKEY or BADTIME)"));
            }
            other => return Err(refused(&format!("it answers with the TKEY error {other}"))),
        }
        // The token shows that the server has the keys of the service.
        let step = self.context.step(Some(&taken.token), None);
        step.map_err(|error| {
            refused(&format!("its token is wrong: {}", error.to_string().trim()))
        })?;
        if !self.context.is_complete() {
            return Err(refused("its token does not end the negotiation"));
        }
        let ticket =
            self.context.lifetime().map_or(u64::MAX, |left| now.saturating_add(left.as_secs()));
        let until = u64::from(taken.until).min(ticket);
        let key = Arc::new(Key::of_context(self.name, Tokens(Mutex::new(self.context))));
        key.verify_where_signed(answer, bytes, now)?;
        Ok(Context { key, until })
    }
}

fn refused(problem: &str) -> ProviderError {
    let message = format!(
        "the server takes no Kerberos context: {problem}; see that it has the keys of DNS/HOST for the name in \
         --rfc2136-host (tkey-gssapi-keytab in BIND), that the clocks agree, and the log of the server"
    );
    ProviderError::new(ErrorKind::Unauthorised, message)
}

/// The data of a TKEY record that offers a token (RFC 2930, section 2).
fn offer(token: &[u8], now: u64) -> Vec<u8> {
    let begin = u32::try_from(now).unwrap_or(u32::MAX);
    let length = u16::try_from(token.len()).unwrap_or(u16::MAX);
    let (end, none) = (begin.saturating_add(WANTED), 0_u16);
    let mut data =
        [ALGORITHM, &begin.to_be_bytes(), &end.to_be_bytes(), &GSS_API.to_be_bytes()].concat();
    data.extend(none.to_be_bytes());
    data.extend(length.to_be_bytes());
    data.extend(token.iter().take(length.into()));
    data.extend(none.to_be_bytes());
    data
}

/// What a TKEY record of a server says.
#[derive(Debug, PartialEq, Eq)]
struct Taken {
    until: u32,
    error: u16,
    token: Vec<u8>,
}

impl Taken {
    /// The data of a record; `None` of what is none.
    fn read(data: &[u8]) -> Option<Self> {
        let mut at = 0;
        loop {
            match *data.get(at)? {
                0 => break at += 1,
                length @ 1..64 => at += 1 + usize::from(length),
                // No name of a TKEY record is compressed (RFC 2930, section 2).
                _ => return None,
            }
        }
        let rest = data.get(at..)?;
        let short = |at: usize| Some(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
        let until =
            u32::from_be_bytes([*rest.get(4)?, *rest.get(5)?, *rest.get(6)?, *rest.get(7)?]);
        let (mode, error, length) = (short(8)?, short(10)?, usize::from(short(12)?));
        let token = rest.get(14..14 + length)?.to_vec();
        (mode == GSS_API).then_some(Self { until, error, token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tkey_record_is_written_and_read() {
        let data = offer(b"token", 1_700_000_000);
        let expected = Taken { until: 1_700_003_600, error: 0, token: b"token".to_vec() };
        assert_eq!(Taken::read(&data), Some(expected));
        for length in 0..data.len() - 2 {
            assert_eq!(Taken::read(&data[..length]), None, "of {length} bytes");
        }
        assert_eq!(Taken::read(b"\xc0\x0c"), None, "a compressed name");
    }
}
