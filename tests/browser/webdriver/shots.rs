//! Pictures of what the browser shows: on demand for people, and of the last moment before a test failed.

use super::Browser;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Names the folder for pictures; without it none are kept.
const FOLDER: &str = "BROWSER_SHOTS";

impl Browser {
    /// Keeps a picture as `name.png` if somebody wants pictures.
    pub async fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
        let taken = self.get("screenshot").await.expect("a picture is taken");
        save(&folder, name, taken.as_str().unwrap_or_default());
    }
}

#[expect(clippy::print_stderr, reason = "a failing test says where its picture is")]
impl Drop for Browser {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let path = self.session.split_once("/session/").map(|(_, id)| format!("/session/{id}/screenshot"));
        let taken = path.and_then(|path| self.driver.plain_get(&path));
        let answer: Option<Value> = taken.and_then(|text| serde_json::from_str(&text).ok());
        if let Some(picture) = answer.as_ref().and_then(|a| a["value"].as_str()) {
            let thread = std::thread::current();
            let name = thread.name().unwrap_or("test").replace("::", "-");
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
            save(folder, &name, picture);
            eprintln!("what the browser showed: {}", folder.join(name).with_extension("png").display());
        }
    }
}

#[expect(clippy::print_stderr, reason = "a picture that cannot be kept is no reason to fail")]
fn save(folder: &Path, name: &str, base64: &str) {
    let bytes = STANDARD.decode(base64).unwrap_or_default();
    let written =
        std::fs::create_dir_all(folder).and_then(|()| std::fs::write(folder.join(format!("{name}.png")), bytes));
    if let Err(error) = written {
        eprintln!("the picture {name} is not kept: {error}");
    }
}
