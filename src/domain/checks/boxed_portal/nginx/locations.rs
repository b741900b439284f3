//! Which location serves a path, by nginx's rules (`ngx_http_core_find_location`).

use super::blocks::Directive;
use super::pattern::found_in;

/// The blocks around a request, the outermost first: `http`, `server`, then each location.
pub(super) type Levels<'a> = Vec<&'a Directive>;

/// A location whose regular expression cannot be judged, though it may be the one.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnjudgedLocation<'a>(pub &'a Directive);

/// How one level of locations answered.
enum LocationSearch {
    /// An exact path or a regular expression: nothing else is tried.
    Final,
    /// The longest prefix, or none: regular expressions of the level above come next.
    Open,
}

/// The levels that serve `path`, from `outer` on; no location at all leaves them as they are.
pub(super) fn levels_of<'a>(outer: &[&'a Directive], path: &str) -> Result<Levels<'a>, UnjudgedLocation<'a>> {
    let mut levels = outer.to_vec();
    search(&mut levels, path)?;
    Ok(levels)
}

/// The named location `@name` of the server.
pub(super) fn named_levels<'a>(outer: &[&'a Directive], name: &str) -> Option<Levels<'a>> {
    let found = outer
        .last()?
        .inner
        .iter()
        .find(|inner| matches!(location(inner), Some(LocationKind::Named(n)) if n == name))?;
    Some(outer.iter().copied().chain([found]).collect())
}

fn search<'a>(levels: &mut Levels<'a>, path: &str) -> Result<LocationSearch, UnjudgedLocation<'a>> {
    let Some(outer) = levels.last().copied() else { return Ok(LocationSearch::Open) };
    let all: Vec<_> = outer.inner.iter().filter_map(|inner| Some((inner, location(inner)?))).collect();
    if let Some((exact, _)) =
        all.iter().find(|(_, wanted)| matches!(wanted, LocationKind::Exact(whole) if *whole == path))
    {
        levels.push(exact);
        return Ok(LocationSearch::Final);
    }
    let prefixes = all.iter().filter_map(|(directive, wanted)| match wanted {
        LocationKind::Prefix { start, no_regex } if path.starts_with(start) => {
            Some((start.len(), *directive, *no_regex))
        }
        _ => None,
    });
    let mut no_regex = false;
    if let Some((_, directive, skips)) = prefixes.max_by_key(|(length, ..)| *length) {
        levels.push(directive);
        no_regex = skips;
        if matches!(search(levels, path)?, LocationSearch::Final) {
            return Ok(LocationSearch::Final);
        }
    }
    let depth = levels.iter().position(|level| std::ptr::eq(*level, outer)).map_or(0, |at| at + 1);
    for (directive, wanted) in all.iter().filter(|_| !no_regex) {
        if let LocationKind::Pattern { pattern, ignore_case } = wanted {
            match found_in(pattern, *ignore_case, path) {
                None => return Err(UnjudgedLocation(directive)),
                Some(false) => {}
                Some(true) => {
                    levels.truncate(depth);
                    levels.push(directive);
                    search(levels, path)?;
                    return Ok(LocationSearch::Final);
                }
            }
        }
    }
    Ok(LocationSearch::Open)
}

/// What a location is for.
enum LocationKind<'a> {
    Exact(&'a str),
    Prefix { start: &'a str, no_regex: bool },
    Pattern { pattern: &'a str, ignore_case: bool },
    Named(&'a str),
}

/// The sign and the path may be one word or two.
fn location(directive: &Directive) -> Option<LocationKind<'_>> {
    if directive.name() != "location" {
        return None;
    }
    let (sign, path) = match directive.arguments() {
        [sign, path] => (sign.as_str(), path.as_str()),
        [path] => ["=", "^~", "~*", "~"]
            .into_iter()
            .find_map(|sign| Some((sign, path.strip_prefix(sign)?)))
            .unwrap_or(("", path)),
        _ => return None,
    };
    match sign {
        "=" => Some(LocationKind::Exact(path)),
        "^~" => Some(LocationKind::Prefix { start: path, no_regex: true }),
        "~" => Some(LocationKind::Pattern { pattern: path, ignore_case: false }),
        "~*" => Some(LocationKind::Pattern { pattern: path, ignore_case: true }),
        _ if path.starts_with('@') => Some(LocationKind::Named(path)),
        _ => Some(LocationKind::Prefix { start: path, no_regex: false }),
    }
}
