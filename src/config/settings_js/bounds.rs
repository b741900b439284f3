//! How much a file may make of itself: a text joined with itself forty times, or an object poured into itself, would
//! otherwise take all memory there is.

use super::cursor::Stop;
use super::reader::{Object, SourceReader};
use super::value::Js;

/// Nesting beyond which a file is no settings file; keeps recursion off the stack's end.
pub const DEEPEST: u32 = 64;

/// What is said of a file that goes deeper.
pub const TOO_DEEP: &str = "this is nested too deeply";

/// Bytes that all values of a file may take together, in the making too. The manual's values take some 2,000; a file that
/// copies a whole environment's values about stays far below.
const MOST_BYTES: usize = 1024 * 1024;

/// What a value costs beside its text, in bytes.
const VALUE: usize = 64;

/// What the values of the file have taken so far.
#[derive(Debug, Default)]
pub struct Bounds {
    bytes: usize,
}

impl Bounds {
    /// Counts a value that was made or copied.
    pub fn made(&mut self, value: &Js, at: usize) -> Result<(), Stop> {
        self.count(VALUE + length(value), at)
    }

    /// Counts what is in an object that was copied.
    pub fn copied(&mut self, object: &Object, at: usize) -> Result<(), Stop> {
        let entries = object.entries.iter().map(|entry| VALUE + entry.key.len() + length(&entry.value));
        let opaque = object.opaque.iter().map(|unread| VALUE + unread.what.len());
        self.count(entries.chain(opaque).sum(), at)
    }

    fn count(&mut self, bytes: usize, at: usize) -> Result<(), Stop> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MOST_BYTES {
            return Err(Stop::broken(at, "the values up to here are too many or too long for a settings file"));
        }
        Ok(())
    }
}

fn length(value: &Js) -> usize {
    match value {
        Js::Text(text) => text.len(),
        Js::Unreadable(unread) => unread.what.len(),
        _ => 0,
    }
}

impl SourceReader<'_> {
    /// Goes one level deeper.
    pub fn deeper(&mut self, at: usize) -> Result<(), Stop> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(Stop::broken(at, TOO_DEEP)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::settings_js::{read, set};
    use crate::config::{keys, settings_js::Written};
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    fn faults(text: &str) -> String {
        let layer = read(text.as_bytes(), "s.js", &[]);
        layer.faults.iter().map(|fault| format!("{fault:?}")).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_grows_with_every_step_is_refused() {
        let doubled = |step: &str| format!("let a = 'x'; {} exports.path = '/';", step.repeat(40));
        let poured =
            |step: &str| format!("const a = {{ [x()]: 1, path: '/' }}; {} module.exports = a;", step.repeat(40));
        let wide = (0..1500).map(|i| format!("k{i}:1")).collect::<Vec<_>>().join(",");
        for text in [
            doubled("a = a + a;"),
            doubled("a = `${a}${a}`;"),
            doubled("a = require('path').join(a, a);"),
            poured("Object.assign(a, a);"),
            format!("let a = {{ [x()]: 1 }}; {} module.exports = a;", "a = { ...a, ...a };".repeat(40)),
            format!("const a = {{ {wide} }}; exports.x = [{}];", "{...a},".repeat(3000)),
            format!("const a = '{}'; exports.x = [{}];", "x".repeat(30_000), "a,".repeat(10_000)),
        ] {
            assert!(faults(&text).contains("too many or too long"), "{} {}", &text[..40], faults(&text));
        }
    }

    #[test]
    fn nesting_without_end_is_refused_and_does_not_end_the_process() {
        let deep = 16_000;
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("{a:", "}"),
            ("!", ""),
            ("-", ""),
            ("x ? ", ""),
            ("`${", "}`"),
            ("a = ", ""),
            ("a[", "]"),
            ("f(", ")"),
            ("() => `${", "}`"),
            ("typeof ", ""),
            ("a ?? (", ")"),
        ] {
            for whole in ["exports.path = @;", "var x = @; exports.path = '/';", "f(@); exports.path = '/';", "@"] {
                let nested = format!("{}1{}", open.repeat(deep), close.repeat(deep));
                let text = whole.replace('@', &nested);
                let _ = read(text.as_bytes(), "s.js", &[]);
            }
            let nested = format!("exports.path = {}1{};", open.repeat(deep), close.repeat(deep));
            assert!(!faults(&nested).is_empty(), "{open}");
        }
        let commented = format!("exports = module.exports = {{\n// path: {}1\n}};", "(".repeat(deep));
        let key = *keys::KEYS.iter().find(|key| key.name == "path").unwrap();
        let _ = set(commented.as_bytes(), "s.js", &[], key, &Written::Text("/x".to_owned()));
    }

    #[test]
    fn a_long_list_of_plain_settings_is_read() {
        let text = format!("module.exports = {{ {} path: '/x' }};", "// a comment of some length\n".repeat(2000));
        assert_eq!(faults(&text), "");
        let joined = format!("exports.path = '/'{};", " + 'a'".repeat(500));
        assert_eq!(faults(&joined), "");
    }

    #[test]
    fn thousands_of_unknown_or_repeated_keys_are_read_at_the_price_of_their_length_and_told_in_some_lines() {
        let unknown = |count: usize| -> String { (0..count).map(|n| format!("k{n}:1,")).collect::<Vec<_>>().concat() };
        let repeated = |count: usize| "httpPort:8801,".repeat(count);
        let assigned =
            |count: usize| -> String { (0..count).map(|n| format!("exports.k{n}=1;")).collect::<Vec<_>>().concat() };
        let literal = |inside: String| format!("module.exports = {{{inside}}};");
        let took = |text: &str| {
            let began = Instant::now();
            let layer = read(text.as_bytes(), "s.js", &[]);
            assert!((20..50).contains(&layer.warnings.len()), "{}", layer.warnings.len());
            began.elapsed()
        };
        let make: [(&str, &dyn Fn(usize) -> String); 3] =
            [("unknown", &|n| literal(unknown(n))), ("repeated", &|n| literal(repeated(n))), ("assigned", &assigned)];
        for (name, make) in make {
            // As much text in eight files as in one, so that both take equally long, whatever else the machine does.
            let (few, many) = (make(500), make(4_000));
            let short = || (0..8).map(|_| took(&few)).sum::<Duration>();
            let quickest = |read: &dyn Fn() -> Duration| (0..3).map(|_| read()).min().unwrap();
            let (eight, one) = (quickest(&short), quickest(&|| took(&many)));
            assert!(one < eight * 4, "{name}: {eight:?} for eight files of 500 keys, {one:?} for one of 4000");
        }
    }

    const PIECES: &[&str] = &[
        "a",
        "b",
        "exports",
        ".path",
        " = ",
        "'x'",
        "1",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ", ",
        ";\n",
        " + ",
        "`",
        "${",
        "...",
        "Object.assign",
        "require('path').join",
        " ? ",
        " : ",
        " || ",
        "!",
        "typeof ",
        "var ",
        "function ",
        "=> ",
        "/",
        "\\",
        "// ",
        "/*",
        "*/",
        "process.env.X",
        "module.exports",
        "a = a + a;",
        "b = {...b, ...b};",
        "Object.assign(b, b);",
    ];

    proptest! {
        #[test]
        fn any_program_ends_within_its_bounds(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..400)) {
            let text = format!("var a = 'x', b = {{ [f()]: a }};\n{}", pieces.concat());
            let layer = read(text.as_bytes(), "s.js", &[("X".to_owned(), "y".repeat(100))]);
            let reported: usize = layer.faults.iter().chain(&layer.warnings).map(|fault| fault.problem.len()).sum();
            prop_assert!(reported < 4 * super::MOST_BYTES);
            prop_assert!(layer.values.len() <= pieces.len() + 1);
        }
    }
}
