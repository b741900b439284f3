//! The rules of the house, kept by a test: who may use whom, what stays pure, how long a file may be.
//!
//! A rule that stands in somebody's way is changed here, with its reason, or the code finds another place. Three
//! questions find it: Does it decide? Does it know a foreign word? Does it wait, spawn or retry? (See src/README.md.)

#[path = "architecture/source.rs"]
mod source;

use source::Source;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each part of the program and the parts it may use. A part may use only what stands above it.
const MAY_USE: &[(&str, &str)] = &[
    ("domain", ""),
    // Texts for people.
    ("lang", "domain"),
    // Tools.
    ("clock", "domain"),
    ("regular_file", ""),
    ("http", "domain regular_file"),
    ("ownership", ""),
    ("folder", "ownership"),
    ("metrics", ""),
    ("telemetry", "domain clock ownership regular_file metrics"),
    ("config", "domain folder regular_file telemetry"),
    // The three adapters never know each other, nor how they are configured: app tells them in plain values.
    ("store", "domain clock ownership folder regular_file"),
    ("ecss", "domain clock http regular_file"),
    ("bitrix", "domain clock http"),
    ("session", "domain lang clock http telemetry store ecss bitrix"),
    // The pages ask for what they need by a trait of their own (`web::WebService`), which app implements.
    ("web", "domain lang clock metrics"),
    ("server", "domain http folder metrics regular_file"),
    ("lifecycle", ""),
    (
        "app",
        "domain lang clock http metrics regular_file telemetry config store ecss bitrix session web server lifecycle",
    ),
    // Witnesses: they would believe our mistakes if they shared the code that makes them.
    ("sandbox::certs", "domain http"),
    ("sandbox::portal", "domain clock http sandbox::certs"),
    ("sandbox::switch", "domain clock http sandbox::certs"),
    // The environment stands where an administrator stands: settings, sockets, start, stop.
    ("sandbox::environment", "domain clock http config server app sandbox::certs sandbox::portal sandbox::switch"),
    // Replaying a capture is the adapter's work alone; everything else goes through app.
    (
        "cli",
        "domain regular_file telemetry config ecss lifecycle app sandbox::portal sandbox::switch sandbox::environment",
    ),
    ("main", "cli"),
];

/// What would make a decision depend on more than its arguments.
const IMPURE: &str =
    "tokio tokio_util sqlx reqwest axum hyper rustls tracing Instant SystemTime thread process fs net env";

/// Who may write the portal's words: the adapter, and the witness that plays the portal.
const SPEAK_FOR_THE_PORTAL: [&str; 2] = ["bitrix/", "sandbox/"];

/// Where something may be set going that runs on by itself.
const MAY_SPAWN: [&str; 6] = ["session/", "server/", "lifecycle/", "app/", "sandbox/", "web/mod.rs"];

/// Names that a foreign trait gives to its associated types; several of our types implement it.
const ASSOCIATED: [&str; 5] = ["Err", "Error", "Output", "Rejection", "Target"];

/// Types that share their name with another one: their file and name, `*` for every type of the file.
const NAMED_TWICE: [(&str, &str); 2] = [
    // The dialect file as it is written; each type stands beside the one it is compiled into, and is called `file::…`.
    ("ecss/callapi/dialect/file.rs", "*"),
    // The program's commands, called as clap calls them.
    ("cli/mod.rs", "Command"),
];

/// Production lines a file may have: every one, nine of ten, every second one.
const LONGEST: usize = 500;
const NINE_OF_TEN: usize = 300;
const MEDIAN: usize = 130;

/// Everything that may lie in the root of the repository.
const TOP_LEVEL: &str = "
    Cargo.toml Cargo.lock deny.toml README.md SECURITY.md LICENSE .gitignore clippy.toml rustfmt.toml
    .ci .config .sqlx config debian migrations src static systemd templates tests
    .git target
";

/// Places on somebody's own machine. Written in halves, so that this file may be read as well.
const MACHINE_PATHS: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/.cargo/", "registry/"), concat!("/bash_", "jobs")];

#[test]
fn the_table_is_an_order() {
    for (n, (part, uses)) in MAY_USE.iter().enumerate() {
        let above: Vec<&str> = MAY_USE[..n].iter().map(|(name, _)| *name).collect();
        for used in uses.split(' ').filter(|used| !used.is_empty()) {
            assert!(above.contains(&used), "{part} may use {used}, which does not stand above it");
        }
    }
}

#[test]
fn parts_use_only_what_stands_above_them() {
    none(&misplaced_uses(&sources()));
}

#[test]
fn decisions_are_pure() {
    none(&impurities(&sources()));
}

#[test]
fn the_portals_words_stand_in_its_adapter_only() {
    let sources = sources();
    let known = portal_words(&sources);
    for word in ["TELEPHONY.EXTERNALCALL.REGISTER", "ONEXTERNALCALLSTART", "QUERY_LIMIT_EXCEEDED", "PHONE_NUMBER"] {
        assert!(known.contains(word), "{word} is not among {known:?}");
    }
    none(&foreign_words(&sources));
}

#[test]
fn only_some_parts_set_things_going() {
    none(&spawns(&sources()));
}

#[test]
fn production_code_neither_unwraps_nor_silences_lints() {
    none(&shortcuts(&sources()));
}

#[test]
fn every_file_says_what_it_is_for() {
    none(&headless(&sources()));
}

#[test]
fn files_are_short() {
    none(&oversize(&sources()));
}

#[test]
fn no_two_types_have_the_same_name() {
    none(&namesakes(&sources()));
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let model = fs::read_to_string(root().join("SECURITY.md")).expect("SECURITY.md");
    let named: Vec<&str> = model.split('`').skip(1).step_by(2).filter(|word| word.matches('_').count() > 2).collect();
    let code = committed().into_iter().filter(|file| file.extension().is_some_and(|ext| ext == "rs"));
    let code: Vec<String> = code.filter_map(|file| fs::read_to_string(root().join(file)).ok()).collect();
    let missing = |name: &&&str| !code.iter().any(|text| text.contains(&format!("fn {name}(")));
    assert!(named.len() > 20, "{named:?}");
    none(&named.iter().filter(missing).map(|name| format!("no test {name}")).collect::<Vec<_>>());
}

#[test]
fn the_root_holds_only_what_belongs_there() {
    let known: BTreeSet<&str> = TOP_LEVEL.split_whitespace().collect();
    let top = |file: &PathBuf| file.iter().next().and_then(|part| part.to_str()).unwrap_or_default().to_owned();
    let found: BTreeSet<String> = committed().iter().map(top).collect();
    none(&found.into_iter().filter(|name| !known.contains(name.as_str())).collect::<Vec<_>>());
}

#[test]
fn no_file_tells_where_it_was_written() {
    let mut faults = Vec::new();
    for file in committed() {
        let Ok(text) = fs::read_to_string(root().join(&file)) else { continue };
        for (n, line) in text.lines().enumerate() {
            for path in MACHINE_PATHS.iter().filter(|path| line.contains(**path)) {
                faults.push(format!("{}:{}: {path}", file.display(), n + 1));
            }
        }
    }
    none(&faults);
}

/// The rules find what they are meant to find, and nothing else.
#[test]
fn the_rules_bite() {
    let world = |files: &[(&str, &str)]| source::judge(files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())));
    let of = |path: &str, text: &str| world(&[(path, text)]);

    let misplaced = |path, text| misplaced_uses(&of(path, text)).len();
    assert_eq!(misplaced("bitrix/mod.rs", "use crate::store::Store;"), 1);
    assert_eq!(misplaced("bitrix/mod.rs", "use crate::{domain::ids, ecss::{Dialect, replay}, store};"), 2);
    assert_eq!(misplaced("bitrix/oauth/wire.rs", "fn f() { super::super::super::session::go() }"), 1);
    assert_eq!(misplaced("bitrix/oauth/wire.rs", "mod inner { use super::super::super::super::web::{self}; }"), 1);
    assert_eq!(misplaced("bitrix/oauth/wire.rs", "use super::super::portal::Portal; pub(crate) mod x {}"), 0);
    assert_eq!(misplaced("sandbox/portal/world.rs", "use crate::sandbox::switch::SwitchWorld;"), 1);
    assert_eq!(misplaced("sandbox/portal/mod.rs", "use super::certs::Certs; pub(super) fn f() {}"), 0);
    assert_eq!(misplaced("newcomer/mod.rs", ""), 1);
    assert_eq!(misplaced("bitrix/mod.rs", "// crate::store\n const A: &str = \"crate::store\"; /* crate::web */"), 0);
    assert_eq!(misplaced("bitrix/mod.rs", "const A: &str = r#\"\"\"#; use crate::store::Store;"), 1);
    assert_eq!(misplaced("bitrix/mod.rs", "const A: char = '\"'; fn f<'a>(a: &'a str) { crate::store::open() }"), 1);
    assert_eq!(misplaced("bitrix/mod.rs", "#[cfg(test)]\nmod tests { use crate::store::Store; }\nfn f() {}"), 0);
    assert_eq!(misplaced("bitrix/mod.rs", "#[cfg(test)]\nuse a::{b};\nuse crate::store::Store;"), 1);
    let parent = ("bitrix/mod.rs", "#[cfg(test)] mod testing;\nmod hook;");
    let bad = "use crate::store::Store;";
    assert_eq!(misplaced_uses(&world(&[parent, ("bitrix/testing.rs", bad)])), Vec::<String>::new());
    assert_eq!(misplaced_uses(&world(&[parent, ("bitrix/testing/deep.rs", bad)])), Vec::<String>::new());
    assert_eq!(misplaced_uses(&world(&[parent, ("bitrix/hook.rs", bad)])).len(), 1);

    assert_eq!(impurities(&of("domain/a.rs", "use std::time::{Duration, Instant};")).len(), 1);
    assert_eq!(impurities(&of("session/a.rs", "use std::time::{Duration, Instant};")).len(), 0);
    let foreign = |text| {
        let adapter = "const A: [&str; 4] = [\"user.get\", \"OnUserAdd\", \"QUERY_LIMIT_EXCEEDED\", \"an answer\"];";
        foreign_words(&world(&[("bitrix/a.rs", adapter), ("session/a.rs", text)])).len()
    };
    assert_eq!(foreign("fn f(name: &str) -> bool { name == \"ONUSERADD\" || name == \"User.Get\" }"), 2);
    assert_eq!(foreign("const A: &str = \"the portal says QUERY_LIMIT_EXCEEDED\";"), 1);
    assert_eq!(foreign("/// `QUERY_LIMIT_EXCEEDED`\nconst OK: &str = \"an answer\"; // OnUserAdd\n"), 0);
    assert_eq!(foreign("#[cfg(test)] mod tests { const A: &str = \"OnUserAdd\"; }"), 0);
    assert_eq!(spawns(&of("store/db.rs", "fn f() { tokio::spawn(g()); set.spawn_blocking(g); }")).len(), 2);
    assert_eq!(spawns(&of("session/db.rs", "fn f() { tokio::spawn(g()); }")).len(), 0);
    assert_eq!(shortcuts(&of("a.rs", "#[allow(dead_code)] fn f() { g().unwrap(); g().unwrap_or(1) }")).len(), 2);
    assert_eq!(shortcuts(&of("a.rs", "#[cfg(test)]\n#[x]\nfn f() { g().unwrap(); }")).len(), 0);
    assert_eq!(headless(&of("a.rs", "use b;")).len(), 1);
    let beside = |path, text| namesakes(&world(&[("store/a.rs", "pub struct Row;"), (path, text)])).len();
    assert_eq!(beside("web/a.rs", "enum Row<T> { A(T) }"), 1);
    assert_eq!(beside("web/a.rs", "fn f() { type Row = u8; }"), 1);
    assert_eq!(beside("web/a.rs", "enum Shown { Row(Row) } struct NumberRow; use store::Row; // struct Row;"), 0);
    assert_eq!(beside("web/a.rs", "#[cfg(test)] mod tests { struct Row; }"), 0);
    assert_eq!(beside("sandbox/a.rs", "struct Row;"), 0);
    assert_eq!(beside("ecss/callapi/dialect/file.rs", "struct Row;"), 0);
    assert_eq!(namesakes(&of("a.rs", "impl A for B { type Err = C; } impl A for C { type Err = C; }")).len(), 0);
    let lines = |n: usize| "fn f() {}\n".repeat(n);
    assert_eq!(oversize(&of("a.rs", &lines(MEDIAN))).len(), 0);
    assert_eq!(oversize(&of("a.rs", &lines(LONGEST + 1))).len(), 3);
    assert_eq!(oversize(&of("a.rs", &(lines(9) + "#[cfg(test)]\nmod tests {\n" + &lines(900) + "}\n"))).len(), 0);
}

fn misplaced_uses(sources: &[Source]) -> Vec<String> {
    let mut faults = BTreeSet::new();
    for source in production(sources) {
        let user = part(&source.module());
        // lib.rs and sandbox/mod.rs only name their modules.
        if user.is_empty() || user == "sandbox" {
            continue;
        }
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == user) else {
            faults.insert(format!("{}: `{user}` has no place in the order; give it one in MAY_USE", source.path));
            continue;
        };
        for (path, line) in source.uses() {
            let used = part(&path);
            if used != user && !used.is_empty() && !allowed.split(' ').any(|name| name == used) {
                faults.insert(format!("{}:{line}: {user} must not use {used}", source.path));
            }
        }
    }
    faults.into_iter().collect()
}

/// The part a module path belongs to: its first name, in the sandbox its first two.
fn part(module: &[String]) -> String {
    let names = if module.first().is_some_and(|first| first == "sandbox") { 2 } else { 1 };
    module[..names.min(module.len())].join("::")
}

fn impurities(sources: &[Source]) -> Vec<String> {
    let impure: BTreeSet<&str> = IMPURE.split(' ').collect();
    let mut faults = Vec::new();
    for source in production(sources).filter(|s| s.path.starts_with("domain/")) {
        for word in source.words.iter().filter(|w| impure.contains(w.text.as_str())) {
            faults.push(format!("{}:{}: {} has no place in a decision", source.path, word.line, word.text));
        }
    }
    faults
}

/// Every word of the portal that its adapter writes: REST methods, events, fields and codes.
fn portal_words(sources: &[Source]) -> BTreeSet<String> {
    let adapter = production(sources).filter(|s| s.path.starts_with("bitrix/"));
    let words = adapter.flat_map(texts).flat_map(|(_, text)| {
        let whole = Some(text.trim_matches('"')).filter(|text| is_method(text));
        parts_of(text).filter(|part| is_event(part) || is_code(part)).chain(whole)
    });
    words.map(without_case).collect()
}

/// `telephony.externalCall.register`; a text of its own, as `config.toml` in a sentence is none.
fn is_method(text: &str) -> bool {
    text.contains('.') && text.split('.').all(is_letters)
}

/// `OnUserAdd` or `ONUSERADD`
fn is_event(part: &str) -> bool {
    is_letters(part) && part.to_ascii_uppercase().starts_with("ON") && part.chars().any(|c| c.is_ascii_uppercase())
}

/// `QUERY_LIMIT_EXCEEDED` or `CALL_ID`
fn is_code(part: &str) -> bool {
    part.contains('_') && part.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

fn is_letters(text: &str) -> bool {
    text.len() > 1 && text.chars().all(|c| c.is_ascii_alphabetic())
}

fn foreign_words(sources: &[Source]) -> Vec<String> {
    let known = portal_words(sources);
    let mut faults = Vec::new();
    let others = production(sources).filter(|s| !SPEAK_FOR_THE_PORTAL.iter().any(|place| s.path.starts_with(place)));
    for source in others {
        for (line, text) in texts(source) {
            // `{CALL_ID}` puts in what the adapter's constant says.
            let inserted = |part: &str| text.contains(&format!("{{{part}}}"));
            for part in parts_of(text).filter(|part| known.contains(&without_case(part)) && !inserted(part)) {
                faults.push(format!("{}:{line}: {part} is a word of the portal", source.path));
            }
        }
    }
    faults
}

/// The texts in production code, with their lines.
fn texts(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let texts = source.words.iter().filter(|word| word.text.ends_with(['"', '#']) && word.text.len() > 1);
    texts.map(|word| (word.line, word.text.as_str()))
}

fn parts_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.')).filter(|part| !part.is_empty())
}

/// Methods and events are the same in any case; a code in small letters is somebody else's name.
fn without_case(part: &str) -> String {
    if part.contains('_') { part.to_owned() } else { part.to_ascii_uppercase() }
}

fn spawns(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in production(sources).filter(|s| !MAY_SPAWN.iter().any(|place| s.path.starts_with(place))) {
        for pair in source.words.windows(2) {
            if matches!(pair[0].text.as_str(), "spawn" | "spawn_blocking" | "spawn_local") && pair[1].text == "(" {
                faults.push(format!("{}:{}: sets something going", source.path, pair[0].line));
            }
        }
    }
    faults
}

fn shortcuts(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in production(sources) {
        for at in source.words.windows(3) {
            let fault = match [at[0].text.as_str(), at[1].text.as_str(), at[2].text.as_str()] {
                ["[", "allow", "("] => "use #[expect(…, reason = \"…\")]",
                [".", "unwrap", "("] => "use expect(\"why it holds\"), or handle it",
                _ => continue,
            };
            faults.push(format!("{}:{}: {fault}", source.path, at[1].line));
        }
    }
    faults
}

fn headless(sources: &[Source]) -> Vec<String> {
    let headless = sources.iter().filter(|s| !s.text.starts_with("//!"));
    headless.map(|s| format!("{}: begins without a `//!` that says what it is for", s.path)).collect()
}

/// Types whose name another type has already; the sandbox has names of its own.
fn namesakes(sources: &[Source]) -> Vec<String> {
    let excepted = |path: &str, name: &str| {
        NAMED_TWICE.iter().any(|(file, except)| *file == path && (*except == "*" || *except == name))
    };
    let mut first = BTreeMap::new();
    let mut faults = Vec::new();
    for source in production(sources).filter(|s| !s.path.starts_with("sandbox/")) {
        for pair in source.words.windows(2) {
            let (keyword, name) = (pair[0].text.as_str(), pair[1].text.as_str());
            let defines = match keyword {
                "struct" | "enum" | "union" | "trait" => true,
                "type" => !ASSOCIATED.contains(&name),
                _ => false,
            };
            if !defines || !name.starts_with(|c: char| c.is_ascii_uppercase()) || excepted(&source.path, name) {
                continue;
            }
            let place = format!("{}:{}", source.path, pair[1].line);
            if let Some(other) = first.get(name) {
                faults.push(format!("{place}: {name} is the name of a type in {other} as well"));
            } else {
                first.insert(name, place);
            }
        }
    }
    faults
}

fn oversize(sources: &[Source]) -> Vec<String> {
    let mut sizes: Vec<(usize, &str)> = production(sources).map(|s| (s.production_lines, s.path.as_str())).collect();
    sizes.sort_unstable();
    let at = |part: usize| sizes[(sizes.len() * part / 100).min(sizes.len() - 1)].0;
    let limits =
        [("the longest", at(100), LONGEST), ("nine of ten", at(90), NINE_OF_TEN), ("the median", at(50), MEDIAN)];
    let worst = sizes.iter().rev().take(10).fold(String::new(), |mut text, (lines, path)| {
        let _ = write!(text, "\n    {lines:4} {path}");
        text
    });
    let over = limits.iter().filter(|(_, found, limit)| found > limit);
    over.map(|(what, found, limit)| format!("{what}: {found} production lines, more than {limit}; longest:{worst}"))
        .collect()
}

fn production(sources: &[Source]) -> impl Iterator<Item = &Source> {
    sources.iter().filter(|s| !s.test_only)
}

fn sources() -> Vec<Source> {
    let sources = source::read(&root().join("src"));
    assert!(sources.len() > 100, "only {} sources were found", sources.len());
    sources
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of the repository, relative to its root; of an unpacked archive, all files but what a build makes.
fn committed() -> Vec<PathBuf> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let listed = listed.ok().filter(|output| output.status.success()).map(|output| output.stdout).unwrap_or_default();
    let mut files: Vec<PathBuf> = String::from_utf8_lossy(&listed).split_terminator('\0').map(PathBuf::from).collect();
    if files.is_empty() {
        walk(Path::new(""), &mut files);
    }
    files.retain(|file| root().join(file).exists());
    assert!(files.len() > 100, "only {} files were found", files.len());
    files
}

fn walk(below: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(root().join(below)).expect("the repository can be listed") {
        let entry = entry.expect("the repository can be listed");
        let path = below.join(entry.file_name());
        if entry.path().is_dir() {
            if path != Path::new("target") && path != Path::new(".git") {
                walk(&path, files);
            }
        } else {
            files.push(path);
        }
    }
}

#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} fault(s):\n{}", faults.len(), faults.join("\n"));
}
