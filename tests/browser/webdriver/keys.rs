//! Keys pressed wherever the focus is, as a person without a mouse does.

use super::Browser;
use serde_json::json;

/// A key that is no letter.
#[derive(Debug, Clone, Copy)]
pub enum Key {
    /// To the next element.
    Tab,
    /// Presses, sends.
    Enter,
    /// Presses, ticks.
    Space,
    /// Closes.
    Escape,
}

impl Browser {
    /// Presses a key.
    pub async fn press(&self, key: Key) {
        let code = match key {
            Key::Tab => "\u{e004}",
            Key::Enter => "\u{e007}",
            Key::Space => " ",
            Key::Escape => "\u{e00c}",
        };
        let strokes = json!([{ "type": "keyDown", "value": code }, { "type": "keyUp", "value": code }]);
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] });
        self.post("actions", &actions).await.unwrap_or_else(|e| panic!("{key:?}: {e}"));
    }
}
