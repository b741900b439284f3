//! The language a browser asks for.

use crate::lang::Lang;

/// The language to answer an `Accept-Language` header in: the best-loved one of ours; Russian when
/// nothing is said, English for those who named only languages we do not have.
pub(crate) fn accepted(header: Option<&str>) -> Lang {
    let Some(header) = header.map(str::trim).filter(|h| !h.is_empty()) else {
        return Lang::Ru;
    };
    let mut best: Option<(Lang, f32)> = None;
    for part in header.split(',') {
        let mut pieces = part.split(';');
        let tag = pieces.next().unwrap_or_default();
        let weight =
            pieces.find_map(|p| p.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok())).unwrap_or(1.0);
        let lang = if tag.trim() == "*" { Some(Lang::Ru) } else { Lang::of_tag(tag) };
        if let Some(lang) = lang
            && weight > best.map_or(0.0, |(_, w)| w)
        {
            best = Some((lang, weight));
        }
    }
    best.map_or(Lang::En, |(lang, _)| lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn russian_comes_first_and_weights_count() {
        for (header, want) in [
            (None, Lang::Ru),
            (Some(""), Lang::Ru),
            (Some("*"), Lang::Ru),
            (Some("ru,en;q=0.9"), Lang::Ru),
            (Some("ru;q=0.5,en"), Lang::En),
            (Some("en-US,en;q=0.9,ru;q=0.8"), Lang::En),
            (Some("de-DE,de;q=0.9,ru;q=0.8,en;q=0.3"), Lang::Ru),
            (Some("de-DE,de"), Lang::En),
            (Some("RU_ru"), Lang::Ru),
            (Some("ru;q=0,en;q=0.1"), Lang::En),
            (Some("english"), Lang::En),
            (Some(";;q=x,"), Lang::En),
        ] {
            assert_eq!(accepted(header), want, "{header:?}");
        }
    }
}
