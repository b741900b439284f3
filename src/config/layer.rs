//! One source's settings, and the laying of sources over each other.

use super::fault::{Fault, FaultPlace};
use config::{ConfigError, Map, Source, Value, ValueKind};
use std::collections::{BTreeMap, BTreeSet};

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundValue {
    /// The value as the file's own syntax types it.
    pub kind: ValueKind,
    /// Where it stands.
    pub place: FaultPlace,
}

/// What one source sets, by canonical key, and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    /// Values that could be read.
    pub values: BTreeMap<String, FoundValue>,
    /// Keys that are set but cannot be read; their faults are in `faults`.
    pub unreadable: BTreeSet<String>,
    /// Set if so little could be read that nothing can be said about keys that seem to be missing.
    pub broken: bool,
    /// Errors.
    pub faults: Vec<Fault>,
    /// Doubts.
    pub warnings: Vec<Fault>,
}

/// At most this many faults and doubts of one source are reported; the next are reported once these are put right.
pub const MOST_REPORTED: usize = 40;

impl Layer {
    /// Lists only the first faults and doubts one by one, where there are very many, and how many there are besides.
    pub fn abridge(&mut self) {
        for list in [&mut self.faults, &mut self.warnings] {
            list.sort_by_key(|fault| (fault.line, fault.column));
            let more = list.len().saturating_sub(MOST_REPORTED);
            let Some(first_unreported) = list.get(MOST_REPORTED) else { continue };
            let rest = Fault {
                key: None,
                problem: format!("and {} more from here on", grouped(more)),
                remedy: "see to those above first".to_owned(),
                ..first_unreported.clone()
            };
            list.truncate(MOST_REPORTED);
            list.push(rest);
        }
    }

    /// Nothing but the fault that made the whole source unusable.
    pub fn broken(fault: Fault) -> Self {
        Self { broken: true, faults: vec![fault], ..Self::default() }
    }
}

/// The number with its thousands set apart.
fn grouped(number: usize) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1_000), number % 1_000),
    }
}

/// The layer as the `config` crate sees it: of each value only its index. The crate would merge tables, and lose an
/// empty one with its place.
#[derive(Debug, Clone)]
struct Indexed(Vec<(String, i64)>);

impl Source for Indexed {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.iter().map(|(key, at)| (key.clone(), Value::from(*at))).collect())
    }
}

/// The winning value of each key; later layers win.
pub fn overlay(layers: &[&Layer]) -> Result<BTreeMap<String, FoundValue>, ConfigError> {
    let mut all: Vec<&FoundValue> = Vec::new();
    let mut builder = config::Config::builder();
    for layer in layers {
        let mut indexed = Vec::with_capacity(layer.values.len());
        for (key, found) in &layer.values {
            indexed.push((key.clone(), i64::try_from(all.len()).unwrap_or(i64::MAX)));
            all.push(found);
        }
        builder = builder.add_source(Indexed(indexed));
    }
    let merged = builder.build()?.cache.into_table()?;
    let mut winning = BTreeMap::new();
    for (key, index) in merged {
        if let Some(found) = usize::try_from(index.into_int()?).ok().and_then(|index| all.get(index)) {
            winning.insert(key, (*found).clone());
        }
    }
    Ok(winning)
}

/// Warnings for keys that `under` sets in vain because `over` sets them too.
pub fn shadowed(under: &Layer, over: &Layer) -> Vec<Fault> {
    let both = under.values.iter().filter_map(|(key, lost)| Some((lost, over.values.get(key)?)));
    both.map(|(lost, wins)| {
        let line = wins.place.line.map(|line| format!(" line {line}")).unwrap_or_default();
        lost.place
            .fault(format!("is also set in {}{line}, and that value is used", wins.place.file), "remove one of the two")
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(file: &str, pairs: &[(&str, &str)]) -> Layer {
        let found =
            |value: &str| FoundValue { kind: ValueKind::from(value), place: FaultPlace::file(file).at((1, 2)).of("k") };
        Layer { values: pairs.iter().map(|(k, v)| ((*k).to_owned(), found(v))).collect(), ..Layer::default() }
    }

    #[test]
    fn of_very_many_faults_the_first_are_told_and_the_number_of_the_others() {
        let fault = |line| FaultPlace::file("a").at((line, 1)).of("k").fault("no", "write one");
        let mut few = Layer { faults: (1..=40).map(fault).collect(), ..Layer::default() };
        few.abridge();
        assert_eq!(few.faults.len(), 40);
        let mut many = Layer { warnings: (1..=8_040).rev().map(fault).collect(), ..Layer::default() };
        many.abridge();
        let reported: Vec<_> = many.warnings.iter().map(ToString::to_string).collect();
        assert_eq!((reported.len(), reported[0].as_str()), (41, "a:1:1: k: no; write one"));
        assert_eq!(reported[40], "a:41:1: and 8,000 more from here on; see to those above first");
        assert_eq!(grouped(1_002_003), "1,002,003");
    }

    #[test]
    fn the_later_layer_wins_and_brings_its_place() {
        let (a, b) = (layer("a", &[("x", "1"), ("y", "1")]), layer("b", &[("y", "2")]));
        let merged = overlay(&[&a, &b]).unwrap();
        assert_eq!(merged["x"].place.file, "a");
        assert_eq!(merged["y"].place.file, "b");
        assert_eq!(merged["y"].kind, ValueKind::from("2"));
    }

    #[test]
    fn an_empty_table_wins_with_its_place_like_any_other_value() {
        let mut table = layer("b", &[("x", "")]);
        table.values.get_mut("x").unwrap().kind = ValueKind::Table(Map::new());
        for layers in [&[&table][..], &[&layer("a", &[("x", "1")]), &table]] {
            let won = &overlay(layers).unwrap()["x"];
            assert_eq!((&won.kind, won.place.file.as_str()), (&ValueKind::Table(Map::new()), "b"));
        }
    }

    #[test]
    fn a_key_set_twice_is_told_once_at_the_place_without_effect() {
        let (a, b) = (layer("a.toml", &[("x", "1"), ("y", "1")]), layer("b.js", &[("y", "2")]));
        let reported: Vec<String> = shadowed(&a, &b).iter().map(ToString::to_string).collect();
        assert_eq!(
            reported,
            ["a.toml:1:2: k: is also set in b.js line 1, and that value is used; remove one of the two"]
        );
    }
}
