//! What the program is made of: licences, sources, one TLS stack, no crate twice without a reason, and for each crate we
//! name ourselves why. The rules stand in deny.toml, which cargo-deny reads as well (tests/run); this needs nothing but
//! cargo, and no network.

#[path = "dependencies/licence.rs"]
mod licence;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::{env, fs};
use toml::Table;

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("it is part of the repository")
}

fn rules() -> Table {
    file("deny.toml").parse().expect("deny.toml is TOML")
}

/// A list of strings, or of one field of tables.
fn list(rules: &Table, section: &str, key: &str, field: Option<&str>) -> Vec<String> {
    let entries = rules[section][key].as_array().expect("a list");
    let text = |entry: &toml::Value| field.map_or(entry, |field| &entry[field]).as_str().map(str::to_owned);
    entries.iter().map(|entry| text(entry).expect("text")).collect()
}

fn output(program: &str, arguments: &[&str]) -> String {
    let done = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let done = done.expect("it runs");
    assert!(done.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text")
}

/// One crate of the tree.
struct Package {
    name: String,
    version: String,
    licence: String,
}

/// All that is compiled on this machine, also for tests and benchmarks, with all features.
fn packages() -> Vec<Package> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let tree = ["tree", "--locked", "--offline", "--all-features", "--edges", "normal,build,dev", "--no-dedupe"];
    let lines = output(&cargo, &[&tree[..], &["--prefix", "none", "--format", "{p}|{l}"]].concat());
    let lines: BTreeSet<&str> = lines.lines().filter(|line| !line.is_empty()).collect();
    let package = |line: &str| {
        let (package, licence) = line.split_once('|').expect("a package and its licence");
        let mut words = package.split(' ');
        let name = words.next().unwrap_or_default().to_owned();
        let version = words.next().and_then(|word| word.strip_prefix('v')).expect("a version").to_owned();
        Package { name, version, licence: licence.to_owned() }
    };
    let packages: Vec<Package> = lines.into_iter().map(package).collect();
    assert!(packages.len() > 100, "the search itself must work");
    packages
}

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_licence_is_one_that_we_may_pass_on() {
    let allowed: BTreeSet<String> = list(&rules(), "licenses", "allow", None).into_iter().collect();
    let packages = packages();
    let refused = packages.iter().filter(|package| !licence::is_met(&package.licence, &allowed));
    none(&refused.map(|p| format!("{} {}: {:?}", p.name, p.version, p.licence)).collect::<Vec<_>>());
    // An entry that nobody needs opens a door for nothing.
    for licence in &allowed {
        let without: BTreeSet<String> = allowed.iter().filter(|other| *other != licence).cloned().collect();
        assert!(packages.iter().any(|p| !licence::is_met(&p.licence, &without)), "{licence} is not needed");
    }
}

/// For all platforms, as the lock file has them.
#[test]
fn everything_comes_from_crates_io_and_is_checked_on_arrival() {
    let lock: Table = file("Cargo.lock").parse().expect("TOML");
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    let mut strangers = Vec::new();
    for package in lock["package"].as_array().expect("packages") {
        let get = |field: &str| package.get(field).and_then(toml::Value::as_str).unwrap_or_default();
        let is_fine = get("source") == registry && get("checksum").len() == 64;
        if !is_fine && get("name") != env!("CARGO_PKG_NAME") {
            strangers.push(format!("{} from {:?}", get("name"), get("source")));
        }
    }
    none(&strangers);
}

#[test]
fn there_is_one_tls_stack_and_it_is_not_openssl() {
    let names: BTreeSet<String> = packages().into_iter().map(|package| package.name).collect();
    let denied = list(&rules(), "bans", "deny", Some("crate"));
    assert!(denied.iter().any(|name| name == "openssl") && denied.iter().any(|name| name == "aws-lc-rs"));
    none(&denied.into_iter().filter(|name| names.contains(name)).collect::<Vec<_>>());
    assert!(names.contains("rustls") && names.contains("ring"), "the one that there is");
}

#[test]
fn no_crate_is_there_twice_without_a_reason() {
    let rules = rules();
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        versions.entry(package.name).or_default().insert(package.version);
    }
    let mut faults = Vec::new();
    for reason in list(&rules, "bans", "skip", Some("reason")) {
        assert!(reason.len() > 5, "{reason:?} is no reason");
    }
    for skipped in list(&rules, "bans", "skip", Some("crate")) {
        let (name, beginning) = skipped.split_once('@').expect("NAME@VERSION");
        let all = versions.entry(name.to_owned()).or_default();
        let before = all.len();
        all.retain(|version| version != beginning && !version.starts_with(&format!("{beginning}.")));
        if before < 2 || all.len() == before {
            faults.push(format!("{skipped} need not be skipped any more"));
        }
    }
    faults.extend(versions.iter().filter(|(_, all)| all.len() > 1).map(|(name, all)| format!("{name}: {all:?}")));
    none(&faults);
}

#[test]
fn each_dependency_of_ours_says_what_it_is_for() {
    let (mut section, mut silent, mut seen) = (String::new(), Vec::new(), 0);
    for line in file("Cargo.toml").lines() {
        if line.starts_with('[') {
            line.clone_into(&mut section);
        } else if section.ends_with("dependencies]") && line.contains('=') && !line.starts_with('#') {
            seen += 1;
            let reason = line.rsplit_once(" # ").map_or("", |(_, reason)| reason);
            if reason.split_whitespace().count() < 2 {
                silent.push(line.to_owned());
            }
        }
    }
    assert!(seen > 30, "the search itself must work");
    none(&silent);
}
