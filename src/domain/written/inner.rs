//! Internal numbers as they stand in an employee's profile, or are typed into our table.

use super::plain::plain;
use super::runs::{Joint, Run, numbers};
use super::words::{Meaning, meaning};
use super::{AsWritten, CUT};
use crate::domain::Phone;

/// Most numbers taken from one text.
const MAX_NUMBERS: usize = 20;

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InnerNumbers {
    /// The numbers, in the order written, each once.
    pub numbers: Vec<Phone>,
    /// Digits that are said to be something else: a mobile number, a room.
    pub something_else: bool,
    /// Part of the text, or all of it, could not be told apart.
    pub unclear: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Digits(String),
    Word(String),
    Sign(char),
}

/// Reads a text. Total: whatever cannot be told apart is [`InnerNumbers::unclear`].
pub fn inner_numbers(text: &AsWritten) -> InnerNumbers {
    let mut read = InnerNumbers::default();
    let pieces = pieces(&without_addresses(&plain(text.as_str()), &mut read));
    let mut at = 0;
    while at < pieces.len() {
        if matches!(pieces[at], Piece::Digits(_)) {
            let (run, end) = run(&pieces, at);
            take(&pieces, at, end, &run, &mut read);
            at = end;
        } else {
            at += 1;
        }
    }
    if read.numbers.is_empty() && !text.is_empty() || text.as_str().ends_with(CUT) {
        read.unclear = true;
    }
    read
}

/// The text without mail addresses and links; a telephone's SIP address leaves its number.
fn without_addresses(text: &[char], read: &mut InnerNumbers) -> Vec<char> {
    let mut out = Vec::with_capacity(text.len());
    for word in text.split_inclusive(|c| c.is_whitespace() || ",;/()<>".contains(*c)) {
        let Some(at) = word.iter().position(|c| *c == '@') else {
            out.extend_from_slice(word);
            continue;
        };
        let name: String = word[..at].iter().collect();
        let number = name.strip_prefix("sip:").or_else(|| name.strip_prefix("sips:")).unwrap_or(&name);
        if !number.is_empty() && number.len() <= 6 && number.bytes().all(|b| b.is_ascii_digit()) {
            out.extend(number.chars());
        } else {
            read.something_else = true;
        }
        out.push('\n');
    }
    out
}

fn pieces(text: &[char]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for c in text.iter().copied() {
        match (pieces.last_mut(), c) {
            (Some(Piece::Digits(digits)), '0'..='9') => digits.push(c),
            (_, '0'..='9') => pieces.push(Piece::Digits(c.to_string())),
            (Some(Piece::Word(word)), c) if c.is_alphabetic() => word.push(c),
            (_, c) if c.is_alphanumeric() || c == '№' => pieces.push(Piece::Word(c.to_string())),
            (_, c) => pieces.push(Piece::Sign(c)),
        }
    }
    pieces
}

/// The run that begins at `start`, and where it ends.
fn run(pieces: &[Piece], start: usize) -> (Run, usize) {
    let mut run = Run { plus: start > 0 && is_sign(pieces.get(start - 1), '+'), ..Run::default() };
    let mut at = start;
    loop {
        if let Some(Piece::Digits(digits)) = pieces.get(at) {
            run.groups.push(digits.clone());
        }
        at += 1;
        let signs: String = pieces[at..].iter().map_while(sign).take(4).collect();
        let next = pieces.get(at + signs.chars().count());
        match joint(&signs).filter(|_| matches!(next, Some(Piece::Digits(_)))) {
            Some(joint) => run.joints.push(joint),
            None => return (run, at),
        }
        at += signs.chars().count();
    }
}

fn joint(signs: &str) -> Option<Joint> {
    match signs {
        "" => None,
        s if s.len() > 3 || s.chars().any(|c| !" -.()".contains(c)) || s == ". " || s.contains("..") => None,
        s if s.contains(['(', ')']) => Some(Joint::Bracket),
        s if s.contains(['-', '.']) => Some(Joint::Hyphen),
        _ => Some(Joint::Space),
    }
}

const fn sign(piece: &Piece) -> Option<char> {
    if let Piece::Sign(c) = piece { Some(*c) } else { None }
}

fn is_sign(piece: Option<&Piece>, c: char) -> bool {
    piece.and_then(sign) == Some(c)
}

/// Judges a run by what stands around it.
fn take(pieces: &[Piece], start: usize, end: usize, run: &Run, read: &mut InnerNumbers) {
    match around(pieces, start - usize::from(run.plus), end) {
        Around::Elsewhere => read.something_else = true,
        Around::Unclear => read.unclear = true,
        Around::Number => match numbers(run) {
            None => read.unclear = true,
            Some(found) => {
                for number in found.iter().filter_map(|n| Phone::parse(n).ok()) {
                    if read.numbers.iter().any(|n| n.digits() == number.digits()) {
                        continue;
                    }
                    if read.numbers.len() == MAX_NUMBERS {
                        read.unclear = true;
                        return;
                    }
                    read.numbers.push(number);
                }
            }
        },
    }
}

enum Around {
    Number,
    Elsewhere,
    Unclear,
}

fn around(pieces: &[Piece], start: usize, end: usize) -> Around {
    let before = &pieces[..start];
    let words: Vec<&str> = before
        .iter()
        .rev()
        .take_while(|p| !matches!(p, Piece::Digits(_)) && !sign(p).is_some_and(|c| ",;/|\\&\n+".contains(c)))
        .filter_map(|p| if let Piece::Word(word) = p { Some(word.as_str()) } else { None })
        .collect();
    let nearest = words.first().map(|w| meaning(w));
    let attached = matches!(before.last(), Some(Piece::Word(_)));
    if nearest != Some(Meaning::Inner) && words.iter().any(|w| meaning(w) == Meaning::Elsewhere) {
        return Around::Elsewhere;
    }
    let time = |a: Option<&Piece>, b: Option<&Piece>| is_sign(a, ':') && matches!(b, Some(Piece::Digits(_)));
    let previous = start.checked_sub(2).and_then(|i| pieces.get(i));
    if (attached && nearest == Some(Meaning::Unknown))
        || time(before.last(), previous)
        || time(pieces.get(end), pieces.get(end + 1))
        || is_sign(before.last(), '*')
    {
        return Around::Unclear;
    }
    after(&pieces[end..])
}

/// What the text behind a number says of it.
fn after(rest: &[Piece]) -> Around {
    let signs: String = rest.iter().map_while(sign).collect();
    let behind = signs.trim_start();
    if behind.starts_with(CUT) || behind.starts_with("..") || signs.starts_with(['*', '#']) {
        return Around::Unclear;
    }
    let n = signs.chars().count();
    let Some(Piece::Word(word)) = rest.get(n) else { return Around::Number };
    let says = meaning(word);
    match signs.as_str() {
        "" if says == Meaning::Unknown || says == Meaning::Elsewhere => Around::Unclear,
        // 2-й этаж
        "-" if word.chars().count() <= 2 && says == Meaning::Unknown => Around::Elsewhere,
        // 305 кабинет, unless the word belongs to what follows it
        " " if says == Meaning::Elsewhere && !labels_next(&rest[n + 1..]) => Around::Elsewhere,
        _ => Around::Number,
    }
}

fn labels_next(rest: &[Piece]) -> bool {
    matches!(rest.iter().find(|p| !sign(p).is_some_and(|c| " .:+(".contains(c))), Some(Piece::Digits(_)))
}
