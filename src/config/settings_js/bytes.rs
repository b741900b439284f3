//! The characters of a file and the bytes they stand for: comments in old encodings survive an edit byte by byte.

use std::ops::Range;

/// A file as text.
pub struct Decoded<'f> {
    bytes: &'f [u8],
    /// Its characters; bytes that are no UTF-8 show as U+FFFD.
    pub text: Vec<char>,
    /// Where each character begins, and the end of the file.
    offsets: Vec<usize>,
}

impl<'f> Decoded<'f> {
    pub fn new(bytes: &'f [u8]) -> Self {
        let (mut text, mut offsets, mut at) = (Vec::new(), Vec::new(), 0);
        for chunk in bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                text.push(c);
                offsets.push(at);
                at += c.len_utf8();
            }
            if !chunk.invalid().is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
                offsets.push(at);
                at += chunk.invalid().len();
            }
        }
        offsets.push(at);
        Self { bytes, text, offsets }
    }

    /// The file with stretches of its characters replaced; they must not overlap.
    pub fn with(&self, mut changes: Vec<(Range<usize>, String)>) -> Vec<u8> {
        changes.sort_by_key(|(stretch, _)| stretch.start);
        let (mut out, mut kept) = (Vec::with_capacity(self.bytes.len() + 64), 0);
        for (stretch, text) in changes {
            out.extend_from_slice(&self.bytes[kept..self.offsets[stretch.start]]);
            out.extend_from_slice(text.as_bytes());
            kept = self.offsets[stretch.end];
        }
        out.extend_from_slice(&self.bytes[kept..]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_replaced_stays_byte_by_byte() {
        let bytes = b"\xef\xbb\xbf// \xcf\xf0\xff\nx = '\xd0\xb6';";
        let file = Decoded::new(bytes);
        assert_eq!(file.text, String::from_utf8_lossy(bytes).chars().collect::<Vec<_>>());
        assert_eq!(file.with(Vec::new()), bytes);
        let at = file.text.iter().position(|c| *c == 'ж').unwrap();
        let wanted = b"\xef\xbb\xbf// \xcf\xf0\xff\ny = 'q';";
        assert_eq!(file.with(vec![(at..at + 1, "q".to_owned()), (at - 5..at - 4, "y".to_owned())]), wanted);
    }
}
