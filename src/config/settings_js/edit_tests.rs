//! Files before and after one edit.

use super::tests::MANUAL;
use super::{Written, read, set};
use crate::config::keys;

fn edited(text: &str, key: &str, value: &Written) -> Result<String, String> {
    let key = keys::find_spelt(key).unwrap();
    match set(text.as_bytes(), "s.js", &[], key, value) {
        Ok(bytes) => Ok(String::from_utf8(bytes).unwrap()),
        Err(faults) => Err(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

fn text(value: &str) -> Written {
    Written::Text(value.to_owned())
}

#[test]
fn only_the_value_changes() {
    for (before, key, value, after) in [
        (
            "module.exports = { logLevel: 'warn' /* x */, path: '/' };",
            "logLevel",
            text("debug"),
            "module.exports = { logLevel: 'debug' /* x */, path: '/' };",
        ),
        (
            "exports = module.exports = {\"logLevel\" : \"warn\",}",
            "logLevel",
            text("it's \"q\""),
            "exports = module.exports = {\"logLevel\" : \"it's \\\"q\\\"\",}",
        ),
        (
            "module.exports = { httpPort: process.env.HTTP_PORT || 8801, // порт\n};",
            "httpPort",
            Written::Number(80),
            "module.exports = { httpPort: 80, // порт\n};",
        ),
        (
            "module.exports = { dist: require('path').dirname(x(1, {a: 2})) /* ? */ , path: '/' };",
            "dist",
            text("/d"),
            "module.exports = { dist: '/d' /* ? */ , path: '/' };",
        ),
        (
            "const logLevel = 'warn';\nmodule.exports = { logLevel };",
            "logLevel",
            text("debug"),
            "const logLevel = 'warn';\nmodule.exports = { logLevel: 'debug' };",
        ),
        (
            "var s = { logLevel: 'warn' };\ns.logLevel = 'info' // x\nmodule.exports = s",
            "logLevel",
            text("debug"),
            "var s = { logLevel: 'warn' };\ns.logLevel = 'debug' // x\nmodule.exports = s",
        ),
        (
            "module.exports = {\n logLevel: 'warn',\n logLevel: 'info' };",
            "logLevel",
            text("debug"),
            "module.exports = {\n logLevel: 'warn',\n logLevel: 'debug' };",
        ),
        ("exports.logLevel = 'a' + 'b';", "logLevel", text("debug"), "exports.logLevel = 'debug';"),
        (
            "var base = { logLevel: 'warn' };\nmodule.exports = { ...base };",
            "logLevel",
            text("debug"),
            "var base = { logLevel: 'debug' };\nmodule.exports = { ...base };",
        ),
    ] {
        assert_eq!(edited(before, key, &value).as_deref(), Ok(after), "{before}");
    }
}

#[test]
fn a_line_that_is_commented_out_comes_to_life() {
    for (before, after) in [
        (
            "module.exports = {\n  path: '/',\n  //httpPort: process.env.HTTP_PORT || 8801, // порт\n  dist: 'd'\n};",
            "module.exports = {\n  path: '/',\n  httpPort: 9000, // порт\n  dist: 'd'\n};",
        ),
        (
            "module.exports = {\n  path: '/' // last\n  // httpPort: 8801\n};",
            "module.exports = {\n  path: '/', // last\n  httpPort: 9000,\n};",
        ),
        ("module.exports = {\r\n\t// httpPort: 1,\r\n};", "module.exports = {\r\n\thttpPort: 9000,\r\n};"),
        (
            "module.exports = {\n  // httpPort: see below\n  /* httpPort: 1, */\n  path: '/',\n};",
            "module.exports = {\n  // httpPort: see below\n  /* httpPort: 1, */\n  path: '/',\n  httpPort: 9000,\n};",
        ),
    ] {
        assert_eq!(edited(before, "httpPort", &Written::Number(9000)).as_deref(), Ok(after), "{before}");
    }
    let manual = edited(MANUAL, "bitrixClientId", &text("local.1")).unwrap();
    assert_eq!(manual, MANUAL.replace("// bitrixClientId: \"some client id\",", "bitrixClientId: \"local.1\","));
}

#[test]
fn a_key_that_is_nowhere_comes_last() {
    for (before, after) in [
        ("module.exports = {};", "module.exports = { logToConsole: true };"),
        ("module.exports = { path: '/' };", "module.exports = { path: '/', logToConsole: true };"),
        ("module.exports = { path: '/', };", "module.exports = { path: '/', logToConsole: true, };"),
        (
            "module.exports = {\n\tpath: '/' // x\n\t// y\n};",
            "module.exports = {\n\tpath: '/', // x\n\t// y\n\tlogToConsole: true\n};",
        ),
        (
            "var s = {\r\n    path: '/',\r\n  };\r\nmodule.exports = s;",
            "var s = {\r\n    path: '/',\r\n    logToConsole: true,\r\n  };\r\nmodule.exports = s;",
        ),
        (
            "var s = { path: '/',\n          dist: 'd' };\nmodule.exports = s;",
            "var s = { path: '/',\n          dist: 'd', logToConsole: true };\nmodule.exports = s;",
        ),
        ("exports.path = '/'", "exports.path = '/'\nexports.logToConsole = true;\n"),
        ("exports.path = '/';\r\n", "exports.path = '/';\r\nexports.logToConsole = true;\r\n"),
    ] {
        assert_eq!(edited(before, "logToConsole", &Written::Flag(true)).as_deref(), Ok(after), "{before}");
    }
}

#[test]
fn what_would_change_more_is_left_to_people() {
    for before in [
        "module.exports = { get logLevel() { return 'a'; }, path: '/' };",
        "const level = 'a';\nmodule.exports = { ...{ logLevel: level }, logLevel() { return level; } };",
        "exports.logLevel = exports.path = '/';",
    ] {
        let reported = edited(before, "logLevel", &text("debug")).unwrap_err();
        assert!(reported.contains("logLevel") && reported.contains("by hand"), "{before}: {reported}");
    }
    let reported = edited("module.exports = { logLevel: 'warn'\n path: '/' };", "logLevel", &text("x")).unwrap_err();
    assert!(reported.starts_with("s.js:2:2: a comma is missing"), "{reported}");
    assert!(edited("if (x) exports.path = '/';", "path", &text("/x")).is_err());
}

#[test]
fn the_same_value_changes_nothing() {
    for (key, value) in [("logLevel", text("warn")), ("useUnixSockets", Written::Flag(true))] {
        assert_eq!(edited(MANUAL, key, &value).as_deref(), Ok(MANUAL));
    }
}

#[test]
fn comments_in_an_old_encoding_stay_byte_by_byte() {
    let before = b"// \xcf\xf0\xe8\nmodule.exports = { logLevel: 'warn' /* \xe2\xe5 */ };";
    let key = keys::find_spelt("logLevel").unwrap();
    let after = set(before, "s.js", &[], key, &text("debug")).unwrap();
    assert_eq!(after, b"// \xcf\xf0\xe8\nmodule.exports = { logLevel: 'debug' /* \xe2\xe5 */ };");
    assert_eq!(read(&after, "s.js", &[]).values["loglevel"].kind, text("debug").kind());
}
