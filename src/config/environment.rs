//! Settings from the environment: `ECSS_CRM__STATE_DIR=/srv/db`.
//!
//! Letter case and single underscores of a name do not matter; a second `__` would name a section.

use super::fault::{ENVIRONMENT, FaultPlace};
use super::keys;
use super::layer::{FoundValue, Layer};
use config::ValueKind;

const PREFIX: &str = "ECSS_CRM__";

/// The settings among `variables`. A name that is no setting is only doubted: the environment is shared
/// with other versions of the program.
pub fn read(variables: &[(String, String)]) -> Layer {
    let mut layer = Layer::default();
    for (name, value) in variables {
        let Some(rest) = name.get(..PREFIX.len()).filter(|head| head.eq_ignore_ascii_case(PREFIX)) else { continue };
        let spelling = &name[rest.len()..];
        let place = FaultPlace::file(ENVIRONMENT).of(name);
        let path: Vec<String> = spelling.split("__").map(keys::canonical).collect();
        match keys::find(&path.join(".")) {
            Some(_) => {
                layer.values.insert(path.join("."), FoundValue { kind: ValueKind::from(value.as_str()), place });
            }
            None => layer.warnings.push(place.fault("is not a setting", keys::did_you_mean(spelling))),
        }
    }
    layer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Layer {
        read(&pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>())
    }

    #[test]
    fn case_and_underscores_do_not_matter() {
        for name in ["ECSS_CRM__HTTP_PORT", "ECSS_CRM__HTTPPORT", "ecss_crm__httpPort"] {
            let layer = of(&[(name, "81"), ("PATH", "/bin")]);
            assert_eq!(layer.values["httpport"].kind, ValueKind::from("81"), "{name}");
            assert_eq!(layer.values["httpport"].place.key.as_deref(), Some(name));
            assert!(layer.warnings.is_empty());
        }
    }

    #[test]
    fn an_unknown_name_is_a_warning_without_its_value() {
        let layer = of(&[("ECSS_CRM__HTTP__PORT", "s3cret"), ("ECSS_CRM__STAT_DIR", "s3cret"), ("Ж", "")]);
        assert!(layer.values.is_empty() && layer.faults.is_empty());
        let reported: Vec<String> = layer.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(reported.len(), 2, "{reported:?}");
        assert!(reported[1].contains("did you mean state_dir?"));
        assert!(!reported.concat().contains("s3cret"));
    }
}
