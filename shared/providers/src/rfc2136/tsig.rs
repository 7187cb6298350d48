//! Signatures of messages (TSIG, RFC 8945), with a shared secret or the tokens of a Kerberos context.
//!
//! The DNS library reads and writes the record. The codes are computed here, because it has no SHA-1
//! and SHA-224, which servers and upstream still have.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::TSIG;
use hickory_proto::rr::rdata::tsig::{TsigAlgorithm, TsigError, make_tsig_record, message_tbs};
use hickory_proto::rr::{Name, RData};
use hickory_proto::serialize::binary::BinEncoder;

#[cfg(feature = "gss-tsig")]
use super::gss::Tokens;
use super::record;
use crate::{ErrorKind, ProviderError};

/// Most seconds between the clocks of both sides.
const FUDGE: u16 = 300;

/// Most messages without a signature between two that have one (RFC 8945, section 5.3.1).
const MOST_UNSIGNED: usize = 99;

/// The algorithms, as `--rfc2136-tsig-secret-alg` names them.
const ALGORITHMS: [(&str, TsigAlgorithm, hmac::Algorithm); 5] = [
    ("hmac-sha1", TsigAlgorithm::HmacSha1, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
    ("hmac-sha224", TsigAlgorithm::HmacSha224, hmac::HMAC_SHA224),
    ("hmac-sha256", TsigAlgorithm::HmacSha256, hmac::HMAC_SHA256),
    ("hmac-sha384", TsigAlgorithm::HmacSha384, hmac::HMAC_SHA384),
    ("hmac-sha512", TsigAlgorithm::HmacSha512, hmac::HMAC_SHA512),
];

/// A key that both sides have.
pub(super) struct Key {
    name: Name,
    algorithm: TsigAlgorithm,
    secret: Secret,
}

/// What makes and checks codes.
enum Secret {
    Shared(Box<hmac::Key>),
    #[cfg(feature = "gss-tsig")]
    Context(Tokens),
}

impl Secret {
    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, ProviderError> {
        match self {
            Self::Shared(key) => Ok(hmac::sign(key, text).as_ref().to_vec()),
            #[cfg(feature = "gss-tsig")]
            Self::Context(tokens) => tokens.sign(text),
        }
    }

    fn is_right(&self, text: &[u8], code: &[u8]) -> bool {
        match self {
            Self::Shared(key) => hmac::verify(key, text, code).is_ok(),
            #[cfg(feature = "gss-tsig")]
            Self::Context(tokens) => tokens.is_right(text, code),
        }
    }
}

impl Key {
    /// A key of this name; the secret is in base64.
    pub(super) fn new(name: &str, algorithm: &str, secret: &str) -> Result<Self, String> {
        let known = ALGORITHMS.iter().find(|(text, ..)| *text == algorithm);
        let Some((_, tsig, hmac)) = known else {
            let names = ALGORITHMS.map(|(text, ..)| text).join(", ");
            return Err(format!(
                "--rfc2136-tsig-secret-alg={algorithm}: not a supported TSIG algorithm; give one of {names}, or \
                 --rfc2136-insecure where the server asks for no signature"
            ));
        };
        if name.trim_end_matches('.').is_empty() {
            return Err("--rfc2136-tsig-keyname is missing".to_owned());
        }
        let name = record::name(&extdns_model::Name::as_listed(name))
            .map_err(|problem| format!("--rfc2136-tsig-keyname: {problem}"))?;
        let secret = STANDARD.decode(secret.trim()).ok().filter(|secret| !secret.is_empty());
        let secret = secret.ok_or("--rfc2136-tsig-secret is missing, or no base64")?;
        Ok(Self {
            name: name.to_lowercase(),
            algorithm: tsig.clone(),
            secret: Secret::Shared(Box::new(hmac::Key::new(*hmac, &secret))),
        })
    }

    /// The key of a context, which both sides know by this name.
    #[cfg(feature = "gss-tsig")]
    pub(super) fn of_context(name: Name, tokens: Tokens) -> Self {
        let secret = Secret::Context(tokens);
        Self { name: name.to_lowercase(), algorithm: TsigAlgorithm::Gss, secret }
    }

    /// Whether a context stands behind it, which the server may have no more.
    fn is_context(&self) -> bool {
        self.algorithm == TsigAlgorithm::Gss
    }

    /// Verifies the answer to a message that had no signature, if it has one itself.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    #[cfg(feature = "gss-tsig")]
    pub(super) fn verify_where_signed(
        self: &Arc<Self>,
        message: &Message,
        bytes: &[u8],
        now: u64,
    ) -> Result<(), ProviderError> {
        let (key, before) = (Arc::clone(self), Vec::new());
        match signature_of(message) {
            Some(_) => {
                Verifier { key, before, unsigned: 0, first: true }.verify(message, bytes, now)
            }
            None => Ok(()),
        }
    }

    /// The bytes of a message, signed at this time (seconds since 1970), and what verifies its answer.
    pub(super) fn sign(
        self: &Arc<Self>,
        mut message: Message,
        now: u64,
    ) -> Result<(Vec<u8>, Verifier), ProviderError> {
        let bare = |mac| {
            let id = message.metadata.id;
            TSIG::new(self.algorithm.clone(), now, FUDGE, mac, id, None, Vec::new())
        };
        let digest = message_tbs(&message, &bare(Vec::new()), &self.name).map_err(unwritable)?;
        let mac = self.secret.sign(&digest)?;
        let signature = make_tsig_record(self.name.clone(), bare(mac.clone()));
        message.signature = Some(Box::new(signature));
        let bytes = message.to_vec().map_err(unwritable)?;
        let (key, before) = (Arc::clone(self), prefixed(&mac));
        let verifier = Verifier { key, before, unsigned: 0, first: true };
        Ok((bytes, verifier))
    }
}

/// Verifies the messages of an answer one after the other.
pub(super) struct Verifier {
    key: Arc<Key>,
    /// What is digested before the next message: the code before, and messages without one since.
    before: Vec<u8>,
    unsigned: usize,
    first: bool,
}

impl Verifier {
    /// Verifies the next message, which came at this time.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthorised`] where the server does not accept the key, [`ErrorKind::Transient`] where it has that of a
    /// context no more; [`ErrorKind::Lost`] where the answer cannot be trusted.
    pub(super) fn verify(
        &mut self,
        message: &Message,
        bytes: &[u8],
        now: u64,
    ) -> Result<(), ProviderError> {
        let Some((name, tsig)) = signature_of(message) else {
            // An error may come without a signature: it only tells that nothing was done.
            if message.metadata.response_code != ResponseCode::NoError {
                return Ok(());
            }
            self.unsigned += 1;
            if self.first || self.unsigned > MOST_UNSIGNED {
                return Err(untrusted("it has no signature"));
            }
            self.before.extend(bytes);
            return Ok(());
        };
        if let Some(error @ (TsigError::BadKey | TsigError::BadSig | TsigError::BadTime)) =
            tsig.error
        {
            if error == TsigError::BadKey && self.key.is_context() {
                return Err(ProviderError::new(ErrorKind::Transient, FORGOTTEN));
            }
            return Err(refused(error, tsig, now));
        }
        if name.to_lowercase() != self.key.name || tsig.algorithm != self.key.algorithm {
            return Err(untrusted("it is signed with another key"));
        }
        let digest = self.digest(bytes, tsig).ok_or_else(|| untrusted("it is cut off"))?;
        if !self.key.secret.is_right(&digest, &tsig.mac) {
            return Err(untrusted("its signature is wrong"));
        }
        if now.abs_diff(tsig.time) > u64::from(tsig.fudge) {
            return Err(untrusted(
                "it was signed at another time; set the clocks of both machines",
            ));
        }
        self.before = prefixed(&tsig.mac);
        self.unsigned = 0;
        self.first = false;
        Ok(())
    }

    /// Whether the last message had a signature: only then the whole answer is verified.
    pub(super) fn is_complete(&self) -> bool {
        self.unsigned == 0
    }

    fn digest(&self, bytes: &[u8], tsig: &TSIG) -> Option<Vec<u8>> {
        let mut digest = self.before.clone();
        let start = digest.len();
        digest.extend(bytes.get(..start_of_last_record(bytes)?)?);
        digest[start..start + 2].copy_from_slice(&tsig.oid.to_be_bytes());
        let additional = u16::from_be_bytes([bytes[10], bytes[11]]).checked_sub(1)?;
        digest[start + 10..start + 12].copy_from_slice(&additional.to_be_bytes());
        if self.first {
            let mut variables = Vec::new();
            tsig.emit_tsig_for_mac(&mut BinEncoder::new(&mut variables), &self.key.name).ok()?;
            digest.extend(variables);
        } else {
            digest.extend(&tsig.time.to_be_bytes()[2..]);
            digest.extend(tsig.fudge.to_be_bytes());
        }
        Some(digest)
    }
}

/// The signature of a message. Which of both places it has depends on a feature of the library that other crates may
/// ask for.
fn signature_of(message: &Message) -> Option<(&Name, &TSIG)> {
    let last = message.additionals.last();
    let read = last.and_then(|record| match &record.data {
        RData::TSIG(tsig) => Some((&record.name, tsig)),
        _ => None,
    });
    read.or_else(|| message.signature().map(|record| (&record.name, &record.data)))
}

fn prefixed(mac: &[u8]) -> Vec<u8> {
    let length = u16::try_from(mac.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&length[..], mac].concat()
}

/// Where the last record of a message starts (RFC 1035, section 4.1).
fn start_of_last_record(bytes: &[u8]) -> Option<usize> {
    let number =
        |at: usize| Some(usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])));
    let end_of_name = |mut at: usize| loop {
        match *bytes.get(at)? {
            0 => return Some(at + 1),
            pointer if pointer >= 0xc0 => return Some(at + 2),
            length => at += 1 + usize::from(length),
        }
    };
    let mut at = 12;
    for _ in 0..number(4)? {
        at = end_of_name(at)? + 4;
    }
    let records = number(6)? + number(8)? + number(10)?;
    for _ in 1..records {
        let data = end_of_name(at)? + 10;
        at = data + number(data - 2)?;
    }
    (records > 0).then_some(at)
}

/// What becomes of a message whose context the server has no more: nothing.
const FORGOTTEN: &str =
    "the server has the Kerberos context no more (BADKEY); the next attempt makes another one";

fn refused(error: TsigError, tsig: &TSIG, now: u64) -> ProviderError {
    let message = match error {
        TsigError::BadKey => {
            "the server does not know the TSIG key (BADKEY); check --rfc2136-tsig-keyname and \
             --rfc2136-tsig-secret-alg"
                .to_owned()
        }
        TsigError::BadTime => {
            let theirs = tsig.other.iter().fold(0, |time, byte| (time << 8) | u64::from(*byte));
            let apart = match tsig.other.len() {
                6 => format!("{} seconds apart", now.abs_diff(theirs)),
                _ => "too far apart".to_owned(),
            };
            format!("the clocks of this machine and of the server are {apart} (BADTIME); set them")
        }
        _ => {
            "the server has another secret for the TSIG key (BADSIG); check --rfc2136-tsig-secret \
              and --rfc2136-tsig-secret-alg"
                .to_owned()
        }
    };
    ProviderError::new(ErrorKind::Unauthorised, message)
}

fn untrusted(problem: &str) -> ProviderError {
    ProviderError::new(ErrorKind::Lost, format!("the answer cannot be trusted: {problem}"))
}

pub(super) fn unwritable(error: impl std::fmt::Display) -> ProviderError {
    ProviderError::new(
        ErrorKind::Rejected(Vec::new()),
        format!("the message cannot be written: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn key_of(name: &str, secret: &str) -> Arc<Key> {
        Arc::new(Key::new(name, "hmac-sha224", secret).expect("a key"))
    }

    fn key() -> Arc<Key> {
        key_of("Key.Test.", "c2VjcmV0")
    }

    /// An answer that the other side signs with its key at this time, as the next one after `before`.
    fn answer(key: &Key, id: u16, before: &[u8], now: u64) -> Vec<u8> {
        let mut message = Message::response(id, hickory_proto::op::OpCode::Update);
        let bare = |mac| TSIG::new(key.algorithm.clone(), now, FUDGE, mac, id, None, Vec::new());
        let rest = message_tbs(&message, &bare(Vec::new()), &key.name).expect("written");
        let mac = key.secret.sign(&[before, &rest].concat()).expect("signed");
        message.signature = Some(Box::new(make_tsig_record(key.name.clone(), bare(mac))));
        message.to_vec().expect("written")
    }

    /// A key, the signature of the question, the time, and whether the answer is believed.
    type Verified<'a> = (&'a Key, &'a [u8], u64, Result<(), &'a str>);

    #[test]
    fn only_answers_of_who_has_the_key_are_accepted() {
        let key = key();
        let (asked, verifier) = key.sign(Message::query(), NOW).expect("signed");
        let id = Message::from_vec(&asked).expect("a message").metadata.id;
        let (other, named) = (key_of("key.test", "b3RoZXI="), key_of("other.test", "c2VjcmV0"));
        let table: [Verified<'_>; 5] = [
            (&key, &verifier.before, NOW, Ok(())),
            (&other, &verifier.before, NOW, Err("its signature is wrong")),
            (&named, &verifier.before, NOW, Err("it is signed with another key")),
            (&key, &[], NOW, Err("its signature is wrong")),
            (&key, &verifier.before, NOW + 301, Err("it was signed at another time")),
        ];
        for (by, before, now, expected) in table {
            let bytes = answer(by, id, before, now);
            let message = Message::from_vec(&bytes).expect("a message");
            let before = verifier.before.clone();
            let key = Arc::clone(&key);
            let mut verifier = Verifier { key, before, unsigned: 0, first: true };
            let verified = verifier.verify(&message, &bytes, NOW);
            match expected {
                Ok(()) => assert_eq!(verified, Ok(())),
                Err(text) => {
                    let error = verified.expect_err(text);
                    assert_eq!(error.kind, ErrorKind::Lost);
                    assert!(error.message.contains(text), "{error}");
                }
            }
        }
    }

    #[test]
    fn an_answer_without_a_signature_is_not_accepted_unless_it_is_a_refusal() {
        let key = key();
        let (_, mut verifier) = key.sign(Message::query(), NOW).expect("signed");
        let mut message = Message::response(1, hickory_proto::op::OpCode::Update);
        message.metadata.response_code = ResponseCode::Refused;
        assert_eq!(verifier.verify(&message, &[0; 12], NOW), Ok(()));
        message.metadata.response_code = ResponseCode::NoError;
        let error = verifier.verify(&message, &[0; 12], NOW).expect_err("no signature");
        assert!(error.message.contains("it has no signature"), "{error}");
        // Between two signed ones there may be some, and the last must be signed.
        let mut verifier = Verifier { key, before: Vec::new(), unsigned: 0, first: false };
        for _ in 0..MOST_UNSIGNED {
            assert_eq!(verifier.verify(&message, &[0; 12], NOW), Ok(()));
        }
        assert!(!verifier.is_complete());
        assert!(verifier.verify(&message, &[0; 12], NOW).is_err());
    }

    #[test]
    fn a_clock_that_is_wrong_is_said() {
        let key = key();
        let (_, mut verifier) = key.sign(Message::query(), NOW).expect("signed");
        let mut message = Message::response(1, hickory_proto::op::OpCode::Update);
        message.metadata.response_code = ResponseCode::NotAuth;
        let theirs = (NOW + 4000).to_be_bytes()[2..].to_vec();
        let error = Some(TsigError::BadTime);
        let tsig = TSIG::new(key.algorithm.clone(), NOW, FUDGE, Vec::new(), 1, error, theirs);
        message.signature = Some(Box::new(make_tsig_record(key.name.clone(), tsig)));
        let error = verifier.verify(&message, &[0; 12], NOW).expect_err("refused");
        assert_eq!(error.kind, ErrorKind::Unauthorised);
        assert!(error.message.contains("4000 seconds apart (BADTIME)"), "{error}");
    }

    #[test]
    fn the_last_record_of_a_message_is_found_or_not() {
        let (bytes, _) =
            key().sign(Message::query(), NOW).map(|(it, v)| (it, v.first)).expect("signed");
        assert_eq!(start_of_last_record(&bytes), Some(12));
        for length in 0..bytes.len() {
            // Whatever is cut off, nothing panics.
            let _ = start_of_last_record(&bytes[..length]);
        }
        assert_eq!(start_of_last_record(&[0; 12]), None);
    }
}
