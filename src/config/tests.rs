//! Tests of the whole: files and environment in, settings or faults out.

use super::*;
use crate::telemetry::LogLevel;
use secrecy::ExposeSecret as _;
use std::fs;
use std::time::Duration;
use tempfile::TempDir;

const DEFAULT_FILE: &str = include_str!("../../config/config.toml");

struct Case {
    dir: TempDir,
    sources: Sources,
}

fn case(toml: Option<&str>, script: Option<&str>, env: &[(&str, &str)]) -> Case {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let sources = Sources {
        config: toml.map(|text| write("config.toml", text)),
        settings_js: script.map(|text| write("settings.js", text)),
        env: env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
    };
    Case { dir, sources }
}

impl Case {
    fn load(&self) -> Loaded {
        load(&self.sources).unwrap_or_else(|faults| panic!("{:?}", self.shown(&faults)))
    }

    fn faults(&self) -> Vec<String> {
        self.shown(&load(&self.sources).expect_err("there are faults"))
    }

    fn shown(&self, faults: &[Fault]) -> Vec<String> {
        let dir = format!("{}/", self.dir.path().display());
        faults.iter().map(|fault| fault.to_string().replace(&dir, "")).collect()
    }
}

fn toml_faults(toml: &str) -> Vec<String> {
    case(Some(toml), None, &[]).faults()
}

fn toml_warnings(toml: &str) -> Vec<String> {
    let case = case(Some(toml), None, &[]);
    case.shown(&case.load().warnings)
}

#[test]
fn nothing_configured_is_the_default_without_a_warning() {
    let loaded = load(&Sources::default()).unwrap();
    assert_eq!(format!("{:?}", loaded.settings), format!("{:?}", Settings::default()));
    assert_eq!(loaded.warnings, []);
}

#[test]
fn the_manuals_file_gives_the_documented_settings() {
    let case = case(None, Some(settings_js::MANUAL), &[]);
    let loaded = case.load();
    let [warning] = &case.shown(&loaded.warnings)[..] else { panic!("{:?}", loaded.warnings) };
    assert!(warning.contains("private address"), "the manual's own example is one: {warning}");
    let wanted = Settings {
        proxy_gateway_url: Some("https://192.168.116.130:8802/bitrix".to_owned()),
        server_host: "192.168.116.130".to_owned(),
        ..Settings::default()
    };
    assert_eq!(format!("{:?}", loaded.settings), format!("{wanted:?}"));
    assert_eq!(loaded.settings.public_base(), "https://192.168.116.130:8802/bitrix");
    assert_eq!(loaded.settings.prefixes(), ["/bitrix"]);
}

#[test]
fn the_annotated_file_is_the_default() {
    let loaded = case(Some(DEFAULT_FILE), None, &[]).load();
    assert_eq!(format!("{:?}", loaded.settings), format!("{:?}", Settings::default()));
    assert_eq!(loaded.warnings, []);
}

#[test]
fn the_annotated_file_shows_every_key_once_with_its_default() {
    let mut shown = Vec::new();
    let mut text = String::new();
    for line in DEFAULT_FILE.lines() {
        let setting = line.strip_prefix('#').filter(|rest| !rest.starts_with(' ') && rest.contains(" = "));
        if let Some(setting) = setting {
            shown.push(setting.split(' ').next().unwrap());
            text.push_str(setting);
            text.push('\n');
        } else {
            assert!(line.is_empty() || line.starts_with('#'), "nothing is set: {line}");
        }
    }
    assert_eq!(shown, keys::KEYS.iter().map(|key| key.name).collect::<Vec<_>>());
    let loaded = case(Some(&text), None, &[]).load();
    assert_eq!(format!("{:?}", loaded.settings), format!("{:?}", Settings::default()));
}

#[test]
fn environment_wins_over_settings_js_and_that_over_config_toml() {
    let toml = "httpPort = 1\nhttpsPort = 2\nlogLevel = 'info'\nstate_dir = '/t'\n";
    let script = "module.exports = { httpPort: 3, httpsPort: process.env.HTTPS_PORT || 4 };";
    let case = case(
        Some(toml),
        Some(script),
        &[("ECSS_CRM__HTTP_PORT", "5"), ("HTTPS_PORT", "6"), ("ECSS_CRM__RETENTION_DAYS", "7")],
    );
    let loaded = case.load();
    let s = &loaded.settings;
    assert_eq!((s.http_port, s.https_port, s.log_level, s.retention_days), (5, 6, LogLevel::Info, 7));
    assert_eq!(s.state_dir, PathBuf::from("/t"));
    assert_eq!(
        case.shown(&loaded.warnings),
        [
            "config.toml:1:1: httpPort: is also set in settings.js line 1, and that value is used; remove one of the two",
            "config.toml:2:1: httpsPort: is also set in settings.js line 1, and that value is used; remove one of the two",
        ]
        .map(|reported| reported.replace("settings.js", &format!("{}", case.sources.settings_js.as_ref().unwrap().display())))
        .map(|reported| reported.replace(&format!("{}/", case.dir.path().display()), ""))
    );
}

#[test]
fn portals_are_in_the_internet_unless_they_are_in_a_box() {
    for (toml, near) in [
        ("", Networks::Public),
        ("bitrixTokenHost = 'https://oauth.bitrix24.tech'", Networks::Public),
        ("portal_budget = 'unlimited'", Networks::Private),
        ("bitrixTokenHost = 'https://portal.corp'", Networks::Local),
        ("bitrixTokenHost = 'https://portal.corp'\nportal_networks = 'private'", Networks::Private),
        ("portal_budget = 'unlimited'\nportal_networks = 'public'", Networks::Public),
    ] {
        assert_eq!(case(Some(toml), None, &[]).load().settings.portal_networks, near, "{toml}");
    }
}

#[test]
fn all_new_keys_are_read() {
    let toml = r#"
        state_dir = "/srv/db"
        ca_file = "/etc/ca.pem"
        dialect_file = "/etc/dialect.toml"
        ops_listen = "127.0.0.1:9801"
        switch_time_zone = "Asia/Novosibirsk"
        portal_budget = "unlimited"
        portal_networks = "private"
        switch_networks = "Public"
        retention_days = 30
        reconnect_grace = "5"
        bitrixClientId = "local.1"
        bitrix_client_secret = "s3cret"
    "#;
    let s = case(Some(toml), None, &[]).load().settings;
    assert_eq!(s.state_dir, PathBuf::from("/srv/db"));
    assert_eq!(s.ca_file, Some("/etc/ca.pem".into()));
    assert_eq!(s.dialect_file, Some("/etc/dialect.toml".into()));
    assert_eq!(s.ops_listen, Some(OpsListen::Tcp(([127, 0, 0, 1], 9801).into())));
    assert_eq!(s.switch_time_zone.as_deref(), Some("Asia/Novosibirsk"));
    assert_eq!((s.portal_budget, s.retention_days), (Budget::Unlimited, 30));
    assert_eq!((s.portal_networks, s.switch_networks), (Networks::Private, Networks::Public));
    assert_eq!(s.reconnect_grace, Duration::from_secs(5));
    assert_eq!(s.bitrix_client_secret.as_ref().unwrap().expose_secret(), "s3cret");
    assert!(!format!("{s:?}").contains("s3cret"));
}

#[test]
fn all_faults_are_told_at_once_in_order() {
    let toml = "httpPort = 70000\nlogLevl = 'info'\nswitch_time_zone = 'Mars/Olympus'\nportal_budget = '2'\nops_listen = 'x'\n";
    let script = "module.exports = {\n serverHost: os.hostname(),\n logLevel: 'loud',\n proxyGatewayURL: 'crm/bitrix',\n bitrixTokenHost: 'http://oauth.bitrix.info',\n bitrixClientId: 'local.1' };";
    let reported = case(Some(toml), Some(script), &[("ECSS_CRM__RETENTION_DAYS", "0")]).faults();
    let wanted = [
        "config.toml:1:1: httpPort: 70000 is not a whole number from 1 to 65535",
        "config.toml:2:1: logLevl: is not a setting; did you mean logLevel?",
        "config.toml:3:1: switch_time_zone: \"Mars/Olympus\" is not a known time zone",
        "config.toml:4:1: portal_budget: \"2\" is neither",
        "config.toml:5:1: ops_listen: \"x\" is neither",
        "settings.js:2:14: serverHost: os has no value",
        "settings.js:3:12: logLevel: \"loud\" is not a log level; write one of error, warn",
        "settings.js:4:19: proxyGatewayURL: does not begin with http:// or https://",
        "settings.js:5:19: bitrixTokenHost: does not begin with https://",
        "settings.js:6:18: bitrixClientId: is set and bitrixClientSecret is not",
        "environment: ECSS_CRM__RETENTION_DAYS: \"0\" is not a whole number",
    ];
    assert_eq!(reported.len(), wanted.len(), "{reported:#?}");
    for want in wanted {
        assert!(reported.iter().any(|t| t.starts_with(want)), "{want}\n{reported:#?}");
    }
}

#[test]
fn values_that_cannot_work_are_refused() {
    for toml in [
        "serverHost = 'https://crm.example.org'",
        "serverHost = 'crm.example.org:8802'",
        "path = '/a?b'",
        "proxyGatewayURL = 'https://h/b?x=1'",
        "proxyGatewayURL = 'ftp://h/b'",
        "bitrixTokenHost = 'https://oauth.bitrix.info/oauth'",
        "httpPort = 0",
        "httpPort = 'many'",
        "httpPort = 88.5",
        "useUnixSockets = 'perhaps'",
        "ca_file = ['/a']",
        "state_dir = ''",
        "useUnixSockets = false\nhttpPort = 8802",
        "useUnixSockets = false\nhttpPort = 1\nhttpsPort = 1",
        "httpUnixSocket = '/run/x'\nhttpsUnixSocket = '/run/x'",
        "sslKeyFilename = '/a.pem'\nsslCertFilename = '/a.pem'",
        "bitrixClientSecret = 'x'",
        "reconnect_grace = -1",
        "portal_networks = '10.0.0.0/8'",
        "switch_networks = true",
    ] {
        let reported = toml_faults(toml);
        assert_eq!(reported.len(), 1, "{toml}: {reported:?}");
    }
    let long = format!("httpUnixSocket = '/{}'", "x".repeat(103));
    assert_eq!(toml_faults(&long).len(), 1);
}

#[test]
fn ports_matter_only_without_unix_sockets() {
    assert_eq!(case(Some("httpPort = 8802"), None, &[]).load().settings.http_port, 8802);
    let s = case(Some("useUnixSockets = false\nhttpPort = '80'\nhttpsPort = '443'"), None, &[]).load().settings;
    assert_eq!((s.http_port, s.https_port), (80, 443));
}

#[test]
fn empty_texts_count_as_not_set() {
    let toml = "proxyGatewayURL = ''\nbitrixClientId = ''\nbitrixClientSecret = ' '\nca_file = ''\nops_listen = ''\nswitch_time_zone = ''";
    let s = case(Some(toml), None, &[]).load().settings;
    assert_eq!(format!("{s:?}"), format!("{:?}", Settings::default()));
}

#[test]
fn a_host_that_nobody_can_call_is_a_warning() {
    for host in ["0.0.0.0", "::", "[::]", ""] {
        let reported = toml_warnings(&format!("serverHost = '{host}'"));
        assert_eq!(reported.len(), 1, "{host}: {reported:?}");
        assert!(
            reported[0].starts_with("config.toml:1:1: serverHost: with ") && reported[0].contains("cannot be embedded"),
            "{reported:?}"
        );
    }
    assert!(toml_warnings("proxyGatewayURL = 'https://0.0.0.0:8802/bitrix'")[0].contains("cannot be embedded"));
    assert!(toml_warnings("proxyGatewayURL = 'https://127.0.0.1:8802/bitrix'")[0].contains("only this machine"));
    assert!(toml_warnings("proxyGatewayURL = 'https://192.168.116.130:8802/bitrix'")[0].contains("private address"));
    assert_eq!(toml_warnings("proxyGatewayURL = 'https://crm.example:8802/bitrix'"), Vec::<String>::new());
    assert_eq!(toml_warnings("serverHost = '[fd00::1]'"), Vec::<String>::new());
}

#[test]
fn a_value_of_another_type_is_told_with_its_line_and_what_it_was_taken_for() {
    let script = "module.exports = {\n rebindPlacement: \"true\",\n logToConsole: 'yes',\n useUnixSockets: 'false',\n \
                  httpPort: '9001',\n httpsPort: process.env.HTTPS_PORT || 8802 };";
    let toml = "retention_days = '30'\nreconnect_grace = 5\n";
    let env = [
        ("HTTPS_PORT", "9443"),
        ("ECSS_CRM__LOG_LEVEL", "warn"),
        ("ECSS_CRM__HTTP_PORT", "9002"),
        ("ECSS_CRM__LOG_TO_CONSOLE", "on"),
        ("ECSS_CRM__USE_UNIX_SOCKETS", "false"),
    ];
    let case = case(Some(toml), Some(script), &env);
    let loaded = case.load();
    let s = &loaded.settings;
    assert_eq!((s.rebind_placement, s.log_to_console, s.use_unix_sockets), (true, true, false));
    assert_eq!((s.http_port, s.https_port, s.retention_days), (9002, 9443, 30));
    let mut reported = case.shown(&loaded.warnings);
    reported.sort();
    let wanted = [
        "config.toml:1:1: retention_days: is the text \"30\" where a number is expected, and is taken for 30; write 30 without quotes",
        "environment: ECSS_CRM__LOG_TO_CONSOLE: is the text \"on\" where true or false is expected, and is taken for true; write true",
        "settings.js:2:19: rebindPlacement: is the text \"true\" where true or false is expected, and is taken for true; write true without quotes",
    ];
    assert_eq!(reported, wanted);
}

#[test]
fn every_flag_and_number_of_another_type_is_told_in_every_source() {
    for key in keys::KEYS {
        let (values, silent): (&[&str], &str) = match key.kind {
            keys::KeyKind::Flag => (&["'true'", "'no'", "1", "0", "''", "'On'"], "true"),
            keys::KeyKind::Number => (&["'17'", "' 17 '"], "17"),
            keys::KeyKind::Retired => continue,
            keys::KeyKind::Text => continue,
        };
        let of_key = |reported: Vec<String>| reported.into_iter().filter(|t| t.contains(" is taken for ")).count();
        for value in values {
            let found = of_key(toml_warnings(&format!("{} = {value}", key.name)));
            assert_eq!(found, 1, "{} = {value}", key.name);
            if key.in_settings_js {
                let script = case(None, Some(&format!("module.exports = {{ {}: {value} }};", key.name)), &[]);
                assert_eq!(of_key(script.shown(&script.load().warnings)), 1, "{}: {value}", key.name);
            }
        }
        let name = format!("ECSS_CRM__{}", key.name);
        let quiet = case(None, None, &[(&name, silent)]);
        assert_eq!(of_key(quiet.shown(&quiet.load().warnings)), 0, "{name}={silent}");
    }
}

/// What can stand behind a key in each source, by what it is.
const GROUPS_AND_LISTS: &[(&str, &str)] =
    &[("{}", "{}"), ("{ a = 1 }", "{ a: 1 }"), ("[]", "[]"), ("[1]", "[1]"), ("['x']", "['x']"), ("[{}]", "[{}]")];
const FLAGS: &[(&str, &str)] = &[("true", "true"), ("false", "false"), ("true", "!0")];
const OTHERS: &[(&str, &str)] = &[
    ("1.5", "1.5"),
    ("nan", "NaN"),
    ("-inf", "1 / 0"),
    ("1979-05-27", "new Date()"),
    ("07:32:00", "/x/"),
    ("99999999999999999999", "1e30"),
    ("1979-05-27T07:32:00Z", "function () {}"),
    ("-1", "() => 1"),
    ("1e300", "-1"),
];

/// Faults and warnings that a key with this value in one source brings.
fn reported_of(key: &str, toml: Option<&str>, script: Option<&str>) -> (Vec<String>, Vec<String>) {
    let case = case(toml, script, &[]);
    let (faults, warnings) = match load(&case.sources) {
        Ok(loaded) => (Vec::new(), loaded.warnings),
        Err(faults) => (faults, Vec::new()),
    };
    for reported in faults.iter().chain(&warnings) {
        assert_eq!((reported.key.as_deref(), reported.line), (Some(key), Some(1)), "{reported}");
        assert!(reported.problem.len() > 5 && reported.remedy.len() > 5, "{reported}");
    }
    (case.shown(&faults), case.shown(&warnings))
}

#[test]
fn no_value_of_another_type_passes_without_a_word_whatever_the_key_and_the_source() {
    for key in keys::KEYS {
        let all = [GROUPS_AND_LISTS, FLAGS, OTHERS];
        for (at, (toml, script)) in all.iter().enumerate().flat_map(|(at, list)| list.iter().map(move |v| (at, *v))) {
            let mut sources = vec![(Some(format!("{} = {toml}", key.name)), None)];
            if toml == "{}" {
                sources.push((Some(format!("[{}]", key.name)), None));
                sources.push((Some(format!("[[{}]]", key.name)), None));
            }
            if key.in_settings_js {
                sources.push((None, Some(format!("module.exports = {{ {}: {script} }};", key.name))));
            }
            for (toml, script) in sources {
                let (faults, warnings) = reported_of(key.name, toml.as_deref(), script.as_deref());
                let (faults, warnings) = (faults.len(), warnings.len());
                let is_right = match (key.kind, at) {
                    (keys::KeyKind::Retired, _) => faults == 0 && warnings == 1,
                    (keys::KeyKind::Flag, 1) => faults == 0,
                    (keys::KeyKind::Text, 2) => faults + warnings > 0,
                    _ => faults == 1,
                };
                assert!(is_right, "{toml:?} {script:?}: {faults} faults, {warnings} warnings");
            }
        }
    }
}

#[test]
fn a_whole_number_with_a_fraction_of_nothing_is_taken_with_a_warning_and_any_other_refused_as_it_was_written() {
    assert_eq!(
        toml_warnings("httpPort = 8801.0"),
        [
            "config.toml:1:1: httpPort: is the number 8801.0 where a whole number is expected, and is taken for 8801; write 8801"
        ]
    );
    assert_eq!(case(Some("retention_days = 3e1"), None, &[]).load().settings.retention_days, 30);
    assert!(toml_warnings("logToConsole = 1.0")[0].contains("is the number 1.0 where true or false is expected"));
    for (value, shown) in [("88.5", "88.5"), ("70000.0", "70000.0"), ("nan", "NaN"), ("-1.0", "-1.0")] {
        let reported = toml_faults(&format!("httpPort = {value}"));
        assert!(
            reported[0].contains(&format!("httpPort: {shown} is not a whole number from 1 to 65535")),
            "{reported:?}"
        );
    }
}

#[test]
fn a_folder_of_pages_that_holds_files_is_told_to_be_without_effect() {
    let dir = tempfile::tempdir().unwrap();
    let toml = format!("dist = '{}'", dir.path().display());
    assert_eq!(toml_warnings(&toml), Vec::<String>::new(), "empty");
    assert_eq!(toml_warnings("dist = '/nowhere/dist'"), Vec::<String>::new());
    fs::write(dir.path().join("index.html"), "x").unwrap();
    let reported = toml_warnings(&toml);
    assert_eq!(reported.len(), 1);
    assert!(reported[0].starts_with("config.toml:1:1: dist: is not used since version 1.0"), "{reported:?}");
}

#[test]
fn doubtful_addresses_are_warnings() {
    assert!(toml_warnings("proxyGatewayURL = 'http://crm/bitrix'")[0].contains("inside a portal on https://"));
    assert!(toml_warnings("useUnixSockets = true")[0].contains("where we do not listen"));
    assert!(toml_warnings("ops_listen = '0.0.0.0:9801'")[0].contains("without log-in"));
    assert_eq!(toml_warnings("ops_listen = '/run/ops'"), Vec::<String>::new());
}

#[test]
fn a_broken_file_brings_no_faults_about_what_it_might_have_said() {
    let reported =
        case(Some("bitrixClientId = 'local.1'"), Some("module.exports = { bitrixClientSecret: 'x"), &[]).faults();
    assert_eq!(reported.len(), 1, "{reported:?}");
    let reported =
        case(None, Some("module.exports = { bitrixClientId: 'x', bitrixClientSecret: secret() }"), &[]).faults();
    assert_eq!(reported.len(), 1, "{reported:?}");
}

#[test]
fn a_named_file_that_is_missing_is_a_fault() {
    let dir = tempfile::tempdir().unwrap();
    let gone = |name: &str| Some(dir.path().join(name));
    let faults = load(&Sources { config: gone("c.toml"), settings_js: gone("s.js"), env: Vec::new() }).unwrap_err();
    assert_eq!(faults.len(), 2);
    assert!(faults.iter().all(|fault| fault.problem.starts_with("cannot be read")));
}

#[test]
fn a_comment_in_an_old_encoding_does_not_matter() {
    let case = case(None, Some(""), &[]);
    let path = case.sources.settings_js.as_ref().unwrap();
    fs::write(path, b"// \xcf\xf0\xe8\xe2\xe5\xf2\nmodule.exports = { logLevel: 'info' };").unwrap();
    assert_eq!(case.load().settings.log_level, LogLevel::Info);
}

#[test]
fn secrets_never_show_in_faults() {
    let script = "module.exports = { bitrixClientSecret: 's3cret', bitrixClientId: ['s3cret'] };";
    let reported =
        case(Some("bitrixClientSecret = ['s3cret']"), Some(script), &[("ECSS_CRM__SECRET", "s3cret")]).faults();
    assert!(!reported.concat().contains("s3cret"), "{reported:?}");
}
