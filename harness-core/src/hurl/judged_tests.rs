//! Whole files, and what they say of answers.

use rstest::rstest;
use serde_json::Value;

use super::{Exchange, HurlFile, Variables};
use crate::http::Answer;

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    Answer {
        status,
        headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        body: body.as_bytes().to_vec(),
        certificate: None,
    }
}

const JSON: &str = r#"{"name": "blog", "n": 3, "f": 1.5, "on": true, "no": null, "list": [1, 2, 3], "obj": {"a": 1}, "empty": "", "text": "a,b;version 1.2"}"#;

/// Says whether a line of [Asserts] holds of an answer, or what it says instead.
fn judge(line: &str) -> Result<(), String> {
    let text = format!("GET {{{{base_url}}}}/x\nHTTP 200\n[Asserts]\n{line}\n");
    let file = HurlFile::parse("t.hurl", &text, &["base_url", "name", "three"]).expect(line);
    let headers = [
        ("content-type", "application/json"),
        ("set-cookie", "s=1; Path=/"),
        ("set-cookie", "t=2"),
    ];
    let answer = answer(200, &headers, JSON);
    let uuid = String::new;
    let mut variables = Variables::new(&uuid);
    variables.set("name", "blog");
    variables.set("three", 3);
    let exchange = Exchange { answer: &answer, url: "https://a.test/x", is_cut: false };
    let response = file.entries[0].response.as_ref().expect("there is one");
    let judged = response.asserts[0].judge(exchange, &variables);
    judged.map_err(|m| format!("expected {}; seen: {}", m.expected, m.seen))
}

#[rstest]
#[case("status == 200")]
#[case("status < 300")]
#[case("status != 404")]
#[case("header \"Content-Type\" contains \"json\"")]
#[case("header \"Set-Cookie\" count == 2")]
#[case("header \"X-None\" not exists")]
#[case("cookie \"s\" == \"1\"")]
#[case("url endsWith \"/x\"")]
#[case("body startsWith `{\"name\"`")]
#[case("body matches /\"n\":\\s+\\d/")]
#[case("body matches \"\\\"n\\\": [0-9]\"")]
#[case("regex \"version ([0-9.]+)\" == \"1.2\"")]
#[case("jsonpath \"$.name\" == \"{{name}}\"")]
#[case("jsonpath \"$.name\" == {{name}}")]
#[case("jsonpath \"$.n\" == {{three}}")]
#[case("jsonpath \"$.n\" == 3.0")]
#[case("jsonpath \"$.n\" isInteger")]
#[case("jsonpath \"$.f\" isFloat")]
#[case("jsonpath \"$.f\" > 1")]
#[case("jsonpath \"$.on\" == true")]
#[case("jsonpath \"$.no\" == null")]
#[case("jsonpath \"$.name\" != null")]
#[case("jsonpath \"$.list\" count == 3")]
#[case("jsonpath \"$.list\" contains 2")]
#[case("jsonpath \"$.list\" not contains 9")]
#[case("jsonpath \"$.list\" nth -1 == 3")]
#[case("jsonpath \"$.list[*]\" first == 1")]
#[case("jsonpath \"$.obj\" isObject")]
#[case("jsonpath \"$.empty\" isEmpty")]
#[case("jsonpath \"$.text\" split \";\" first split \",\" last == \"b\"")]
#[case("jsonpath \"$.text\" regex /version (\\d)/ toInt == 1")]
#[case("jsonpath \"$.text\" replace \",\" \"+\" startsWith \"a+b\"")]
#[case("jsonpath \"$.n\" toString == \"3\" # a comment")]
#[case("variable \"name\" == \"blog\"")]
fn it_holds(#[case] line: &str) {
    assert_eq!(judge(line), Ok(()));
}

#[rstest]
#[case("status == 404", "expected `status == 404`: 404; seen: 200")]
#[case("status not == 200", "expected `status not == 200`: not 200; seen: 200")]
#[case("jsonpath \"$.none\" == 1", "seen: nothing; there is nothing")]
#[case("jsonpath \"$.none\" not == 1", "seen: nothing; there is nothing")]
#[case("jsonpath \"$.none\" exists", "it to be there; seen: nothing")]
#[case("jsonpath \"$.n\" == \"3\"", "cannot be compared with \"3\", which is of another kind")]
#[case("jsonpath \"$.n\" not == \"3\"", "cannot be compared")]
#[case("jsonpath \"$.n\" not contains \"x\"", "`contains` compares texts")]
#[case("jsonpath \"$.name\" count == 4", "`count` wants a list, and it is \"blog\"")]
#[case("jsonpath \"$.name\" toInt == 4", "`toInt` wants a number")]
#[case("jsonpath \"$.on\" > false", "`>` compares numbers and texts")]
#[case("body contains \"absent\"", "it to contain \"absent\"; seen: \"{\"name\": \"blog\"")]
#[case("body contains 3", "`contains` compares texts")]
fn it_does_not_hold(#[case] line: &str, #[case] said: &str) {
    let error = judge(line).unwrap_err();
    assert!(error.contains(said), "{error}");
}

#[test]
fn nothing_is_said_of_a_body_that_was_cut_off() {
    let text =
        "GET {{base_url}}\nHTTP 200\n[Asserts]\nbody not contains \"error\"\nstatus == 200\n";
    let file = HurlFile::parse("t.hurl", text, &["base_url"]).unwrap();
    let answer = answer(200, &[], "xxx");
    let exchange = Exchange { answer: &answer, url: "https://a.test/", is_cut: true };
    let uuid = String::new;
    let asserts = &file.entries[0].response.as_ref().unwrap().asserts;
    let error = asserts[0].judge(exchange, &Variables::new(&uuid)).unwrap_err();
    assert!(error.seen.contains("was cut"), "{error:?}");
    assert_eq!(asserts[1].judge(exchange, &Variables::new(&uuid)), Ok(()));
}

#[test]
fn what_the_guide_shows_can_be_run() {
    let guide = include_str!("../../../docs/recipe-tests.md");
    let blocks: Vec<&str> = guide.split("```hurl\n").skip(1).collect();
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        let text = block.split("\n```\n").next().unwrap_or_default();
        let read = HurlFile::parse("guide", text, &Variables::GIVEN);
        assert!(read.is_ok(), "{}", read.unwrap_err());
    }
}

const WHOLE: &str = r#"
# Creates a page and reads it back.
POST {{base_url}}/api/pages?draft=0   # the API
Accept: application/json # of course
X-Trace: a\#b {{unique}}
[Query]
page: {{n}}
[BasicAuth]
{{user}}: {{password}}
[Options]
location: true
max-redirs: 3
max-time: 500ms
variable: n=7
verbose: true
{
  "title": "{{unique}}",
  "n": {{n}},
  "odd": "]} \" {{user}}"
}
HTTP 201
Content-Type: application/json
[Captures]
id: jsonpath "$.id"
token: header "X-Token" redact
[Asserts]
jsonpath "$.title" == "{{unique}}"

GET {{base_url}}/pages/{{id}}
[Cookies]
theme: dark
HTTP 200
```
Hello {{unique}}
```

DELETE {{base_url}}/pages/{{id}}
HTTP *
`gone`
"#;

#[test]
fn a_whole_file_is_read() {
    let file = HurlFile::parse("t.hurl", WHOLE, &["base_url", "unique", "user", "password"]);
    let file = file.unwrap_or_else(|e| panic!("{e}"));
    let [create, read, delete] = file.entries.as_slice() else { panic!("{}", file.entries.len()) };
    let uuid = String::new;
    let mut variables = Variables::new(&uuid);
    for (name, value) in [("base_url", "https://a.test"), ("unique", "u"), ("user", "me\"")] {
        variables.set(name, value);
    }
    variables.set("n", 7);
    variables.set("id", 12);
    let render = |t| variables.render(t).unwrap();
    assert_eq!((create.method.as_str(), create.place.line), ("POST", 3));
    assert_eq!(render(&create.url), "https://a.test/api/pages?draft=0");
    assert_eq!(render(&create.headers[0].value), "application/json");
    assert_eq!(render(&create.headers[1].value), "a#b u");
    assert_eq!(render(&create.query[0].value), "7");
    assert!(create.options.follow && create.options.max_redirects == Some(3));
    assert_eq!(create.options.max_time, Some(std::time::Duration::from_millis(500)));
    let body = render(&create.body.as_ref().unwrap().text);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["n"], &body["odd"]), (&Value::from(7), &Value::from("]} \" me\"")));
    let response = create.response.as_ref().unwrap();
    assert_eq!((response.status, response.captures.len()), (Some(201), 2));
    assert!(!response.captures[0].is_secret && response.captures[1].is_secret);
    assert_eq!(render(&read.url), "https://a.test/pages/12");
    assert_eq!(render(read.response.as_ref().unwrap().body.as_ref().unwrap()), "Hello u\n");
    let last = delete.response.as_ref().unwrap();
    assert_eq!((last.status, render(last.body.as_ref().unwrap()).as_str()), (None, "gone"));
}
