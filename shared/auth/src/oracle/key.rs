//! The RSA key of a PEM text, which may be encrypted: as PKCS#8 says (RFC 8018), or as OpenSSL did before (RFC 1421).

use aes::{Aes128, Aes192, Aes256};
use aws_lc_rs::rsa::KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use des::{Des, TdesEde3};
use md5::{Digest as _, Md5};
use pkcs8::EncryptedPrivateKeyInfoRef;

use super::OracleError;

/// What takes the encryption of a key away, or makes it one that is known.
const CONVERT: &str = "convert it with `openssl pkcs8 -topk8 -v2 aes256 -in key.pem`";

/// The key, in PKCS#1 or PKCS#8, plain or encrypted with the passphrase.
///
/// # Errors
/// When there is none, or the passphrase does not fit.
pub(super) fn key_of(pem: &str, passphrase: &str) -> Result<KeyPair, OracleError> {
    let cannot = |problem: &str| OracleError::Setting(format!("the key cannot be used: {problem}"));
    let block = Block::find(pem).ok_or_else(|| cannot("PEM data was not found in buffer"))?;
    let no_rsa = |_| cannot("it is no RSA key");
    let Some(encryption) = &block.encryption else {
        return match block.label {
            "RSA PRIVATE KEY" => KeyPair::from_der(&block.data).map_err(no_rsa),
            _ => KeyPair::from_pkcs8(&block.data).map_err(no_rsa),
        };
    };
    if passphrase.is_empty() {
        return Err(cannot("it is encrypted; give its passphrase"));
    }
    let wrong =
        || cannot(&format!("its passphrase is wrong, or its encryption is not known; {CONVERT}"));
    match encryption {
        Encryption::Pkcs8 => {
            let info = EncryptedPrivateKeyInfoRef::try_from(&block.data[..]);
            let plain = info.and_then(|info| info.decrypt(passphrase)).map_err(|_| wrong())?;
            KeyPair::from_pkcs8(plain.as_bytes()).map_err(no_rsa)
        }
        Encryption::Legacy { cipher, iv } => {
            let plain = decrypted(cipher, iv, passphrase, &block.data).ok_or_else(wrong)?;
            // A wrong passphrase may leave something that looks padded.
            KeyPair::from_der(&plain).map_err(|_| wrong())
        }
    }
}

/// The part of a PEM text that holds a key.
struct Block<'p> {
    label: &'p str,
    encryption: Option<Encryption<'p>>,
    data: Vec<u8>,
}

enum Encryption<'p> {
    /// The data says how.
    Pkcs8,
    /// A header says how.
    Legacy { cipher: &'p str, iv: Vec<u8> },
}

impl<'p> Block<'p> {
    fn find(pem: &'p str) -> Option<Self> {
        let mut blocks = pem.split("-----BEGIN ").skip(1).filter_map(|it| it.split_once("-----"));
        let (label, rest) = blocks.find(|(label, _)| label.ends_with("PRIVATE KEY"))?;
        let (body, _) = rest.split_once("-----END ")?;
        let header = body.lines().find_map(|line| line.trim().strip_prefix("DEK-Info:"));
        let legacy = header.and_then(|text| {
            let (cipher, iv) = text.trim().split_once(',')?;
            Some(Encryption::Legacy { cipher, iv: bytes(iv)? })
        });
        let is_encrypted = label.starts_with("ENCRYPTED");
        let encryption = if is_encrypted { Some(Encryption::Pkcs8) } else { legacy };
        let lines = body.lines().map(str::trim).filter(|line| !line.contains(':'));
        let data = STANDARD.decode(lines.collect::<String>()).ok()?;
        Some(Self { label, encryption, data })
    }
}

/// The bytes of hexadecimal digits.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

/// Decrypts with a key and an initial vector; nothing where they do not fit.
type Open = fn(&[u8], &[u8], &[u8]) -> Option<Vec<u8>>;

/// What a key of the passphrase and the first bytes of the vector decrypts.
fn decrypted(cipher: &str, iv: &[u8], passphrase: &str, data: &[u8]) -> Option<Vec<u8>> {
    let (length, open): (usize, Open) = match cipher {
        "AES-128-CBC" => (16, opened::<Decryptor<Aes128>>),
        "AES-192-CBC" => (24, opened::<Decryptor<Aes192>>),
        "AES-256-CBC" => (32, opened::<Decryptor<Aes256>>),
        "DES-EDE3-CBC" => (24, opened::<Decryptor<TdesEde3>>),
        "DES-CBC" => (8, opened::<Decryptor<Des>>),
        _ => return None,
    };
    let salt = iv.get(..8)?;
    let (mut key, mut last) = (Vec::new(), Vec::new());
    while key.len() < length {
        let hash = Md5::new().chain_update(&last).chain_update(passphrase).chain_update(salt);
        last = hash.finalize().to_vec();
        key.extend_from_slice(&last);
    }
    key.truncate(length);
    open(&key, iv, data)
}

fn opened<C: KeyIvInit + BlockModeDecrypt>(key: &[u8], iv: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    C::new_from_slices(key, iv).ok()?.decrypt_padded_vec::<Pkcs7>(data).ok()
}
