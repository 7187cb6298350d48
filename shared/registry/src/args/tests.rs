use clap::Parser;

use super::*;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn parse(args: &[&str]) -> Result<Args, String> {
    Cli::try_parse_from(std::iter::once(&"x").chain(args))
        .map(|cli| cli.args)
        .map_err(|error| error.to_string())
}

fn args(args: &[&str]) -> Args {
    parse(args).expect("valid arguments")
}

fn error(list: &[&str], clusters: &[ClusterOwner]) -> String {
    match from_args(&args(list), clusters, Default::default()) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn cluster(id: u16, name: &str, owner: Option<&str>) -> ClusterOwner {
    ClusterOwner { id: ClusterId(id), name: name.into(), owner: owner.map(Into::into), affix: None }
}

#[test]
fn the_defaults_are_upstreams() {
    let Args {
        registry,
        txt_owner_id,
        txt_prefix,
        txt_suffix,
        txt_wildcard_replacement,
        txt_new_format_only,
        txt_cache_interval,
        txt_encrypt_enabled,
        txt_encrypt_aes_key,
        crd_registry_namespace,
        migrate_from_txt_owner,
        forget_cluster,
        dynamodb_table,
        dynamodb_region,
    } = args(&[]);
    assert_eq!((dynamodb_table.as_str(), dynamodb_region.as_str()), ("external-dns", ""));
    assert!(forget_cluster.is_empty());
    assert_eq!(
        (registry, &*txt_owner_id, txt_cache_interval),
        (RegistryKind::Txt, "default", Duration::ZERO)
    );
    let texts = [txt_prefix, txt_suffix, txt_wildcard_replacement, migrate_from_txt_owner];
    assert_eq!(texts, [""; 4]);
    assert!(crd_registry_namespace.is_empty() && !txt_new_format_only);
    assert!(!txt_encrypt_enabled && txt_encrypt_aes_key.expose_secret().is_empty());
    assert_eq!(args(&["--txt-cache-interval=1h"]).txt_cache_interval, Duration::from_secs(3600));
}

#[test]
fn registries() {
    assert_eq!(args(&["--registry=noop"]).registry, RegistryKind::Noop);
    let error = parse(&["--registry=TXT"]).expect_err("no such registry");
    let expected = "enum value must be one of aws-sd,crd,dynamodb,noop,txt, got 'TXT'";
    assert!(error.contains(expected), "{error}");
}

/// What the objects of the registry crd cannot hold, or where there are none.
#[test]
fn settings_that_objects_cannot_have() {
    let label = |id: &str| {
        format!(
            "owner id {id:?} cannot be the value of a label, which the registry crd needs: at most 63 letters, \
             digits, \"-\", \"_\" and \".\", with a letter or digit at both ends (--txt-owner-id)"
        )
    };
    let long = "x".repeat(64);
    for id in ["a b", "-a", "a_", "a/b", &long] {
        assert_eq!(error(&["--registry=crd", &format!("--txt-owner-id={id}")], &[]), label(id));
    }
    let cluster = cluster(0, "one", Some("a:b"));
    assert_eq!(error(&["--registry=crd", "--txt-owner-id=me"], &[cluster]), label("a:b"));
    for name in ["Dns", "dns-", "a.b"] {
        let flag = format!("--crd-registry-namespace={name}");
        let error = error(&["--registry=crd", &flag], &[]);
        assert!(error.starts_with(&format!("{flag}: that is no namespace")), "{error}");
    }
    let error = error(&["--registry=crd"], &[]);
    assert!(
        error.starts_with("the registry crd needs a cluster that can be written to"),
        "{error}"
    );
}

const NO_OWNER: &str = "owner id cannot be empty; give --txt-owner-id the id of this installation, \
                        the same in every run";

#[test]
fn values_that_could_not_be_read_back() {
    let both = "txt-prefix and txt-suffix are mutual exclusive; give one of them";
    let cases: [(&[&str], &str); 7] = [
        (&["--txt-owner-id="], NO_OWNER),
        (&["--txt-prefix=a", "--txt-suffix=b"], both),
        (&["--txt-owner-id=", "--txt-prefix=a", "--txt-suffix=b"], NO_OWNER),
        (
            &["--txt-prefix=x-%{record_type}"],
            "--txt-prefix=x-%{record_type} needs a separator between %{record_type} and the name, \
             such as --txt-prefix=x-%{record_type}-",
        ),
        (
            &["--txt-suffix=%{record_type}"],
            "--txt-suffix=%{record_type} needs a separator between %{record_type} and the name, \
             such as --txt-suffix=-%{record_type}",
        ),
        (&["--txt-suffix=txt%{record_type}"], "accepted"),
        (&["--registry=noop", "--txt-owner-id="], "accepted"),
    ];
    for (list, expected) in cases {
        assert_eq!(error(list, &[]), expected, "{list:?}");
    }
    assert_eq!(args(&["--txt-prefix=a", "--txt-suffix=b"]).validate(), [both]);
    assert!(args(&["--txt-prefix=a"]).validate().is_empty());
    let comma = error(&[], &[cluster(0, "a", None), cluster(1, "b", Some("x,y"))]);
    assert!(comma.starts_with("owner id \"x,y\" must not contain commas"), "{comma}");
}

const KEY: &str = "0123456789abcdef0123456789ABCDEF";

#[test]
fn encryption_needs_a_key() {
    let bad = "the AES Encryption key must be 32 bytes long, in either plain text or \
               base64-encoded format; that of --txt-encrypt-aes-key has 6 bytes and is no base64 \
               of 32";
    let key = format!("--txt-encrypt-aes-key={KEY}");
    let cases: [(&[&str], &str); 9] = [
        (
            &["--txt-encrypt-enabled"],
            "the AES Encryption key must be set when TXT record encryption is enabled; give \
             --txt-encrypt-aes-key, or leave --txt-encrypt-enabled away",
        ),
        (&["--txt-encrypt-enabled", "--txt-encrypt-aes-key=s3cret"], bad),
        (&["--txt-encrypt-aes-key=s3cret"], bad),
        (&["--txt-encrypt-aes-key=s3cret", "--txt-owner-id="], NO_OWNER),
        (&["--txt-encrypt-aes-key=s3cret", "--txt-prefix=a", "--txt-suffix=b"], bad),
        (&["--txt-encrypt-aes-key="], "accepted"),
        (&["--txt-encrypt-enabled=false"], "accepted"),
        (&["--txt-encrypt-enabled=true", &key], "accepted"),
        (&["--registry=noop", "--txt-encrypt-enabled", "--txt-encrypt-aes-key=x"], "accepted"),
    ];
    for (list, expected) in cases {
        assert_eq!(error(list, &[]), expected, "{list:?}");
    }
    assert!(args(&["--txt-encrypt-enabled"]).txt_encrypt_enabled);
    assert!(parse(&["--txt-encrypt-enabled=yes"]).is_err());
}

#[test]
fn a_key_is_never_shown() {
    let args = args(&["--txt-encrypt-enabled", &format!("--txt-encrypt-aes-key={KEY}")]);
    assert_eq!(args.txt_encrypt_aes_key.expose_secret(), KEY);
    assert!(!format!("{args:?}").contains(KEY));
    let wrong = error(&["--txt-encrypt-aes-key=s3cret"], &[]);
    assert!(!wrong.contains("s3cret"), "{wrong}");
}

#[test]
fn every_cluster_has_an_owner_id() {
    let clusters = [cluster(0, "a", None), cluster(1, "b", Some("b-id"))];
    let list = ["--txt-owner-id=central", "--migrate-from-txt-owner=old"];
    let registry = from_args(&args(&list), &clusters, Default::default()).expect("valid");
    let owners = registry.owners();
    assert_eq!(owners.id_of(Some(ClusterId(0))).map(EcoString::as_str), Some("central"));
    assert_eq!(owners.id_of(Some(ClusterId(1))).map(EcoString::as_str), Some("b-id"));
    assert!(owners.is_migrating("old") && !owners.contains("default"));
    let alone = from_args(&args(&[]), &[], Default::default()).expect("valid");
    assert!(alone.owners().contains("default"));
    let noop = from_args(
        &args(&["--registry=noop", "--migrate-from-txt-owner=old"]),
        &clusters,
        Default::default(),
    );
    assert!(noop.expect("valid").owners().is_empty());
}

/// Not every provider stores these as they are, so that the owner would not be known again.
#[test]
fn an_owner_id_that_some_provider_would_change_is_refused_at_the_start() {
    for id in ["corp\\k8s", "a\"b", "a,b", " a", "a\nb", "corp\u{e9}", "\u{1f600}"] {
        let flag = format!("--txt-owner-id={id}");
        let error = error(&[&flag], &[]);
        let expected = "must not contain commas, double quotes, backslashes, control characters";
        assert!(error.contains(expected), "{id:?}: {error}");
        assert!(error.ends_with("letters, digits, and - _ . / = : are fine"), "{error}");
        let own = cluster(0, "a", Some(id));
        assert!(self::error(&[], &[own]).contains(expected), "{id:?}");
    }
    for id in ["team=platform", "a b", "a;b", "$(a)", "prod/eu-west_1.k8s:2"] {
        assert_eq!(error(&[&format!("--txt-owner-id={id}")], &[]), "accepted", "{id:?}");
    }
    let long = format!("--txt-owner-id={}", "x".repeat(215));
    assert!(error(&[&long], &[]).ends_with("an ownership TXT record has room for 214"));
}

#[test]
fn a_cluster_that_is_there_is_not_forgotten() {
    let eu = ClusterOwner {
        id: ClusterId(0),
        name: "eu".into(),
        owner: Some("eu-id".into()),
        affix: None,
    };
    let build = |gone: &str| {
        from_args(&args(&["--forget-cluster", gone]), std::slice::from_ref(&eu), Default::default())
            .map(drop)
    };
    for gone in ["eu", "eu-id"] {
        let expected = RegistryError::Configured { name: gone.to_owned() };
        assert_eq!(build(gone).expect_err(gone), expected);
    }
    build("us").expect("one that is no more");
}

#[test]
fn clusters_with_one_owner_id_have_one_affix() {
    let of = |id, name, affix: Option<Affix>| ClusterOwner { affix, ..cluster(id, name, None) };
    let build = |list: &[ClusterOwner]| {
        from_args(&args(&["--txt-owner-id=me"]), list, Default::default()).map(drop)
    };
    let prefix = |text: &str| Some(Affix::Prefix(text.into()));
    let error = build(&[of(0, "eu", prefix("x-")), of(1, "us", None)]).expect_err("two");
    assert_eq!(error, RegistryError::Mappings { owner: "me".to_owned() });
    build(&[of(0, "eu", prefix("x-")), of(1, "us", prefix("x-"))]).expect("one");
    let error = build(&[of(0, "eu", prefix("x-%{record_type}"))]).expect_err("no separator");
    assert!(matches!(error, RegistryError::Separator { .. }), "{error}");
}
