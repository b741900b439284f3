//! The settings in force as a `settings.js` of the former package, for going back to it.

use super::change::unwritable;
use super::keys::{KEYS, Key};
use super::settings_js::Written;
use super::{Fault, Settings, file};
use secrecy::ExposeSecret as _;
use std::fmt::Write as _;
use std::path::Path;

/// The text of the file. Holds the application's secret, if one is set.
pub fn export(settings: &Settings) -> String {
    let mut out = String::from("// Written by: ecss-crm-server export-settings\nvar settings = {\n");
    for key in KEYS.iter().filter(|key| key.in_settings_js) {
        // Writing to a String cannot fail.
        let _ = match value_of(settings, *key) {
            Some(value) => writeln!(out, "  {}: {},", key.name, value.text('\'')),
            None => writeln!(out, "  // {}: '',", key.name),
        };
    }
    out.push_str("};\n\nmodule.exports = settings;\n");
    out
}

/// Writes the file, mode 0640; one that is there is only replaced if `over`.
pub fn save(settings: &Settings, path: &Path, over: bool) -> Result<(), Fault> {
    file::create(path, export(settings).as_bytes(), over)
        .map_err(|error| unwritable(&path.display().to_string(), &error))
}

/// Every key with its value, one a line, for people who help from afar: of a secret only that it is set.
pub fn without_secrets(settings: &Settings) -> String {
    let shown = |key: &Key| match value_of(settings, *key) {
        Some(_) if key.name == "bitrixClientSecret" => format!("{}: (set)", key.name),
        Some(value) => format!("{}: {}", key.name, value.text('"')),
        None => format!("{}: (not set)", key.name),
    };
    KEYS.iter().map(shown).collect::<Vec<_>>().join("\n")
}

/// What a key is set to; none for one that is not set.
pub fn value_of(s: &Settings, key: Key) -> Option<Written> {
    let text = |text: &str| Some(Written::Text(text.to_owned()));
    let path = |path: &Path| Some(Written::Text(path.display().to_string()));
    let number = |number: u64| Some(Written::Number(u32::try_from(number).unwrap_or(u32::MAX)));
    match key.name {
        "path" => text(if s.path.is_empty() { "/" } else { &s.path }),
        "dist" => path(&s.dist),
        "proxyGatewayURL" => s.proxy_gateway_url.as_deref().and_then(text),
        "useUnixSockets" => Some(Written::Flag(s.use_unix_sockets)),
        "httpUnixSocket" => path(&s.http_unix_socket),
        "httpsUnixSocket" => path(&s.https_unix_socket),
        "serverHost" => text(&s.server_host),
        "httpPort" => number(s.http_port.into()),
        "httpsPort" => number(s.https_port.into()),
        "sslKeyFilename" => path(&s.ssl_key_filename),
        "sslCertFilename" => path(&s.ssl_cert_filename),
        "bitrixClientId" => s.bitrix_client_id.as_deref().and_then(text),
        "bitrixClientSecret" => s.bitrix_client_secret.as_ref().and_then(|secret| text(secret.expose_secret())),
        "bitrixTokenHost" => text(&s.bitrix_token_host),
        "logLevel" => text(s.log_level.name()),
        "defaultLogFile" => path(&s.default_log_file),
        "errorLogFile" => path(&s.error_log_file),
        "logToConsole" => Some(Written::Flag(s.log_to_console)),
        "rebindPlacement" => Some(Written::Flag(s.rebind_placement)),
        "state_dir" => path(&s.state_dir),
        "ca_file" => s.ca_file.as_deref().and_then(path),
        "dialect_file" => s.dialect_file.as_deref().and_then(path),
        "ops_listen" => s.ops_listen.as_ref().and_then(|listen| text(&listen.to_string())),
        "switch_time_zone" => s.switch_time_zone.as_deref().and_then(text),
        "portal_budget" => text(&s.portal_budget.to_string()),
        "portal_networks" => text(s.portal_networks.name()),
        "switch_networks" => text(s.switch_networks.name()),
        "retention_days" => number(s.retention_days.into()),
        "reconnect_grace" => number(s.reconnect_grace.as_secs()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{OpsListen, Sources, load};

    fn full() -> Settings {
        Settings {
            path: "/x".to_owned(),
            proxy_gateway_url: Some("https://звонки.рф/b".to_owned()),
            bitrix_client_id: Some("local.1".to_owned()),
            bitrix_client_secret: Some("it's \\ \"secret\"".to_owned().into()),
            ca_file: Some("/ca.pem".into()),
            dialect_file: Some("/d.toml".into()),
            ops_listen: Some(OpsListen::Unix("/run/ops".into())),
            switch_time_zone: Some("Asia/Tomsk".to_owned()),
            use_unix_sockets: false,
            http_port: 81,
            ..Settings::default()
        }
    }

    #[test]
    fn whoever_helps_sees_every_key_and_no_secret() {
        let settings = Settings { bitrix_client_secret: Some("hush".to_owned().into()), ..Settings::default() };
        let text = without_secrets(&settings);
        assert!(text.contains("bitrixClientSecret: (set)") && text.contains("httpsPort: 8802"), "{text}");
        assert!(!text.contains("hush"), "{text}");
        assert_eq!(text.lines().count(), KEYS.len());
    }

    #[test]
    fn every_key_has_its_value() {
        let unset = KEYS.iter().filter(|key| value_of(&full(), **key).is_none());
        assert_eq!(unset.map(|key| key.name).collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn what_is_exported_is_read_back_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.js");
        let own = Settings::default;
        for settings in
            [own(), Settings { ca_file: None, dialect_file: None, ops_listen: None, switch_time_zone: None, ..full() }]
        {
            save(&settings, &path, true).unwrap();
            let sources = Sources { settings_js: Some(path.clone()), ..Sources::default() };
            let again = load(&sources).unwrap().settings;
            let wanted = Settings {
                proxy_gateway_url: settings
                    .proxy_gateway_url
                    .as_ref()
                    .map(|_| "https://xn--b1ajehof.xn--p1ai/b".to_owned()),
                ..settings
            };
            assert_eq!(format!("{again:?}"), format!("{wanted:?}"));
            assert_eq!(export(&again), export(&wanted));
        }
        assert!(save(&own(), &path, false).unwrap_err().to_string().contains("--force"));
    }
}
