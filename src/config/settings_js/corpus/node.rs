//! Asks Node.js.

use super::{ENVIRONMENT, File, Truth};
use crate::config::keys::KEYS;
use std::collections::BTreeMap;
use std::process::Command;

/// Stands for the folder of the files in what is compared.
pub const ROOT: &str = "/T";

const SHOW: &str = "
const fs = require('fs'), [dir, root, ...keys] = process.argv.slice(1), out = {};
const show = v => Array.isArray(v) ? 'a list' : typeof v === 'object' || typeof v === 'function' ? 'an object' : v;
console.log = () => {};
for (const name of fs.readdirSync(dir)) {
  try {
    const all = require(dir + '/' + name), known = {};
    for (const key of keys) if (all[key] != null) known[key] = show(all[key]);
    out[name] = known;
  } catch (e) { out[name] = null; }
}
process.stdout.write(JSON.stringify(out).replaceAll(root, '/T'));
";

pub struct Node;

impl Node {
    pub fn find() -> Option<Self> {
        Command::new("node").arg("--version").output().ok().filter(|output| output.status.success()).map(|_| Self)
    }

    /// The known keys that the files export; one process for all.
    #[expect(clippy::unused_self, reason = "whoever has one knows that there is a node")]
    pub fn read(&self, files: &[File]) -> BTreeMap<String, Truth> {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("srv/src");
        std::fs::create_dir_all(&dir).unwrap();
        for (name, contents) in files {
            std::fs::write(dir.join(name), contents).unwrap();
        }
        let keys = KEYS.iter().filter(|key| key.in_settings_js).map(|key| key.name);
        let mut node = Command::new("node");
        node.args(["-e", SHOW]).arg(&dir).arg(root.path()).args(keys);
        let output = node.env_remove("UNSET").envs(ENVIRONMENT.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}
