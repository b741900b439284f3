//! Reads `config.toml`: flat keys, every one of which must be known.

use super::fault::FaultPlace;
use super::keys::{self, KeyKind};
use super::layer::{FoundValue, Layer};
use config::ValueKind;
use toml::de::{DeTable, DeValue};

/// The settings in `text`, which came from `file`.
pub fn read(text: &str, file: &str) -> Layer {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let whole = FaultPlace::file(file);
    let (table, errors) = DeTable::parse_recoverable(text);
    let lines = KeyLines::of(text);
    let mut layer = Layer { broken: !errors.is_empty(), ..Layer::default() };
    for error in errors {
        let place = error.span().map_or(whole.clone(), |span| whole.at(lines.position(span.start)));
        let problem = error.message().trim().replace('\n', ", ");
        layer.faults.push(place.fault(problem, "a line is KEY = VALUE, and text stands in \"quotes\""));
    }
    for (name, value) in table.get_ref() {
        let place = whole.at(lines.position(name.span().start)).of(name.get_ref().as_ref());
        let Some(key) = keys::find_spelt(name.get_ref()) else {
            layer.faults.push(unknown(&place, name.get_ref(), value.get_ref()));
            continue;
        };
        let kind = match value.get_ref() {
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_)
                if matches!(key.kind, KeyKind::Text | KeyKind::Retired) =>
            {
                let name = if matches!(value.get_ref(), DeValue::Datetime(_)) { "date or time" } else { "number" };
                // It may be a secret.
                let problem = format!("is a {name} where a text is expected, and is taken as it is written");
                layer.warnings.push(place.fault(problem, "write it in quotes"));
                ValueKind::from(text.get(value.span()).unwrap_or_default())
            }
            other => kind(other),
        };
        let found = FoundValue { kind, place };
        if let Some(first) = layer.values.insert(keys::canonical(key.name), found.clone()) {
            let earlier = first.place.key.unwrap_or_default();
            layer
                .faults
                .push(found.place.fault(format!("is set a second time, after {earlier}"), "remove one of the two"));
        }
    }
    layer.abridge();
    layer
}

fn unknown(place: &FaultPlace, name: &str, value: &DeValue<'_>) -> super::Fault {
    match value {
        DeValue::Table(_) => place.fault("there are no sections", "write all keys at the top level, without [section]"),
        _ => place.fault("is not a setting", keys::did_you_mean(name)),
    }
}

fn kind(value: &DeValue<'_>) -> ValueKind {
    match value {
        DeValue::String(text) => ValueKind::from(text.as_ref()),
        DeValue::Boolean(flag) => ValueKind::from(*flag),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => ValueKind::from(number),
            Err(_) => ValueKind::from(number.as_str()),
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(number) => ValueKind::from(number),
            Err(_) => ValueKind::from(number.as_str()),
        },
        DeValue::Datetime(moment) => ValueKind::from(moment.to_string()),
        DeValue::Array(_) => ValueKind::Array(Vec::new()),
        DeValue::Table(_) => ValueKind::Table(config::Map::new()),
    }
}

/// The lines of a text, so that many places in it are found at the price of one reading.
struct KeyLines<'t> {
    text: &'t str,
    begins: Vec<usize>,
}

impl<'t> KeyLines<'t> {
    fn of(text: &'t str) -> Self {
        let begins = [0].into_iter().chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, begins }
    }

    /// Line and column (in characters, from 1) of a byte offset.
    fn position(&self, offset: usize) -> (u32, u32) {
        let line = self.begins.partition_point(|begin| *begin <= offset).saturating_sub(1);
        let before = self.text.get(self.begins[line]..offset).unwrap_or_default();
        let count = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        (count(line), count(before.chars().count()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        read(text, "c.toml").faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn both_spellings_are_read_with_their_places() {
        let layer = read("\u{feff}# top\r\nhttpPort = 0x51\r\n  state_dir = 'ё'\r\n", "c.toml");
        assert!(layer.faults.is_empty(), "{:?}", layer.faults);
        assert_eq!(layer.values["httpport"].kind, ValueKind::from(0x51_i64));
        let place = &layer.values["statedir"].place;
        assert_eq!((place.line, place.column, place.key.as_deref()), (Some(3), Some(3), Some("state_dir")));
    }

    #[test]
    fn a_typing_error_is_a_fault_that_names_the_key() {
        assert_eq!(faults("stat_dir = 'x'"), ["c.toml:1:1: stat_dir: is not a setting; did you mean state_dir?"]);
        assert!(faults("[server]\nport = 1")[0].contains("there are no sections"));
    }

    #[test]
    fn a_text_without_quotes_is_taken_to_the_letter_and_told() {
        for (written, name) in [
            ("0x1F", "number"),
            ("1_0.50", "number"),
            ("99999999999999999999", "number"),
            ("1979-05-27", "date or time"),
        ] {
            let layer = read(&format!("bitrixClientSecret = {written} # a comment"), "c.toml");
            assert_eq!(layer.values["bitrixclientsecret"].kind, ValueKind::from(written));
            let reported: Vec<String> = layer.warnings.iter().map(ToString::to_string).collect();
            let wanted = format!(
                "c.toml:1:1: bitrixClientSecret: is a {name} where a text is expected, and is taken as it is written; \
                 write it in quotes"
            );
            assert_eq!(reported, [wanted]);
        }
    }

    #[test]
    fn a_file_of_nothing_but_unknown_keys_is_told_by_its_first_ones() {
        let text = (0..4_000).map(|n| format!("key{n} = 1\n")).collect::<Vec<_>>().concat();
        let reported = faults(&text);
        assert!(reported.len() < 50, "{}", reported.len());
        assert!(reported[0].starts_with("c.toml:1:1: key0: is not a setting"), "{}", reported[0]);
        assert!(reported.last().is_some_and(|last| last.contains("and 3,9")), "{reported:?}");
    }

    #[test]
    fn the_same_key_in_two_spellings_is_a_fault() {
        let reported = faults("httpPort = 1\nhttp_port = 2");
        assert_eq!(reported.len(), 1);
        assert!(reported[0].starts_with("c.toml:2:1: http_port: is set a second time"), "{reported:?}");
    }

    #[test]
    fn syntax_errors_are_told_with_all_others() {
        let layer = read("httpPort = = 1\nlogLevel = 'warn'\nhttps_prt = 2\n", "c.toml");
        let reported: Vec<String> = layer.faults.iter().map(ToString::to_string).collect();
        assert!(layer.broken);
        assert!(reported.iter().any(|t| t.starts_with("c.toml:1:")), "{reported:?}");
        assert!(reported.iter().any(|t| t.contains("did you mean httpsPort?")), "{reported:?}");
    }
}
