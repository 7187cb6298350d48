//! To which account credentials belong.

use aws_credential_types::Credentials;

/// The account of credentials: what the SDK knows, else the account of the assumed role, else what
/// the access key tells, else the access key. Two profiles of one account give the same text, so
/// that they share its budget of calls.
pub(super) fn of(credentials: &Credentials, role: Option<&str>) -> String {
    credentials
        .account_id()
        .map(|account| account.as_str().to_owned())
        .or_else(|| role.and_then(of_arn))
        .or_else(|| of_key(credentials.access_key_id()))
        .unwrap_or_else(|| credentials.access_key_id().to_owned())
}

/// `arn:aws:iam::111122223333:role/dns` names its account in the fifth field.
fn of_arn(arn: &str) -> Option<String> {
    let account = arn.split(':').nth(4)?;
    is_account(account).then(|| account.to_owned())
}

/// Access keys made since 2019 carry the account: behind four letters for the kind, in base 32, bits
/// 2 to 41. Older ones begin with a letter before `Q` there and do not.
fn of_key(key: &str) -> Option<String> {
    let rest = key.get(4..).filter(|rest| rest.len() == 16 && rest.as_bytes()[0] >= b'Q')?;
    // Ten digits of five bits are more than the 48 bits that matter.
    let bits = rest.bytes().take(10).try_fold(0_u64, |bits, byte| {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        Some(bits << 5 | u64::from(digit))
    })?;
    let account = format!("{:012}", (bits >> 2 & 0x7fff_ffff_ff80) >> 7);
    is_account(&account).then_some(account)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The access key of an account, as AWS makes them.
    fn key_of(account: u64) -> String {
        let mut bits = (1 << 47 | account << 7) << 2;
        let mut digits = Vec::new();
        for _ in 0..10 {
            digits
                .push(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::try_from(bits & 31).unwrap_or(0)]);
            bits >>= 5;
        }
        digits.reverse();
        format!("ASIA{}AAAAAA", String::from_utf8_lossy(&digits))
    }

    #[test]
    fn accounts() {
        let known = Credentials::builder()
            .access_key_id("k")
            .secret_access_key("s")
            .account_id("999900001111")
            .provider_name("test")
            .build();
        let plain = |key: &str| Credentials::new(key, "s", None, None, "test");
        let role = "arn:aws-cn:iam::111122223333:role/path/dns";
        let cases = [
            (known, Some(role), "999900001111"),
            (plain("AKIAIOSFODNN7EXAMPLE"), Some(role), "111122223333"),
            // Published with its account by those who found out.
            (plain("ASIAQNZGKIQY56JQ7WML"), None, "029608264753"),
            (plain(&key_of(111_122_223_333)), None, "111122223333"),
            (plain(&key_of(444_455_556_666)), Some("no arn"), "444455556666"),
            (plain("AKIAIOSFODNN7EXAMPLE"), None, "AKIAIOSFODNN7EXAMPLE"),
            (plain("testing"), None, "testing"),
            (plain("ASIAQ!ZGKIQY56JQ7WML"), None, "ASIAQ!ZGKIQY56JQ7WML"),
        ];
        for (credentials, role, expected) in cases {
            assert_eq!(of(&credentials, role), expected);
        }
    }
}
