//! What the API server of an EKS cluster checks of a token before it asks STS, which then verifies the signature.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

/// The keys of the query that are allowed, all but one of them compulsory.
const KEYS: [&str; 9] = [
    "action",
    "version",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];
const OPTIONAL: &str = "x-amz-security-token";
const VALID: SignedDuration = SignedDuration::from_mins(15);
const STAMP: &str = "%Y%m%dT%H%M%SZ";

/// Who signed a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The access key.
    pub access_key: String,
    /// The region that the signature is for, and that of the STS which is asked.
    pub region: String,
}

/// Reads a token as of now. The error is the rule that it breaks.
pub fn check(token: &str) -> Result<Signer, String> {
    let encoded = token.strip_prefix("k8s-aws-v1.").ok_or("no prefix k8s-aws-v1.")?;
    if token.len() > 4096 {
        return Err("longer than 4096 bytes".to_owned());
    }
    let url = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|error| error.to_string())?;
    let url = String::from_utf8(url).map_err(|error| error.to_string())?;
    let (host, query) = url
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once("/?"))
        .ok_or_else(|| format!("not https with path /: {url}"))?;
    let query = Query::parse(query)?;
    query.expect("action", "GetCallerIdentity")?;
    query.expect("version", "2011-06-15")?;
    query.expect("x-amz-algorithm", "AWS4-HMAC-SHA256")?;
    query.expect("x-amz-signedheaders", "host;x-k8s-aws-id")?;
    if !query.get("x-amz-expires").parse().is_ok_and(|seconds: u32| seconds <= 900) {
        return Err(format!("X-Amz-Expires {}", query.get("x-amz-expires")));
    }
    let stamp = query.get("x-amz-date");
    let time = civil::DateTime::strptime(STAMP, stamp)
        .and_then(|time| time.to_zoned(TimeZone::UTC))
        .map_err(|error| format!("X-Amz-Date {stamp}: {error}"))?
        .timestamp();
    if Timestamp::now().duration_since(time).abs() > VALID {
        return Err(format!("X-Amz-Date {stamp}: it is over"));
    }
    let credential: Vec<&str> = query.get("x-amz-credential").split('/').collect();
    let [access_key, day, region, "sts", "aws4_request"] = credential[..] else {
        return Err(format!("X-Amz-Credential {credential:?}"));
    };
    if !stamp.starts_with(day) || host != format!("sts.{region}.amazonaws.com") {
        return Err(format!("{credential:?} does not go with {stamp} and {host}"));
    }
    Ok(Signer { access_key: access_key.to_owned(), region: region.to_owned() })
}

/// Each allowed key once.
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(text: &str) -> Result<Self, String> {
        let mut pairs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes())
            .map(|(key, value)| (key.to_ascii_lowercase(), value.into_owned()))
            .collect();
        pairs.sort();
        let keys: Vec<&str> = pairs.iter().map(|(key, _)| key.as_str()).collect();
        let without: Vec<&str> = KEYS.into_iter().filter(|key| *key != OPTIONAL).collect();
        if keys == KEYS || keys == without {
            Ok(Self(pairs))
        } else {
            Err(format!("keys {keys:?}"))
        }
    }

    fn get(&self, key: &str) -> &str {
        let pair = self.0.iter().find(|(found, _)| found == key);
        pair.map_or("", |(_, value)| value.as_str())
    }

    fn expect(&self, key: &str, value: &str) -> Result<(), String> {
        let found = self.get(key);
        if found == value { Ok(()) } else { Err(format!("{key} is {found:?}")) }
    }
}
