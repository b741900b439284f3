//! Edits as administrators make them, each on the manual's file or in a file of its own.

use super::{File, MANUAL};

/// Name, what is replaced in the manual's file, and by what.
const EDITS: &[(&str, &str, &str)] = &[
    ("port-alive", "//httpPort: process", "httpPort: process"),
    ("ports-alive", "//http", "http"),
    ("port-number", "//httpPort: process.env.HTTP_PORT || 8801", "httpPort: 80"),
    ("port-text", "//httpPort: process.env.HTTP_PORT || 8801", "httpPort: '80'"),
    ("client-alive", "// bitrixClient", "bitrixClient"),
    ("level-second-alive", "// logLevel: 'debug'", "logLevel: 'debug'"),
    ("level-commented", "logLevel: 'warn',\n  // logLevel", "// logLevel: 'warn',\n  logLevel"),
    ("level-double-quotes", "'warn'", "\"warn\""),
    ("level-template", "'warn'", "`warn`"),
    ("level-upper", "'warn'", "'WARN'"),
    ("level-comment-behind", "'warn',", "'warn', // was: 'debug',"),
    ("level-comment-inside", "'warn',", "/* 'debug' */ 'warn' /* or not */,"),
    ("gateway-removed", "  proxyGatewayURL: \"https://192.168.116.130:8802/bitrix\",\n", ""),
    ("gateway-commented", "  proxyGatewayURL:", "  // proxyGatewayURL:"),
    ("gateway-empty", "\"https://192.168.116.130:8802/bitrix\"", "\"\""),
    ("gateway-null", "\"https://192.168.116.130:8802/bitrix\"", "null"),
    (
        "gateway-joined",
        "\"https://192.168.116.130:8802/bitrix\"",
        "\"https://\" + \"192.168.116.130\" +\n    \":8802/bitrix\"",
    ),
    ("gateway-idn", "192.168.116.130:8802/bitrix\"", "звонки.рф/bitrix\""),
    ("last-comma", "rebindPlacement: false", "rebindPlacement: false,"),
    ("last-comma-commented", "rebindPlacement: false\n", "rebindPlacement: false /*,*/\n"),
    ("no-semicolons", ";", ""),
    ("broken-name", "var settings = {", "module.exports = {"),
    ("constant", "var settings", "const settings"),
    ("renamed", "settings", "config_2"),
    ("frozen", "module.exports = settings;", "module.exports = Object.freeze(settings);"),
    ("assigned-later", "module.exports", "settings.logLevel = \"debug\";\nmodule.exports"),
    ("assigned-by-index", "module.exports", "settings['logLevel'] = 'debug';\nmodule.exports"),
    ("windows", "\n", "\r\n"),
    ("tabs", "  ", "\t"),
    ("one-space-less", "\n  ", "\n"),
    ("byte-order-mark", "var settings", "\u{feff}var settings"),
    ("sockets-off", "useUnixSockets: true", "useUnixSockets: false"),
    ("sockets-text", "useUnixSockets: true", "useUnixSockets: 'false'"),
    ("quoted-keys", "logToConsole:", "\"logToConsole\":"),
    (
        "nested-unknown",
        "rebindPlacement: false",
        "rebindPlacement: false, db: { host: 'h', ports: [1, 2], f() { return '}'; } }",
    ),
    (
        "dist-relative",
        "\"/usr/share/ecss/ecss-crm-server/frontend/dist\"",
        "require('path').join(__dirname, '../frontend/dist')",
    ),
    ("dist-dirname", "\"/usr/share/ecss/ecss-crm-server/frontend/dist\"", "__dirname + '/../frontend/dist'"),
    ("console-env", "logToConsole: false", "logToConsole: process.env.UNSET === 'yes'"),
    ("host-env", "serverHost: \"192.168.116.130\"", "serverHost: process.env.SERVER_HOST || '192.168.116.130'"),
    ("pasted-quotes-in-comment", "// По умолчанию true", "// По умолчанию «true» — it's `so`"),
    (
        "block-commented",
        "  // bitrixClientId: \"some client id\",\n  // bitrixClientSecret: \"some client secret\",",
        "  /* bitrixClientId: \"id\",\n  bitrixClientSecret: \"secret\", */",
    ),
    ("all-on-one-line", "\n\nmodule", " module"),
    // Node.js reads these and we say where to write a plain value.
    ("foreign-hostname", "serverHost: \"192.168.116.130\"", "serverHost: require('os').hostname().replace(/.*/, 'h')"),
    ("foreign-file", "logLevel: 'warn'", "logLevel: require('fs').existsSync('/nowhere') ? 'a' : 'b'"),
    ("foreign-function", "logLevel: 'warn'", "logLevel: (function () { return 'warn'; })()"),
    ("foreign-arrow", "logLevel: 'warn'", "logLevel: (() => 'warn')()"),
    ("foreign-method", "logLevel: 'warn'", "logLevel: ' warn '.trim()"),
    ("foreign-list", "logLevel: 'warn'", "logLevel: ['wa', 'rn'].join('')"),
    ("foreign-getter", "logLevel: 'warn'", "get logLevel() { return 'warn'; }"),
    ("foreign-if", "module.exports", "if (process.env.MODE) settings.logLevel = 'debug';\nmodule.exports"),
    // Node.js refuses these, and so do we.
    ("broken-comma", "serverHost: \"192.168.116.130\",", "serverHost: \"192.168.116.130\""),
    ("broken-quote", "logLevel: 'warn',", "logLevel: 'warn,"),
    ("broken-bracket", "};", ";"),
    ("broken-comment", "// bitrixClientId", "/* bitrixClientId"),
    ("broken-colon", "logLevel: 'warn'", "logLevel 'warn'"),
    ("broken-pasted-quotes", "'warn'", "“warn”"),
    ("broken-two-values", "'warn'", "'warn' 'debug'"),
    ("broken-equals", "logLevel: 'warn'", "logLevel = 'warn'"),
    ("broken-semicolon", "logLevel: 'warn',", "logLevel: 'warn';"),
    ("broken-half", "httpsUnixSocket: \"/var/lib/ecss/ecss-crm-server/https\",", "httpsUnixSocket: \"/var/lib"),
    ("broken-twice", "useUnixSockets: true,", "useUnixSockets: true,,"),
    ("broken-number", "rebindPlacement: false", "rebindPlacement: 1x"),
];

pub fn files() -> Vec<File> {
    let edited = EDITS.iter().map(|(name, from, to)| {
        assert!(MANUAL.contains(from), "{name}");
        (format!("{name}.js"), MANUAL.replace(from, to).into_bytes())
    });
    let mut files: Vec<File> = edited.collect();
    files.push(("manual.js".to_owned(), MANUAL.into()));
    let direct = MANUAL.replace("var settings = {", "module.exports = {").replace("module.exports = settings;\n", "");
    files.push(("direct.js".to_owned(), direct.into_bytes()));
    let mut old_encoding = b"// \xcf\xee\xf0\xf2\n".to_vec();
    old_encoding.extend_from_slice(MANUAL.as_bytes());
    files.push(("old-encoding.js".to_owned(), old_encoding));
    files
}
