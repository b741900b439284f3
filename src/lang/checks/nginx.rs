//! What nginx has to be told, as the package itself has it.

/// The file that the package puts into a gateway of its own.
const LOCATIONS: &str = include_str!("../../../config/nginx-locations.conf");

/// All of it.
pub(in crate::lang) fn whole() -> Vec<String> {
    LOCATIONS.lines().map(str::to_owned).collect()
}

/// What keeps a stream flowing.
pub(in crate::lang) fn stream() -> Vec<String> {
    let lines = LOCATIONS.lines().skip_while(|line| !line.contains("/call/stream {"));
    lines.take_while(|line| line.trim() != "}").map(|line| line.trim().to_owned()).chain(["}".to_owned()]).collect()
}

/// What lets a portal's posts through.
pub(in crate::lang) fn size() -> Vec<String> {
    vec!["client_max_body_size 1m;".to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_copied_is_what_the_package_installs() {
        let stream = stream();
        assert!(stream.first().is_some_and(|line| line.starts_with("location = /bitrix/call/stream")), "{stream:?}");
        assert!(stream.iter().any(|line| line == "proxy_buffering off;"));
        assert!(whole().iter().any(|line| line.contains(&size()[0])));
    }
}
