//! `company list`, `show` and `forget`, without a daemon and beside one.

use super::tool::Place;
use ecss_crm_server::domain::{CompanyId, Timestamp, Tokens, UserId};
use ecss_crm_server::store::{NewCompany, Store};
use serde_json::Value;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

const AT: Timestamp = Timestamp(1_770_000_000_000);

/// A folder with a database of two companies, and the settings that lead to it.
pub async fn place() -> (Place, Store) {
    let place = Place::new();
    place.write("config.toml", &format!("state_dir = {:?}\n", place.path("db").display().to_string()));
    let store = Store::open(&place.path("db")).await.expect("a database");
    for (id, domain) in [("one", "one.example"), ("two", "two.example")] {
        let company = NewCompany {
            id: CompanyId::from(id),
            domain: domain.to_owned(),
            client_endpoint: format!("https://{domain}/rest/"),
            client_id: "local.123".to_owned(),
            client_secret: "s3cret-of-the-application".to_owned().into(),
            application_token: Some("s3cret-of-the-events".to_owned().into()),
            language: None,
        };
        let tokens = Tokens {
            access: "s3cret-access".to_owned().into(),
            refresh: "s3cret-refresh".to_owned().into(),
            previous: None,
            expires_at: AT,
            refresh_obtained_at: AT,
            user_id: Some(UserId(1)),
            server_endpoint: None,
            scope: "telephony,user".to_owned(),
        };
        store.register_company(&company, &tokens, AT).await.expect("a company");
        store.rename_company(&company.id, "Ромашка").await.expect("a name");
    }
    (place, store)
}

fn company(place: &Place, arguments: &[&str]) -> super::tool::Done {
    place.run(&[&["company"], arguments, &["--config", "config.toml"]].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn companies_are_listed_and_shown_without_their_secrets_also_beside_a_daemon() {
    let (place, store) = place().await;
    for beside in [true, false] {
        if !beside {
            store.close().await;
        }
        let list = company(&place, &["list"]);
        assert_eq!(list.code, 0, "{list:?}");
        let first: Vec<&str> = list.out.lines().next().unwrap_or_default().split('\t').collect();
        assert_eq!((first[0], first[1], first[2], first[4]), ("one", "one.example", "registered", "Ромашка"));
        let json: Value = serde_json::from_str(&company(&place, &["list", "--json"]).out).expect("JSON");
        assert_eq!((json[1]["id"].as_str(), json[1]["state"].as_str()), (Some("two"), Some("registered")));
        assert_eq!(json[1]["since"], AT.0);
        let shown = company(&place, &["show", "one"]);
        assert!(shown.out.contains("telephony,user") && shown.out.contains("one.example"), "{shown:?}");
        let json: Value = serde_json::from_str(&company(&place, &["show", "one", "--json"]).out).expect("JSON");
        assert_eq!((json["domain"].as_str(), json["token_user"].as_i64()), (Some("one.example"), Some(1)));
        assert!(!format!("{shown:?} {json}").contains("s3cret"), "{shown:?} {json}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_is_forgotten_only_when_that_is_confirmed_and_then_for_good() {
    let (place, store) = place().await;
    store.close().await;
    drop(store);
    let refused = company(&place, &["forget", "one"]);
    assert!(refused.code == 1 && refused.err.contains("add --yes"), "{refused:?}");
    let done = company(&place, &["forget", "one", "--yes", "--json"]);
    let json: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!((json["id"].as_str(), json["state"].as_str()), (Some("one"), Some("deleted")), "{done:?}");
    let list = company(&place, &["list"]);
    assert!(list.out.starts_with("two\t") && list.out.lines().count() == 1, "{list:?}");
    let file = std::fs::read(place.path("db/store.db")).expect("the database");
    assert!(!file.windows(11).any(|piece| piece == b"one.example"), "it can be read in the file");
}

/// A user who is not root, whatever the name.
pub const SERVICE: u32 = 65_534;

fn all_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { [all_below(&path), vec![path]].concat() } else { vec![path] }).collect()
}

/// After a restore: the database and its key are there with the right owner, and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_command_of_roots_leaves_a_file_in_a_folder_of_the_services_that_is_not_the_services() {
    let (place, store) = place().await;
    store.close().await;
    drop(store);
    for name in ["lock", "store.db-wal", "store.db-shm"] {
        let gone = std::fs::remove_file(place.path("db").join(name));
        assert!(gone.is_ok() || name != "lock", "{gone:?}");
    }
    place.write("settings.js", "module.exports = { logLevel: 'warn' };");
    let given: Vec<_> = [all_below(&place.path("")), vec![place.path("")]].concat();
    if given.iter().any(|path| chown(path, Some(SERVICE), Some(SERVICE)).is_err()) {
        eprintln!("skipped: only root can make files of another user");
        return;
    }
    let settings: &[&str] = &["--config", "config.toml", "--settings", "settings.js"];
    for command in [
        &["company", "list"][..],
        &["company", "show", "one"],
        &["check-config"],
        &["config", "get", "logLevel"],
        &["export-settings", "out.js"],
        &["gen-cert", "--key", "ssl/new/key.pem", "--cert", "ssl/new/cert.pem", "--host", "a.example"],
        &["company", "forget", "one", "--yes"],
        &["company", "list"],
    ] {
        let done = place.run(&[command, settings].concat());
        assert_eq!(done.code, 0, "{command:?}: {done:?}");
        for path in all_below(&place.path("")) {
            let found = path.symlink_metadata().expect("it is there");
            assert_eq!((found.uid(), found.gid()), (SERVICE, SERVICE), "{command:?}: {}", path.display());
        }
    }
    let set = place.run(&["config", "set", "logLevel", "info", "--settings", "settings.js"]);
    assert_eq!(set.code, 0, "{set:?}");
    assert_eq!(place.path("settings.js").metadata().expect("it is there").uid(), SERVICE);
    assert!(place.path("db/lock").exists() && place.path("ssl/new/key.pem").exists(), "the commands made files");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_is_told_with_a_remedy() {
    let (place, _store) = place().await;
    for arguments in [&["show", "nobody"][..], &["forget", "nobody", "--yes"]] {
        let done = company(&place, arguments);
        assert!(
            done.code == 1 && done.err.contains("no company nobody") && done.err.contains("company list"),
            "{done:?}"
        );
    }
    place.write("config.toml", &format!("state_dir = {:?}\n", place.path("none").display().to_string()));
    let done = company(&place, &["list"]);
    assert!(done.code == 1 && done.err.contains("there is no database"), "{done:?}");
    place.write("config.toml", "state_dir = ''\n");
    assert_eq!(company(&place, &["list"]).code, 78);
}
