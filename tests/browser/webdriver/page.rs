//! What stands on a page: finding, waiting, clicking, typing, frames.

use super::{Browser, Refused};
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// How long anything may take to appear on a page.
const PATIENCE: Duration = Duration::from_secs(60);
/// The name WebDriver gives to references in JSON.
const REFERENCE: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Looks for `CONDITION` until it holds, in one page's life and no longer than the given milliseconds. The condition
/// stands in the script itself, because pages forbid to make code out of text.
const WATCH: &str = r"
    const done = arguments[arguments.length - 1];
    const [patience, ...given] = [...arguments].slice(0, -1);
    const look = (a0, a1, a2) => { CONDITION };
    const until = performance.now() + patience;
    let over = false, timer = null, observer = null;
    const attempt = () => {
      if (over) return;
      let found = null;
      try { found = look(...given); } catch (error) { found = null; }
      if (!found && performance.now() < until) return;
      over = true;
      clearInterval(timer);
      observer.disconnect();
      done(found || null);
    };
    observer = new MutationObserver(attempt);
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    timer = setInterval(attempt, 50);
    attempt();
";

/// A way to name one element; hidden ones are never meant.
#[derive(Debug, Clone)]
pub enum By {
    /// CSS selector.
    Css(String),
    /// A button, link, tab or summary by its whole text.
    Word(String),
    /// The same, within the element of this selector that contains this text.
    Within(String, String, String),
    /// A form field by its label.
    Label(String),
}

impl By {
    /// By CSS selector.
    pub fn css(selector: &str) -> Self {
        Self::Css(selector.to_owned())
    }

    /// By what stands on it.
    pub fn word(text: &str) -> Self {
        Self::Word(text.to_owned())
    }

    /// By what stands on it, in the row (list item, table row) that contains `text`.
    pub fn within(row: &str, text: &str, word: &str) -> Self {
        Self::Within(row.to_owned(), text.to_owned(), word.to_owned())
    }

    pub fn label(text: &str) -> Self {
        Self::Label(text.to_owned())
    }

    /// JavaScript that returns the element or nothing, with its arguments.
    fn script(&self) -> (&'static str, Vec<Value>) {
        let (script, words): (_, &[&String]) = match self {
            Self::Css(selector) => {
                ("return [...document.querySelectorAll(a0)].find((e) => e.checkVisibility());", &[selector])
            }
            Self::Word(text) => (
                "return [...document.querySelectorAll('button, a, summary, [role=button], [role=tab]')] \
                 .find((e) => e.checkVisibility() && e.textContent.trim().replace(/\\s+/g, ' ') === a0);",
                &[text],
            ),
            Self::Within(row, text, word) => (
                "const row = [...document.querySelectorAll(a0)].find((e) => e.textContent.includes(a1)); \
                 return [...row.querySelectorAll('button, a, summary')] \
                 .find((e) => e.checkVisibility() && e.textContent.trim().replace(/\\s+/g, ' ') === a2);",
                &[row, text, word],
            ),
            Self::Label(text) => (
                "return [...document.querySelectorAll('input, select, textarea')].find((e) => e.checkVisibility() \
                 && ([...e.labels].some((l) => l.textContent.trim().replace(/\\s+/g, ' ') === a0) \
                 || e.ariaLabel === a0));",
                &[text],
            ),
        };
        (script, words.iter().map(|word| json!(word)).collect())
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Css(text) => write!(f, "an element {text}"),
            Self::Word(text) => write!(f, "something to press that says \"{text}\""),
            Self::Within(row, text, word) => write!(f, "\"{word}\" in a {row} with \"{text}\""),
            Self::Label(text) => write!(f, "a field labelled \"{text}\""),
        }
    }
}

/// An element of the page that is looked at.
pub struct Element<'a> {
    browser: &'a Browser,
    reference: Value,
}

impl Browser {
    /// Runs JavaScript in the page or frame; arguments are `arguments[0]` and so on.
    pub async fn run(&self, script: &str, arguments: &[Value]) -> Value {
        let body = json!({ "script": script, "args": arguments });
        self.post("execute/sync", &body).await.unwrap_or_else(|e| panic!("{script}: {e}"))
    }

    /// Waits until JavaScript (arguments: `a0`, `a1`, …) returns something that counts as true, and returns it.
    /// Survives that the page is replaced by another meanwhile.
    pub async fn until(&self, what: &str, condition: &str, arguments: &[Value]) -> Value {
        match self.try_until(condition, arguments).await {
            Ok(found) => found,
            Err(refused) => {
                let address = self.address().await;
                let text = self.run("return document.body ? document.body.innerText : ''", &[]).await;
                panic!("waited in vain for {what}\nat {address}\n{refused:?}\n{}", text.as_str().unwrap_or_default());
            }
        }
    }

    async fn try_until(&self, condition: &str, arguments: &[Value]) -> Result<Value, Option<Refused>> {
        let deadline = Instant::now() + PATIENCE;
        let mut refused = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(refused);
            }
            let mut all = vec![json!(u64::try_from(left.as_millis()).unwrap_or(0))];
            all.extend_from_slice(arguments);
            let script = WATCH.replace("CONDITION", condition);
            match self.post("execute/async", &json!({ "script": script, "args": all })).await {
                Ok(Value::Null) => {}
                Ok(found) => return Ok(found),
                // The page went away while it was watched.
                Err(error) => refused = Some(error),
            }
        }
    }

    /// The element, once it is there and visible.
    pub async fn find(&self, by: &By) -> Element<'_> {
        let (script, words) = by.script();
        let reference = self.until(&by.to_string(), script, &words).await;
        Element { browser: self, reference }
    }

    /// Waits until no visible element answers to this.
    pub async fn gone(&self, by: &By) {
        let (script, words) = by.script();
        let condition = format!("return !(() => {{ {script} }})();");
        self.until(&format!("the end of {by}"), &condition, &words).await;
    }

    /// Waits until an element's text contains `text`, and returns all of it.
    pub async fn says(&self, selector: &str, text: &str) -> String {
        let condition = "const all = [...document.querySelectorAll(a0)].filter((e) => e.checkVisibility()); \
             return all.map((e) => e.innerText).find((t) => t.replace(/\\s+/g, ' ').includes(a1));";
        let what = format!("{selector} to say \"{text}\"");
        self.until(&what, condition, &[json!(selector), json!(text)]).await.as_str().unwrap_or_default().to_owned()
    }

    /// Finds and clicks, again if the element is replaced or covered at that very moment.
    pub async fn click(&self, by: &By) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let Err(refused) = self.find(by).await.try_click().await else { return };
            let passing = ["stale element reference", "element click intercepted", "element not interactable"];
            assert!(passing.contains(&refused.error.as_str()), "{by}: {refused}");
            assert!(Instant::now() < deadline, "{by} cannot be clicked: {refused}");
        }
    }

    /// Empties a field and types into it.
    pub async fn fill(&self, by: &By, text: &str) {
        let field = self.find(by).await;
        field.command("clear", &json!({})).await;
        field.command("value", &json!({ "text": text })).await;
    }

    /// Chooses an option by its value.
    pub async fn choose(&self, by: &By, value: &str) {
        let field = self.find(by).await;
        let script =
            "const [field, value] = arguments; return [...field.options].find((o) => o.value === value) || null;";
        let reference = self.run(script, &[field.reference.clone(), json!(value)]).await;
        assert!(!reference.is_null(), "{by} has no choice {value}");
        Element { browser: self, reference }.try_click().await.expect("an option can be chosen");
    }

    /// Everything from now on happens inside this frame.
    pub async fn enter(&self, by: &By) {
        let frame = self.find(by).await;
        self.post("frame", &json!({ "id": frame.reference })).await.unwrap_or_else(|e| panic!("{by}: {e}"));
    }

    /// Everything from now on happens in the page itself.
    pub async fn leave_frames(&self) {
        self.post("frame", &json!({ "id": null })).await.expect("the page is there");
    }
}

impl Element<'_> {
    async fn try_click(&self) -> Result<(), Refused> {
        self.browser.post(&self.path("click"), &json!({})).await.map(drop)
    }

    async fn command(&self, command: &str, body: &Value) {
        self.browser.post(&self.path(command), body).await.unwrap_or_else(|e| panic!("{command}: {e}"));
    }

    fn path(&self, command: &str) -> String {
        format!("element/{}/{command}", self.reference[REFERENCE].as_str().expect("it is an element"))
    }

    /// A property, such as `value`.
    pub async fn property(&self, name: &str) -> Value {
        self.browser.run("return arguments[0][arguments[1]]", &[self.reference.clone(), json!(name)]).await
    }
}
