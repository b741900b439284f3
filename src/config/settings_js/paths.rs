//! Paths as the `path` module of the language works them out, on texts alone.

/// `path.join`: the parts, with `.`, `..` and repeated slashes resolved.
pub fn join(parts: &[&str]) -> String {
    let joined = parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/");
    let mut kept: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => drop(kept.pop()),
            ".." if joined.starts_with('/') => {}
            part => kept.push(part),
        }
    }
    let root = if joined.starts_with('/') { "/" } else { "" };
    let end = if joined.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    let path = format!("{root}{}{end}", kept.join("/"));
    if path.is_empty() { if joined.ends_with('/') { "./" } else { "." }.to_owned() } else { path }
}

/// `path.resolve`; `None` if the result would depend on the folder in which the process was started.
pub fn resolve(parts: &[&str]) -> Option<String> {
    let from = parts.iter().rposition(|part| part.starts_with('/'))?;
    let path = join(&parts[from..]);
    Some(if path.len() > 1 { path.trim_end_matches('/').to_owned() } else { path })
}

/// `path.dirname`
pub fn folder_of(path: &str) -> String {
    let bare = path.trim_end_matches('/');
    match bare.rsplit_once('/') {
        Some((folder, _)) if folder.trim_end_matches('/').is_empty() => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
        None => if bare.is_empty() && path.starts_with('/') { "/" } else { "." }.to_owned(),
    }
}

/// The path of a file from the root, as far as that can be known. Links are not followed: a file that has moved behind
/// a link means the places around its old one.
pub fn absolute(file: &str) -> String {
    std::path::absolute(file).map_or_else(|_| file.to_owned(), |path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_as_the_language_does() {
        for (parts, joined) in [
            (&["/a/b", "../c", "d.js"][..], "/a/c/d.js"),
            (&["/a", "/b/", ""], "/a/b/"),
            (&["a", "..", "..", "b"], "../b"),
            (&["/", "..", "a"], "/a"),
            (&["./a", ".", "b/./c//d"], "a/b/c/d"),
            (&[""], "."),
            (&["a", ".."], "."),
            (&["./"], "./"),
        ] {
            assert_eq!(join(parts), joined, "{parts:?}");
        }
        assert_eq!(resolve(&["/a", "b/", "../c/"]).as_deref(), Some("/a/c"));
        assert_eq!(resolve(&["x", "/a", "/b", "."]).as_deref(), Some("/b"));
        assert_eq!(resolve(&["a"]), None);
        for (path, folder) in
            [("/a/b/", "/a"), ("/a", "/"), ("a", "."), ("/", "/"), ("", "."), ("a/b", "a"), ("//a", "/")]
        {
            assert_eq!(folder_of(path), folder, "{path}");
        }
    }
}
