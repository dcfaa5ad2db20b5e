use crate::app::play::Play;

/// Runs a script in a container and returns its code and what it printed.
fn ran(script: &str) -> (i64, String, String) {
    let mut play = Play::new().service("app", "nginx:1", &[("WHO", "me")], &[]);
    play.up(3);
    play.run("app", script)
}

#[test]
fn words_are_filled_in_as_a_shell_does() {
    let out = |script: &str| ran(script).1;
    assert_eq!(out("echo $WHO '$WHO' \"<$WHO>\" ${NONE:-x} a\\ b"), "me $WHO <me> x a b\n");
    assert_eq!(out("x=$(echo 1 2); echo \"$x\"; y=a=b; echo $y"), "1 2\na=b\n");
    assert_eq!(out("f() { echo \"$2-$1\"; }\nf a \\\n  b # and so on"), "b-a\n");
    assert_eq!(out("e=''; set -- ; echo \"{\\\"a\\\": 1}\" $e end"), "{\"a\": 1} end\n");
}

#[test]
fn codes_decide_what_runs() {
    assert_eq!(ran("false && echo a || echo b").1, "b\n");
    assert_eq!(ran("set -e; false; echo a"), (1, String::new(), String::new()));
    assert_eq!(ran("set -e; if [ \"$WHO\" = me ]; then echo yes; else echo no; fi").1, "yes\n");
    assert_eq!(ran("set -e; ! true; false || true; echo on").1, "on\n");
    assert_eq!(ran("false | true").0, 0);
    assert_eq!(ran("set -euo pipefail; false | true").0, 1);
    assert_eq!(ran("exit 3; echo a").0, 3);
}

#[test]
fn streams_go_where_they_are_sent() {
    assert_eq!(ran("echo a >&2").2, "a\n");
    assert_eq!(ran("nothing 2> /dev/null | gzip | gunzip; echo $?").1, "0\n");
    assert_eq!(ran("echo a > /tmp/x; echo b >> /tmp/x; cat < /tmp/x").1, "a\nb\n");
    let (code, _, err) = ran("nothing");
    assert!(code == 127 && err.contains("command not found"), "{err}");
    assert_eq!(ran("echo a > /no/such/folder").0, 1);
}

#[test]
fn what_is_not_played_is_an_error_and_never_ignored() {
    for script in [
        "for ((i=0;i<2;i++)); do echo; done",
        "echo $RANDOM",
        "sleep 1 &",
        "echo 'a",
        "mapfile x",
        "echo ${x@Q}",
    ] {
        assert_eq!(ran(script).0, 2, "{script}");
    }
}

#[test]
fn a_site_is_asked_by_its_own_container() {
    assert_eq!(ran("curl -fsS http://127.0.0.1/ > /dev/null && echo up").1, "up\n");
    assert_eq!(ran("curl -fsS http://127.0.0.1/none").0, 22);
    assert_eq!(ran("curl -s localhost:81").0, 7);
    let swept = "find /usr/share/nginx/html -mindepth 1 ! -name index.html -delete; ls /usr/share/nginx/html";
    assert_eq!(ran(swept).1, "index.html\n");
}

#[test]
fn loops_go_round() {
    let out = |script: &str| ran(script).1;
    assert_eq!(
        out("for i in 1 \"2 3\" $(seq 4 5); do echo \"<$i>\"; done"),
        "<1>\n<2 3>\n<4>\n<5>\n"
    );
    assert_eq!(
        out("i=0; while [ $i -lt 3 ]; do i=$((i + 1)); [ $i = 2 ] && continue; echo $i; done"),
        "1\n3\n"
    );
    assert_eq!(out("n=0; until (( n >= 2 )); do (( n += 1 )); done; echo $n"), "2\n");
    assert_eq!(
        out("for i in a b; do for j in 1 2; do [ $j = 2 ] && continue 2; echo $i$j; done; done"),
        "a1\nb1\n"
    );
    assert_eq!(
        out("printf 'a b\\nc\\n' > /tmp/l; while read -r x y; do echo \"$y-$x\"; done < /tmp/l"),
        "b-a\n-c\n"
    );
    assert_eq!(
        out(
            "echo x > /tmp/a.sql; echo y > /tmp/b.sql; cd /tmp; for f in *.sql /no/*; do echo $f; done"
        ),
        "a.sql\nb.sql\n/no/*\n"
    );
}

#[test]
fn cases_and_conditions_choose() {
    let out = |script: &str| ran(script).1;
    let case = "f() { case \"${1:-}\" in a|b*) echo one ;; \"*\") echo star;; -?) echo flag;; *) echo other\n esac; }; ";
    assert_eq!(
        out(&format!("{case} f a; f bcd; f '*'; f -x; f c; f")),
        "one\none\nstar\nflag\nother\nother\n"
    );
    assert_eq!(
        out("x=ab; [[ $x == a* && ! -z $x ]] && echo yes; [[ $x == \"a*\" ]] || echo no"),
        "yes\nno\n"
    );
    assert_eq!(
        out("[[ v1.2 =~ ^v([0-9]+)\\.(.*)$ ]] && echo ${BASH_REMATCH[1]}/${BASH_REMATCH[2]}"),
        "1/2\n"
    );
    assert_eq!(out("if [[ 3 -gt 2 || x < a ]]; then echo more; fi"), "more\n");
}

#[test]
fn parameters_are_cut_and_replaced() {
    let out = |script: &str| ran(script).1;
    assert_eq!(
        out(
            "f=/a/b.tar.gz; echo ${f##*/} ${f#*/} ${f%.*} ${f%%.*} ${#f} ${f/a/x} ${f//./-} ${f:3:1} ${f: -2}"
        ),
        "b.tar.gz a/b.tar.gz /a/b.tar /a/b 11 /x/b.tar.gz /a/b-tar-gz b gz\n"
    );
    assert_eq!(
        out("x=; echo ${x:-d}${x-e} ${x:+y} ${y+z} ${y:=made}$y; z=WHO; echo ${!z}"),
        "d mademade\nme\n"
    );
    assert_eq!(
        out(
            "a=(1 'b c'); a+=(d); for x in \"${a[@]}\"; do echo \"<$x>\"; done; echo ${#a[@]} ${a[1]} ${a[@]:1}"
        ),
        "<1>\n<b c>\n<d>\n3 b c b c d\n"
    );
    let (code, _, err) = ran("echo ${NONE:?must be set}; echo on");
    assert!(code == 1 && err.contains("NONE: must be set"), "{err}");
    let (code, _, err) = ran("set -u; echo $NONE; echo on");
    assert!(code == 1 && err.contains("unbound"), "{err}");
}

#[test]
fn functions_keep_their_own_variables() {
    let out = |script: &str| ran(script).1;
    assert_eq!(
        out("x=1; f() { local x=2 y; y=$x; echo $x$y$#; return 3; }; f a b; echo $?$x${y:-none}"),
        "222\n31none\n"
    );
    assert_eq!(out("( cd /tmp; x=5; exit 4 ); echo $?$(pwd)${x:-}"), "4/\n");
    assert_eq!(out("export A=1; B=2 env | grep -E '^(A|B)='; echo ${B:-gone}"), "A=1\nB=2\ngone\n");
    assert_eq!(ran("set -e; f() { false; echo on; }; f || echo caught; f; echo never").1, "on\n");
}

#[test]
fn here_documents_are_filled_in_unless_they_are_quoted() {
    let out = |script: &str| ran(script).1;
    assert_eq!(out("cat <<EOF\na $WHO $(echo b) \"q\"\nEOF\necho end"), "a me b \"q\"\nend\n");
    assert_eq!(out("cat <<-'EOF' > /tmp/x\n\t$WHO\n\tEOF\ncat /tmp/x"), "$WHO\n");
    assert_eq!(out("grep b <<< $'a\\nb'"), "b\n");
    assert_eq!(out("{ echo out; echo err >&2; } > /tmp/both 2>&1; cat /tmp/both"), "out\nerr\n");
}

#[test]
fn files_are_moved_and_packed() {
    let out = |script: &str| ran(script).1;
    assert_eq!(
        out(
            "mkdir -p /data/x; echo a > /data/x/1; cp -r /data/x /data/y; mv /data/y/1 /tmp/2; cat /tmp/2; ls /data/x"
        ),
        "a\n1\n"
    );
    assert_eq!(
        out(
            "echo text | gzip > /tmp/t.gz; gzip --test /tmp/t.gz && gzip --decompress --stdout /tmp/t.gz"
        ),
        "text\n"
    );
    assert_eq!(ran("echo text | gzip | head -c 12 > /tmp/t.gz; gzip -t /tmp/t.gz").0, 1);
    assert_eq!(
        out("printf '%s\\n' b a b | sort -u | tr a-z A-Z | head -n 1; echo a:b | cut -d: -f2"),
        "A\nb\n"
    );
}

#[test]
fn a_program_that_nobody_plays_is_told_from_one_that_there_is_not() {
    let (code, _, err) = ran("echo a | awk '{print $1}'");
    assert!(code == 127 && err.contains("awk is not played by a stand-in"), "{err}");
    let mut play = Play::new().service("app", "nginx:1", &[], &[]);
    play.up(3);
    play.out("app", "awk '{print}' 2> /dev/null | gzip > /tmp/x; frobnicate 2> /dev/null || true");
    assert_eq!(play.world.drain_refusals(), ["awk is not played by a stand-in"]);
    let (code, _, err) = ran("frobnicate");
    assert!(code == 127 && err.contains("frobnicate: command not found"), "{err}");
}

#[test]
fn who_waits_is_looked_at_again_later() {
    let wait =
        "#!/bin/bash\nuntil (: < /dev/tcp/db/3306) 2> /dev/null; do sleep 0.5; done\nexec nginx";
    let mut play = Play::new()
        .service("app", "nginx:1", &[], &[])
        .entrypoint(&["bash", "-c", wait])
        .service("db", "mariadb:10", &[("MYSQL_ROOT_PASSWORD", "x")], &["/var/lib/mysql"]);
    play.up(2);
    assert_eq!(play.run("app", "curl -s http://127.0.0.1/").0, 7);
    play.wait(6);
    assert_eq!(play.run("app", "curl -s http://127.0.0.1/").0, 0);
    assert_eq!(play.run("db", "curl -s http://app/ | grep -c Welcome").1, "2\n");
    let (code, _, err) = play.run("app", "until false; do sleep 1; done");
    assert!(code == 2 && err.contains("not played"), "{err}");
}

#[test]
fn a_start_script_beyond_what_is_played_starts_the_app_all_the_same() {
    let mut play = Play::new().service("app", "nginx:1", &[], &[]).entrypoint(&[
        "bash",
        "-ec",
        "sed -i s/a/b/ /etc/x; exec nginx",
    ]);
    play.up(3);
    assert_eq!(play.run("app", "curl -s http://127.0.0.1/").0, 0);
    assert!(play.logs("app").contains("sed is not played by a stand-in"));
}
