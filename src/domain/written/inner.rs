//! Internal numbers as they stand in an employee's profile, or are typed into our table.

use super::around::{Around, FEW, Judged, around};
use super::pieces::{Piece, is_sign, pieces};
use super::plain::plain;
use super::runs::{Run, RunJoint, SHORT, numbers};
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

/// A number found, and whether a word before it says that it is an internal one.
struct Candidate {
    number: Phone,
    labelled: bool,
    /// The word stands before this very number, not before one that it follows.
    own: bool,
}

#[derive(Default)]
struct NumberReader {
    read: InnerNumbers,
    candidates: Vec<Candidate>,
    /// The last run was labelled.
    labelled: bool,
}

/// Reads a text. Total: whatever cannot be told apart is [`InnerNumbers::unclear`]. Where numbers are said to be internal
/// ones, the others of the text are not taken.
pub fn inner_numbers(text: &AsWritten) -> InnerNumbers {
    let mut reader = NumberReader::default();
    let pieces = pieces(&without_addresses(&plain(text.as_str()), &mut reader.read));
    let mut at = 0;
    while at < pieces.len() {
        if pieces[at].digits().is_some() {
            let (run, end) = run(&pieces, at);
            at = reader.take(&pieces, at, end, &run);
        } else {
            at += 1;
        }
    }
    let mut read = reader.finished();
    if read.numbers.is_empty() && !text.is_empty() || text.as_str().ends_with(CUT) {
        read.unclear = true;
    }
    read
}

impl NumberReader {
    /// Judges a run by what stands around it; returns where to read on.
    fn take(&mut self, pieces: &[Piece], start: usize, end: usize, run: &Run) -> usize {
        let lengths = run.groups.iter().map(String::len).collect();
        let bracket = run.joints.first() == Some(&RunJoint::Bracket);
        let said = around(pieces, &Judged { start: start - usize::from(run.plus), end, lengths, bracket });
        let labelled = match said {
            Around::Elsewhere | Around::FirstElsewhere => {
                self.read.something_else = true;
                self.labelled = false;
                return if said == Around::Elsewhere { end } else { start + 1 };
            }
            Around::Unclear => {
                self.read.unclear = true;
                self.labelled = false;
                return end;
            }
            Around::Labelled => true,
            Around::More => self.labelled,
            Around::Number => false,
        };
        self.labelled = labelled;
        match numbers(run) {
            None => self.read.unclear = true,
            Some(found) => {
                for number in found.iter().filter_map(|n| Phone::parse(n).ok()) {
                    // 0 calls the operator, or begins a number of another city.
                    if number.digits().bytes().all(|b| b == b'0') {
                        self.read.unclear = true;
                        continue;
                    }
                    let labelled = labelled && number.digits().len() <= SHORT;
                    let own = said == Around::Labelled;
                    self.candidates.push(Candidate { number, labelled, own });
                }
            }
        }
        end
    }

    fn finished(self) -> InnerNumbers {
        let mut read = self.read;
        let any = self.candidates.iter().any(|c| c.labelled);
        let short = |c: &&Candidate| c.number.digits().len() <= SHORT;
        let longest = self.candidates.iter().filter(short).map(|c| c.number.digits().len()).max().unwrap_or_default();
        let unlabelled = self.candidates.iter().filter(short).any(|c| !c.labelled && c.number.digits().len() > FEW);
        for Candidate { number, labelled, own } in self.candidates {
            // 1031/32, 1031 ext. 2: a range, a number within another one.
            if number.digits().len() <= FEW && longest > FEW && (!own || unlabelled) {
                read.unclear = true;
            } else if any && !labelled {
                if number.digits().len() > SHORT { read.something_else = true } else { read.unclear = true }
            } else if !read.numbers.iter().any(|n| n.digits() == number.digits()) {
                if read.numbers.len() == MAX_NUMBERS {
                    read.unclear = true;
                    break;
                }
                read.numbers.push(number);
            }
        }
        read
    }
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

/// The run that begins at `start`, and where it ends.
fn run(pieces: &[Piece], start: usize) -> (Run, usize) {
    let mut run = Run { plus: start > 0 && is_sign(pieces.get(start - 1), '+'), ..Run::default() };
    let mut at = start;
    loop {
        if let Some(digits) = pieces.get(at).and_then(Piece::digits) {
            run.groups.push(digits.to_owned());
        }
        at += 1;
        let signs: String = pieces[at..].iter().map_while(Piece::sign).take(4).collect();
        let next = pieces.get(at + signs.chars().count());
        match joint(&signs).filter(|_| next.is_some_and(|p| p.digits().is_some())) {
            Some(joint) => run.joints.push(joint),
            None => return (run, at),
        }
        at += signs.chars().count();
    }
}

fn joint(signs: &str) -> Option<RunJoint> {
    match signs {
        "" => None,
        s if s.len() > 3 || s.chars().any(|c| !" -.()".contains(c)) || s == ". " || s.contains("..") => None,
        s if s.contains(['(', ')']) => Some(RunJoint::Bracket),
        s if s.contains(['-', '.']) => Some(RunJoint::Hyphen),
        _ => Some(RunJoint::Space),
    }
}
