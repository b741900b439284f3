//! The few JavaScript values that a settings file is made of, and how the language combines them.

use config::ValueKind;

/// Why an expression has no value for us, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Index of its first character.
    pub at: usize,
    /// What it is, as the middle of a sentence.
    pub what: String,
}

/// A value, as far as it can be known without running the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Js {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// A list; what is in it never matters to us.
    List,
    /// An object literal, by its index in the reader's list.
    Object(usize),
    Process,
    Environment,
    Module,
    /// What `require('path')` gives.
    PathModule,
    /// A built-in we know how to apply, by its full name.
    Function(&'static str),
    Unreadable(Unread),
}

/// How an operator went wrong, as the middle of a sentence.
pub type Senseless = &'static str;

impl Js {
    /// The language's idea of "true"; `None` if it cannot be known.
    pub fn truthy(&self) -> Option<bool> {
        match self {
            Self::Undefined | Self::Null => Some(false),
            Self::Bool(flag) => Some(*flag),
            Self::Number(number) => Some(*number != 0.0 && !number.is_nan()),
            Self::Text(text) => Some(!text.is_empty()),
            Self::Unreadable(_) => None,
            _ => Some(true),
        }
    }

    /// What `typeof` says.
    pub fn type_name(&self) -> Option<&'static str> {
        match self {
            Self::Undefined => Some("undefined"),
            Self::Bool(_) => Some("boolean"),
            Self::Number(_) => Some("number"),
            Self::Text(_) => Some("string"),
            Self::Function(_) => Some("function"),
            Self::Unreadable(_) => None,
            _ => Some("object"),
        }
    }

    /// Whether `??` would take its right side; `None` if it cannot be known.
    pub fn nullish(&self) -> Option<bool> {
        match self {
            Self::Unreadable(_) => None,
            other => Some(matches!(other, Self::Undefined | Self::Null)),
        }
    }

    /// `===` (and `==`, whose conversions we do not follow: unlike kinds are `None`).
    pub fn same(&self, other: &Self, strict: bool) -> Option<bool> {
        match (self, other) {
            (Self::Unreadable(_), _) | (_, Self::Unreadable(_)) => None,
            (Self::Undefined | Self::Null, Self::Undefined | Self::Null) if !strict => Some(true),
            (Self::Undefined | Self::Null, _) | (_, Self::Undefined | Self::Null) => Some(self == other),
            (a, b) if strict || std::mem::discriminant(a) == std::mem::discriminant(b) => Some(a == b),
            _ => None,
        }
    }

    /// The words a text operation sees.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Undefined => Some("undefined".to_owned()),
            Self::Null => Some("null".to_owned()),
            Self::Bool(flag) => Some(flag.to_string()),
            Self::Number(number) => Some(number_text(*number)),
            Self::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// What `Number(…)` makes of it.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Undefined => Some(f64::NAN),
            Self::Null => Some(0.0),
            Self::Bool(flag) => Some(f64::from(u8::from(*flag))),
            Self::Number(number) => Some(*number),
            Self::Text(text) => Some(text_number(text.trim())),
            _ => None,
        }
    }

    /// `+`: a sum, or the texts joined. Joining "undefined" is legal and never meant, so it is refused.
    pub fn plus(&self, other: &Self) -> Result<Self, Senseless> {
        if let (Self::Number(a), Self::Number(b)) = (self, other) {
            return Ok(Self::Number(a + b));
        }
        if [self, other].iter().any(|side| matches!(side, Self::Undefined)) {
            return Err("a part of this text is undefined");
        }
        match (self.text(), other.text()) {
            (Some(a), Some(b)) => Ok(Self::Text(a + &b)),
            _ => Err("this cannot be joined to a text"),
        }
    }

    /// `-`, `*`, `/`.
    pub fn arithmetic(&self, operator: &str, other: &Self) -> Result<Self, Senseless> {
        let (Some(a), Some(b)) = (self.number(), other.number()) else {
            return Err("this is no arithmetic on numbers");
        };
        Ok(Self::Number(match operator {
            "-" => a - b,
            "*" => a * b,
            _ => a / b,
        }))
    }

    /// The value as a setting; `None` where the setting counts as absent.
    pub fn setting(&self) -> Option<ValueKind> {
        match self {
            Self::Undefined | Self::Null | Self::Unreadable(_) => None,
            Self::Bool(flag) => Some(ValueKind::from(*flag)),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Some(ValueKind::from(*number as i64))
            }
            Self::Number(number) => Some(ValueKind::from(*number)),
            Self::Text(text) => Some(ValueKind::from(text.as_str())),
            Self::List => Some(ValueKind::Array(Vec::new())),
            _ => Some(ValueKind::Table(config::Map::new())),
        }
    }
}

fn number_text(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    number.to_string()
}

fn text_number(text: &str) -> f64 {
    let radix = |digits: &str, radix| u32::from_str_radix(digits, radix).map_or(f64::NAN, f64::from);
    match text.get(..2).map(str::to_ascii_lowercase).as_deref() {
        _ if text.is_empty() => 0.0,
        Some("0x") => radix(&text[2..], 16),
        Some("0o") => radix(&text[2..], 8),
        Some("0b") => radix(&text[2..], 2),
        // Rust also reads words such as "inf", which the language does not.
        _ if text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c)) => text.parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

/// `parseInt(text, radix)`: the number that the text begins with.
pub fn parse_int(text: &str, radix: u32) -> f64 {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(rest) if radix == 16 || radix == 0 => (16, rest),
        _ => (if radix == 0 { 10 } else { radix }, digits),
    };
    if !(2..=36).contains(&radix) {
        return f64::NAN;
    }
    let mut values = digits.chars().map_while(|c| c.to_digit(radix)).map(f64::from).peekable();
    match values.peek() {
        None => f64::NAN,
        Some(_) => sign * values.fold(0.0, |sum, digit| sum * f64::from(radix) + digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(s: &str) -> Js {
        Js::Text(s.to_owned())
    }

    #[test]
    fn truth_is_the_languages_own() {
        for falsy in [Js::Undefined, Js::Null, Js::Bool(false), Js::Number(0.0), Js::Number(f64::NAN), text("")] {
            assert_eq!(falsy.truthy(), Some(false), "{falsy:?}");
        }
        for truthy in [Js::Bool(true), Js::Number(-1.0), text("0"), text("false"), Js::List, Js::Object(0)] {
            assert_eq!(truthy.truthy(), Some(true), "{truthy:?}");
        }
        assert_eq!(text("").nullish(), Some(false));
        assert_eq!(Js::Null.nullish(), Some(true));
    }

    #[test]
    fn plus_adds_or_joins() {
        assert_eq!(Js::Number(1.0).plus(&Js::Number(2.0)), Ok(Js::Number(3.0)));
        assert_eq!(Js::Number(1.0).plus(&text("x")), Ok(text("1x")));
        assert_eq!(text("x").plus(&Js::Bool(true)), Ok(text("xtrue")));
        assert!(text("x").plus(&Js::Undefined).is_err());
        assert!(text("x").plus(&Js::List).is_err());
        assert_eq!(text("60").arithmetic("*", &Js::Number(2.0)), Ok(Js::Number(120.0)));
    }

    #[test]
    fn numbers_are_read_as_the_built_ins_do() {
        assert_eq!(text(" 8801 ").number(), Some(8801.0));
        assert_eq!(text("0x10").number(), Some(16.0));
        assert_eq!(text("").number(), Some(0.0));
        assert!(text("88a").number().unwrap().is_nan());
        assert!(text("infinity").number().unwrap().is_nan());
        assert!(text("0xfg").number().unwrap().is_nan());
        assert_eq!(Js::Number(parse_int(" 88a", 10)), Js::Number(88.0));
        assert_eq!(Js::Number(parse_int("-0x1F", 0)), Js::Number(-31.0));
        assert!(parse_int("a", 10).is_nan());
        assert!(parse_int("1", 99).is_nan());
    }

    #[test]
    fn equality_of_unlike_kinds_is_only_known_when_strict() {
        assert_eq!(Js::Number(1.0).same(&text("1"), true), Some(false));
        assert_eq!(Js::Number(1.0).same(&text("1"), false), None);
        assert_eq!(Js::Undefined.same(&text("1"), false), Some(false));
        assert_eq!(Js::Undefined.same(&Js::Null, false), Some(true));
    }

    #[test]
    fn a_whole_number_becomes_an_integer_setting_and_null_none() {
        assert_eq!(Js::Number(8801.0).setting(), Some(ValueKind::from(8801_i64)));
        assert_eq!(Js::Number(0.5).setting(), Some(ValueKind::from(0.5)));
        assert_eq!(Js::Null.setting(), None);
        assert_eq!(Js::List.setting(), Some(ValueKind::Array(Vec::new())));
    }
}
