//! Files that cannot be run: each error, as an author reads it.

use super::HurlFile;

const KNOWN: [&str; 5] = ["base_url", "domain", "password", "unique", "user"];

/// Returns the errors of these files, in order.
fn errors(files: &[&str]) -> String {
    let error = |text: &&str| match HurlFile::parse("tests/t.hurl", text, &KNOWN) {
        Ok(_) => format!("accepted: {text}"),
        Err(error) => error.to_string(),
    };
    files.iter().map(error).collect::<Vec<_>>().join("\n\n")
}

/// Returns the errors of these lines of [Asserts].
fn errors_of_asserts(lines: &[&str]) -> String {
    let files: Vec<_> =
        lines.iter().map(|l| format!("GET {{{{base_url}}}}\nHTTP 200\n[Asserts]\n{l}\n")).collect();
    errors(&files.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Returns the errors of these lines of [Options].
fn errors_of_options(lines: &[&str]) -> String {
    let files: Vec<_> =
        lines.iter().map(|l| format!("GET {{{{base_url}}}}\n[Options]\n{l}\nHTTP 200\n")).collect();
    errors(&files.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn what_is_no_test() {
    insta::assert_snapshot!(errors(&[
        "",
        "# only a comment\n",
        "hello\n",
        "HTTP 200\n",
        "GET\nHTTP 200\n",
        "GET {{base_url}}/\n",
        "GET {{base_url}}/\nHTTP *\n",
        "GET {{base_url}}/\nHTTP 200\nHTTP 404\n",
        "GET {{base_url}}/\nHTTP/1.1 200\n",
        "GET {{base_url}}/\nHTTP two\n",
        "GET {{base_url}}/ {{base_url}}/\nHTTP 200\n",
        "CONNECT {{base_url}}/\nHTTP 200\n",
    ]));
}

#[test]
fn urls_that_lead_elsewhere() {
    insta::assert_snapshot!(errors(&[
        "GET file:///etc/passwd\nHTTP 200\n",
        "GET http://{{domain}}/\nHTTP 200\n",
        "GET https://example.org/\nHTTP 200\n",
        "GET https://example.org/{{domain}}\nHTTP 200\n",
        "GET /path\nHTTP 200\n",
        "GET {{host}}/\nHTTP 200\n",
        "GET {{getEnv \"HOME\"}}\nHTTP 200\n",
    ]));
}

#[test]
fn requests_that_cannot_be_made() {
    insta::assert_snapshot!(errors(&[
        "GET {{base_url}}\nHost: other.ccci.test\nHTTP 200\n",
        "GET {{base_url}}\nTransfer-Encoding: chunked\nHTTP 200\n",
        "GET {{base_url}}\n{{user}}: x\nHTTP 200\n",
        "GET {{base_url}}\nAccept\nHTTP 200\n",
        "POST {{base_url}}\n[Multipart]\nfile: file,/etc/passwd;\nHTTP 200\n",
        "POST {{base_url}}\nfile,/etc/passwd;\nHTTP 200\n",
        "POST {{base_url}}\n<a/>\nHTTP 200\n",
        "POST {{base_url}}\n{\n  \"a\": 1,\n}\nHTTP 200\n",
        "POST {{base_url}}\n{ \"a\": [1, 2 }\nHTTP 200\n",
        "POST {{base_url}}\n```graphql\nquery\n```\nHTTP 200\n",
        "POST {{base_url}}\n```\nno end\n",
        "POST {{base_url}}\n[Form]\na: b\n`body`\nHTTP 200\n",
        "GET {{base_url}}\n[Asserts]\nstatus == 200\n",
        "GET {{base_url}}\n[Secrets]\na: b\nHTTP 200\n",
        "GET {{base_url}}\n[Query]\na: b\n[Query]\nc: d\nHTTP 200\n",
    ]));
}

#[test]
fn options_that_reach_beyond_the_app() {
    insta::assert_snapshot!(errors_of_options(&[
        "output: /tmp/out",
        "insecure: true",
        "proxy: localhost:3128",
        "resolve: a:443:127.0.0.1",
        "unix-socket: /var/run/docker.sock",
        "netrc: true",
        "cacert: /etc/ssl/ca.pem",
        "retry: 10",
        "delay: 5s",
        "skip: true",
        "location-trusted: true",
        "http3: true",
        "location: yes",
        "max-time: 10m",
        "variable: user=me",
        "verbose",
    ]));
}

#[test]
fn asserts_that_are_not_known() {
    insta::assert_snapshot!(errors_of_asserts(&[
        "xpath \"//h1\" exists",
        "duration < 1000",
        "sha256 == hex,00;",
        "certificate \"Subject\" contains \"x\"",
        "cookie \"a[Secure]\" exists",
        "statuss == 200",
        "status",
        "status = 200",
        "status == ",
        "status == 200 300",
        "body isIsoDate",
        "header Content-Type == \"text/html\"",
        "jsonpath \"name\" == 1",
        "jsonpath \"$.a[0:2]\" count == 2",
        "regex \"a+\" == \"a\"",
        "body matches \"(\"",
        "body htmlUnescape contains \"x\"",
        "body contains \"{{missing}}\"",
        "body contains \"\\d\"",
        "body contains \"open",
        "body contains file,x.txt;",
    ]));
}

#[test]
fn captures_and_bodies_of_answers() {
    insta::assert_snapshot!(errors(&[
        "GET {{base_url}}\nHTTP 200\n[Captures]\nbase_url: body\n",
        "GET {{base_url}}\nHTTP 200\n[Captures]\nid jsonpath \"$.id\"\n",
        "GET {{base_url}}\nHTTP 200\n{ \"a\": 1 }\n",
        "GET {{base_url}}\nHTTP 200\n[Form]\na: b\n",
        "GET {{base_url}}/{{id}}\nHTTP 200\n[Captures]\nid: jsonpath \"$.id\"\n",
        "GET {{base_url}}\nHTTP 200\n[Asserts]\nbody contains \"{{newDate}}\"\n",
    ]));
}

#[test]
fn a_hostile_line_cannot_steer_a_terminal() {
    let error =
        errors(&["GET {{base_url}}\nHTTP 200\n[Asserts]\n\u{1b}]0;owned\u{7}\u{202e}evil\n"]);
    assert!(
        !error.contains('\u{1b}') && !error.contains('\u{7}') && !error.contains('\u{202e}'),
        "{error}"
    );
    let long = format!("GET {{{{base_url}}}}\nHTTP 200\n[Asserts]\n{}\n", "x".repeat(60_000));
    assert!(errors(&[&long]).len() < 1000);
}

#[test]
fn brackets_without_end_are_an_error_and_no_overflow() {
    let deep = format!("POST {{{{base_url}}}}\n{}\nHTTP 200\n", "[".repeat(60_000));
    assert!(errors(&[&deep]).contains("expected the bracket that closes"));
    let closed =
        format!("POST {{{{base_url}}}}\n{}{}\nHTTP 200\n", "[".repeat(9000), "]".repeat(9000));
    assert!(errors(&[&closed]).contains("no JSON: recursion limit exceeded"));
}
