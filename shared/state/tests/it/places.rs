//! The suite over a file, over `Lease` objects of the simulator and of a real API server, and over DynamoDB and S3
//! of moto.

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use extdns_auth::aws_api::{AwsApi, AwsObject, DYNAMODB, ObjectCondition};
use extdns_auth::{AwsOptions, AwsVariables, aws_identity};
use extdns_clusters::{Access, ApiOptions, Cluster, Environment, Limits};
use extdns_model::ClusterId;
use extdns_state::{
    Aws, Backend, BackendError, DynamoDbBackend, FileBackend, Keeper, Known, KubernetesBackend,
    S3Backend,
};
use extdns_testkit::kube::{ADMIN, KubeApi, Login};
use extdns_testkit::kube_sim::{KubeSim, User};
use extdns_testkit::moto::Moto;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::suite::{Place, holds, permit, store, take};

struct InFile(TempDir);

impl InFile {
    fn path(&self) -> PathBuf {
        self.0.path().join("state.json")
    }

    fn documents(&self) -> BTreeMap<String, Value> {
        let text = std::fs::read_to_string(self.path()).unwrap_or_else(|_| "{}".to_owned());
        serde_json::from_str(&text).expect("JSON")
    }

    fn write(&self, documents: &BTreeMap<String, Value>) {
        std::fs::write(self.path(), json!(documents).to_string()).expect("written");
    }
}

#[async_trait(?Send)]
impl Place for InFile {
    fn backend(&self) -> Box<dyn Backend> {
        Box::new(FileBackend::new(self.path()))
    }

    async fn put(&self, target: &str, text: &str) {
        let mut documents = self.documents();
        documents.insert(target.to_owned(), serde_json::from_str(text).expect("JSON"));
        self.write(&documents);
    }

    async fn put_other(&self, target: &str) {
        self.put(target, "\"something else\"").await;
    }

    async fn remove(&self, target: &str) {
        let mut documents = self.documents();
        documents.remove(target);
        self.write(&documents);
    }
}

#[tokio::test]
async fn a_file_does_what_a_backend_must() {
    holds(&InFile(TempDir::new().expect("a folder"))).await;
}

#[tokio::test]
async fn a_file_that_is_no_state_stays_as_it_is() {
    let place = InFile(TempDir::new().expect("a folder"));
    for text in ["no JSON", "[1]", "{\"a\":", &"x".repeat(2 << 20)] {
        std::fs::write(place.path(), text).expect("written");
        let BackendError(error) = place.backend().read("t").await.expect_err("no state");
        assert!(error.contains("no state of external-dns"), "{error}");
        let written = place.backend().write(&permit(), "t", &Default::default(), None).await;
        assert!(written.is_err());
        assert_eq!(std::fs::read_to_string(place.path()).expect("there"), text);
    }
}

#[tokio::test]
async fn a_file_that_is_a_link_stays_one() {
    let place = InFile(TempDir::new().expect("a folder"));
    let real = place.0.path().join("real.json");
    std::fs::write(&real, "").expect("written");
    std::os::unix::fs::symlink(&real, place.path()).expect("a link");
    let run = store(&place, &Default::default());
    take(&run, "t", "run 1").await.release(&permit(), Known::Nothing).await.expect("released");
    assert!(place.path().is_symlink());
    assert!(std::fs::read_to_string(real).expect("there").contains("\"t\""));
}

#[tokio::test]
async fn a_folder_that_is_missing_is_named() {
    let place = InFile(TempDir::new().expect("a folder"));
    let backend = FileBackend::new(place.0.path().join("none/state.json"));
    assert_eq!(backend.read("t").await, Ok(None));
    let error = backend.write(&permit(), "t", &Default::default(), None).await;
    let error = error.expect_err("no folder").to_string();
    assert!(error.contains("none/state.json") && error.contains("name a file"), "{error}");
}

const RIGHTS: &str = include_str!("../../../../infra/kubernetes/rbac-state.yaml");

/// A user who has the rights of the manifest and no others.
const READER: Login<'_> = Login::Token("of-the-run");

enum Server {
    Sim(Box<KubeSim>),
    Real(&'static KubeApi),
}

struct InLeases {
    server: Server,
    namespace: String,
    kubeconfig: PathBuf,
}

impl InLeases {
    fn sim() -> Self {
        let role = documents(RIGHTS).into_iter().find(|object| object["kind"] == "Role");
        let rules = role.expect("a role")["rules"].clone();
        let user = User::new("external-dns", "of-the-run").may_in("dns", &rules);
        let namespace =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "dns" } });
        let sim = KubeSim::builder().object(namespace).user(user).start();
        let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(READER));
        Self { server: Server::Sim(Box::new(sim)), namespace: "dns".to_owned(), kubeconfig }
    }

    async fn real(test: &str) -> Option<Self> {
        let api = KubeApi::shared_or_skip(test).await?;
        let namespace = api.namespace("dns").await;
        let kubeconfig = api.write_kubeconfig(&api.kubeconfig(ADMIN));
        Some(Self { server: Server::Real(api), namespace, kubeconfig })
    }

    fn keeper(&self) -> Keeper {
        Keeper {
            cluster: Cluster {
                id: ClusterId(0),
                name: "default".into(),
                access: Access::kubeconfig(&self.kubeconfig),
                api: ApiOptions { limits: Limits::default(), ..ApiOptions::default() },
            },
            environment: Environment::default(),
        }
    }

    fn lease(&self, target: &str, annotations: &Value) -> Value {
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {
                "name": format!("external-dns-{target}"), "namespace": self.namespace,
                "annotations": annotations, "labels": { "team": "dns" },
            },
            "spec": { "holderIdentity": "somebody" },
        })
    }

    async fn apply(&self, object: Value) {
        match &self.server {
            Server::Sim(sim) => drop(sim.apply(object)),
            Server::Real(api) => drop(api.apply(object).await),
        }
    }
}

fn documents(yaml: &str) -> Vec<Value> {
    extdns_testkit::kube::documents(yaml)
}

#[async_trait(?Send)]
impl Place for InLeases {
    fn backend(&self) -> Box<dyn Backend> {
        Box::new(KubernetesBackend::new(self.keeper(), &self.namespace, "external-dns"))
    }

    async fn put(&self, target: &str, text: &str) {
        let annotations = json!({ "external-dns/state": text });
        self.apply(self.lease(target, &annotations)).await;
    }

    async fn put_other(&self, target: &str) {
        self.apply(self.lease(target, &json!({}))).await;
    }

    async fn remove(&self, target: &str) {
        let object = self.lease(target, &json!({}));
        match &self.server {
            Server::Sim(sim) => assert!(sim.delete(&object)),
            Server::Real(api) => api.delete(&object).await,
        }
    }
}

#[tokio::test]
async fn leases_of_the_simulator_do_what_a_backend_must_with_the_rights_of_the_manifest() {
    holds(&InLeases::sim()).await;
}

#[tokio::test]
async fn leases_of_a_real_api_server_do_what_a_backend_must() {
    let Some(place) = InLeases::real("leases_of_a_real_api_server_do_what_a_backend_must").await
    else {
        return;
    };
    holds(&place).await;
}

#[tokio::test]
async fn a_lease_object_shows_its_holder_and_keeps_what_others_wrote() {
    let place = InLeases::sim();
    let Server::Sim(sim) = &place.server else { unreachable!("simulated") };
    place
        .apply(place.lease("t", &json!({ "external-dns/state": r#"{"version":1}"#, "note": "x" })))
        .await;
    let run = store(&place, &Default::default());
    let own = take(&run, "t", "run 1").await;
    let object = sim.object("leases", "dns", "external-dns-t").expect("there");
    assert_eq!(object["spec"]["holderIdentity"], "run 1");
    assert_eq!(object["metadata"]["labels"], json!({ "team": "dns" }));
    assert_eq!(object["metadata"]["annotations"]["note"], "x");
    own.release(&permit(), Known::Nothing).await.expect("released");
    let object = sim.object("leases", "dns", "external-dns-t").expect("there");
    assert_eq!(object["spec"].get("holderIdentity").filter(|it| !it.is_null()), None);
}

#[tokio::test]
async fn a_missing_right_or_namespace_is_named() {
    let user = User::new("external-dns", "of-the-run");
    let sim = KubeSim::builder().user(user).start();
    let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(READER));
    let place =
        InLeases { server: Server::Sim(Box::new(sim)), namespace: "dns".to_owned(), kubeconfig };
    let BackendError(error) = place.backend().read("t").await.expect_err("forbidden");
    assert!(error.contains("coordination.k8s.io") && error.contains("\"get\""), "{error}");

    let sim = KubeSim::builder().start();
    let kubeconfig = sim.write_kubeconfig(&sim.kubeconfig(ADMIN));
    let place =
        InLeases { server: Server::Sim(Box::new(sim)), namespace: "dns".to_owned(), kubeconfig };
    let written = place.backend().write(&permit(), "t", &Default::default(), None).await;
    let error = written.expect_err("no namespace").to_string();
    assert!(error.contains("namespace \"dns\" does not exist"), "{error}");
}

/// AWS of moto, as a run sees it.
struct InAws {
    moto: Moto,
    api: AwsApi,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    DynamoDb,
    S3,
}

impl InAws {
    async fn start(test: &str, kind: Kind) -> Option<Self> {
        let moto = Moto::start_or_skip(test).await?;
        let options = AwsOptions { variables: variables(&moto), ..AwsOptions::default() };
        let identity = aws_identity(&options).await.expect("an identity");
        let api = AwsApi::new(&options, &identity).expect("a client");
        match kind {
            Kind::DynamoDb => {
                let create = [
                    "dynamodb",
                    "create-table",
                    "--table-name",
                    "extdns",
                    "--key-schema",
                    "AttributeName=target,KeyType=HASH",
                    "--attribute-definitions",
                    "AttributeName=target,AttributeType=S",
                    "--billing-mode",
                    "PAY_PER_REQUEST",
                ];
                moto.aws(&create);
            }
            Kind::S3 => {
                let location = "LocationConstraint=eu-west-1";
                let create = ["s3api", "create-bucket", "--bucket", "extdns-state"];
                moto.aws(&[&create[..], &["--create-bucket-configuration", location]].concat());
            }
        }
        Some(Self { moto, api, kind })
    }

    fn object(&self, target: &str) -> AwsObject {
        AwsObject { bucket: "extdns-state".to_owned(), key: format!("runs/prod/{target}.json") }
    }

    async fn item(&self, operation: &str, body: Value) {
        let body = body.to_string().into_bytes();
        let answer = self.api.json(&DYNAMODB, None, operation, body, 1 << 20).await;
        answer.unwrap_or_else(|error| panic!("{operation}: {error}"));
    }
}

fn variables(moto: &Moto) -> AwsVariables {
    let variables = moto.variables().map(|(name, value)| (name.to_owned(), value));
    AwsVariables::of(&variables.into_iter().collect())
}

#[async_trait(?Send)]
impl Place for InAws {
    fn backend(&self) -> Box<dyn Backend> {
        let aws = Aws::new(variables(&self.moto));
        match self.kind {
            Kind::DynamoDb => Box::new(DynamoDbBackend::new(aws, "extdns")),
            Kind::S3 => Box::new(S3Backend::new(aws, "extdns-state", "runs/prod/")),
        }
    }

    async fn put(&self, target: &str, text: &str) {
        match self.kind {
            Kind::DynamoDb => {
                let item = json!({ "target": { "S": target }, "document": { "S": text } });
                self.item("PutItem", json!({ "TableName": "extdns", "Item": item })).await;
            }
            Kind::S3 => {
                let (object, body) = (self.object(target), text.as_bytes().to_vec());
                let condition = ObjectCondition::Always;
                let written = self.api.write_object(&object, "text/plain", body, &condition).await;
                written.unwrap_or_else(|error| panic!("{error}"));
            }
        }
    }

    async fn put_other(&self, target: &str) {
        match self.kind {
            Kind::DynamoDb => {
                let item = json!({ "target": { "S": target }, "document": { "N": "7" } });
                self.item("PutItem", json!({ "TableName": "extdns", "Item": item })).await;
            }
            Kind::S3 => self.put(target, "\u{fffd}PNG").await,
        }
    }

    async fn remove(&self, target: &str) {
        match self.kind {
            Kind::DynamoDb => {
                let key = json!({ "target": { "S": target } });
                self.item("DeleteItem", json!({ "TableName": "extdns", "Key": key })).await;
            }
            Kind::S3 => {
                let object = self.object(target);
                let deleted = self.api.delete_object(&object, &ObjectCondition::Always).await;
                deleted.unwrap_or_else(|error| panic!("{error}"));
            }
        }
    }
}

#[tokio::test]
async fn items_of_dynamodb_do_what_a_backend_must() {
    let test = "items_of_dynamodb_do_what_a_backend_must";
    let Some(place) = InAws::start(test, Kind::DynamoDb).await else { return };
    holds(&place).await;

    let other = DynamoDbBackend::new(Aws::new(variables(&place.moto)), "none-such");
    let BackendError(error) = other.read("t").await.expect_err("no table");
    assert!(error.contains("no table none-such in eu-west-1"), "{error}");
}

#[tokio::test]
async fn objects_of_s3_do_what_a_backend_must() {
    let test = "objects_of_s3_do_what_a_backend_must";
    let Some(place) = InAws::start(test, Kind::S3).await else { return };
    holds(&place).await;

    let other = S3Backend::new(Aws::new(variables(&place.moto)), "none-such-bucket", "");
    assert_eq!(other.place("t"), "s3://none-such-bucket/t.json");
    let BackendError(error) = other.read("t").await.expect_err("no bucket");
    assert!(error.contains("no bucket none-such-bucket"), "{error}");
}
