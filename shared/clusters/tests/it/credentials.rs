//! Kubeconfigs and what stands for them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use extdns_clusters::{Access, Environment, KubeconfigSource, Place, ReadErrorKind};
use extdns_testkit::http::{Reply, ScriptedServer};
use tempfile::TempDir;

use crate::support::{at, cluster, connect, page, services, status};

const SECRET: &str = "s3cr3t-t0ken";

/// A kubeconfig in a folder of its own; `user` is the YAML of the user.
fn kubeconfig(folder: &TempDir, server: &str, user: &str) -> PathBuf {
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: lab\n\
         clusters: [{{name: c, cluster: {{server: \"{server}\"}}}}]\n\
         contexts: [{{name: lab, context: {{cluster: c, user: u}}}}, {{name: other, context: {{cluster: c, user: u}}}}]\n\
         users: [{{name: u, user: {user}}}]\n"
    );
    write(folder, "config", &text)
}

fn write(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

fn script(folder: &TempDir, text: &str) -> PathBuf {
    let path = write(folder, "plugin", &format!("#!/bin/sh\n{text}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn by_file(path: &Path) -> Access {
    Access::kubeconfig(path)
}

/// Why a kubeconfig is refused before anything is asked.
async fn refusal(access: Access) -> String {
    let result = cluster(access).connect(&Environment::default(), std::io::empty()).await;
    let error = result.unwrap_err().to_string();
    assert!(!error.contains(SECRET), "{error}");
    error
}

#[tokio::test]
async fn each_kind_of_credentials_arrives() {
    let folder = TempDir::new().unwrap();
    write(&folder, "token", &format!("{SECRET}\n"));
    let plugin = script(
        &folder,
        r#"echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'"$1"'"}}'"#,
    );
    let exec = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, args: [from-plugin], interactiveMode: Never}}}}",
        plugin.display()
    );
    let table = [
        (format!("{{token: {SECRET}}}"), Some(format!("Bearer {SECRET}"))),
        // Relative to the kubeconfig, and its last newline is not part of the token.
        ("{tokenFile: token, token: ignored}".to_owned(), Some(format!("Bearer {SECRET}"))),
        ("{username: me, password: pass}".to_owned(), Some("Basic bWU6cGFzcw==".to_owned())),
        (exec, Some("Bearer from-plugin".to_owned())),
        ("{}".to_owned(), None),
        ("{token: '', username: ''}".to_owned(), None),
    ];
    for (user, expected) in table {
        let server = ScriptedServer::start(|_| page(&["a"], ""));
        let path = kubeconfig(&folder, &server.url(), &user);
        services(&connect(&cluster(by_file(&path))).await).await.unwrap();
        assert_eq!(server.requests()[0].header("authorization"), expected.as_deref(), "{user}");
    }
}

#[tokio::test]
async fn refused_credentials_are_named_without_their_secret() {
    let folder = TempDir::new().unwrap();
    let server = ScriptedServer::start(|_| status(401, "Unauthorized"));
    let path = kubeconfig(&folder, &server.url(), &format!("{{token: {SECRET}}}"));
    let error = services(&connect(&cluster(by_file(&path))).await).await.unwrap_err();
    assert!(matches!(*error.kind, ReadErrorKind::Unauthorized { .. }));
    assert_eq!(
        error.to_string(),
        format!(
            "read cluster \"lab\": authenticate: the API server refuses the token of user \"u\" in {}: Unauthorized; \
             renew the credentials, or name others with --kubeconfig",
            path.display()
        )
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_unknown_context_is_answered_with_the_known_ones() {
    let folder = TempDir::new().unwrap();
    let path = kubeconfig(&folder, "https://127.0.0.1:1", "{}");
    let from = KubeconfigSource::Place(Place::Path(path.clone()));
    let error = refusal(Access::Kubeconfig { from, context: Some("prod".into()) }).await;
    assert_eq!(
        error,
        format!(
            "connect to cluster \"lab\": kubeconfig {} has no context \"prod\"; it has lab, other",
            path.display()
        )
    );
}

#[tokio::test]
async fn what_a_kubeconfig_lacks_is_said() {
    let folder = TempDir::new().unwrap();
    let base =
        "clusters: [{name: c, cluster: {server: 'http://x'}}]\nusers: [{name: u, user: {}}]\n";
    let context = |context: &str| {
        format!("{base}current-context: a\ncontexts: [{{name: a, context: {context}}}]\n")
    };
    let table = [
        (
            format!("{base}contexts: [{{name: a, context: {{cluster: c}}}}]"),
            "has no current-context; set it, or --context, to one of a",
        ),
        (format!("{base}current-context: a"), "has no context \"a\"; it has none"),
        (context("{cluster: d}"), ", context \"a\": there is no cluster \"d\""),
        (context("{cluster: c, user: v}"), ", context \"a\": there is no user \"v\"; it has u"),
        (
            format!("users:\n- name: u\n  user: {{token: {SECRET}, tokenFile: [{SECRET}]}}\n"),
            ": it is no kubeconfig: line 3, column 42",
        ),
        (format!("users: [token: {SECRET}"), ": it is no kubeconfig: line 1, column "),
    ];
    for (text, expected) in table {
        let path = write(&folder, "broken", &text);
        let error = refusal(by_file(&path)).await;
        assert!(error.contains(expected), "{text}\n{error}\n{expected}");
    }
    let error = refusal(by_file(Path::new("/nowhere/config"))).await;
    assert!(
        error.ends_with("read kubeconfig /nowhere/config: No such file or directory (os error 2)"),
        "{error}"
    );
}

#[tokio::test]
async fn credentials_that_cannot_be_had_say_why() {
    let folder = TempDir::new().unwrap();
    let exec = |command: &str| {
        format!(
            "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {command}, interactiveMode: Never}}}}"
        )
    };
    let failing = script(&folder, &format!("echo {SECRET}; echo expired login >&2; exit 3"))
        .display()
        .to_string();
    let table = [
        (
            "{auth-provider: {name: gcp, config: {access-token: s3cr3t-t0ken}}}".to_owned(),
            "auth-provider \"gcp\" is no longer part of Kubernetes; use an exec credential plugin (`users[].user.exec`)",
        ),
        (
            "{tokenFile: /nowhere/token}".to_owned(),
            "read the token file /nowhere/token: No such file or directory",
        ),
        (exec("/nowhere/plugin"), "exec command \"/nowhere/plugin\" of user \"u\" in "),
        (
            exec("/nowhere/plugin"),
            "it cannot be started: No such file or directory (os error 2); is it installed?",
        ),
        (exec(&failing), "it failed with exit status: 3: expired login"),
        (exec("/bin/true"), "its output "),
        (
            format!("{{client-certificate-data: {SECRET}, client-key-data: {SECRET}}}"),
            "the client certificate of user \"u\" in ",
        ),
    ];
    for (user, expected) in table {
        let path = kubeconfig(&folder, "https://127.0.0.1:1", &user);
        let error = refusal(by_file(&path)).await;
        assert!(error.contains(expected), "{user}\n{error}\n{expected}");
    }
}

#[tokio::test]
async fn a_plugin_that_hangs_is_left() {
    let folder = TempDir::new().unwrap();
    let plugin = script(&folder, "exec sleep 20");
    let user = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, interactiveMode: Never}}}}",
        plugin.display()
    );
    let mut cluster = cluster(by_file(&kubeconfig(&folder, "http://127.0.0.1:1", &user)));
    cluster.api.request_timeout = Some(Duration::from_millis(50));
    let error =
        cluster.connect(&Environment::default(), std::io::empty()).await.unwrap_err().to_string();
    let expected = "no answer within 50ms (--kube-api-request-timeout); it was killed";
    assert!(error.ends_with(expected), "{error}");
}

#[tokio::test]
async fn a_plugin_that_hangs_is_killed_with_all_that_it_has_started() {
    let folder = TempDir::new().unwrap();
    let note = folder.path().join("pid");
    let plugin = script(&folder, &format!("sleep 600 & echo $! > {}; wait", note.display()));
    let user = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, interactiveMode: Never}}}}",
        plugin.display()
    );
    let mut cluster = cluster(by_file(&kubeconfig(&folder, "http://127.0.0.1:1", &user)));
    // Also without a request timeout a plugin has a limit.
    cluster.api.request_timeout = None;
    cluster.api.limits.silence = Duration::from_millis(500);
    let error = cluster.connect(&Environment::default(), std::io::empty()).await.unwrap_err();
    assert!(error.to_string().contains("no answer within 500ms"), "{error}");
    let child = std::fs::read_to_string(&note).unwrap();
    let state = || std::fs::read_to_string(format!("/proc/{}/stat", child.trim()));
    for _ in 0..500 {
        // Nobody here reaps a child of the plugin: it may stay as a zombie.
        if state().map_or(true, |state| state.contains(") Z ")) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?} goes on", state());
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_refused() {
    let folder = TempDir::new().unwrap();
    write(&folder, "two-lines", &format!("{SECRET}\n{SECRET}\n"));
    write(&folder, "null", &format!("{SECRET}\0\n"));
    let plugin = script(
        &folder,
        r#"printf '{"kind":"ExecCredential","status":{"token":"s3cr3t-t0ken\\n"}}'"#,
    );
    let exec = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, interactiveMode: Never}}}}",
        plugin.display()
    );
    let line_break = ": the token holds a line break; write it on one line, without one at its end";
    let table = [
        (format!("{{token: \"{SECRET}\\n\"}}"), line_break),
        (format!("{{token: \"{SECRET}\\r\\nx: y\"}}"), line_break),
        (
            format!("{{token: \"{SECRET}\\x07\"}}"),
            ": the token holds the control character '\\u{7}'; ",
        ),
        ("{tokenFile: two-lines}".to_owned(), line_break),
        ("{tokenFile: 'null'}".to_owned(), ": the token holds the control character '\\0'; "),
        (exec, line_break),
        (
            format!("{{token: {SECRET}, as: \"a\\nb\"}}"),
            ": the user to impersonate (`as`) holds a line break; ",
        ),
    ];
    for (user, expected) in table {
        let path = kubeconfig(&folder, "http://127.0.0.1:1", &user);
        let error = refusal(by_file(&path)).await;
        assert!(error.contains(expected), "{user}\n{error}\n{expected}");
    }
}

#[tokio::test]
async fn a_request_without_credentials_is_reported_as_one() {
    let folder = TempDir::new().unwrap();
    let answers = [
        status(401, "Unauthorized"),
        status(403, "services is forbidden: User \"system:anonymous\" cannot list resource"),
    ];
    for answer in answers {
        let text = String::from_utf8_lossy(answer.content()).into_owned();
        let code = if text.contains("401") { 401 } else { 403 };
        let server = ScriptedServer::start(move |_| Reply::new(code).body(text.clone()));
        let path = kubeconfig(&folder, &server.url(), "{}");
        let error = services(&connect(&cluster(by_file(&path))).await).await.unwrap_err();
        let expected = format!(
            "read cluster \"lab\": authenticate: the API server refuses a request without credentials (user \"u\" in \
             {} has none): ",
            path.display()
        );
        assert!(error.to_string().starts_with(&expected), "{error}");
        let remedy = "; give that user a token, a client certificate or an exec plugin, or name another \
                      kubeconfig with --kubeconfig";
        assert!(error.to_string().ends_with(remedy), "{error}");
        let error = services(&connect(&at(&server)).await).await.unwrap_err().to_string();
        assert!(error.contains("(--server without a kubeconfig has none)"), "{error}");
    }
}

#[tokio::test]
async fn a_password_in_a_url_is_never_shown() {
    let folder = TempDir::new().unwrap();
    let with_password = format!("https://me:{SECRET}@127.0.0.1:1");
    let path = kubeconfig(&folder, &with_password, "{}");
    assert!(
        refusal(by_file(&path)).await.contains("the server URL holds a user name or password; ")
    );
    for server in
        [with_password.clone(), format!("ftp://me:{SECRET}@x"), format!("https://me:{SECRET}@")]
    {
        let mut cluster = cluster(Access::Default { context: None });
        cluster.api.server = Some(server);
        let result = cluster.connect(&Environment::default(), std::io::empty()).await;
        let error = result.unwrap_err().to_string();
        assert!(!error.contains(SECRET), "{error}");
    }
}

#[tokio::test]
async fn the_kubeconfig_at_home_is_the_default_and_the_server_flag_wins_over_its_url() {
    let folder = TempDir::new().unwrap();
    let server = ScriptedServer::start(|_| page(&["a"], ""));
    let path = kubeconfig(&folder, "https://127.0.0.1:1", "{token: at-home}");
    std::fs::create_dir(folder.path().join(".kube")).unwrap();
    std::fs::rename(path, folder.path().join(".kube/config")).unwrap();
    let environment = Environment {
        home: Some(folder.path().to_owned()),
        kubernetes_service_host: Some("10.0.0.1".into()),
        kubernetes_service_port: Some("443".into()),
        ..Environment::default()
    };
    let view = at(&server).connect(&environment, std::io::empty()).await.unwrap();
    services(&view).await.unwrap();
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer at-home"));
}

#[tokio::test]
async fn in_a_pod_the_service_account_is_used() {
    let folder = TempDir::new().unwrap();
    write(&folder, "token", "of-the-pod");
    let server = ScriptedServer::start(|_| page(&["a"], ""));
    let mut cluster = cluster(Access::Default { context: None });
    cluster.api.server = Some(server.url());
    let environment = Environment {
        home: Some(folder.path().to_owned()),
        kubernetes_service_host: Some("10.0.0.1".into()),
        kubernetes_service_port: Some("443".into()),
        service_account: Some(folder.path().to_owned()),
        ..Environment::default()
    };
    services(&cluster.connect(&environment, std::io::empty()).await.unwrap()).await.unwrap();
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer of-the-pod"));
}

#[tokio::test]
async fn outside_a_pod_and_without_a_kubeconfig_the_ways_are_named() {
    for access in [Access::Default { context: None }, Access::InCluster] {
        assert_eq!(
            refusal(access).await,
            "connect to cluster \"lab\": no kubeconfig, and not in a pod (KUBERNETES_SERVICE_HOST and \
             KUBERNETES_SERVICE_PORT are not set); give --kubeconfig, --server or --manifests"
        );
    }
}

/// A server that takes only the token `new`, once the file `moment` is there.
fn changing_its_mind(folder: &TempDir) -> ScriptedServer {
    let moment = folder.path().join("moment");
    ScriptedServer::start(move |request| {
        let token = request.header("authorization").unwrap_or_default();
        let right = if moment.exists() { "Bearer new" } else { "Bearer old" };
        if token == right { page(&["a"], "") } else { status(401, "Unauthorized") }
    })
}

#[tokio::test]
async fn a_token_that_ends_within_a_run_is_read_again_once() {
    let folder = TempDir::new().unwrap();
    let plugin = script(
        &folder,
        r#"cd "$(dirname "$0")"; echo >> runs; printf '{"kind":"ExecCredential","status":{"token":"%s"}}' "$(cat token)""#,
    );
    let exec = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, interactiveMode: Never}}}}",
        plugin.display()
    );
    for user in [exec.as_str(), "{tokenFile: token}"] {
        write(&folder, "token", "old");
        let server = changing_its_mind(&folder);
        let view = connect(&cluster(by_file(&kubeconfig(&folder, &server.url(), user)))).await;
        assert_eq!(services(&view).await.unwrap().len(), 1);
        assert_eq!(server.requests().len(), 1);

        write(&folder, "moment", "");
        let error = services(&view).await.unwrap_err();
        assert!(matches!(*error.kind, ReadErrorKind::Unauthorized { .. }), "{error}");
        assert_eq!(server.requests().len(), 2, "the same token is not sent again");
        write(&folder, "token", "new");
        assert_eq!(services(&view).await.unwrap().len(), 1, "{user}");
        assert_eq!(server.requests().len(), 4, "refused once, then with the new token");
        assert_eq!(services(&view).await.unwrap().len(), 1);
        assert_eq!(server.requests().len(), 5, "which stays");
        std::fs::remove_file(folder.path().join("moment")).unwrap();
    }
    let runs = std::fs::read_to_string(folder.path().join("runs")).unwrap();
    assert_eq!(runs.lines().count(), 3, "at the beginning, and where the server refused");
}

#[tokio::test]
async fn a_credential_plugin_is_not_run_in_a_lambda_function() {
    let folder = TempDir::new().unwrap();
    let user = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, interactiveMode: Never}}";
    let cluster = cluster(by_file(&kubeconfig(&folder, "https://127.0.0.1:1", user)));
    let environment =
        Environment { lambda_function: Some("dns".to_owned()), ..Environment::default() };
    let error = cluster.connect(&environment, std::io::empty()).await.unwrap_err().to_string();
    let expected = "user \"u\": exec command \"aws\" cannot be run in a Lambda function; use `eks`, or give the user \
                    a token or a client certificate";
    assert!(error.ends_with(expected), "{error}");
}

#[tokio::test]
async fn the_proxy_of_a_kubeconfig_is_used() {
    let folder = TempDir::new().unwrap();
    let proxy = ScriptedServer::start(|_| Reply::new(403));
    let text = format!(
        "current-context: a\ncontexts: [{{name: a, context: {{cluster: c}}}}]\n\
         clusters: [{{name: c, cluster: {{server: 'https://api.example.org:6443', proxy-url: '{}'}}}}]\n",
        proxy.url()
    );
    let mut cluster = cluster(by_file(&write(&folder, "config", &text)));
    cluster.api.limits.attempts = 1;
    let error = services(&connect(&cluster).await).await.unwrap_err();
    assert!(matches!(*error.kind, ReadErrorKind::Transport { .. }), "{error}");
    assert_eq!(proxy.requests()[0].method, "CONNECT");
}
