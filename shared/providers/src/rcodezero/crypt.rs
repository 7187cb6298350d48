//! Texts that the service keeps encrypted, in the form of ExternalDNS v0.13.2: `ENC:` and, in base64 for URLs, an
//! initialisation vector of 16 bytes with what AES in the mode CFB-128 (NIST SP 800-38A, 6.3) makes of the content of the
//! record, its quotes included.

use std::borrow::Cow;

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptingKey, DecryptionContext, EncryptingKey,
    UnboundCipherKey,
};
use aws_lc_rs::error::Unspecified;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use ecow::EcoString;
use extdns_auth::secrets;
use extdns_model::{RecordSet, RecordType};

use super::FORM;
use crate::engine::text;
use crate::{Environment, ErrorKind, ProviderError};

/// What stands in front of an encrypted text.
const MARK: &str = "ENC:";

/// Bytes of the initialisation vector.
const VECTOR: usize = 16;

/// The key of the texts.
pub(super) struct Crypt {
    sealing: EncryptingKey,
    opening: DecryptingKey,
}

impl Crypt {
    /// The key in `RC0_ENC_KEY`.
    ///
    /// # Errors
    /// When it has not the length of a key of AES.
    pub(super) fn find(variables: &Environment) -> Result<Self, ProviderError> {
        let key = variables.required("RC0_ENC_KEY", "the key with which texts are encrypted")?;
        secrets::register(key);
        let algorithm = match key.len() {
            16 => &AES_128,
            24 => &AES_192,
            32 => &AES_256,
            length => {
                return Err(ProviderError::config(format!(
                    "RC0_ENC_KEY has {length} bytes; a key of AES has 16, 24 or 32"
                )));
            }
        };
        Self::of(algorithm, key.as_bytes())
            .map_err(|_| ProviderError::config("RC0_ENC_KEY is no key of AES; give another one"))
    }

    fn of(algorithm: &'static Algorithm, key: &[u8]) -> Result<Self, Unspecified> {
        let key = || UnboundCipherKey::new(algorithm, key);
        Ok(Self {
            sealing: EncryptingKey::cfb128(key()?)?,
            opening: DecryptingKey::cfb128(key()?)?,
        })
    }

    /// A set with its texts encrypted. One of another type stays as it is.
    ///
    /// # Errors
    /// As [`seal`](Self::seal).
    pub(super) fn seal_all(&self, set: &RecordSet) -> Result<RecordSet, ProviderError> {
        let mut set = set.clone();
        if set.rtype == RecordType::Txt {
            let sealed = set.targets.iter().map(|it| self.seal(&FORM.value(set.rtype, it)));
            set.targets = sealed.collect::<Result<_, _>>()?;
        }
        Ok(set)
    }

    /// Decrypts the texts of a set.
    pub(super) fn open_all(&self, set: &mut RecordSet) {
        let open = |it: &EcoString| match self.open(it) {
            Cow::Owned(content) => FORM.read(set.rtype, &content),
            Cow::Borrowed(_) => it.clone(),
        };
        if set.rtype == RecordType::Txt {
            set.targets = set.targets.iter().map(open).collect();
        }
    }

    /// A content, encrypted with a random vector.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(super) fn seal(&self, content: &str) -> Result<String, ProviderError> {
        let mut bytes = content.as_bytes().to_vec();
        let vector = self.sealing.encrypt(&mut bytes).map_err(|_| {
            let message = "RcodeZero: a text cannot be encrypted: no random numbers; run again";
            ProviderError::new(ErrorKind::Transient, message)
        })?;
        let vector: &[u8] = (&vector).try_into().unwrap_or_default();
        Ok(format!("{MARK}{}", URL_SAFE.encode([vector, &bytes].concat())))
    }

    /// The content of a record, decrypted if it is encrypted. What cannot be decrypted stays as it is.
    pub(super) fn open<'c>(&self, content: &'c str) -> Cow<'c, str> {
        let bare = text::bare(content);
        let Some(sealed) = bare.strip_prefix(MARK) else { return Cow::Borrowed(content) };
        self.opened(sealed).map_or_else(
            || {
                tracing::warn!(
                    "an encrypted text of RcodeZero cannot be read with the key in RC0_ENC_KEY, and stays as it is"
                );
                Cow::Borrowed(content)
            },
            Cow::Owned,
        )
    }

    fn opened(&self, sealed: &str) -> Option<String> {
        let bytes = URL_SAFE.decode(sealed).ok()?;
        let (vector, rest) = bytes.split_first_chunk::<VECTOR>()?;
        let mut rest = rest.to_vec();
        let vector = DecryptionContext::Iv128(vector.into());
        self.opening.decrypt(&mut rest, vector).ok()?;
        String::from_utf8(rest).ok()
    }
}
