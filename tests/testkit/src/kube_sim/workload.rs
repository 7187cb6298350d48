//! The workload of the benches: what a cluster of web applications looks like, in any size.

use serde_json::Value;

/// The owner of the records that [`Published::ownership`] describes.
pub const WORKLOAD_OWNER: &str = "me";
/// The zone of all names of a workload.
pub const WORKLOAD_ZONE: &str = "example.org";

const SERVICE: &str = r#"{"metadata":{"annotations":{"external-dns.kubernetes.io/hostname":"@host","kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"annotations\":{\"external-dns.kubernetes.io/hostname\":\"@host\"},\"labels\":{\"app\":\"@name\"},\"name\":\"@name\",\"namespace\":\"@namespace\"},\"spec\":{\"ports\":[{\"port\":443,\"targetPort\":8443}],\"selector\":{\"app\":\"@name\"},\"type\":\"LoadBalancer\"}}\n"},"creationTimestamp":"2026-01-01T00:00:00Z","labels":{"app":"@name"},"managedFields":[{"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:external-dns.kubernetes.io/hostname":{},"f:kubectl.kubernetes.io/last-applied-configuration":{}},"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:allocateLoadBalancerNodePorts":{},"f:ports":{},"f:selector":{},"f:type":{}}},"manager":"kubectl-client-side-apply","operation":"Update","time":"2026-01-01T00:00:00Z"}],"name":"@name","namespace":"@namespace","resourceVersion":"@revision","uid":"@uid"},"spec":{"allocateLoadBalancerNodePorts":true,"clusterIP":"@cluster","clusterIPs":["@cluster"],"externalTrafficPolicy":"Cluster","internalTrafficPolicy":"Cluster","ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","ports":[{"port":443,"protocol":"TCP","targetPort":8443}],"selector":{"app":"@name"},"sessionAffinity":"None","type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"@ip","ipMode":"VIP"}]}}}"#;

const INGRESS: &str = r#"{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"networking.k8s.io/v1\",\"kind\":\"Ingress\",\"metadata\":{\"annotations\":{},\"labels\":{\"app\":\"@name\"},\"name\":\"@name\",\"namespace\":\"@namespace\"},\"spec\":{\"ingressClassName\":\"web\",\"rules\":[{\"host\":\"@host\",\"http\":{\"paths\":[{\"backend\":{\"service\":{\"name\":\"@name\",\"port\":{\"number\":443}}},\"path\":\"/\",\"pathType\":\"Prefix\"}]}}]}}\n"},"creationTimestamp":"2026-01-01T00:00:00Z","generation":1,"labels":{"app":"@name"},"managedFields":[{"apiVersion":"networking.k8s.io/v1","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:kubectl.kubernetes.io/last-applied-configuration":{}},"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:ingressClassName":{},"f:rules":{}}},"manager":"kubectl-client-side-apply","operation":"Update","time":"2026-01-01T00:00:00Z"},{"apiVersion":"networking.k8s.io/v1","fieldsType":"FieldsV1","fieldsV1":{"f:status":{"f:loadBalancer":{"f:ingress":{}}}},"manager":"nginx-ingress-controller","operation":"Update","subresource":"status","time":"2026-01-01T00:00:00Z"}],"name":"@name","namespace":"@namespace","resourceVersion":"@revision","uid":"@uid"},"spec":{"ingressClassName":"web","rules":[{"host":"@host","http":{"paths":[{"backend":{"service":{"name":"@name","port":{"number":443}}},"path":"/","pathType":"Prefix"}]}}]},"status":{"loadBalancer":{"ingress":[{"ip":"@ip"}]}}}"#;

/// One object of a workload: a Service of type LoadBalancer or an Ingress, with one name and one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    ingress: bool,
    number: usize,
}

/// `n` Services, then `n / 2` Ingresses.
pub fn workload(n: usize) -> impl Iterator<Item = Published> {
    let services = (0..n).map(|number| Published { ingress: false, number });
    services.chain((0..n / 2).map(|number| Published { ingress: true, number }))
}

impl Published {
    pub(super) fn kind(&self) -> (&'static str, &'static str) {
        if self.ingress { ("networking.k8s.io", "ingresses") } else { ("", "services") }
    }

    /// Its namespace: one of twenty.
    pub fn namespace(&self) -> String {
        format!("team-{:02}", self.number % 20)
    }

    /// Its name.
    pub fn name(&self) -> String {
        format!("{}-{:06}", if self.ingress { "ing" } else { "svc" }, self.number)
    }

    /// The DNS name that it wants.
    pub fn host(&self) -> String {
        format!("{}.{WORKLOAD_ZONE}", self.name())
    }

    /// The address of that name.
    pub fn address(&self) -> String {
        let [_, a, b, c] = u32::try_from(self.number).unwrap_or(u32::MAX).to_be_bytes();
        format!("10.{}.{b}.{c}", u32::from(a) + if self.ingress { 128 } else { 0 })
    }

    /// The text of the ownership record of that name, in quotes.
    pub fn ownership(&self) -> String {
        let kind = if self.ingress { "ingress" } else { "service" };
        format!(
            "\"heritage=external-dns,external-dns/owner={WORKLOAD_OWNER},external-dns/resource={kind}/{}/{}\"",
            self.namespace(),
            self.name()
        )
    }

    /// The whole object.
    pub fn json(&self) -> Value {
        let mut object: Value =
            serde_json::from_str(&self.text(0)).expect("the templates are JSON");
        let (api_version, kind) =
            if self.ingress { ("networking.k8s.io/v1", "Ingress") } else { ("v1", "Service") };
        object["apiVersion"] = api_version.into();
        object["kind"] = kind.into();
        object
    }

    /// The object at a revision, without `apiVersion` and `kind`.
    pub(super) fn text(&self, revision: u64) -> String {
        let [_, a, b, c] = u32::try_from(self.number).unwrap_or(u32::MAX).to_be_bytes();
        let mut text = if self.ingress { INGRESS } else { SERVICE }.to_owned();
        // `@name` begins `@namespace`, so the longer one goes first.
        for (placeholder, value) in [
            ("@namespace", self.namespace()),
            ("@name", self.name()),
            ("@host", self.host()),
            ("@ip", self.address()),
            ("@cluster", format!("172.{a}.{b}.{c}")),
            ("@uid", format!("00000000-0000-4000-8000-{revision:012x}")),
            ("@revision", revision.to_string()),
        ] {
            text = text.replace(placeholder, &value);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::workload;

    #[test]
    fn objects_are_as_large_as_real_ones() {
        let all: Vec<_> = workload(10).collect();
        assert_eq!(all.len(), 15);
        for object in all {
            let text = object.json().to_string();
            assert!((1500..=1700).contains(&text.len()), "{} bytes: {text}", text.len());
            assert!(!text.contains('@'), "{text}");
        }
    }
}
