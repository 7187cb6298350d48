//! Texts that are no templates.

use extdns_template::Template;

#[test]
fn a_bad_template_names_line_and_column() {
    let table: &[(&str, (usize, usize), &str)] = &[
        ("{{.Name", (1, 1), "not closed"),
        ("a\nbc{{.Name", (2, 3), "not closed"),
        ("{{nope .Name}}", (1, 3), "function \"nope\" is not defined"),
        ("x\n  {{if .Name}}y", (2, 3), "no {{end}}"),
        ("{{end}}", (1, 1), "nothing that this {{end}} could belong to"),
        ("{{else}}", (1, 1), "nothing that this {{else}} could belong to"),
        ("{{if .A}}{{else}}{{else}}{{end}}", (1, 18), "an {{else}} already"),
        ("{{$x}}", (1, 3), "variable $x is not defined"),
        ("{{$x = 1}}", (1, 3), "variable $x is not defined"),
        ("{{if true}}{{$x := 1}}{{end}}{{$x}}", (1, 32), "variable $x is not defined"),
        ("{{\"abc}}", (1, 3), "not closed by \""),
        ("{{`abc}}", (1, 3), "not closed by `"),
        ("{{'ab'}}", (1, 3), "not closed by '"),
        ("{{\"\\z\"}}", (1, 3), "is no escape"),
        ("{{}}", (1, 3), "a value or a function is expected"),
        ("{{.Name | }}", (1, 11), "a value or a function is expected"),
        ("{{.Name | \"x\"}}", (1, 11), "a function is expected behind |"),
        ("{{(.Name}}", (1, 9), "not closed by )"),
        ("{{1x}}", (1, 3), "is no number"),
        ("{{.Name \"x\"}}", (1, 3), "takes no arguments"),
        ("{{nil}}", (1, 3), "nil is no command"),
        ("{{toLower}}", (1, 3), "toLower needs 1 arguments, not 0"),
        ("{{toLower 1 2}}", (1, 3), "toLower takes 1 arguments, not 2"),
        ("{{print len}}", (1, 9), "len needs 1 arguments, not 0"),
        ("{{break}}", (1, 3), "stands in no range"),
        ("{{template \"t\"}}", (1, 3), "template \"t\" is not defined"),
        ("{{template t}}", (1, 12), "in quotes"),
        ("{{define \"t\"}}{{end}}{{define \"t\"}}{{end}}", (1, 22), "defined twice"),
        ("{{if true}}{{define \"t\"}}{{end}}{{end}}", (1, 12), "within a block"),
        ("{{/* x }}", (1, 1), "not closed by */"),
        ("{{/* x */ .Name}}", (1, 1), "must end the action"),
        ("{{.Name;}}", (1, 8), "has no meaning"),
        ("{{.Name\"x\"}}", (1, 8), "white space is expected"),
        ("{{\"ä\" | nope}}", (1, 9), "function \"nope\""),
    ];
    for (text, place, part) in table {
        let error = Template::parse(&[text]).expect_err(text);
        assert_eq!((error.line, error.column), *place, "{text}: {error}");
        assert!(error.message.contains(part), "{text}: {error}");
    }
}

#[test]
fn of_values_that_are_joined_the_wrong_one_is_named() {
    let error = Template::parse(&["{{.Name}}", "a\n{{nope}}", "b"]).expect_err("no function");
    assert_eq!((error.index, error.line, error.column), (1, 2, 3));
    let error = Template::parse(&["{{define \"t\"}}{{end}}", "{{define \"t\"}}{{end}}"]);
    assert_eq!(error.expect_err("defined twice").index, 1);
    let parts = ["{{define \"t\"}}x{{end}}", "{{template \"t\"}}"];
    assert!(Template::parse(&parts).is_ok(), "they share what they define");
}

#[test]
fn nesting_has_a_limit() {
    let deep = format!("{{{{{}1{}}}}}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(Template::parse(&[deep]).is_err());
    let deep = "{{if true}}".repeat(100_000);
    assert!(Template::parse(&[deep]).is_err());
    let deep = format!("{{{{if true}}}}{}", "{{else if true}}".repeat(100_000));
    assert!(Template::parse(&[deep]).is_err());
}
