use std::collections::HashSet;

use super::*;
use crate::txt::Codec;

const KEY_A: &str = "0123456789abcdef0123456789ABCDEF";
const KEY_B: &str = "12345678901234567890123456789012";
const TEAM_BLUE: &str = "heritage=external-dns,external-dns/owner=team-blue";

fn cipher(key: &str) -> Cipher {
    Cipher::new(&key.into()).expect("a key")
}

fn decrypt(key: &str, text: &str) -> Option<String> {
    cipher(key).decrypt(text).map(|plain| String::from_utf8(plain).expect("text"))
}

/// Seals bytes as they are under a fixed nonce.
fn seal(bytes: &[u8]) -> String {
    let nonce = [7; NONCE];
    let sealed = cipher(KEY_A).0.encrypt(&nonce.into(), bytes).expect("short");
    BASE64.encode([&nonce[..], &sealed].concat())
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(text).expect("memory");
    gzip.finish().expect("memory")
}

#[test]
fn texts_of_other_writers() {
    let cases = [
        (
            "a stored block at the end",
            KEY_A,
            "AQIDBAUGBwgJCgsMjokSzC5jgL57BXBbo4oEEcoxNtfGnGEG+NqBsFN2+nOYW4cxs2/ubNudmjOTNPDVsXc1+Dt+\
             p6lvTVnWvezbi/N9Cw4ggGFEUBaf12DU4E3bm32UvQ==",
            TEAM_BLUE,
        ),
        (
            "one stored block",
            KEY_A,
            "AQIDBAUGBwgJCgsMjokSzC5jgL55BbtKjubXMOMM6u4K000WV+k5BGzRsMn02QGlCO0zDmd5UHQZ87JeVv5Yj1Ub\
             KmsaKDhEb71DsJ1jbnZU7blRYCfPfhK79MqwGoxKGjGOwvfrvjZ8pyDMYM3zOWOIjUSdlst6rcJw4sPpU8ahtoM7\
             3w5i3n4r1B0=",
            "heritage=external-dns,external-dns/owner=team-blue,\
             external-dns/resource=ingress/shop/web",
        ),
        (
            "Go 1.27",
            KEY_A,
            "AQIDBAUGBwgJCgsMjokSzC5jgL57BXBbo4oEEcoxNtfGnGEG+NqBsFN2+nOYW4cxs2/ubNudmjOTNPDVsXc1+Dt+\
             p6ltTWrdDNQdxfhPWgBylHahPV5ZhoFQura5Xw==",
            TEAM_BLUE,
        ),
        (
            "upstream's own",
            KEY_B,
            "h8UQ6jelUFUsEIn7SbFktc2MYXPx/q8lySqI4VwfVtVaIbb2nkHWV/88KKbuLtu7fJNzMir8ELVeVnRSY01KdiIu\
             j7ledqZe5ailEjQaU5Z6uEKd5pgs6sH8",
            "heritage=external-dns,external-dns/owner=owner",
        ),
    ];
    for (what, key, text, plain) in cases {
        for stored in [text.to_owned(), format!("\"{text}\""), format!("\"{text}\r\n\"")] {
            assert_eq!(decrypt(key, &stored).as_deref(), Some(plain), "{what}");
        }
        let other = if key == KEY_A { KEY_B } else { KEY_A };
        assert_eq!(decrypt(other, text), None, "{what} with another key");
        let mut bytes = decode(text).expect("base64");
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            assert_eq!(decrypt(key, &BASE64.encode(&bytes)), None, "{what}, byte {at}");
            bytes[at] ^= 1;
        }
    }
}

#[test]
fn keys() {
    let raw = decode("AQIDBAUGBwgJCgsMjokSzC5jgL57BXBbo4oEEcoxNtc=").expect("base64");
    assert_eq!(raw.len(), 32);
    let same = [
        (KEY_A, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUY="),
        (KEY_A, "MDEyMzQ1Njc4OWFiY2RlZjAx\r\nMjM0NTY3ODlBQkNERUY=\n"),
        (
            "+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/8=",
            "-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8=",
        ),
    ];
    for (one, other) in same {
        let text = cipher(one).encrypt(TEAM_BLUE).expect("encrypted");
        assert_eq!(decrypt(other, &text).as_deref(), Some(TEAM_BLUE), "{other}");
    }
    // 32 characters are a key as they are, though they are base64 as well.
    assert!(Cipher::new(&"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3".into()).is_ok());
    for bad in [
        "x",
        "0123456789abcdef0123456789ABCDE",
        "0123456789abcdef0123456789ABCDEFG",
        "0123456789abcdef0123456789ABCDEF\n",
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERQ==",
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUZH",
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUY",
        "*DEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUY=",
        "äöüäöüäöüäöüäöüx",
    ] {
        let found = bad.len();
        assert_eq!(Cipher::new(&bad.into()).err(), Some(BadKey { found }), "{bad}");
    }
}

#[test]
fn no_nonce_comes_twice() {
    let cipher = cipher(KEY_A);
    let texts: Vec<_> = (0..2000).map(|_| cipher.encrypt(TEAM_BLUE).expect("encrypted")).collect();
    let nonce = |text: &String| decode(text).expect("base64")[..NONCE].to_vec();
    let nonces: HashSet<_> = texts.iter().map(nonce).collect();
    assert_eq!(nonces.len(), texts.len());
}

#[test]
fn what_is_written_can_be_read() {
    let long: String = (0..3000).map(|number| format!("{number},")).collect();
    for text in ["", "ü", TEAM_BLUE, &long] {
        let stored = cipher(KEY_A).encrypt(text).expect("encrypted");
        assert_eq!(decrypt(KEY_A, &stored).as_deref(), Some(text));
        let bytes = decode(&stored).expect("base64");
        let gzip = cipher(KEY_A)
            .0
            .decrypt(bytes[..NONCE].try_into().expect("a nonce"), &bytes[NONCE..])
            .expect("ours");
        // As upstream's: no time, best compression, no system.
        assert_eq!(gzip[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff]);
    }
}

#[test]
fn what_is_not_encrypted_by_us() {
    let long = vec![b'x'; MAX_PLAIN as usize];
    assert_eq!(decrypt(KEY_A, &seal(&gzip(&long))).map(|text| text.len()), Some(long.len()));
    let two_members = [gzip(b"heritage="), gzip(b"x")].concat();
    assert_eq!(decrypt(KEY_A, &seal(&two_members)).as_deref(), Some("heritage=x"));

    let cut = &gzip(TEAM_BLUE.as_bytes())[..30];
    let garbage_behind = [gzip(b"x"), b"garbage".to_vec()].concat();
    for (what, text) in [
        ("nothing", String::new()),
        ("plain", TEAM_BLUE.to_owned()),
        ("only a nonce", BASE64.encode([7; NONCE])),
        ("shorter than a tag", BASE64.encode([7; NONCE + 15])),
        ("not compressed", seal(TEAM_BLUE.as_bytes())),
        ("cut", seal(cut)),
        ("garbage behind", seal(&garbage_behind)),
        ("larger than any record", seal(&gzip(&vec![b'x'; 1 << 20]))),
        ("not base64", seal(&gzip(b"x")).replace('=', "-")),
    ] {
        assert_eq!(decrypt(KEY_A, &text), None, "{what}");
    }
}

#[test]
fn a_secret_that_is_no_ownership_is_a_users_text() {
    let codec = Codec::new(cipher(KEY_A), true);
    let owner =
        |text: &str| codec.read(&text.into()).and_then(|labels| labels.owner().map(String::from));
    assert_eq!(owner(&seal(&gzip(TEAM_BLUE.as_bytes()))).as_deref(), Some("team-blue"));
    assert_eq!(owner(TEAM_BLUE).as_deref(), Some("team-blue"));
    for plain in [&b"v=spf1 -all"[..], b"heritage=mate,external-dns/owner=team-blue", b"\xff", b""]
    {
        assert_eq!(codec.read(&seal(&gzip(plain)).into()), None, "{plain:?}");
    }
}
