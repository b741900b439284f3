//! Characters brought to the few that the readers know.

/// The character as it may be shown: none for what cannot be seen or turns the direction of writing, a line break
/// for every kind of one, a space for other control characters.
pub fn visible(c: char) -> Option<char> {
    match c {
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => None,
        c if c.is_control() => Some(' '),
        c => Some(c),
    }
}

/// The text with every kind of space, hyphen, digit and full-width sign as its plain sister, in lower case.
pub(super) fn plain(text: &str) -> Vec<char> {
    text.chars().filter_map(visible).flat_map(|c| sister(c).to_lowercase()).collect()
}

fn sister(c: char) -> char {
    match c {
        '\n' => '\n',
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => '-',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{660}'..='\u{669}' => digit(c, 0x660),
        '\u{6f0}'..='\u{6f9}' => digit(c, 0x6f0),
        '\u{966}'..='\u{96f}' => digit(c, 0x966),
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

fn digit(c: char, zero: u32) -> char {
    char::from_digit(u32::from(c) - zero, 10).unwrap_or(c)
}
