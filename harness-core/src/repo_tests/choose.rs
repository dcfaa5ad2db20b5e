//! Which files of `tests/` are run: pure. Main types: [`RepoTests`], [`Found`].

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::listing::{Kind, Listed};
use crate::hurl::{HurlFile, Variables, shown};
use crate::run_file::Phase;
use crate::tier::Tier;

/// The most files that are run.
pub(super) const MOST_FILES: usize = 64;
/// The longest file that is run, in bytes.
pub(super) const LONGEST_FILE: u64 = 64 * 1024;
/// The most that all files together may have, in bytes: less than is ever read of git's output.
pub(super) const LONGEST_SUM: u64 = 384 * 1024;
/// So many that are not run are named one by one.
const MOST_NAMED: usize = 20;

/// What is run of a recipe's own `tests/`, and what is there and is not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct RepoTests {
    /// What is run, in order.
    pub run: Vec<RepoTest>,
    /// The script that is run between the app's making and its first deploy, in place of the suite's.
    pub install_steps: Option<String>,
    /// What is there and is not run.
    pub not_run: Vec<NotRun>,
}

/// A file that is run as one check, or as a seed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RepoTest {
    /// The check's name.
    pub name: String,
    /// The file, from the repository's root.
    pub path: String,
    /// How it is run.
    pub kind: RepoTestKind,
    /// The tier that it is part of: custom, but for an approved script that is named for another one's op.
    pub tier: Tier,
    /// Whether it plants something before the op, or checks what there is after it.
    pub phase: Phase,
    /// The file's content.
    pub text: String,
}

/// How a file is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepoTestKind {
    /// As requests to the app, by cc-ci itself.
    Hurl,
    /// As a program on this machine, for a recipe that was approved.
    Script,
}

/// Something that is there and is not run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct NotRun {
    /// Its path, as it can be shown.
    pub path: String,
    /// Why not.
    pub reason: String,
}

impl fmt::Display for NotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not run: {}", self.path, self.reason)
    }
}

/// What was found in a listing: what to read, and what is not run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub(super) read: Vec<(String, Role)>,
    pub(super) not_run: Vec<NotRun>,
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A check or a seed.
    Test(RepoTestKind, Tier, Phase),
    /// What is done before the first deploy.
    InstallSteps,
}

impl Role {
    const HURL: Self = Self::Test(RepoTestKind::Hurl, Tier::Custom, Phase::Check);

    /// Returns what a script is for, by its name.
    fn of_script(stem: &str) -> Self {
        let of = |prefix: &str| stem.strip_prefix(prefix).and_then(|tier| tier.parse().ok());
        let (tier, phase) = match (of("pre_"), of("test_")) {
            _ if stem == "install_steps" => return Self::InstallSteps,
            (Some(tier), _) => (tier, Phase::Seed),
            (None, Some(tier)) => (tier, Phase::Check),
            (None, None) => (Tier::Custom, Phase::Check),
        };
        Self::Test(RepoTestKind::Script, tier, phase)
    }
}

/// Decides what to read. Only plain files right in `tests/` with plain names are; all else is named with the reason.
pub(super) fn choose(listed: &[Listed], is_approved: bool) -> Found {
    let mut found = Found::default();
    let mut sum = 0;
    let mut left_out = 0_usize;
    for entry in listed {
        let size = entry.size.unwrap_or_default();
        let reason = match role(entry, is_approved) {
            Ok(None) => continue,
            Ok(Some(role)) if found.read.len() < MOST_FILES && sum + size <= LONGEST_SUM => {
                sum += size;
                found.read.push((entry.path.clone(), role));
                continue;
            }
            Ok(Some(_)) => {
                format!("expected at most {MOST_FILES} files of together {LONGEST_SUM} bytes")
            }
            Err(reason) => reason,
        };
        if found.not_run.len() < MOST_NAMED {
            found.not_run.push(NotRun { path: shown(&entry.path), reason });
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        let reason = format!("{left_out} more things in there are not run either");
        found.not_run.push(NotRun { path: "tests/".to_owned(), reason });
    }
    found
}

/// Decides of one thing; nothing for what has nothing to do with tests, such as a README.
fn role(entry: &Listed, is_approved: bool) -> Result<Option<Role>, String> {
    let name = entry.path.rsplit('/').next().unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    match entry.kind {
        Kind::SymbolicLink => {
            return Err("it is a symbolic link: put the file itself there".to_owned());
        }
        Kind::Submodule => {
            return Err("it is a submodule: put the files into the repository".to_owned());
        }
        Kind::Folder => {
            return Err("only files right in `tests/` are run: move them up".to_owned());
        }
        Kind::File => {}
    }
    let role = match extension {
        "hurl" => Role::HURL,
        "sh" if is_approved => Role::of_script(stem),
        "sh" | "py" | "bats" | "bash" => {
            let reason = "scripts are run only for recipes in repo-local-approved.txt".to_owned();
            return Err(if is_approved { "only `.sh` scripts are run".to_owned() } else { reason });
        }
        _ => return Ok(None),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if !name.bytes().all(plain) || name.starts_with(['.', '-']) {
        return Err("expected a name of letters, digits, `.`, `_` and `-`".to_owned());
    }
    if entry.size.is_none_or(|size| size > LONGEST_FILE) {
        return Err(format!("it is longer than {LONGEST_FILE} bytes: make several files"));
    }
    Ok(Some(role))
}

impl Found {
    /// Returns what is run once the files were read, in the same order. A file without a text is none that can be read.
    pub(super) fn with_texts(self, texts: Vec<Option<String>>) -> RepoTests {
        let Self { read, mut not_run } = self;
        let mut tests = RepoTests::default();
        let mut names = BTreeSet::new();
        for ((path, role), text) in read.into_iter().zip(texts) {
            let text = text.filter(|t| !t.contains('\u{fffd}') && !t.contains('\0'));
            match (text, role) {
                (Some(text), Role::Test(kind, tier, phase)) => {
                    let name = check_name(&path, kind, &mut names);
                    tests.run.push(RepoTest { name, path, kind, tier, phase, text });
                }
                (Some(text), Role::InstallSteps) => tests.install_steps = Some(text),
                (None, Role::Test(..) | Role::InstallSteps) => {
                    let reason = "it is no UTF-8 text".to_owned();
                    not_run.push(NotRun { path: shown(&path), reason });
                }
            }
        }
        RepoTests { not_run, ..tests }
    }
}

/// Returns `hurl_<name>` or `script_<name>`, in lower snake case, and never the same twice.
fn check_name(path: &str, kind: RepoTestKind, taken: &mut BTreeSet<String>) -> String {
    let file = path.rsplit('/').next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let prefix = match kind {
        RepoTestKind::Hurl => "hurl_",
        RepoTestKind::Script => "script_",
    };
    let base: String = prefix.chars().chain(stem.chars().map(plain)).collect();
    let mut name = base.clone();
    let mut count = 2;
    while !taken.insert(name.clone()) {
        name = format!("{base}_{count}");
        count += 1;
    }
    name
}

impl RepoTests {
    /// Returns the checks' names, as `tier::check`.
    pub fn checks(&self) -> impl Iterator<Item = String> {
        let checks = self.run.iter().filter(|test| test.phase == Phase::Check);
        checks.map(|test| format!("{}::{}", test.tier, test.name))
    }

    /// Returns what is run in a phase of a tier.
    pub fn of(&self, tier: Tier, phase: Phase) -> Vec<RepoTest> {
        let run = self.run.iter().filter(|test| test.tier == tier && test.phase == phase);
        run.cloned().collect()
    }

    /// Returns whether the repository's own scripts for a tier's op take the place of the suite's seeds and checks for
    /// it. The generic floor is never replaced, and custom checks add up; what the suite asks after a restore goes with
    /// the restore.
    pub fn replaces_suite(&self, tier: Tier) -> bool {
        let tier = if tier == Tier::Disaster { Tier::Restore } else { tier };
        tier != Tier::Custom && self.run.iter().any(|test| test.tier == tier)
    }

    /// Returns what a reader of the plan and the results should know: what is run, what cannot be, what is not.
    pub fn lines(&self) -> Vec<String> {
        let run = self.run.iter().map(|test| match (test.trouble(), test.phase, test.tier) {
            (Some(trouble), ..) => {
                format!("{} will fail as {}::{}: {trouble}", test.path, test.tier, test.name)
            }
            (None, Phase::Check, Tier::Custom) => {
                format!("{} is run as custom::{}", test.path, test.name)
            }
            (None, Phase::Seed, Tier::Custom) => {
                format!("{} is run before the custom checks", test.path)
            }
            (
                None,
                Phase::Seed
                | Phase::Check
                | Phase::Across
                | Phase::Provide
                | Phase::Works
                | Phase::TakeBack,
                tier,
            ) => {
                format!(
                    "{} is run for {tier}, in place of the suite's seeds and checks there",
                    test.path
                )
            }
        });
        let steps = self.install_steps.as_ref();
        let steps =
            steps.map(|_| "tests/install_steps.sh is run in place of the suite's".to_owned());
        steps.into_iter().chain(run).chain(self.not_run.iter().map(ToString::to_string)).collect()
    }
}

impl RepoTest {
    /// Returns why the file cannot be run, in one line, if it cannot.
    fn trouble(&self) -> Option<String> {
        match self.kind {
            RepoTestKind::Hurl => {
                let error = HurlFile::parse(&self.path, &self.text, &Variables::GIVEN).err()?;
                Some(error.to_string().lines().next().unwrap_or_default().to_owned())
            }
            RepoTestKind::Script => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn listed(kind: Kind, path: &str, size: u64) -> Listed {
        Listed { kind, size: Some(size), path: path.to_owned() }
    }

    #[rstest]
    #[case(Kind::SymbolicLink, "tests/passwd.hurl", 11, "symbolic link")]
    #[case(Kind::SymbolicLink, "tests", 11, "symbolic link")]
    #[case(Kind::Submodule, "tests/sub", 0, "submodule")]
    #[case(Kind::Folder, "tests/custom", 0, "only files right in `tests/`")]
    #[case(Kind::File, "tests/big.hurl", LONGEST_FILE + 1, "longer than")]
    #[case(Kind::File, "tests/a\n\u{1b}[31mb.hurl", 1, "expected a name")]
    #[case(Kind::File, "tests/-rf.hurl", 1, "expected a name")]
    #[case(Kind::File, "tests/install_steps.sh", 1, "repo-local-approved.txt")]
    #[case(Kind::File, "tests/test_login.py", 1, "repo-local-approved.txt")]
    fn what_is_not_run_is_named_with_the_reason(
        #[case] kind: Kind,
        #[case] path: &str,
        #[case] size: u64,
        #[case] reason: &str,
    ) {
        let found = choose(&[listed(kind, path, size)], false);
        assert!(found.read.is_empty());
        let said = found.not_run[0].to_string();
        assert!(said.contains(reason) && !said.contains(['\n', '\u{1b}']), "{said}");
    }

    #[test]
    fn hurl_files_are_read_scripts_only_if_approved_and_a_readme_is_nothing() {
        let all = [
            listed(Kind::File, "tests/README.md", 9),
            listed(Kind::File, "tests/a.hurl", 9),
            listed(Kind::File, "tests/b.sh", 9),
            listed(Kind::File, "tests/c.py", 9),
        ];
        let found = choose(&all, false);
        assert_eq!(found.read, [("tests/a.hurl".to_owned(), Role::HURL)]);
        assert_eq!(found.not_run.len(), 2);
        let found = choose(&all, true);
        assert_eq!(found.read.last().unwrap().1, Role::of_script("b"));
        assert_eq!(found.not_run.len(), 1);
    }

    #[test]
    fn too_many_and_too_much_are_bounded() {
        let many: Vec<_> = (0..MOST_FILES + 2)
            .map(|n| listed(Kind::File, &format!("tests/{n}.hurl"), 1))
            .collect();
        assert_eq!(choose(&many, false).read.len(), MOST_FILES);
        let long: Vec<_> =
            (0..10).map(|n| listed(Kind::File, &format!("tests/{n}.hurl"), LONGEST_FILE)).collect();
        assert_eq!(choose(&long, false).read.len(), 6);
        let links: Vec<_> =
            (0..99).map(|n| listed(Kind::SymbolicLink, &format!("tests/{n}"), 1)).collect();
        assert_eq!(choose(&links, false).not_run.len(), MOST_NAMED + 1);
    }

    #[test]
    fn an_approved_script_is_for_what_its_name_says() {
        let script = |tier, phase| Role::Test(RepoTestKind::Script, tier, phase);
        for (stem, role) in [
            ("install_steps", Role::InstallSteps),
            ("pre_backup", script(Tier::Backup, Phase::Seed)),
            ("test_restore", script(Tier::Restore, Phase::Check)),
            ("pre_custom", script(Tier::Custom, Phase::Seed)),
            ("test_login", script(Tier::Custom, Phase::Check)),
            ("pre_", script(Tier::Custom, Phase::Check)),
        ] {
            assert_eq!(Role::of_script(stem), role, "{stem}");
        }
    }

    #[test]
    fn scripts_for_an_op_win_and_custom_ones_add_up() {
        let read = ["pre_upgrade", "check", "install_steps"];
        let read = read.map(|stem| (format!("tests/{stem}.sh"), Role::of_script(stem)));
        let found = Found { read: read.to_vec(), not_run: Vec::new() };
        let tests = found.with_texts(vec![
            Some("a".to_owned()),
            Some("b".to_owned()),
            Some("c".to_owned()),
        ]);
        assert!(tests.replaces_suite(Tier::Upgrade) && !tests.replaces_suite(Tier::Custom));
        assert_eq!(tests.checks().collect::<Vec<_>>(), ["custom::script_check"]);
        assert_eq!(tests.of(Tier::Upgrade, Phase::Seed)[0].text, "a");
        assert!(tests.of(Tier::Upgrade, Phase::Check).is_empty());
        assert_eq!(tests.install_steps.as_deref(), Some("c"));
        assert_eq!(tests.lines().len(), 3);
    }

    #[test]
    fn names_are_made_of_files_and_are_never_the_same() {
        let hurl = |path: &str| (path.to_owned(), Role::HURL);
        let read =
            vec![hurl("tests/Log-in.hurl"), hurl("tests/log_in.hurl"), hurl("tests/bin.hurl")];
        let texts = vec![Some("a".to_owned()), Some("b".to_owned()), Some("\u{fffd}".to_owned())];
        let tests = Found { read, not_run: Vec::new() }.with_texts(texts);
        let names: Vec<_> = tests.checks().collect();
        assert_eq!(names, ["custom::hurl_log_in", "custom::hurl_log_in_2"]);
        assert_eq!(tests.not_run[0].to_string(), "tests/bin.hurl is not run: it is no UTF-8 text");
    }
}
