//! What an application must be allowed in the portal.

/// Scopes without which nothing works …
const NEEDED: [&str; 2] = ["placement", "telephony"];
/// … and those of which one must be there: the list of users, or a narrower form of it.
const USERS: [&str; 3] = ["user", "user_brief", "user_basic"];

/// Which rights the granted scopes, a list with commas or blanks, lack. A server that tells no scopes is not suspected.
pub fn missing_scopes(granted: &str) -> Vec<String> {
    let granted: Vec<&str> = granted.split([',', ' ']).map(str::trim).filter(|s| !s.is_empty()).collect();
    if granted.is_empty() {
        return Vec::new();
    }
    let mut missing: Vec<String> = NEEDED.iter().filter(|s| !granted.contains(s)).map(|s| (*s).to_owned()).collect();
    if !USERS.iter().any(|s| granted.contains(s)) {
        missing.push(USERS[0].to_owned());
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_rights_are_named() {
        assert!(missing_scopes("placement,user,telephony,call").is_empty());
        assert!(missing_scopes("").is_empty());
        assert!(missing_scopes("user_basic, telephony, placement").is_empty());
        assert_eq!(missing_scopes("call,telephony"), ["placement", "user"]);
    }
}
