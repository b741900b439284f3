//! The names of all settings, and which spelling means which.

use strsim::levenshtein;

/// What a key's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Text, also a path or an address.
    Text,
    /// True or false.
    Flag,
    /// A whole number.
    Number,
    /// A path that the former package needed and nothing here depends on.
    Retired,
}

/// A setting's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The documented spelling.
    pub name: &'static str,
    /// Whether `settings.js` may hold it (the keys of the former package), or only `config.toml`.
    pub in_settings_js: bool,
    /// What its value is.
    pub kind: KeyKind,
}

const fn shared(name: &'static str, kind: KeyKind) -> Key {
    Key { name, in_settings_js: true, kind }
}

const fn own(name: &'static str, kind: KeyKind) -> Key {
    Key { name, in_settings_js: false, kind }
}

/// Every key, in the order of the annotated default file.
pub const KEYS: &[Key] = &[
    shared("path", KeyKind::Text),
    shared("dist", KeyKind::Retired),
    shared("proxyGatewayURL", KeyKind::Text),
    shared("useUnixSockets", KeyKind::Flag),
    shared("httpUnixSocket", KeyKind::Text),
    shared("httpsUnixSocket", KeyKind::Text),
    shared("serverHost", KeyKind::Text),
    shared("httpPort", KeyKind::Number),
    shared("httpsPort", KeyKind::Number),
    shared("sslKeyFilename", KeyKind::Text),
    shared("sslCertFilename", KeyKind::Text),
    shared("bitrixClientId", KeyKind::Text),
    shared("bitrixClientSecret", KeyKind::Text),
    shared("bitrixTokenHost", KeyKind::Text),
    shared("logLevel", KeyKind::Text),
    shared("defaultLogFile", KeyKind::Text),
    shared("errorLogFile", KeyKind::Text),
    shared("logToConsole", KeyKind::Flag),
    shared("rebindPlacement", KeyKind::Flag),
    own("state_dir", KeyKind::Text),
    own("ca_file", KeyKind::Text),
    own("dialect_file", KeyKind::Text),
    own("ops_listen", KeyKind::Text),
    own("switch_time_zone", KeyKind::Text),
    own("portal_budget", KeyKind::Text),
    own("portal_networks", KeyKind::Text),
    own("switch_networks", KeyKind::Text),
    own("retention_days", KeyKind::Number),
    own("reconnect_grace", KeyKind::Number),
];

/// What all spellings of a key have in common: lower case, no underscores.
pub fn canonical(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

/// The key of this canonical name.
pub fn find(canonical_name: &str) -> Option<Key> {
    KEYS.iter().copied().find(|key| canonical(key.name) == canonical_name)
}

/// Whether `spelling` is `camelCase` or `snake_case` for a key: the two that files may use.
pub fn find_spelt(spelling: &str) -> Option<Key> {
    let key = find(&canonical(spelling))?;
    let snake = snake(key.name);
    (spelling == key.name || spelling == snake || spelling == camel(&snake)).then_some(key)
}

/// A sentence that names the key that was probably meant, or else says where keys are listed.
pub fn did_you_mean(spelling: &str) -> String {
    let wanted = canonical(spelling);
    let nearest = KEYS.iter().map(|key| (levenshtein(&wanted, &canonical(key.name)), key.name)).min();
    match nearest {
        Some((edits, name)) if edits <= 1 + wanted.chars().count() / 5 => format!("did you mean {name}?"),
        _ => "remove it, or see the annotated config.toml for the keys there are".to_owned(),
    }
}

fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut previous_lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && previous_lower {
            out.push('_');
        }
        previous_lower = c.is_ascii_lowercase();
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn camel(snake: &str) -> String {
    let mut words = snake.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_share_a_canonical_name() {
        let mut names: Vec<String> = KEYS.iter().map(|key| canonical(key.name)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), KEYS.len());
    }

    #[test]
    fn files_may_spell_in_camel_and_snake_case_only() {
        for spelling in ["proxyGatewayURL", "proxy_gateway_url", "proxyGatewayUrl"] {
            assert_eq!(find_spelt(spelling).unwrap().name, "proxyGatewayURL", "{spelling}");
        }
        for spelling in ["state_dir", "stateDir"] {
            assert_eq!(find_spelt(spelling).unwrap().name, "state_dir", "{spelling}");
        }
        for spelling in ["STATE_DIR", "statedir", "_state_dir", "http_Port", "nothing"] {
            assert_eq!(find_spelt(spelling), None, "{spelling}");
        }
    }

    #[test]
    fn a_near_miss_is_named_and_a_far_one_is_not() {
        assert_eq!(did_you_mean("htttpPort"), "did you mean httpPort?");
        assert_eq!(did_you_mean("logLvl"), "did you mean logLevel?");
        assert!(did_you_mean("colour").starts_with("remove it"));
    }
}
