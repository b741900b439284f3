//! Links that the service's user has put where root's commands work: none leads root anywhere else.

use super::company::{SERVICE, place};
use super::tool::{Done, Place};
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SECRET: &str = "what only root may read";
const SETTINGS: &str = "module.exports = { logLevel: 'warn' };";

/// A folder of the service's with everything in it that the commands want, and one of root's.
struct Scene {
    place: Place,
    precious: TempDir,
}

/// All files below, and what they are like.
fn state(folder: &Path) -> Vec<(PathBuf, u32, u32, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let meta = path.symlink_metadata().expect("it is there");
        if meta.is_dir() {
            found.extend(state(&path));
        }
        let contents = if meta.is_file() { fs::read(&path).expect("it is read") } else { Vec::new() };
        found.push((path, meta.mode(), meta.uid(), contents));
    }
    found.sort();
    found
}

impl Scene {
    /// `None`, and a line that says so, where only root can set the scene.
    async fn set() -> Option<Self> {
        let (place, store) = place().await;
        store.close().await;
        drop(store);
        place.write("settings.js", SETTINGS);
        place.write("empty.js", "module.exports = {};");
        fs::create_dir(place.path("ssl")).expect("a folder");
        for name in ["key.pem", "cert.pem"] {
            place.write(&format!("ssl/{name}"), "old");
        }
        let precious = tempfile::tempdir().expect("a folder");
        // The folder may be entered, so that only the files' own rights protect them.
        fs::set_permissions(precious.path(), Permissions::from_mode(0o755)).expect("it is ours");
        fs::create_dir_all(precious.path().join("sub")).expect("a folder");
        let database = fs::read(place.path("db/store.db")).expect("a database");
        for (name, contents) in [("secret", SECRET.as_bytes()), ("sub/settings.js", SECRET.as_bytes())] {
            fs::write(precious.path().join(name), contents).expect("it is written");
        }
        fs::write(precious.path().join("sub/store.db"), &database).expect("it is written");
        fs::write(precious.path().join("sub/key"), "ab".repeat(32)).expect("it is written");
        for (path, mode, ..) in state(precious.path()) {
            let private = if mode & 0o170_000 == 0o040_000 { 0o755 } else { 0o600 };
            fs::set_permissions(&path, Permissions::from_mode(private)).expect("it is ours");
        }
        let mut given: Vec<_> = state(&place.path("")).into_iter().map(|(path, ..)| path).collect();
        given.push(place.path(""));
        if given.iter().any(|path| chown(path, Some(SERVICE), Some(SERVICE)).is_err()) {
            let _ = writeln!(io::stderr(), "skipped: only root can make files of another user");
            return None;
        }
        Some(Self { place, precious })
    }

    fn plant(&self, name: &str, target: &str) {
        let (path, target) = (self.place.path(name), self.precious.path().join(target));
        if path.is_dir() {
            fs::rename(&path, self.place.path(&format!("{}.away", name.replace('/', "-")))).expect("it is moved");
        } else {
            let _ = fs::remove_file(&path);
        }
        symlink(target, &path).expect("a link");
        lchown(&path, Some(SERVICE), Some(SERVICE)).expect("it is given away");
    }

    fn run(&self, command: &[&str]) -> Done {
        let settings: &[&str] = match command {
            ["config", "set", ..] => &["--settings", "settings.js"],
            _ => &["--config", "config.toml", "--settings", "empty.js"],
        };
        self.place.run(&[command, settings].concat())
    }
}

/// Plants one link, runs one command, and looks whether anything of root's was changed or given away. What the command
/// says depends on whether it could do its work without following the link.
async fn withstands(command: &[&str], link: &str, target: &str, does_its_work: bool) {
    let Some(scene) = Scene::set().await else { return };
    let what = format!("{command:?} with {link} -> {target}");
    scene.plant(link, target);
    let before = state(scene.precious.path());
    let done = scene.run(command);
    assert!(state(scene.precious.path()) == before, "{what} changed what is root's: {done:?}");
    assert_eq!(done.code == 0, does_its_work, "{what}: {done:?}");
    assert!(!done.out.contains(SECRET), "{what}: {done:?}");
    for (path, mode, owner, contents) in state(&scene.place.path("")) {
        let readable = owner == SERVICE || mode & 0o044 != 0;
        let stolen = contents.windows(SECRET.len()).any(|piece| piece == SECRET.as_bytes());
        assert!(!(readable && stolen), "{what} brought the service what only root may read: {}", path.display());
    }
}

const GEN_CERT: &[&str] =
    &["gen-cert", "--key", "ssl/key.pem", "--cert", "ssl/cert.pem", "--host", "a.example", "--force"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gen_cert_writes_through_no_planted_link() {
    for name in ["ssl/key.pem", "ssl/cert.pem"] {
        withstands(GEN_CERT, name, "secret", false).await;
        withstands(GEN_CERT, name, "made", false).await;
        withstands(GEN_CERT, &format!("{name}.new"), "secret", true).await;
    }
    withstands(GEN_CERT, "ssl", "sub", false).await;
    let deep = &["gen-cert", "--key", "ssl/a/b/key.pem", "--cert", "ssl/a/b/cert.pem", "--host", "a.example"];
    withstands(deep, "ssl/a", "sub", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_are_written_through_no_planted_link() {
    let set: &[&str] = &["config", "set", "logLevel", "info"];
    withstands(set, "settings.js", "sub/settings.js", false).await;
    withstands(set, "settings.js.new", "secret", true).await;
    for force in [&["--force"][..], &[]] {
        let export = [&["export-settings", "out.js"], force].concat();
        withstands(&export, "out.js", "made", false).await;
        withstands(&export, "out.js", "secret", false).await;
        withstands(&export, "out.js.new", "secret", true).await;
    }
    withstands(&["export-settings", "ssl/out.js"], "ssl", "sub", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_read_and_written_through_no_planted_link() {
    let backup: &[&str] = &["backup", "copy.db", "--with-key", "--force"];
    for name in ["copy.db", "copy.db.part", "copy.db.key", "copy.db.key.new", "db/backup.part"] {
        withstands(backup, name, "secret", true).await;
        withstands(backup, name, "made", true).await;
    }
    for (link, target) in [("db", "sub"), ("db/store.db", "sub/store.db"), ("db/store.db", "secret")] {
        withstands(backup, link, target, false).await;
    }
    withstands(backup, "db/key", "sub/key", false).await;
    withstands(backup, "db/key", "secret", false).await;
    for name in ["db/store.db-wal", "db/store.db-shm"] {
        withstands(backup, name, "made", false).await;
    }
    withstands(&["backup", "ssl/copy.db"], "ssl", "sub", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_about_companies_follow_no_planted_link() {
    let commands: [&[&str]; 3] =
        [&["company", "list"], &["company", "show", "one"], &["company", "forget", "one", "--yes"]];
    for command in commands {
        for (link, target) in [("db", "sub"), ("db/store.db", "sub/store.db"), ("db/store.db", "made")] {
            withstands(command, link, target, false).await;
        }
    }
    // Its secrets are gone by then; the rest goes when the link is gone.
    for (link, target) in [("db/lock", "made"), ("db/lock", "secret"), ("db/key", "sub/key"), ("db/key.new", "secret")]
    {
        withstands(commands[2], link, target, true).await;
    }
}

/// Beside all that: it works, and leaves nothing behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_by_root_in_a_folder_of_the_services_is_roots_and_leaves_no_draft() {
    let Some(scene) = Scene::set().await else { return };
    let done = scene.run(&["backup", "copy.db", "--with-key"]);
    assert_eq!(done.code, 0, "{done:?}");
    for name in ["copy.db", "copy.db.key"] {
        let found = scene.place.path(name).symlink_metadata().expect("it is there");
        assert_eq!((found.mode() & 0o777, found.uid()), (0o600, 0), "{name}");
    }
    assert_eq!(fs::read(scene.place.path("copy.db.key")).ok(), fs::read(scene.place.path("db/key")).ok());
    let names = state(&scene.place.path("")).into_iter().map(|(path, ..)| path.display().to_string());
    assert_eq!(names.filter(|name| name.contains(".part") || name.contains(".new")).count(), 0);
    for (path, _, owner, _) in state(&scene.place.path("db")) {
        assert_eq!(owner, SERVICE, "{}", path.display());
    }
    // A draft in a state directory that is root's as well, for a folder that is not.
    chown(scene.place.path(""), Some(0), Some(0)).expect("it was ours");
    for path in ["db", "db/store.db", "db/key"] {
        chown(scene.place.path(path), Some(0), Some(0)).expect("it was ours");
    }
    let done = scene.run(&["backup", "ssl/copy.db"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(scene.place.path("ssl/copy.db").metadata().map(|found| found.uid()).ok(), Some(0));
}
