//! Which kubeconfig is read, which context of it, and what is said about that.

use std::path::PathBuf;

use extdns_clusters::{Access, Environment, KubeconfigSource, Place};
use secrecy::SecretString;
use tempfile::TempDir;

use crate::support::{cluster, connect};

/// A kubeconfig whose clusters, contexts and users are named after each other.
fn kubeconfig(current: &str, entries: &[(&str, &str)]) -> String {
    let list = |part: &dyn Fn(&str, &str) -> String| {
        let lines = entries.iter().map(|(name, server)| format!("- {}\n", part(name, server)));
        lines.collect::<String>()
    };
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {current}\nclusters:\n{}contexts:\n{}users:\n{}",
        list(&|name, server| format!(
            "{{name: {name}, cluster: {{server: \"https://{server}\"}}}}"
        )),
        list(&|name, _| format!("{{name: {name}, context: {{cluster: {name}, user: {name}}}}}")),
        list(&|name, server| format!("{{name: {name}, user: {{token: s3cr3t-of-{server}}}}}")),
    )
}

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = TempDir::new().unwrap();
        std::fs::create_dir(home.path().join(".kube")).unwrap();
        Self(home)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn environment(&self, files: &[&str]) -> Environment {
        let files: Vec<String> = files
            .iter()
            .map(|name| if name.is_empty() { String::new() } else { self.shown(name) })
            .collect();
        Environment {
            home: Some(self.0.path().to_owned()),
            kubeconfig: Some(files.join(":")),
            ..Environment::default()
        }
    }

    fn shown(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// What is reached, without the folder of this home.
    async fn reached(&self, access: Access, files: &[&str]) -> Result<String, String> {
        let cluster = cluster(access);
        let view = cluster.connect(&self.environment(files), std::io::empty()).await;
        let text = match &view {
            Ok(view) => view.reached().expect("an API").to_owned(),
            Err(error) => error.to_string(),
        };
        assert!(!text.contains("s3cr3t"), "{text}");
        let text = text.replace(&format!("{}/", self.0.path().display()), "~/");
        view.map(|_| text.clone()).map_err(|_| text)
    }
}

fn in_context(context: &str) -> Access {
    Access::Default { context: Some(context.to_owned()).filter(|context| !context.is_empty()) }
}

#[tokio::test]
async fn the_files_of_kubeconfig_are_merged_as_kubectl_does() {
    let home = Home::new();
    home.write("a", &kubeconfig("''", &[("lab", "lab.a")]));
    home.write("b", &kubeconfig("prod", &[("lab", "lab.b"), ("prod", "prod.b")]));
    home.write("c", &kubeconfig("lab", &[("prod", "prod.c"), ("edge", "edge.c")]));
    let table: &[(&[&str], &str, &str)] = &[
        (&["a", "b"], "", "https://prod.b (context \"prod\", user \"prod\""),
        (&["c", "b"], "", "https://lab.b (context \"lab\", user \"lab\""),
        (&["a", "b"], "lab", "https://lab.a (context \"lab\", user \"lab\""),
        (&["b", "a"], "lab", "https://lab.b (context \"lab\", user \"lab\""),
        (&["b", "c"], "prod", "https://prod.b (context \"prod\", user \"prod\""),
        (&["b", "c"], "edge", "https://edge.c (context \"edge\", user \"edge\""),
        (&["", "missing", "c", "c"], "", "https://prod.c (context \"lab\""),
    ];
    for (files, context, start) in &table[..6] {
        let reached = home.reached(in_context(context), files).await.unwrap();
        assert!(reached.starts_with(start), "{files:?} {context}: {reached}");
        let shown: Vec<String> = files.iter().map(|name| format!("~/{name}")).collect();
        assert!(reached.ends_with(&format!(", of {} (KUBECONFIG))", shown.join(":"))), "{reached}");
    }
    let error = home.reached(in_context(""), table[6].0).await.unwrap_err();
    assert!(error.ends_with("has no context \"lab\"; it has edge, prod"), "{error}");
}

#[tokio::test]
async fn a_kubeconfig_that_is_named_wins_over_the_variable_and_that_over_the_home_folder() {
    let home = Home::new();
    home.write(".kube/config", &kubeconfig("home", &[("home", "home")]));
    home.write("a", &kubeconfig("a", &[("a", "a")]));
    let named = home.write("named", &kubeconfig("named", &[("named", "named")]));
    let access = Access::kubeconfig(named);
    let table = [
        (access, &["a"][..], "https://named (context \"named\", user \"named\", of ~/named)"),
        (in_context(""), &["a"], "https://a (context \"a\", user \"a\", of ~/a (KUBECONFIG))"),
        (in_context(""), &[], "https://home (context \"home\", user \"home\", of ~/.kube/config)"),
    ];
    for (access, files, reached) in table {
        assert_eq!(home.reached(access, files).await.as_deref(), Ok(reached));
    }
}

/// To read another cluster than the one that was meant is worse than to read none.
#[tokio::test]
async fn a_variable_that_names_no_file_is_an_error() {
    let home = Home::new();
    home.write(".kube/config", &kubeconfig("home", &[("home", "home")]));
    let error = home.reached(in_context(""), &["gone", "away"]).await.unwrap_err();
    assert_eq!(
        error,
        "connect to cluster \"lab\": the variable KUBECONFIG names no file that is there (~/gone:~/away); correct it, \
         or unset it"
    );
}

#[tokio::test]
async fn several_contexts_of_one_file_are_several_clusters() {
    let home = Home::new();
    let path = home.write("all", &kubeconfig("a", &[("a", "a.example"), ("b", "b.example")]));
    for context in ["a", "b"] {
        let from = KubeconfigSource::Place(Place::Path(path.clone()));
        let access = Access::Kubeconfig { from, context: Some(context.into()) };
        let view = connect(&cluster(access)).await;
        let expected = format!(
            "https://{context}.example (context {context:?}, user {context:?}, of {})",
            path.display()
        );
        assert_eq!(view.reached(), Some(&*expected));
    }
}

#[tokio::test]
async fn a_context_without_a_kubeconfig_is_an_error() {
    let home = Home::new();
    let error = home.reached(in_context("lab"), &[]).await.unwrap_err();
    let expected =
        "--context=lab needs a kubeconfig, and there is none: give --kubeconfig, or set KUBECONFIG";
    assert!(error.ends_with(expected), "{error}");
}

#[tokio::test]
async fn paths_of_a_merged_file_are_relative_to_it() {
    let home = Home::new();
    home.write("one/token", "s3cr3t-of-one");
    let text = kubeconfig("a", &[("a", "a")]).replace("token: s3cr3t-of-a", "tokenFile: token");
    home.write("one/config", &text);
    home.write("two/config", &kubeconfig("b", &[("b", "b")]));
    let reached = home.reached(in_context("a"), &["two/config", "one/config"]).await;
    assert!(reached.is_ok(), "{reached:?}");
}

#[tokio::test]
async fn a_kubeconfig_in_the_configuration_has_no_relative_paths() {
    let inline = |text: &str| Access::Kubeconfig {
        from: KubeconfigSource::Inline(SecretString::from(text)),
        context: None,
    };
    let home = Home::new();
    let text = kubeconfig("a", &[("a", "a")]);
    let reached = home.reached(inline(&text), &[]).await;
    let expected = "https://a (context \"a\", user \"a\", of (inline))";
    assert_eq!(reached.as_deref(), Ok(expected));
    assert!(!format!("{:?}", inline(&text)).contains("s3cr3t"));
    let table = [
        (
            "tokenFile: token",
            "tokenFile is relative to a file, and the kubeconfig is none; give token, or an absolute path",
        ),
        (
            "client-certificate: a.crt, client-key: /a.key",
            "client-certificate is relative to a file, and",
        ),
        ("exec: {command: ./plugin}", "the command of exec is relative to a file, and"),
    ];
    for (user, expected) in table {
        let error = home.reached(inline(&text.replace("token: s3cr3t-of-a", user)), &[]).await;
        assert!(error.as_ref().unwrap_err().contains(expected), "{error:?}\n{expected}");
    }
}
