//! Actions, blocks, variables, and what Go prints.

use super::support::{any, check, service, unstructured};

#[test]
fn text_actions_and_white_space() {
    check(
        &service(),
        &[
            ("plain", "plain"),
            ("", ""),
            ("{{.Name}}.{{.Namespace}}.x.org", "s.a.x.org"),
            ("a {{- .Name -}} b", "asb"),
            ("a \n{{- .Name}} b", "as b"),
            ("{{/* nothing */}}x", "x"),
            ("a {{- /* nothing */ -}} b", "ab"),
            ("{{\"}}\"}}", "}}"),
            ("{{`raw\\n`}}", "raw\\n"),
            (r#"{{"a\tb\"\x41é"}}"#, "a\tb\"Aé"),
            ("{{'a'}} {{'\\n'}}", "97 10"),
            ("{{1}} {{-2}} {{0x10}} {{1_000}} {{0b11}} {{0o17}} {{017}}", "1 -2 16 1000 3 15 15"),
            ("{{1.5}} {{1e3}} {{true}}", "1.5 1000 true"),
            ("{{(.Name)}}", "s"),
            ("{{ .Name | printf \"%s-%s\" \"x\" }}", "x-s"),
        ],
    );
}

#[test]
fn blocks() {
    check(
        &service(),
        &[
            ("{{if .Name}}y{{end}}", "y"),
            ("{{if .Labels.absent}}y{{else}}n{{end}}", "n"),
            ("{{if false}}1{{else if true}}2{{else}}3{{end}}", "2"),
            ("{{if eq .Kind \"Pod\"}}y{{end}}", ""),
            ("{{with .Spec.Type}}{{.}}{{end}}", "LoadBalancer"),
            ("{{with .Labels.absent}}y{{else}}n{{end}}", "n"),
            ("{{with false}}1{{else with .Name}}{{.}}{{end}}", "s"),
            ("{{range .Spec.Ports}}{{.Name}}.{{$.Name}},{{end}}", "http.s,grpc.s,"),
            ("{{range $i, $p := .Spec.Ports}}{{$i}}{{$p.Port}} {{end}}", "080 19000 "),
            ("{{range $p := .Spec.Ports}}{{$p.Name}} {{end}}", "http grpc "),
            ("{{range $k, $v := .Spec.Selector}}{{$k}}={{$v}} {{end}}", "b=2 x=1 "),
            ("{{range .Labels.absent}}x{{else}}none{{end}}", "none"),
            ("{{range 3}}{{.}}{{end}}", "012"),
            ("{{range 0}}x{{else}}none{{end}}", "none"),
            (
                "{{range .Spec.Ports}}{{if eq .Name \"http\"}}{{continue}}{{end}}{{.Name}}{{end}}",
                "grpc",
            ),
            ("{{range .Spec.Ports}}{{.Name}}{{break}}{{end}}", "http"),
            ("{{range .Name}}x{{end}}", "!range can't iterate over a string"),
            ("{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .Name}}", "<s>"),
            ("{{template \"t\"}}{{define \"t\"}}x{{.}}{{end}}", "x<no value>"),
            ("{{block \"b\" .}}{{.Name}}{{end}}", "s"),
            ("{{define \"t\"}}{{template \"t\"}}{{end}}{{template \"t\"}}", "!without end"),
            ("{{range 2000000}}{{end}}", "!runs for too long"),
        ],
    );
}

#[test]
fn variables() {
    check(
        &service(),
        &[
            ("{{$x := .Name}}{{$x}}", "s"),
            ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"),
            ("{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}", "1"),
            ("{{$x := .Spec}}{{$x.Type}}", "LoadBalancer"),
            ("{{with $x := .Name}}{{$x}}{{end}}", "s"),
            ("{{if $x := .Name}}{{$x}}{{end}}", "s"),
            ("{{$.Name}}", "s"),
            ("{{(index .Spec.Ports 1).Name}}", "grpc"),
            (
                "{{range $e := (index .Annotations \"list\" | fromJson)}}{{index $e \"hostname\"}},{{end}}",
                "h1.org,h2.org,",
            ),
            (
                "{{range $k,$v := .Annotations}}{{if contains $k \"dns.x/\"}}{{$v}},{{end}}{{end}}",
                "a.org,b.org,",
            ),
        ],
    );
}

#[test]
fn fields_of_typed_objects() {
    check(
        &service(),
        &[
            ("{{.Kind}} {{.APIVersion}} {{.UID}}", "Service v1 u1"),
            ("{{.GetName}} {{.GetNamespace}} {{.ObjectMeta.Name}}", "s a s"),
            ("{{index .GetLabels \"app\"}}{{.ObjectMeta.Labels.app}}", "webweb"),
            ("{{.Spec.clusterIPs}} {{.Spec.ClusterIPs}}", "[10.0.0.1 fd00::1] [10.0.0.1 fd00::1]"),
            ("{{.Metadata.name}} {{.Object.spec.type}}", "s LoadBalancer"),
            ("[{{.Spec.ClusterIP}}]", "[]"),
            ("{{.Spec.Priority}} {{.Spec.Paused}}", "0 false"),
            ("{{.GenerateName}}[{{.CreationTimestamp}}]{{len .GetAnnotations}}", "[]3"),
            ("{{.ObjectMeta.Namespace}} {{.ObjectMeta.Annotations.absent}}", "a <no value>"),
            ("{{.Spec.Class}} {{.Spec.Given}} {{.Spec.Flag}}", "<nil> yes <nil>"),
            ("{{if .Spec.Class}}y{{else}}n{{end}}{{if .Spec.Given}}y{{end}}", "ny"),
            ("{{(index .Spec.Ports 1).TargetPort}} {{(index .Spec.Ports 0).TargetPort}}", "0 web"),
            ("{{.Spec.Inner.Host}}{{.Spec.Inner}}", "{}"),
            ("{{.Spec.Conditions}}", "[]"),
            ("{{.Spec.Selector}}", "map[b:2 x:1]"),
            ("{{.Spec.Extra.deep}}", "1"),
            ("{{.Spec.Extra.other}}", "!there is no key \"other\""),
            ("{{.Spec.Hostname}}", "!can't evaluate field Hostname"),
            ("{{.Nope}}", "!can't evaluate field Nope"),
            ("{{.Name.Foo}}", "!can't evaluate field Foo"),
            ("{{.Object.spec.absent}}", "!there is no key \"absent\""),
            ("{{.Spec.Backend.Host}}", "!not set"),
            ("{{.Labels.absent}}.x.org", "<no value>.x.org"),
            ("{{.Labels.absent.deeper}}", "<no value>"),
        ],
    );
}

#[test]
fn words_that_go_writes_in_capitals() {
    const WORDS: [&str; 32] = [
        "acl", "api", "arn", "ca", "cidr", "cpu", "crd", "db", "dns", "http", "https", "id", "ip",
        "json", "jwk", "jwt", "os", "pem", "rbac", "sql", "ssl", "tcp", "tls", "ttl", "udp", "uid",
        "uuid", "uri", "url", "vm", "xml", "yaml",
    ];
    for word in WORDS {
        for (key, name) in [
            (word.to_owned(), word.to_uppercase()),
            (format!("{word}Name"), format!("{}Name", word.to_uppercase())),
            (format!("{word}x"), format!("{}{}x", word[..1].to_uppercase(), &word[1..])),
        ] {
            let object = any(&format!(r#"{{"spec":{{"{key}":"v","inner":{{"{key}":"w"}}}}}}"#));
            check(
                &object,
                &[
                    (&format!("{{{{.Spec.{name}}}}}{{{{.Spec.{key}}}}}"), "vv"),
                    (&format!("{{{{.Spec.Inner.{name}}}}}"), "<no value>"),
                    (&format!("{{{{.Spec.inner.{key}}}}}"), "w"),
                ],
            );
        }
    }
}

#[test]
fn fields_of_unstructured_objects() {
    check(
        &unstructured(),
        &[
            ("{{.Name}} {{.Namespace}} {{.Kind}}", "u n Thing"),
            ("{{index .Spec.DNSNames 0}} {{index .Spec.dnsNames 1}}", "x.org y.org"),
            (
                "{{.Spec.URL}} {{.Spec.IPAddress}} {{index .Spec.Hostnames 0}}",
                "http://z 10.0.0.9 r.org",
            ),
            ("{{.Spec.Real}} {{index .Spec \"real\"}}", "real other"),
            ("{{len .Spec}}", "13"),
            ("{{.Spec.count}} {{.Spec.ratio}} {{.Spec.big}} {{.Spec.on}}", "80 1.5 3e+06 true"),
            ("{{.Spec.list}} {{.Spec.map}}", "[p q] map[a:1 b:2]"),
            ("{{.Spec.absent}}.x.org", "<no value>.x.org"),
            ("{{.Spec.nothing}}", "<no value>"),
            ("{{.Spec.absent.deeper}}", "<no value>"),
            ("{{index .Spec \"absent\"}}", "<no value>"),
            ("{{index .Spec \"absent\" \"deeper\"}}", "!nothing to index"),
            ("{{range .Spec.absent}}x{{else}}none{{end}}", "none"),
            (
                "{{range .Status.interfaces}}{{$.Name}}-{{.name}}:{{.ipAddress}},{{end}}",
                "u-eth0:10.244.1.50,",
            ),
            ("{{index .Object.data \"hostname\"}}", "a.org,b.org"),
            ("{{.Metadata.labels.app}}", "web"),
            ("{{.Spec.on.deeper}}", "!can't evaluate field deeper"),
        ],
    );
}
