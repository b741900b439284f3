//! Files as administrators have left them.

use super::*;
use config::ValueKind;

/// The file of the manual, as the former package installs it.
pub const MANUAL: &str = r#"var settings = {
  path: '/',

  dist: "/usr/share/ecss/ecss-crm-server/frontend/dist",

  // Если указан proxyGatewayURL, то при монтировании карточки звонка, а также
  // в redirect_uri будет использоваться данный URL.
  // Если proxyGatewayURL указан, то адрес встроенной карточки звонка будет
  // сконструирован следующим образом:
  // ${settings.proxyGatewayURL}/call/call.html
  // Если proxyGatewayURL НЕ указан, то адрес redirect_uri, и адрес встраиваемой
  // карточки звонка, будет сконструирован следующим образом:
  // https://${settings.serverHost}:${settings.httpsPort}/call/call.html
  proxyGatewayURL: "https://192.168.116.130:8802/bitrix",

  // Если опция активна, то вместо http/https портов будут использованы
  // Unix-сокеты. Используется для работы через проксирующий веб-сервер
  // По умолчанию true
  useUnixSockets: true,
  httpUnixSocket: "/var/lib/ecss/ecss-crm-server/http",
  httpsUnixSocket: "/var/lib/ecss/ecss-crm-server/https",

  serverHost: "192.168.116.130",
  //httpPort: process.env.HTTP_PORT || 8801,
  //httpsPort: process.env.HTTPS_PORT || 8802,

  // В случае работы через proxy gateway, т.е по умолчанию, данные сертификаты
  // будут использованы для связи с прокси веб-сервером по https
  sslKeyFilename: "/usr/share/ecss/ecss-crm-server/key.pem",
  sslCertFilename: "/usr/share/ecss/ecss-crm-server/cert.pem",

  // bitrixClientId: "some client id",
  // bitrixClientSecret: "some client secret",
  bitrixTokenHost: "https://oauth.bitrix.info",

  logLevel: 'warn',
  // logLevel: 'debug',

  defaultLogFile: '/var/log/ecss/ecss-crm-server/default.log',
  errorLogFile: '/var/log/ecss/ecss-crm-server/error.log',

  logToConsole: false,
  rebindPlacement: false
};

module.exports = settings;
"#;

pub const ENVIRONMENT: &[(&str, &str)] = &[("HTTP_PORT", "8901"), ("EMPTY", ""), ("MODE", "production")];

fn layer(text: &str) -> Layer {
    let environment: Vec<_> = ENVIRONMENT.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    read(text.as_bytes(), "s.js", &environment)
}

/// What `expression` gives as the value of `logLevel`; shown as text.
fn value(expression: &str) -> String {
    let layer = layer(&format!("module.exports = {{ logLevel: {expression} }};"));
    assert!(layer.faults.is_empty(), "{expression}: {:?}", layer.faults);
    layer.values.get("loglevel").map_or("absent".to_owned(), |found| found.kind.to_string())
}

fn faults(text: &str) -> Vec<String> {
    layer(text).faults.iter().map(ToString::to_string).collect()
}

fn warnings(text: &str) -> Vec<String> {
    layer(text).warnings.iter().map(ToString::to_string).collect()
}

/// Expressions with the value that the language gives them.
const EXPRESSIONS: &[(&str, &str)] = &[
    ("'a'", "a"),
    (r#""a\u0416\"""#, "aЖ\""),
    ("`a\n${'b' + 1}$`", "a\nb1$"),
    ("8801", "8801"),
    ("0x2261", "8801"),
    ("1.5", "1.5"),
    ("-1", "-1"),
    ("true", "true"),
    ("!true", "false"),
    ("null", "absent"),
    ("undefined", "absent"),
    ("process.env.HTTP_PORT || 8801", "8901"),
    ("process.env.UNSET || 8801", "8801"),
    ("process.env.EMPTY || 8801", "8801"),
    ("process.env.EMPTY ?? 8801", ""),
    ("process.env.UNSET ?? 8801", "8801"),
    ("process.env.HTTP_PORT", "8901"),
    ("process.env['HTTP_PORT']", "8901"),
    ("process.env.UNSET", "absent"),
    ("process . env\n . HTTP_PORT", "8901"),
    ("process.env?.HTTP_PORT", "8901"),
    ("process.env.UNSET || process.env.EMPTY || 'x'", "x"),
    ("Number(process.env.HTTP_PORT) || 8801", "8901"),
    ("Number(process.env.UNSET) || 8801", "8801"),
    ("+process.env.HTTP_PORT", "8901"),
    ("parseInt(process.env.HTTP_PORT, 10) || 8801", "8901"),
    ("parseInt(process.env.UNSET, 10) || 8801", "8801"),
    ("String(8801)", "8801"),
    ("('a')", "a"),
    ("(('a') + (\"b\"))", "ab"),
    ("'https://' + 'h' + ':' + 8802 + '/bitrix'", "https://h:8802/bitrix"),
    ("'a' /* b */ + // c\n 'd'", "ad"),
    ("process.env.MODE === 'production' ? 'warn' : 'debug'", "warn"),
    ("process.env.UNSET == null ? 1 : 2", "1"),
    ("process.env.MODE !== 'production' && 'x'", "false"),
    ("process.env.MODE && 'x'", "x"),
    ("60 * 2 + 10 / 5 - 1", "121"),
    ("'it\\\n s'", "it s"),
    ("0755", "493"),
    ("08801", "8801"),
    (r"'\101\60\8'", "A08"),
    ("typeof process.env.UNSET !== 'undefined' ? 1 : 2", "2"),
    ("typeof process.env.HTTP_PORT === 'string' && 'x'", "x"),
    ("require('path').join('/a', '../b', 'c/')", "/b/c/"),
    ("require('path').resolve('/a/', 'b/..', 'c/')", "/a/c"),
    ("require('path').dirname('/a/b')", "/a"),
    ("process.env.HTTP_PORT || require('x').port", "8901"),
];

#[test]
fn expressions_mean_what_the_language_says() {
    for (expression, wanted) in EXPRESSIONS {
        assert_eq!(value(expression), *wanted, "{expression}");
    }
}

#[test]
fn the_manuals_file_is_read_whole() {
    let layer = layer(MANUAL);
    assert!(layer.faults.is_empty() && layer.warnings.is_empty(), "{layer:?}");
    let shown: Vec<String> = layer.values.iter().map(|(key, found)| format!("{key}={}", found.kind)).collect();
    assert_eq!(
        shown,
        [
            "bitrixtokenhost=https://oauth.bitrix.info",
            "defaultlogfile=/var/log/ecss/ecss-crm-server/default.log",
            "dist=/usr/share/ecss/ecss-crm-server/frontend/dist",
            "errorlogfile=/var/log/ecss/ecss-crm-server/error.log",
            "httpsunixsocket=/var/lib/ecss/ecss-crm-server/https",
            "httpunixsocket=/var/lib/ecss/ecss-crm-server/http",
            "loglevel=warn",
            "logtoconsole=false",
            "path=/",
            "proxygatewayurl=https://192.168.116.130:8802/bitrix",
            "rebindplacement=false",
            "serverhost=192.168.116.130",
            "sslcertfilename=/usr/share/ecss/ecss-crm-server/cert.pem",
            "sslkeyfilename=/usr/share/ecss/ecss-crm-server/key.pem",
            "useunixsockets=true",
        ]
    );
    assert_eq!(layer.values["proxygatewayurl"].place.line, Some(14));
}

#[test]
fn line_ends_and_byte_order_mark_do_not_matter() {
    let windows = format!("\u{feff}{}", MANUAL.replace('\n', "\r\n"));
    let (a, b) = (layer(&windows), layer(MANUAL));
    assert_eq!(a.values, b.values);
    assert_eq!(layer(&MANUAL.replace('\n', "\r")).values, b.values);
}

/// Whole files that all set the level to `debug` (and nothing else that is known).
const FORMS: &[&str] = &[
    "module.exports = { logLevel: 'debug' };",
    "this.logLevel = 'debug';",
    "const { MODE: mode, UNSET } = process.env;\nmodule.exports = { logLevel: mode === 'production' ? 'debug' : UNSET };",
    "const { join, sep } = require('path');\nmodule.exports = { logLevel: join('x', '..', 'debug') };",
    "module.exports = Object.assign({}, { logLevel: 'warn' }, { logLevel: 'debug' });",
    "var settings = { logLevel: 'warn' };\nObject.assign(settings, { logLevel: 'debug' });\nmodule.exports = settings;",
    "module.exports = { logLevel: 'debug' }",
    "module.exports={'logLevel':'debug',}",
    "exports = module.exports = { \"logLevel\": `debug` };",
    "module.exports = exports = { logLevel: 'debug' };",
    "'use strict';\nconst settings = { logLevel: 'debug' };\nmodule.exports = settings;",
    "\"use strict\"\nlet settings = { logLevel: 'debug' }\nmodule.exports = settings\n",
    "var settings = { logLevel: 'warn' };\nsettings.logLevel = 'debug';\nmodule.exports = settings;",
    "var settings = { logLevel: 'warn' };\nmodule.exports = settings;\nsettings['logLevel'] = 'debug';",
    "module.exports = { logLevel: 'warn' };\nmodule.exports.logLevel = 'debug';",
    "exports.logLevel = 'debug';",
    "var level = 'debug', settings = { logLevel: level };\nmodule.exports = settings;",
    "const logLevel = 'debug';\nmodule.exports = { logLevel };",
    "const base = { logLevel: 'debug' };\nmodule.exports = { ...base };",
    "const base = { logLevel: 'debug' };\nmodule.exports = Object.freeze(base);",
    "#!/usr/bin/env node\nmodule.exports = { logLevel: 'debug' };",
    "function pad(x) { return '}' + x; }\nmodule.exports = { logLevel: 'debug' };",
    "var settings;\nsettings = { logLevel: 'debug' };;\nmodule.exports = settings;",
    "var settings = { /* none */ logLevel /* x */ : // y\n 'debug' /* z */ };\nmodule.exports = (settings);",
];

#[test]
fn a_file_may_be_written_in_many_ways() {
    for text in FORMS {
        let layer = layer(text);
        let reported: Vec<String> = layer.faults.iter().map(ToString::to_string).collect();
        assert!(reported.is_empty(), "{text}: {reported:?}");
        assert_eq!(layer.values["loglevel"].kind, ValueKind::from("debug"), "{text}");
        assert_eq!(layer.values.len(), 1, "{text}");
    }
}

#[test]
fn a_known_key_that_cannot_be_read_is_a_fault_with_line_and_column() {
    let text = "const path = require('upath');\nmodule.exports = {\n  httpUnixSocket: path.join(__dirname, 'http'),\n  httpPort: (() => 1)(),\n  logLevel: 'info',\n};\n";
    let reported = faults(text);
    assert_eq!(reported.len(), 2, "{reported:?}");
    assert!(
        reported[0]
            .starts_with("s.js:3:19: httpUnixSocket: path has no value that can be read; write the value itself"),
        "{reported:?}"
    );
    assert!(reported[1].starts_with("s.js:4:14: httpPort: functions are not run"), "{reported:?}");
    let short = faults("const httpUnixSocket = make();\nmodule.exports = {\n  httpUnixSocket };");
    assert!(short[0].starts_with("s.js:3:3: httpUnixSocket: httpUnixSocket has no value"), "{short:?}");
    let layer = layer(text);
    assert!(layer.unreadable.contains("httpunixsocket") && layer.values.contains_key("loglevel"));
}

#[test]
fn every_kind_of_foreign_expression_is_a_fault_of_its_key_only() {
    for expression in [
        "function () { return '}'; }",
        "() => ({ a: 1 })",
        "x => x",
        "async () => { await f(',') }",
        "new URL('http://a')",
        "/[,}]/.test('a') ? 1 : 2",
        "`a${nothing}b`",
        "'a' + process.env.UNSET",
        "'a'.toUpperCase()",
        "require('os').hostname()",
        "process.argv[2]",
        "os.hostname() || 'x'",
        "a ? 'x' : 'y'",
        "'1' == 1 ? 'x' : 'y'",
        "typeof x",
        "-{}",
        "[1][0]",
        "f(...g)",
    ] {
        let text = format!("module.exports = {{\n logLevel: {expression},\n httpPort: 1 }};");
        let layer = layer(&text);
        assert_eq!(layer.faults.len(), 1, "{expression}: {:?}", layer.faults);
        assert_eq!(layer.faults[0].line, Some(2), "{expression}");
        assert_eq!(layer.faults[0].key.as_deref(), Some("logLevel"), "{expression}");
        assert!(layer.values.contains_key("httpport"), "{expression}");
        assert!(!layer.broken);
    }
}

#[test]
fn an_unknown_key_is_a_warning_whatever_its_value() {
    for value in ["1", "{ a: [1, { b: 2 }], c: 'x' }", "function () { return ','; }", "[...a, 1]", "nothing()"] {
        let text = format!("module.exports = {{ companies: {value}, logLevel: 'info' }};");
        assert_eq!(warnings(&text).len(), 1, "{value}");
        assert!(faults(&text).is_empty(), "{value}: {:?}", faults(&text));
        assert!(layer(&text).values.contains_key("loglevel"));
    }
    let reported = warnings("module.exports = { httpprt: 1, get size() { return 1; }, run() {}, state_dir: '/x' };");
    assert!(reported[0].contains("did you mean httpPort?"), "{reported:?}");
    assert!(reported[3].contains("move it to config.toml"), "{reported:?}");
}

#[test]
fn what_is_no_javascript_is_told_where_it_begins() {
    for (text, place) in [
        ("module.exports = {\n  logLevel: 'warn'\n  path: '/' };", "s.js:3:3: a comma is missing"),
        ("module.exports = {\n  logLevel: 'warn,\n};", "s.js:2:13: this text has no closing quote"),
        ("module.exports = {\n  logLevel: 'warn'", "s.js:1:18: this { is never closed"),
        ("module.exports = { logLevel 'warn' };", "s.js:1:29: a : is missing after logLevel"),
        ("module.exports = { logLevel: };", "s.js:1:30: the value of logLevel is missing"),
        ("/* open\nmodule.exports = {};", "s.js:1:1: this comment is never closed"),
        ("var s = { a: 12x };", "s.js:1:14: 12x is not a number"),
        ("module.exports = {\n  a: f(1\n};", "s.js:"),
    ] {
        let layer = layer(text);
        assert!(layer.broken, "{text}");
        let reported = layer.faults[0].to_string();
        assert!(reported.starts_with(place), "{text}: {reported}");
    }
}

#[test]
fn a_file_without_settings_is_a_fault() {
    for text in [
        "",
        "// only a comment\n",
        "var settings = { logLevel: 'warn' };",
        "module.exports = 1;",
        "module.exports = load();",
    ] {
        let layer = layer(text);
        assert!(layer.broken && layer.faults.len() == 1, "{text}: {layer:?}");
    }
}

#[test]
fn statements_that_could_change_settings_are_faults_and_others_are_doubted() {
    let literal = "var settings = { logLevel: 'info' };\nmodule.exports = settings;\n";
    for statement in [
        "if (process.env.X) settings.logLevel = 'debug';",
        "Object.assign(settings, load());",
        "settings.logLevel += 'x';",
        "settings.pool = make(settings);",
        "module.exports = load(settings)(1) 2;",
    ] {
        let layer = layer(&format!("{literal}{statement}"));
        assert!(layer.broken, "{statement}");
        assert_eq!(layer.faults[0].line, Some(3), "{statement}");
    }
    let foreign = layer(&format!(
        "{literal}settings.pool = () => '}}';\nsettings.serverHost = make() // x\n;settings.path = '/x'"
    ));
    assert!(!foreign.broken && foreign.faults.len() == 1, "{:?}", foreign.faults);
    assert_eq!((foreign.faults[0].line, foreign.faults[0].column), (Some(4), Some(23)));
    assert_eq!(foreign.values["path"].kind, ValueKind::from("/x"));
    let unused = layer(&format!("{literal}settings.dist = make()"));
    assert!(unused.faults.is_empty() && unused.warnings[0].problem.contains("not used"), "{unused:?}");
    for statement in ["require('dotenv').config();", "console.log(settings)", "fs.watch('x', () => { reload(';') })"] {
        let layer = layer(&format!("{literal}{statement}"));
        assert!(layer.faults.is_empty(), "{statement}: {:?}", layer.faults);
        assert_eq!(layer.warnings.len(), 1, "{statement}");
    }
    let settings_unrelated = "const { X = 1 } = process.env;\nmodule.exports = { logLevel: 'info' };";
    assert!(faults(settings_unrelated).is_empty());
    assert_eq!(warnings(settings_unrelated).len(), 1);
}

#[test]
fn what_a_spread_hides_is_a_fault() {
    let layer = layer("module.exports = { ...require('./base'), logLevel: 'info' };");
    assert!(layer.broken);
    assert_eq!(layer.faults.len(), 1, "{:?}", layer.faults);
}

#[test]
fn a_key_written_twice_keeps_the_last_value_and_is_doubted() {
    let text = "module.exports = {\n logLevel: 'warn',\n logLevel: 'debug' };";
    assert_eq!(layer(text).values["loglevel"].kind, ValueKind::from("debug"));
    assert_eq!(
        warnings(text),
        ["s.js:2:2: logLevel: is set again further down, and that value is used; remove one of the two"]
    );
}

#[test]
fn absurd_nesting_is_refused_and_not_followed_to_the_stacks_end() {
    for text in [
        "module.exports = ".to_owned() + &"(".repeat(100_000),
        "a = ".to_owned() + &"!".repeat(100_000),
        "a = ".to_owned() + &"{a:".repeat(100_000),
    ] {
        assert!(layer(&text).broken);
    }
}

/// The language's own opinion, where an interpreter is at hand.
#[test]
fn node_agrees_where_there_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let texts: Vec<String> = EXPRESSIONS
        .iter()
        .filter(|(expression, _)| !expression.contains("require('x')"))
        .map(|(expression, _)| format!("module.exports = {{ logLevel: {expression} }};"))
        .chain(FORMS.iter().map(|text| (*text).to_owned()))
        .chain([MANUAL.to_owned()])
        .collect();
    let files = texts.iter().enumerate().map(|(i, text)| {
        let file = dir.path().join(format!("{i}.js"));
        std::fs::write(&file, text).unwrap();
        file
    });
    let show = "const of = f => { const v = require(f).logLevel; return v == null ? 'absent' : String(v) };
        process.stdout.write(JSON.stringify(process.argv.slice(1).map(of)))";
    let mut node = std::process::Command::new("node");
    node.args(["-e", show]).args(files).env_remove("UNSET").envs(ENVIRONMENT.iter().copied());
    let Ok(output) = node.output() else {
        eprintln!("skipped: there is no node here");
        return;
    };
    let theirs: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(theirs.len(), texts.len());
    for (text, theirs) in texts.iter().zip(theirs) {
        let ours = layer(text).values.get("loglevel").map_or("absent".to_owned(), |found| found.kind.to_string());
        assert_eq!(ours, theirs, "{text}");
    }
}

proptest::proptest! {
    /// Whatever an editor or a broken disk has done to the file, reading it ends, and without a panic.
    #[test]
    fn damaged_files_do_no_harm(cut in 0..2000_usize, length in 0..40_usize, put in "[{}()\\[\\]'\"`/*$.,;:=?+\\\\ a1\n]{0,6}") {
        let mut characters: Vec<char> = MANUAL.chars().collect();
        let from = cut.min(characters.len());
        let to = (from + length).min(characters.len());
        characters.splice(from..to, put.chars());
        let text: String = characters.into_iter().collect();
        let layer = layer(&text);
        proptest::prop_assert!(!layer.values.is_empty() || !layer.faults.is_empty());
    }

    #[test]
    fn no_text_at_all_does_harm(text in "[{}()\\[\\]'\"`/*$.,;:=?+!&|\\\\ a1\n-]{0,80}") {
        layer(&text);
        layer(&format!("module.exports = {{ logLevel: {text} }};"));
    }
}
