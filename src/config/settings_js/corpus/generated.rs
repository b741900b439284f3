//! Files put together from the habits of many hands: every mixture of spelling, order, comments and line ends.

use super::File;

const HOW_MANY: u64 = 240;

/// Throws the same numbers at every run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

const TEXTS: &[&str] = &[
    "'/a/b'",
    "\"/a/b\"",
    "`/a/b`",
    "'a' + '/' + \"b\"",
    "\"it's\"",
    "'say \\\"x\\\"'",
    "'a // b'",
    "'/* a */'",
    "'}, {'",
    "'путь'",
    "'\\u0436\\x41\\n'",
    "process.env.MODE || 'dev'",
    "process.env.UNSET || 'dev'",
    "process.env['UNSET'] || \"d\"",
    "process.env.EMPTY ?? 'x'",
    "process.env.MODE === 'production' ? 'warn' : 'debug'",
    "('a')",
    "path.join(__dirname, '..', 'x')",
    "require('path').join(__dirname, '../frontend/dist')",
    "path.resolve(__dirname, 'key.pem')",
    "__dirname + '/key.pem'",
    "`${__dirname}/cert.pem`",
    "`https://${HOST}:${8800 + 2}/bitrix`",
    "'https://' + HOST + ':' + PORT",
    "HOST",
    "String(PORT)",
    "'a\\\nb'",
    "''",
    "null",
    "undefined",
    "process.env.UNSET",
    "'\\101\\0'",
    "typeof PORT",
    "'a', // 'b'",
    "path.dirname('/x/y')",
];

const NUMBERS: &[&str] = &[
    "8801",
    "'8801'",
    "0x2261",
    "8.801e3",
    "88_01",
    "8801.0",
    "process.env.HTTP_PORT || 8801",
    "process.env.UNSET || 8801",
    "Number(process.env.HTTP_PORT)",
    "Number(process.env.UNSET) || 8801",
    "parseInt(process.env.HTTP_PORT, 10)",
    "parseInt(process.env.UNSET, 10) || 8802",
    "+process.env.HTTP_PORT",
    "8800 + 1",
    "PORT",
    "(PORT)",
    "PORT + 1 /* next */",
    "process.env.HTTP_PORT",
    "08801",
    "0o21141",
    "0b11",
    "2 * 4400 + 1",
    "\"8801\" * 1",
];

const FLAGS: &[&str] = &[
    "true",
    "false",
    "!0",
    "!!process.env.UNSET",
    "!!process.env.MODE",
    "process.env.MODE === 'production'",
    "process.env.UNSET !== undefined",
    "'true'",
    "1",
    "process.env.UNSET == null",
    "true && false",
    "false || true",
    "Boolean('x')",
    "process.env.MODE != 'x' ? true : false",
];

const KEYS: &[(&str, &[&str])] = &[
    ("path", TEXTS),
    ("dist", TEXTS),
    ("proxyGatewayURL", TEXTS),
    ("useUnixSockets", FLAGS),
    ("httpUnixSocket", TEXTS),
    ("serverHost", TEXTS),
    ("httpPort", NUMBERS),
    ("httpsPort", NUMBERS),
    ("sslKeyFilename", TEXTS),
    ("bitrixClientId", TEXTS),
    ("bitrixClientSecret", TEXTS),
    ("logLevel", TEXTS),
    ("logToConsole", FLAGS),
    ("rebindPlacement", FLAGS),
    ("somethingElse", TEXTS),
    ("pool", &["{ min: 1, max: { a: [1, { b: '}' }] } }", "[1, 'a', { b: 2 }]", "() => '}'", "/[}'\"]/g"]),
];

const COMMENTS: &[&str] = &[
    "",
    "",
    "// порт\n",
    "/* a, b: 'c' } */ ",
    "//httpPort: process.env.HTTP_PORT || 8801,\n",
    "// logLevel: 'debug',\n",
    "/*\n * bitrixClientId: \"x\",\n */\n",
    "// it's `odd\n",
    "////\n",
    "\n\n",
    "// proxyGatewayURL: \"https://h/b\" // old\n",
];

const HEADS: &[&str] = &[
    "",
    "",
    "'use strict';\n",
    "/* settings */\n",
    "#!/usr/bin/env node\n",
    "// eslint-disable\n",
    "function pad(x) { return x < 10 ? '0' + x : '}' }\n",
];

const TAILS: &[&str] = &["", "\n", ";\n", "\n// конец", "\n\n/* vim: set ts=2: */\n"];

pub fn files() -> Vec<File> {
    (1..=HOW_MANY).map(|n| (format!("mixed-{n:03}.js"), file(&mut Dice::new(n)))).collect()
}

fn file(dice: &mut Dice) -> Vec<u8> {
    let mut text = dice.one(HEADS).to_owned();
    text.push_str("const path = require('path'), HOST = 'h.example';\nvar PORT = 8801;\n");
    text.push_str(&exported(dice));
    text.push_str(dice.one(TAILS));
    if text.starts_with("'use strict'") {
        // Old octal forms are forbidden there.
        text = text.replace("08801", "8801").replace(r"\101\0", r"\x41\0");
    }
    let text = match dice.below(6) {
        0 => text.replace('\n', "\r\n"),
        1 if !text.starts_with("#!") => format!("\u{feff}{text}"),
        _ => text,
    };
    text.into_bytes()
}

/// Keys in any order, none twice.
fn chosen(dice: &mut Dice) -> Vec<(&'static str, &'static str)> {
    let mut left: Vec<_> = KEYS.to_vec();
    let count = 1 + dice.below(6);
    (0..count)
        .map(|_| {
            let (key, values) = left.swap_remove(dice.below(left.len()));
            // An inner comma ends the value and leaves a comment behind.
            (key, dice.one(values))
        })
        .collect()
}

fn exported(dice: &mut Dice) -> String {
    let object = literal(dice);
    match dice.below(12) {
        0 => format!("var settings = {object};\nmodule.exports = settings;"),
        1 => format!("const settings = {object}\nmodule.exports = settings"),
        2 => format!("let settings = {object};\n\nmodule . exports=settings ;"),
        3 => format!("module.exports = {object};"),
        4 => format!("exports = module.exports = {object}"),
        5 => format!("module.exports = Object.freeze({object});"),
        6 => format!("module['exports'] = ({object});"),
        7 => {
            let more = assignments(dice, "settings");
            format!("var settings = {object};\n{more}module.exports = settings;\nsettings.logLevel = 'info';")
        }
        8 => assignments(dice, "exports"),
        9 => format!("const base = {object};\nmodule.exports = {{ ...base, logLevel: 'info' }};"),
        10 => format!(
            "var settings;\nsettings = {object};\nObject.assign(settings, {});\nmodule.exports = settings",
            literal(dice)
        ),
        _ => format!("module.exports = Object.assign({{}}, {object}, {});", literal(dice)),
    }
}

fn assignments(dice: &mut Dice, object: &str) -> String {
    let line = |(key, value): (&str, &str)| {
        let value = value.replace(", // 'b'", "");
        format!("{object}.{key} = {value};\n")
    };
    chosen(dice).into_iter().map(line).collect()
}

fn literal(dice: &mut Dice) -> String {
    let indent = dice.one(&["  ", "\t", "    ", ""]);
    let colon = dice.one(&[": ", ":", " : ", ":\n      "]);
    let mut out = String::from("{");
    out.push_str(dice.one(&["\n", " ", "\n\n"]));
    let items = chosen(dice);
    let last = items.len() - 1;
    let trailing = dice.once_in(2);
    for (n, (key, value)) in items.into_iter().enumerate() {
        out.push_str(dice.one(COMMENTS));
        out.push_str(indent);
        match dice.below(5) {
            0 => out.extend(["'", key, "'"]),
            1 => out.extend(["\"", key, "\""]),
            2 if dice.once_in(3) => out.extend(["['", key, "']"]),
            _ => out.push_str(key),
        }
        let (value, behind) = value.split_once(", //").map_or((value, ""), |(value, behind)| (value, behind));
        out.push_str(colon);
        out.push_str(value);
        if n < last || trailing {
            out.push_str(dice.one(&[",", " ,", " /* , */,"]));
        }
        if behind.is_empty() {
            out.push_str(dice.one(&["\n", " // x, y: 'z'\n", "\n"]));
        } else {
            out.extend([" //", behind, "\n"]);
        }
    }
    out.push_str(dice.one(COMMENTS));
    out.push('}');
    out
}
