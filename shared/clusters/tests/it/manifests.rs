//! Files as a cluster.

use std::path::PathBuf;

use extdns_clusters::{Access, ClusterView, Environment, Projection};
use tempfile::TempDir;

use crate::support::{Ingress, Node, Service, cluster, names, services};

struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    /// A view of these paths, or the message, in which the folder is `.`.
    async fn read(&self, paths: &[&str], stdin: &str) -> Result<ClusterView, String> {
        let paths = paths.iter().map(|path| match *path {
            "-" => PathBuf::from("-"),
            "." => self.0.path().to_owned(),
            path => self.0.path().join(path),
        });
        let cluster = cluster(Access::Manifests(paths.collect()));
        let result = cluster.connect(&Environment::default(), stdin.as_bytes()).await;
        result.map_err(|error| self.strip(&error.to_string()))
    }

    fn strip(&self, message: &str) -> String {
        message.replace(&self.0.path().display().to_string(), ".")
    }

    /// What is said about one file with this text.
    async fn complaint(text: &str) -> String {
        let folder = Self::new(&[("x.yaml", text)]);
        match folder.read(&["x.yaml"], "").await {
            Err(message) => message.replace("read the manifests of cluster \"lab\": ", ""),
            Ok(view) => {
                let error = services(&view).await.expect_err("the text is wrong").to_string();
                folder.strip(&error).replace("read cluster \"lab\": ", "")
            }
        }
    }
}

fn service(name: &str) -> String {
    format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n")
}

#[tokio::test]
async fn files_folders_and_standard_input_in_order() {
    let folder = Folder::new(&[
        ("b.yaml", &service("from-b")),
        ("a/z.yml", &service("from-a-z")),
        (
            "a/b/c.json",
            r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"from-json","namespace":"shop"}}"#,
        ),
        ("a/notes.txt", "no: manifest"),
        (".git/x.yaml", "not: read"),
    ]);
    let view = folder.read(&[".", "-"], &service("from-stdin")).await.unwrap();
    assert_eq!(
        services(&view).await.unwrap(),
        ["shop/from-json", "default/from-a-z", "default/from-b", "default/from-stdin"]
    );
    assert_eq!(names::<Service>(&view, "shop").await.unwrap(), ["shop/from-json"]);
    assert!(view.has(&Ingress::RESOURCE).await.unwrap());
    assert_eq!(view.lists()[0].objects, 5, "both lists");
}

#[tokio::test]
async fn documents_and_lists_of_every_form() {
    let text = "# a comment first\n---\napiVersion: v1\nkind: Service\nmetadata: {name: one}\n\
        --- # with a comment\napiVersion: v1\nkind: ServiceList\nitems:\n- metadata: {name: two}\n\
        ---\n\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: three}}\n\
        - {apiVersion: v1, kind: Node, metadata: {name: n1, namespace: ignored}}\n\
        --- {apiVersion: v1, kind: Service, metadata: {name: four}}\n\
        ---\n- {apiVersion: v1, kind: Service, metadata: {name: five}}\n...\n\
        ---\napiVersion: apps/v1\nkind: Service\nmetadata: {name: of-another-group}\n\
        ---\napiVersion: batch/v1\nkind: Job\nmetadata: {generateName: x-}\n";
    let folder = Folder::new(&[("x.yaml", text)]);
    let view = folder.read(&["x.yaml"], "").await.unwrap();
    let expected = ["default/one", "default/two", "default/three", "default/four", "default/five"];
    assert_eq!(services(&view).await.unwrap(), expected);
    assert_eq!(names::<Node>(&view, "").await.unwrap(), ["n1"]);
}

#[tokio::test]
async fn json_one_after_another_and_in_an_array() {
    let object = |name: &str| {
        format!(
            "{{\n\t\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {{\"name\": \"{name}\"}}}}"
        )
    };
    let text = format!("{}\n{}[{},{}]", object("a"), object("b"), object("c"), object("d"));
    let folder = Folder::new(&[("x.json", &text)]);
    for (paths, stdin) in [(["x.json"], ""), (["-"], text.as_str())] {
        let view = folder.read(&paths, stdin).await.unwrap();
        assert_eq!(
            services(&view).await.unwrap(),
            ["default/a", "default/b", "default/c", "default/d"]
        );
    }
    // What only begins like JSON is YAML.
    let view =
        folder.read(&["-"], "{apiVersion: v1, kind: Service, metadata: {name: a}}").await.unwrap();
    assert_eq!(services(&view).await.unwrap(), ["default/a"]);
}

#[tokio::test]
async fn versions_of_a_group_are_the_same_objects() {
    let text = "apiVersion: networking.k8s.io/v1beta1\nkind: Ingress\nmetadata: {name: old}\nspec: {rules: [{host: a.example.org}]}\n";
    let folder = Folder::new(&[("x.yaml", text)]);
    let view = folder.read(&["x.yaml"], "").await.unwrap();
    assert_eq!(names::<Ingress>(&view, "").await.unwrap(), ["default/old"]);
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_place() {
    let good = service("a");
    let third = format!(
        "{good}---\n{}---\napiVersion: v1\nkind: Service\nmetadata: {{name: c\n",
        service("b")
    );
    let table = [
        (third.as_str(), "./x.yaml, document 3, line 11: it is not valid YAML: "),
        ("kind: [\n", "./x.yaml, document 1, line "),
        (
            "\n---\nmetadata: {name: x}\n",
            "./x.yaml, document 1, line 3: no Kubernetes object: `kind` is missing",
        ),
        (
            "kind: Service\nmetadata: {name: x}\n",
            "./x.yaml, document 1, line 1: no Kubernetes object: `apiVersion` is missing beside kind Service",
        ),
        (
            "just a text\n",
            "./x.yaml, document 1, line 1: no Kubernetes object: it is a single value",
        ),
        ("# nothing\n", "./x.yaml: there is no Kubernetes object in it"),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: shop, annotations: {a: '1', ttl: 60}}\n",
            "./x.yaml, document 1, line 1: Service shop/x: annotation \"ttl\" is a number (60); write it in quotes",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: x, labels: {dns: yes}}\n",
            "./x.yaml, document 1, line 1: Service x: label \"dns\" is a boolean (true); write it in quotes",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {namespace: shop}\n",
            "./x.yaml, document 1, line 1: Service shop/: it has no name (`metadata.name`)",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: x, generation: many}\n",
            "./x.yaml, document 1, line 1: Service x: invalid type: string \"many\", expected i64",
        ),
        (
            "a: 1\na: 2\n",
            "./x.yaml, document 1, line 2: it is not valid YAML: duplicate mapping key: a at line 2",
        ),
        ("a: .nan\n", "./x.yaml, document 1, line 1: it is not valid YAML: "),
    ];
    for (text, expected) in table {
        let message = Folder::complaint(text).await;
        assert!(message.starts_with(expected), "{text}\n{message}\n{expected}");
        assert!(!message.contains('\n'), "one line: {message}");
    }
}

#[tokio::test]
async fn broken_json_has_a_place_too() {
    let folder = Folder::new(&[(
        "x.json",
        "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"}}\n\n{\"a\":\n]",
    )]);
    let message = folder.read(&["x.json"], "").await.unwrap_err();
    assert!(
        message.starts_with("read the manifests of cluster \"lab\": ./x.json, document 2, line 4: no JSON: expected value"),
        "{message}"
    );
}

#[tokio::test]
async fn two_objects_of_one_name_are_refused_with_both_places() {
    let folder = Folder::new(&[
        ("a.yaml", &format!("{}---\n{}", service("other"), service("web"))),
        ("b.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: default}\n"),
    ]);
    assert_eq!(
        folder.read(&["."], "").await.unwrap_err(),
        "read the manifests of cluster \"lab\": ./b.yaml, document 1, line 1: Service default/web: stands already in \
         ./a.yaml, document 2, line 5"
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_and_never_an_empty_cluster() {
    let folder = Folder::new(&[("empty/notes.txt", ""), ("latin.yaml", "")]);
    std::fs::write(folder.0.path().join("latin.yaml"), b"a: \xe9\n").unwrap();
    let table = [
        ("missing.yaml", "./missing.yaml: No such file or directory (os error 2)"),
        ("empty", "./empty: there is no Kubernetes object in it"),
        ("latin.yaml", "./latin.yaml: stream did not contain valid UTF-8"),
        (
            "-",
            "-: standard input is empty: the command in front of the pipe printed nothing; look at what it says on \
             standard error",
        ),
    ];
    for (path, expected) in table {
        let message = folder.read(&[path], "").await.unwrap_err();
        assert_eq!(message, format!("read the manifests of cluster \"lab\": {expected}"));
    }
}

/// What `kubectl get service -o yaml` prints: the kind of the list comes last.
const LIST: &str = "apiVersion: v1
items:
- apiVersion: v1
  kind: Service
  metadata:
    name: one
- apiVersion: v1
  kind: Service
  metadata:
    name: two
kind: List
metadata:
  resourceVersion: \"\"
";

#[tokio::test]
async fn a_list_that_is_cut_is_an_error_and_never_a_shorter_list() {
    let folder = Folder::new(&[]);
    let json = r#"{"apiVersion":"v1","items":[{"apiVersion":"v1","kind":"Service","metadata":{"name":"one"}},{"apiVersion":"v1","kind":"Service","metadata":{"name":"two"}}],"kind":"List"}"#;
    let kind_ends = LIST.find("kind: List").unwrap() + "kind: List".len();
    for end in 0..kind_ends {
        let read = folder.read(&["-"], &LIST[..end]).await;
        assert!(read.is_err(), "cut at {end}: {:?}", LIST[..end].lines().last());
    }
    for end in 0..json.len() {
        assert!(folder.read(&["-"], &json[..end]).await.is_err(), "cut at {end}");
    }
    for whole in [LIST, &LIST[..kind_ends], json] {
        let view = folder.read(&["-"], whole).await.unwrap();
        assert_eq!(services(&view).await.unwrap(), ["default/one", "default/two"]);
    }
    let kind_begins = LIST.find("kind: List").unwrap();
    let cut = "; was the text cut off (did the command in front of a pipe fail)?";
    let table = [
        (&LIST[..kind_begins], "-, document 1, line 1: it is a list without its `kind`"),
        (
            &LIST[..kind_ends - 1],
            "-, document 1, line 1: it is a list, but of kind \"Lis\", which is none",
        ),
        ("apiVersion: v1\nkind: List\n", "-, document 1, line 1: it is a List without `items`"),
    ];
    for (text, expected) in table {
        let message = folder.read(&["-"], text).await.unwrap_err();
        assert_eq!(message, format!("read the manifests of cluster \"lab\": {expected}{cut}"));
    }
}

#[tokio::test]
async fn what_stands_in_place_of_a_manifest_is_said() {
    let table = [
        ("<html><body>Sign in</body></html>\n", "it looks like HTML or XML"),
        (
            "error: You must be logged in to the server (Unauthorized)\n",
            "it looks like an error of kubectl: \"error: You must be logged in to the server (Unauthorized)\"",
        ),
        (
            "Error from server (Forbidden): services is forbidden\n",
            "it looks like an error of kubectl: \"Error from server (Forbidden): services is forbidden\"",
        ),
        (
            "The connection to the server localhost:8080 was refused - did you specify the right host or port?\n",
            "it looks like an error of kubectl: \"The connection to the server localhost:8080 was refused",
        ),
    ];
    for (text, expected) in table {
        let message = Folder::complaint(text).await;
        assert!(message.starts_with("./x.yaml, document 1, line 1: no "), "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn a_member_of_json_that_stands_twice_is_an_error() {
    let folder = Folder::new(&[]);
    let twice = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","name":"b"}}"#;
    for text in [twice.to_owned(), format!("[{twice}]")] {
        let message = folder.read(&["-"], &text).await.unwrap_err();
        assert!(message.contains("no JSON: the member \"name\" stands twice"), "{message}");
    }
}

#[tokio::test]
async fn a_namespace_is_there_if_anything_is_in_it() {
    let text = format!(
        "{}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: empty}}\n---\napiVersion: v1\nkind: Secret\n\
         metadata: {{name: s, namespace: shop}}\n",
        service("a")
    );
    let view = Folder::new(&[]).read(&["-"], &text).await.unwrap();
    for (name, expected) in [("default", true), ("empty", true), ("shop", true), ("shpo", false)] {
        assert_eq!(view.has_namespace(name).await, Some(expected), "{name}");
    }
}

#[tokio::test]
async fn a_pipe_is_read_and_one_that_hangs_can_be_left() {
    let folder = Folder::new(&[]);
    for name in ["whole", "hung"] {
        let made = std::process::Command::new("mkfifo").arg(folder.0.path().join(name)).status();
        assert!(made.unwrap().success());
    }
    let whole = folder.0.path().join("whole");
    let writer = std::thread::spawn(move || std::fs::write(whole, LIST).unwrap());
    let view = folder.read(&["whole"], "").await.unwrap();
    writer.join().unwrap();
    assert_eq!(services(&view).await.unwrap(), ["default/one", "default/two"]);
    let hung = folder.read(&["hung"], "");
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), hung).await.is_err());
}

#[tokio::test]
async fn a_link_that_leads_back_up_ends() {
    let folder = Folder::new(&[("a/x.yaml", &service("x"))]);
    std::os::unix::fs::symlink(folder.0.path(), folder.0.path().join("a/up")).unwrap();
    let message = folder.read(&["."], "").await.unwrap_err();
    assert!(message.ends_with("folders nest too deeply; does a link lead back up?"), "{message}");
}

#[tokio::test]
async fn a_large_object_passes() {
    let mut text = format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: big\n  annotations:\n    note: \"{}\"\nspec:\n  rules:\n",
        "x".repeat(1 << 20)
    );
    for number in 0..10_000 {
        text += &format!(
            "  - host: h{number}.example.org\n    http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}\n"
        );
    }
    let folder = Folder::new(&[("x.yaml", &text)]);
    let view = folder.read(&["x.yaml"], "").await.unwrap();
    let filter = extdns_clusters::ObjectFilter::default();
    let scope = extdns_clusters::ListScope { namespace: None, filter: &filter };
    let sizes = view.fold(scope, Vec::new, |sizes, ingress: Ingress, _| {
        let last = ingress.spec.rules.last().map(|rule| rule.host.clone());
        sizes.push((
            ingress.spec.rules.len(),
            ingress.metadata.annotations.get("note").map(str::len),
            last,
        ));
    });
    assert_eq!(
        sizes.await.unwrap(),
        [(10_000, Some(1 << 20), Some("h9999.example.org".to_owned()))]
    );
}

#[tokio::test]
async fn a_text_that_explodes_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let before = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(", "));
    }
    let message = Folder::complaint(&text).await;
    assert!(message.starts_with("./x.yaml, document 1, line "), "{message}");
    assert!(message.contains(": it is not valid YAML: "), "{message}");
}

/// What `kubectl get --output=yaml` prints where there is no object.
const NO_OBJECT: &str =
    "apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: \"\"\n";

#[tokio::test]
async fn a_whole_list_without_an_object_is_an_empty_cluster_and_a_cut_one_is_none() {
    let json = r#"{"apiVersion":"v1","items":[],"kind":"List","metadata":{"resourceVersion":""}}"#;
    let folder = Folder::new(&[("none.json", json), ("one.yaml", &service("one"))]);
    let typed = r#"{"apiVersion":"v1","items":[],"kind":"ServiceList"}"#;
    for whole in [NO_OBJECT, json, typed] {
        let view = folder.read(&["-"], whole).await.unwrap();
        assert!(services(&view).await.unwrap().is_empty(), "{whole}");
    }
    let view = folder.read(&["."], "").await.unwrap();
    assert_eq!(services(&view).await.unwrap(), ["default/one"]);
    let kind_ends = NO_OBJECT.find("kind: List").unwrap() + "kind: List".len();
    for end in 0..kind_ends {
        let read = folder.read(&["-"], &NO_OBJECT[..end]).await;
        assert!(read.is_err(), "cut at {end}: {:?}", &NO_OBJECT[..end]);
    }
    for end in 0..json.len() {
        assert!(folder.read(&["-"], &json[..end]).await.is_err(), "cut at {end}");
    }
    // What stands here in front of its items may have been cut behind their key.
    for unsaid in ["apiVersion: v1\nkind: List\nitems:\n", "[]", "---\n# nothing\n"] {
        let message = folder.read(&["-"], unsaid).await.unwrap_err();
        assert!(message.ends_with("-: there is no Kubernetes object in it"), "{message}");
    }
}

/// A kind whose plural and scope no rule gives.
const MICE: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: mice.example.org}
spec: {group: example.org, scope: Cluster, names: {kind: Mouse, plural: mice}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: mice.example.com}
spec: {group: example.com, scope: Namespaced, names: {kind: ClusterRat, plural: mice}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: says-too-little}
spec: {group: example.org}
";

#[tokio::test]
async fn a_definition_among_manifests_says_how_its_kind_is_called() {
    let folder = Folder::new(&[("x.yaml", MICE)]);
    let view = folder.read(&["x.yaml"], "").await.unwrap();
    let found = async |group: &str, plural: &str| {
        let found = view.find_plural(group, "v1", plural).await.unwrap();
        (found.kind, found.namespaced)
    };
    assert_eq!(found("example.org", "mice").await, ("Mouse", false));
    assert_eq!(found("example.com", "mice").await, ("ClusterRat", true));
    assert_eq!(found("example.net", "mice").await, ("mice", true), "nothing is known of it");
    assert_eq!(view.find_kind("example.org", "v1", "Mouse").await.unwrap().plural, "mice");
    assert_eq!(view.find_kind("example.org", "v1", "House").await.unwrap().plural, "houses");
}
