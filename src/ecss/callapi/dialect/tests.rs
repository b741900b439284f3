//! What a dialect file may say, and how its faults are reported.

use super::*;

fn faults(text: &str) -> Vec<String> {
    Dialect::parse(text, "d.toml").expect_err("a fault").faults.iter().map(ToString::to_string).collect()
}

#[test]
fn the_default_compiles_and_offers_every_command() {
    let all = Capabilities { make: true, answer: true, release: true, hold: true, transfer: true };
    assert_eq!(Dialect::default().capabilities(), all);
    assert!(Arc::ptr_eq(&Dialect::default(), &Dialect::default()));
}

#[test]
fn a_partial_file_changes_only_what_it_names() {
    let text = r#"
        [register]
        path = "/api/register"
        [status]
        conversation = "talking"
        [commands.hold]
        enabled = false
        [heartbeat]
        idle_seconds = 5
    "#;
    let dialect = Dialect::parse(text, "d.toml").expect("fine");
    assert_eq!(dialect.register.path.plain(&[]), "/api/register");
    assert_eq!(dialect.register.method, Method::POST);
    assert_eq!(dialect.legs.status.get("conversation"), Some(StatusWord::State(LegState::Talking)));
    assert_eq!(dialect.legs.status.get("alerting"), Some(StatusWord::State(LegState::Ringing)));
    assert_eq!(dialect.heartbeat.idle, Duration::from_secs(5));
    let can = dialect.capabilities();
    assert!(can.make && !can.hold, "holding is off, the rest stays");
}

#[test]
fn every_fault_is_told_at_once_with_its_place_and_a_remedy() {
    let text =
        "[register]\nmetod = \"PUT\"\npath = \"/x/${nobody}\"\n[heartbeat]\nmisses = \"three\"\n\n[staus]\na = 1\n";
    let faults = faults(text);
    assert_eq!(faults.len(), 4, "{faults:#?}");
    assert!(faults[0].starts_with("d.toml:2:1: register.metod: unknown field `metod`"), "{}", faults[0]);
    assert!(faults[0].ends_with("correct the spelling or remove the key"), "{}", faults[0]);
    assert!(faults[1].starts_with("d.toml:3:1: register.path: `${nobody}` is not known here"), "{}", faults[1]);
    assert!(faults[2].starts_with("d.toml:5:1: heartbeat.misses: "), "{}", faults[2]);
    assert!(faults[3].starts_with("d.toml:7:2: staus: unknown field"), "{}", faults[3]);
}

#[test]
fn senseless_values_are_refused_by_table() {
    for (text, part) in [
        ("[status]\nx = \"sleeping\"", "none of our words"),
        ("[direction]\nx = \"up\"", "use in or out"),
        ("[cause]\n486 = \"engaged\"", "none of our words"),
        ("[time]\nformats = [\"%H:%M\"]", "date and a time"),
        ("[register]\ntoken = [\"token\"]", "JSON pointer"),
        ("[register]\nbody = '{\"a\":${domain}}'", "inside quotes"),
        ("[register]\nmethod = \"DO IT\"", "HTTP method"),
        ("[register.headers]\n\"a b\" = \"c\"", "header name"),
        ("[fields]\nown = [\"remote_digits\"]", "stands for two fields"),
        ("[envelope]\nname = [\"data\"]", "stands for two parts"),
        ("[heartbeat]\nidle_seconds = 0", "no silence"),
        ("[ready]\nafter_seconds = -1", "sensible"),
        ("[ready]\nmessages = [\"open\"]", "not JSON"),
        ("[commands.make]\npayload = '{\"x\":\"${token}\"}'", "not known here"),
        ("[socket]\nsubscribe = [\"\"]", "empty message"),
        ("[register", "TOML syntax"),
    ] {
        let found = faults(text);
        assert!(found.len() == 1 && found[0].contains(part), "{text}: {found:?}");
    }
}

#[test]
fn keys_are_judged_together() {
    let swapped = "[fields]\nown = [\"remote_digits\"]\nremote = [\"digits\"]";
    assert!(Dialect::parse(swapped, "d.toml").is_ok(), "each alone would clash with the default");
    let clash = "[fields]\nown = [\"a\"]\nremote = [\"a\"]";
    assert!(faults(clash)[0].starts_with("d.toml: fields: `a` stands for two fields"));
}

#[test]
fn a_missing_file_says_which_setting_to_correct() {
    let fault = Dialect::load(Path::new("/nonexistent/dialect.toml")).expect_err("no file");
    assert!(fault.to_string().contains("correct `dialect_file`"), "{fault}");
}
