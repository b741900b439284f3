//! What a frame would take once it is read: an empty object of seven bytes takes six hundred, so a frame of a megabyte
//! could take a hundred.

/// Objects and lists in one frame. A leg is one object, so this is a snapshot of twenty thousand legs.
const MOST_CONTAINERS: usize = 20_000;
/// Values in one frame; a leg has about a dozen.
const MOST_VALUES: usize = 200_000;

/// Whether a frame has more parts than any real one. Counts signs, also those within texts: a frame with this many of them
/// is no real one either.
pub(super) fn is_too_heavy(text: &str) -> bool {
    // Every part takes a byte at least.
    if text.len() < MOST_CONTAINERS {
        return false;
    }
    let (mut containers, mut values) = (0, 0);
    for byte in text.bytes() {
        match byte {
            b'{' | b'[' => containers += 1,
            b',' => values += 1,
            _ => {}
        }
    }
    containers > MOST_CONTAINERS || values > MOST_VALUES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_of_thousands_of_legs_is_read_and_a_frame_of_nothing_but_brackets_is_not() {
        let leg = r#"{"id":"0123456789abcdef","call_id":"0123456789abcdef","call_ref":"0123456789abcdef","direction":"in","digits":"1001","remote_digits":"79835551122","display_name":"Anna, of \"Roga, kopyta\"","status":"talking","answer_time":"2026/11/26 10:00:00"}"#;
        let snapshot = format!("[{}]", vec![leg; 4_000].join(","));
        assert!(snapshot.len() < 1024 * 1024 && !is_too_heavy(&snapshot));
        for part in [r#"{"":0},"#, "[],", "0,"] {
            assert!(is_too_heavy(&part.repeat(1024 * 1024 / part.len())), "{part}");
        }
    }
}
