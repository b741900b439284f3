//! How many parts a JSON text may have before anybody reads it: an empty object of seven bytes takes six hundred once it
//! is read, so a megabyte of them would take a hundred.

/// What nothing that is meant has.
#[derive(Debug, Clone, Copy)]
pub struct JsonBounds {
    /// Objects and lists.
    pub containers: usize,
    /// Values, beside the first of each container.
    pub values: usize,
}

impl JsonBounds {
    /// Whether the text has more parts than this. Counts signs, also those within texts: what has this many of them is
    /// not meant either.
    pub fn are_exceeded_by(self, json: &[u8]) -> bool {
        // Every part takes a byte at least.
        if json.len() < self.containers {
            return false;
        }
        let (mut containers, mut values) = (0, 0);
        for byte in json {
            match byte {
                b'{' | b'[' => containers += 1,
                b',' => values += 1,
                _ => {}
            }
        }
        containers > self.containers || values > self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_whatever_they_are() {
        let bounds = JsonBounds { containers: 100, values: 1_000 };
        let fine = format!("[{}]", vec![r#"{"a":[1,2,3],"b":"x"}"#; 49].join(","));
        assert!(!bounds.are_exceeded_by(fine.as_bytes()));
        for part in [r#"{"":0},"#, "[],", "0,", r#"[{"ID":"1"}],"#] {
            assert!(bounds.are_exceeded_by(part.repeat(1_001).as_bytes()), "{part}");
        }
    }
}
