//! Every function.

use super::support::{check, service, unstructured};

#[test]
fn of_go() {
    check(
        &service(),
        &[
            ("{{and 1 0 2}} {{and 1 2}} {{and .Labels.absent \"x\"}}", "0 2 <no value>"),
            ("{{or 0 \"\" \"x\" (index .Spec.Ports 9)}} {{or .Labels.absent \"x\"}}", "x x"),
            ("{{not .Labels.absent}} {{not 1}}", "true false"),
            ("{{len .Name}} {{len .Spec.Ports}} {{len .Labels}}", "1 2 2"),
            ("{{len .Labels.absent}}", "!no value has no length"),
            ("{{index .Labels \"app\"}}[{{index .Labels \"absent\"}}]", "web[]"),
            ("{{(index .Spec.Ports 0).Port}}", "80"),
            ("{{index .Spec.ClusterIPs 9}}", "!out of range"),
            ("{{index .Labels 1}}", "!a string is expected"),
            (
                "{{slice \"abcdef\" 1 3}} {{slice \"abc\" 1}} {{slice .Spec.ClusterIPs 1}}",
                "bc bc [fd00::1]",
            ),
            ("{{slice \"abc\" 2 9}}", "!out of range"),
            ("{{slice \"abc\" 2 1}}", "!out of range"),
            (
                "{{eq .Name \"s\"}} {{eq .Name \"a\" \"s\"}} {{eq .Labels.absent \"x\"}}",
                "true true false",
            ),
            ("{{eq 1 1.0}}", "!incompatible types"),
            ("{{eq .Spec.Given \"yes\"}}", "!incompatible types"),
            ("{{eq .Spec.Ports .Spec.Ports}}", "!incompatible types"),
            ("{{ne .Name \"x\"}} {{ne .Labels.absent \"x\"}}", "true true"),
            (
                "{{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 2 2}} {{lt \"a\" \"b\"}}",
                "true true false true true",
            ),
            ("{{lt .Labels.absent 5}}", "!incompatible types"),
            ("{{print 80 \"a\" 1 2}} {{print .Labels.absent}}", "80a1 2 <nil>"),
            ("{{println \"a\" 1}}", "a 1\n"),
            (
                "{{printf \"%s-%d %v %q %t\" \"a\" 5 .Spec.ClusterIPs \"x\" true}}",
                "a-5 [10.0.0.1 fd00::1] \"x\" true",
            ),
            (
                "{{printf \"%5d|%-5s|%05d|%.2f|%x|%c|%%\" 42 \"ab\" 42 1.5 255 65}}",
                "   42|ab   |00042|1.50|ff|A|%",
            ),
            (
                "{{printf \"%s\" .Labels.absent}} {{printf \"%v\" .Labels.absent}}",
                "%!s(<nil>) <nil>",
            ),
            (
                "{{printf \"%d\" \"a\"}} {{printf \"%d\"}} {{printf \"a\" 1}}",
                "%!d(string=a) %!d(MISSING) a%!(EXTRA int=1)",
            ),
            ("{{html \"<a & 'b'>\"}}", "&lt;a &amp; &#39;b&#39;&gt;"),
            ("{{js \"it's <b>\"}}", "it\\'s \\u003Cb\\u003E"),
            ("{{urlquery \"a b&c\"}}", "a+b%26c"),
            ("{{call .Name}}", "!is no function"),
            (
                "{{printf \"%s\" 5}} {{printf \"%t\" 1}} {{printf \"%z\" 1}}",
                "%!s(int=5) %!t(int=1) %!z(int=1)",
            ),
            ("{{print true nil 1.5}} {{println}}", "true <nil> 1.5 \n"),
            ("{{html .Labels.absent}}|{{urlquery \"ä/?\" 1}}", "&lt;no value&gt;|%C3%A4%2F%3F1"),
            ("{{len 5}}", "!has no length"),
            ("{{index .Name 9}}", "!out of range"),
            ("{{index .Spec.ClusterIPs \"x\"}}", "!cannot index with a string"),
            ("{{index .Spec.ClusterIPs}}", "[10.0.0.1 fd00::1]"),
            ("{{slice .Labels 1}}", "!slice"),
            ("{{slice \"abc\" -1}}", "!out of range"),
            ("{{ge \"b\" \"a\"}} {{gt 2.5 1.5}}", "true true"),
            ("{{lt 1 \"a\"}}", "!incompatible types"),
            ("{{lt true false}}", "!incompatible types"),
            ("{{eq true true}} {{eq 1.5 1.5}} {{ne 1 2}}", "true true true"),
            ("{{not 0}} {{not \"\"}} {{not .Spec.ClusterIPs}}", "true true false"),
        ],
    );
}

#[test]
fn of_numbers() {
    check(
        &unstructured(),
        &[
            (
                "{{with fromJson \"[999999,1000000,1234567,0.00001,0.5]\"}}{{.}}{{end}}",
                "[999999 1e+06 1.234567e+06 1e-05 0.5]",
            ),
            ("{{eq .Spec.count 80}} {{eq .Spec.ratio 1.5}}", "true true"),
            ("{{eq (fromJson \"80\") 80}}", "!incompatible types"),
            ("{{eq .Spec.ratio 1}}", "!incompatible types"),
            ("{{lt .Spec.absent 5}}", "!incompatible types"),
            ("{{print .Spec.count \"a\" 1 2}}", "80a1 2"),
            ("{{contains .Spec.absent \"x\"}}", "!invalid value; expected string"),
            ("{{index .Spec.list 9}}", "!out of range"),
            ("{{index .Spec.absent 0}}", "!nothing to index"),
            ("{{hasKey .Spec.map \"a\"}}", "!a map of strings is expected"),
            ("{{len .Spec.list}} {{len .Spec.map}} {{len .Spec.url}}", "2 2 8"),
            ("{{toLower .Spec.count}}", "!a string is expected"),
        ],
    );
}

#[test]
fn of_external_dns() {
    check(
        &service(),
        &[
            ("{{contains \"abc\" \"b\"}} {{contains \"abc\" \"x\"}}", "true false"),
            ("{{trimPrefix \"a-b\" \"a-\"}} {{trimSuffix \"a-b\" \"-b\"}}", "b a"),
            ("{{\"a\" | trimPrefix \"a-b\"}}", "-b"),
            ("{{trim \"  a \"}}|", "a|"),
            ("{{toLower \"ABC\"}} {{toLower .Spec.Given}}", "abc yes"),
            ("{{toLower .Labels.absent}}", "!invalid value; expected string"),
            ("{{toLower 5}}", "!a string is expected"),
            ("{{\"a.b\" | replace \".\" \"-\"}}", "a-b"),
            (
                "{{isIPv4 \"1.2.3.4\"}} {{isIPv4 \"01.2.3.4\"}} {{isIPv4 \"::1\"}}",
                "true false false",
            ),
            (
                "{{isIPv6 \"::ffff:1.2.3.4\"}} {{isIPv6 \"fe80::1%e\"}} {{isIPv6 \"1.2.3.4\"}}",
                "true true false",
            ),
            ("{{isIPv6 \"fe80::1%\"}} {{isIPv6 \"1.2.3.4%e\"}}", "false false"),
            ("{{hasKey .Labels \"empty\"}} {{hasKey .Labels \"absent\"}}", "true false"),
            ("{{hasKey .Spec.Selector \"x\"}}", "true"),
            ("{{hasKey .Spec \"x\"}}", "!a map of strings is expected"),
            ("{{(fromJson \"{\\\"a\\\":1}\").a}} {{fromJson \"nope\"}}", "1 <no value>"),
            ("{{isSource \"Service\"}} {{isSource \"ingress\"}}", "true false"),
            ("{{isSource \"nope\"}}", "!the sources are ingress, node, pod, service"),
            ("{{isSource \"SERVICE\"}} {{isSource \"\"}}", "!the sources are"),
            ("{{\"b\" | contains \"abc\"}} {{\"abc\" | contains \"b\"}}", "true false"),
            ("{{contains 5 \"x\"}}", "!a string is expected"),
            ("{{contains .Labels.absent \"x\"}}", "!invalid value; expected string"),
            ("{{trimPrefix .Labels.absent \"x\"}}", "!invalid value; expected string"),
            ("{{trimSuffix \"a\" 5}}", "!a string is expected"),
            ("{{trim .Labels.absent}}", "!invalid value; expected string"),
            ("{{trim \"\\n\\t a b \\r\"}}|", "a b|"),
            ("{{replace \"\" \"-\" \"ab\"}} {{replace \"x\" \"\" \"axbx\"}}", "-a-b- ab"),
            ("{{replace \".\" \"-\" .Labels.absent}}", "!invalid value; expected string"),
            (
                "{{isIPv4 \"\"}} {{isIPv6 \"\"}} {{isIPv6 \"2001:DB8::1\"}} {{isIPv4 \"::ffff:1.2.3.4\"}}",
                "false false true false",
            ),
            ("{{isIPv4 .Labels.absent}}", "!invalid value; expected string"),
            ("{{isIPv6 80}}", "!a string is expected"),
            ("{{hasKey .Annotations \"dns.x/a\"}} {{hasKey .Annotations \"a\"}}", "true false"),
            ("{{hasKey .Labels.absent \"x\"}}", "!"),
            ("{{hasKey .Labels 5}}", "!a string is expected"),
            (
                "{{fromJson \"[1,true,null,\\\"x\\\"]\"}} {{fromJson \"\"}}",
                "[1 true <nil> x] <no value>",
            ),
            ("{{(fromJson \"{\\\"a\\\":{\\\"b\\\":[80]}}\").a.b}}", "[80]"),
            ("{{fromJson 5}}", "!a string is expected"),
            ("{{fromJson .Labels.absent}}", "!invalid value; expected string"),
        ],
    );
}
