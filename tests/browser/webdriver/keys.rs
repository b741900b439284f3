//! Keys pressed wherever the focus is, as a person without a mouse does.

use super::Browser;
use serde_json::json;

/// A key that is no letter.
#[derive(Debug, Clone, Copy)]
pub enum Key {
    /// To the next element.
    Tab,
    /// To the previous element.
    BackTab,
    /// Presses, sends.
    Enter,
    /// Presses, ticks.
    Space,
    /// Closes.
    Escape,
}

const SHIFT: &str = "\u{e008}";

impl Browser {
    /// Presses a key.
    pub async fn press(&self, key: Key) {
        let code = match key {
            Key::Tab | Key::BackTab => "\u{e004}",
            Key::Enter => "\u{e007}",
            Key::Space => " ",
            Key::Escape => "\u{e00c}",
        };
        let (down, up) = ("keyDown", "keyUp");
        let mut strokes = vec![json!({ "type": down, "value": code }), json!({ "type": up, "value": code })];
        if matches!(key, Key::BackTab) {
            strokes.insert(0, json!({ "type": down, "value": SHIFT }));
            strokes.push(json!({ "type": up, "value": SHIFT }));
        }
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] });
        self.post("actions", &actions).await.unwrap_or_else(|e| panic!("{key:?}: {e:?}"));
    }
}
