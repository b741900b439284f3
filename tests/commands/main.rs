//! The commands that scripts and administrators call, as they call them.

mod company;
mod doctor;
mod links;
mod tool;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use tool::Place;

const SETTINGS: &str = "var settings = {\n  serverHost: \"10.0.0.1\", // адрес\n  //httpPort: process.env.HTTP_PORT || 8801,\n  logLevel: 'warn'\n};\nmodule.exports = settings;\n";

#[test]
fn a_setting_is_changed_behind_a_link_and_nothing_else() {
    let place = Place::new();
    place.write("real.js", SETTINGS);
    fs::set_permissions(place.path("real.js"), Permissions::from_mode(0o600)).expect("it is ours");
    symlink("real.js", place.path("settings.js")).expect("a link");
    for (key, value) in
        [("serverHost", "10.0.0.2"), ("httpPort", "8901"), ("log_level", "debug"), ("logToConsole", "yes")]
    {
        let done = place.run(&["config", "set", key, value, "--settings", "settings.js"]);
        assert_eq!(done.code, 0, "{done:?}");
    }
    assert_eq!(
        place.read("real.js"),
        "var settings = {\n  serverHost: \"10.0.0.2\", // адрес\n  httpPort: 8901,\n  logLevel: 'debug',\n  logToConsole: true\n};\nmodule.exports = settings;\n"
    );
    assert!(place.path("settings.js").is_symlink());
    assert_eq!(place.path("real.js").metadata().expect("it is there").mode() & 0o777, 0o600);
    for (key, value) in
        [("serverHost", "10.0.0.2\n"), ("httpPort", "8901\n"), ("bitrixClientId", "\n"), ("logToConsole", "true\n")]
    {
        assert_eq!(place.run(&["config", "get", key, "--settings", "settings.js"]).out, value, "{key}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_a_remedy_and_changes_nothing() {
    let place = Place::new();
    place.write("settings.js", SETTINGS);
    for (key, value, told) in [
        ("serverHots", "a", "did you mean serverHost?"),
        ("httpPort", "many", "is not a whole number from 1 to 65535"),
        ("httpPort", "0", "is not a whole number"),
        ("logLevel", "loud", "write one of error, warn"),
        ("useUnixSockets", "perhaps", "write true or false"),
        ("serverHost", "https://a", "write a host name"),
        ("dist", "", "is empty"),
        ("state_dir", "/x", "write it into config.toml"),
    ] {
        let done = place.run(&["config", "set", key, value, "--settings", "settings.js"]);
        assert_eq!(done.code, 78, "{key}: {done:?}");
        assert!(done.err.contains(told), "{key}: {done:?}");
    }
    assert_eq!(place.read("settings.js"), SETTINGS);
    assert_eq!(place.run(&["config", "set", "path", "/", "--settings", "none.js"]).code, 78);
    assert_eq!(place.run(&["config", "get", "nothing", "--settings", "settings.js"]).code, 78);
}

#[test]
fn one_setting_is_told_although_another_is_faulty() {
    let place = Place::new();
    place.write("settings.js", "module.exports = { httpPort: 'many', serverHost: 'a' };");
    assert_eq!(place.run(&["config", "get", "serverHost", "--settings", "settings.js"]).out, "a\n");
    let done = place.run(&["config", "get", "httpPort", "--settings", "settings.js"]);
    assert_eq!(done.code, 78);
    assert!(done.err.contains("settings.js:1:30: httpPort"), "{done:?}");
}

#[test]
fn the_settings_can_be_taken_back_to_the_former_package() {
    let place = Place::new();
    place.write("settings.js", SETTINGS);
    let shown = place.run(&["export-settings", "--settings", "settings.js"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(shown.out.contains("  serverHost: '10.0.0.1',\n"), "{shown:?}");
    assert_eq!(place.run(&["export-settings", "out.js", "--settings", "settings.js"]).code, 0);
    assert_eq!(place.read("out.js"), shown.out);
    let again = place.run(&["export-settings", "out.js", "--settings", "settings.js"]);
    assert!(again.code == 78 && again.err.contains("--force"), "{again:?}");
    assert_eq!(place.run(&["export-settings", "out.js", "--force", "--settings", "out.js"]).code, 0);
    assert_eq!(place.read("out.js"), shown.out);
}

#[test]
fn a_certificate_is_made_once_and_again_on_demand() {
    let place = Place::new();
    let make = ["gen-cert", "--key", "ssl/key.pem", "--cert", "ssl/cert.pem", "--host", "crm.example.org"];
    assert_eq!(place.run(&make).code, 0);
    let mode = |name: &str| place.path(name).metadata().expect("it is there").mode() & 0o777;
    assert_eq!((mode("ssl/key.pem"), mode("ssl/cert.pem"), mode("ssl")), (0o640, 0o644, 0o750));
    let first = place.read("ssl/key.pem");
    let again = place.run(&make);
    assert!(again.code != 0 && again.err.contains("add --force"), "{again:?}");
    assert_eq!(place.read("ssl/key.pem"), first);
    assert_eq!(place.run(&[&make[..], &["--force"]].concat()).code, 0);
    assert_ne!(place.read("ssl/key.pem"), first);
    let wildcard = ["gen-cert", "--key", "k.pem", "--cert", "c.pem", "--host", "0.0.0.0"];
    let done = place.run(&wildcard);
    assert!(done.code == 0 && done.out.contains("no certificate can name \"0.0.0.0\""), "{done:?}");
}

#[test]
fn whatever_is_named_and_is_no_file_is_refused_with_its_name_and_nothing_is_waited_for() {
    let place = Place::new();
    let made = std::process::Command::new("mkfifo").arg(place.path("pipe")).status().expect("mkfifo runs");
    assert!(made.success());
    symlink("/dev/zero", place.path("zeros")).expect("a link");
    for key in
        ["defaultLogFile", "errorLogFile", "sslKeyFilename", "sslCertFilename", "ca_file", "dialect_file", "state_dir"]
    {
        for other in ["pipe", "zeros"] {
            let named = place.path(other).display().to_string();
            place.write("config.toml", &format!("serverHost = \"a.example\"\n{key} = {named:?}\n"));
            for command in ["check-config", "run"] {
                let done = place.run(&[command, "--config", "config.toml"]);
                assert_eq!(done.code, 78, "{command} {key} {other}: {done:?}");
                assert!(done.err.contains(key) || done.err.contains(&named), "{command} {key} {other}: {done:?}");
            }
        }
    }
    for other in ["pipe", "zeros", "."] {
        let done = place.run(&["replay", other]);
        assert_eq!(done.code, 78, "{other}: {done:?}");
        assert!(done.err.contains("not a regular file"), "{other}: {done:?}");
    }
}
