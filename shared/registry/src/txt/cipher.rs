//! Encryption of ownership records in the form that upstream writes: gzip inside AES-256-GCM, with
//! the nonce in front, in base64.

use std::io::{Read as _, Write as _};

use aes_gcm::aead::{Aead as _, Generate as _, Nonce};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::PAD;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use secrecy::{ExposeSecret as _, SecretString};

/// Bytes of a key.
const KEY: usize = 32;
/// Bytes of a nonce.
const NONCE: usize = 12;
/// Most bytes of labels: no TXT record could hold as much in plain.
const MAX_PLAIN: u64 = u16::MAX as u64;
/// As lenient with the last character as upstream's decoder.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, PAD.with_decode_allow_trailing_bits(true));

/// Encrypts and decrypts texts with one key.
pub(crate) struct Cipher(Aes256Gcm);

/// The text is no key. It is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the AES Encryption key must be 32 bytes long, in either plain text or base64-encoded format; \
     that of --txt-encrypt-aes-key has {found} bytes and is no base64 of 32"
)]
pub struct BadKey {
    /// How long it is, as it was given, in bytes.
    pub found: usize,
}

/// Why a text cannot be encrypted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CannotEncrypt {
    /// The gzip writer failed.
    #[error("it cannot be compressed: {0}")]
    Gzip(#[from] std::io::Error),
    /// There is no fresh nonce, and an old one would give the key away.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// The cipher takes no such text.
    #[error("it is too long")]
    TooLong,
}

impl Cipher {
    /// The cipher of a key: 32 bytes as they are, or base64 of 32 bytes (in either alphabet).
    pub(crate) fn new(key: &SecretString) -> Result<Self, BadKey> {
        let text = key.expose_secret();
        let bad = BadKey { found: text.len() };
        let decoded;
        let key = if text.len() == KEY {
            text.as_bytes()
        } else {
            decoded = decode(&text.replace('-', "+").replace('_', "/")).ok_or(bad)?;
            &decoded
        };
        Aes256Gcm::new_from_slice(key).map(Self).map_err(|_| bad)
    }

    /// Encrypts with a fresh nonce. Two texts under one nonce would reveal each other, so there is
    /// no way to choose it.
    pub(crate) fn encrypt(&self, text: &str) -> Result<String, CannotEncrypt> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(text.as_bytes())?;
        let gzip = gzip.finish()?;
        let nonce = Nonce::<Aes256Gcm>::try_generate()
            .map_err(|error| CannotEncrypt::Random(error.to_string()))?;
        let sealed = self.0.encrypt(&nonce, gzip.as_slice()).map_err(|_| CannotEncrypt::TooLong)?;
        Ok(BASE64.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Decrypts; `None` if the text was not encrypted with this key.
    pub(crate) fn decrypt(&self, text: &str) -> Option<Vec<u8>> {
        let bytes = decode(text.trim_matches('"'))?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let gzip = self.0.decrypt(nonce.try_into().ok()?, sealed).ok()?;
        let mut plain = Vec::new();
        MultiGzDecoder::new(gzip.as_slice()).take(MAX_PLAIN + 1).read_to_end(&mut plain).ok()?;
        (plain.len() as u64 <= MAX_PLAIN).then_some(plain)
    }
}

/// Base64 with line breaks anywhere, as upstream reads it.
fn decode(text: &str) -> Option<Vec<u8>> {
    if text.contains(['\r', '\n']) {
        return BASE64.decode(text.replace(['\r', '\n'], "")).ok();
    }
    BASE64.decode(text).ok()
}

#[cfg(test)]
mod tests;
