//! Secrets that are planted where the program takes credentials, and the search for them in what it writes.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// The bearer token of the API server.
pub const TOKEN: &str = "kube-t0ken-5T4r/+fish";
/// The secret access key of AWS.
pub const AWS_KEY: &str = "aws-s3cret-L0bster/+claw";
/// The session token of AWS.
pub const AWS_SESSION: &str = "aws-sess1on-Urch1n/+spine";
/// The password in the URL of a webhook provider.
pub const PASSWORD: &str = "hook-passw0rd-0ctopus";
/// The token in the query of that URL.
pub const QUERY: &str = "hook-qu3ry-Squ1d";
/// The key of encrypted ownership records, 32 bytes.
pub const AES_KEY: &str = "aes-k3y-Nautilus-0123456789abcde";

const ALL: [&str; 6] = [TOKEN, AWS_KEY, AWS_SESSION, PASSWORD, QUERY, AES_KEY];

/// The first secret that stands in a text, in any spelling that a program might write.
pub fn found_in(text: &str) -> Option<&'static str> {
    ALL.into_iter()
        .find(|secret| spellings(secret).iter().any(|spelling| text.contains(spelling.as_str())))
}

fn spellings(secret: &str) -> [String; 5] {
    [
        secret.to_owned(),
        form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        secret.replace('/', "\\/"),
    ]
}
