//! What a picky reader measures: contrast, overflow.

use crate::webdriver::Browser;
use serde_json::Value;

/// Every visible text whose contrast with what lies behind it is below what WCAG 2 AA asks for.
const FAINT: &str = r"
    const numbers = (color) => {
      const [r, g, b, a = 1] = color.match(/[\d.]+(e-?\d+)?/g).map(Number);
      return color.startsWith('color(') ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
    };
    const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
    const canvas = matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
    const behind = (element) => {
      const layers = [];
      for (let e = element; e; e = e.parentElement) {
        const color = numbers(getComputedStyle(e).backgroundColor);
        layers.push(color);
        if (color[3] === 1) break;
      }
      return layers.reverse().reduce((below, layer) => over(layer, below), canvas);
    };
    const light = ([r, g, b]) => {
      const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const speaks = (e) => e.checkVisibility() && !e.disabled && ([...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())
      || (e.matches('input, textarea, select') && e.value));
    const faint = [];
    for (const element of document.body.querySelectorAll('*')) {
      if (!speaks(element)) continue;
      const style = getComputedStyle(element);
      const ground = behind(element);
      const [one, two] = [light(over(numbers(style.color), ground)), light(ground)];
      const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
      if (ratio < 4.5) faint.push(`${ratio.toFixed(2)}: ${element.outerHTML.slice(0, 120)} ${style.color} on ${ground}`);
    }
    return faint;
";

/// What sticks out of the page to the right.
const WIDE: &str = r"
    const page = document.documentElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    return [...document.body.querySelectorAll('*')]
      .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > page.clientWidth + 0.5)
      .map((e) => e.outerHTML.slice(0, 120));
";

impl Browser {
    /// All texts of the page or frame can be read.
    pub async fn legible(&self, what: &str) {
        none(what, "too faint", &self.run(FAINT, &[]).await);
    }

    /// Nothing makes the page or frame scroll sideways.
    pub async fn fits(&self, what: &str) {
        none(what, "too wide", &self.run(WIDE, &[]).await);
    }
}

fn none(what: &str, fault: &str, found: &Value) {
    assert_eq!(found.as_array().map(Vec::len), Some(0), "{what}, {fault}: {found:#}");
}
