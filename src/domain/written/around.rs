//! What stands around digits, and what it says of them.

use super::CUT;
use super::pieces::{Piece, is_sign, signs, signs_before};
use super::words::{Meaning, meaning};

/// Digits of a place; an internal number has more, as a rule.
pub(super) const FEW: usize = 2;
/// Signs that join or measure: what stands beside them is a range, a sum, a parameter.
const STRANGE: &str = "=~÷→≈<>^%$€₽_";

/// What digits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// Said to be an internal number.
    Labelled,
    /// Goes on after the last one: what that is, this is.
    More,
    /// A number, as nothing is said against it.
    Number,
    Elsewhere,
    /// The first group is something else; what stands in brackets behind it is to be judged alone.
    FirstElsewhere,
    /// It is not clear.
    Unclear,
}

/// The digits that are judged.
pub(super) struct Judged {
    /// Where they begin, their plus included.
    pub start: usize,
    pub end: usize,
    /// Digits of each group.
    pub lengths: Vec<usize>,
    /// Behind the first group opens a bracket.
    pub bracket: bool,
}

pub(super) fn around(pieces: &[Piece], run: &Judged) -> Around {
    let (before, behind) = (&pieces[..run.start], &pieces[run.end..]);
    if strange(signs_before(before).trim_end()) || strange(signs(behind).trim_start()) {
        return Around::Unclear;
    }
    let words: Vec<&str> = before
        .iter()
        .rev()
        .take_while(|p| p.digits().is_none() && !p.sign().is_some_and(|c| ",;/|\\&\n+".contains(c)))
        .filter_map(Piece::word)
        .collect();
    let meanings: Vec<Meaning> = words.iter().map(|word| meaning(word)).collect();
    let nearest = meanings.iter().copied().find(|m| *m != Meaning::Phone);
    let said = if nearest == Some(Meaning::Inner) { Around::Labelled } else { said_before(before, run, &meanings) };
    let said = match said {
        Around::Number | Around::Labelled | Around::More if interrupted(before, behind, meanings.first()) => {
            Around::Unclear
        }
        Around::Number | Around::More => match after(behind, run) {
            Around::Number if doubtful(run, nearest, behind) => Around::Unclear,
            Around::Number => said,
            other => other,
        },
        other => other,
    };
    if said == Around::Elsewhere && run.lengths.len() > 1 && nearest.is_some_and(Meaning::is_place) {
        return if run.bracket { Around::FirstElsewhere } else { Around::Unclear };
    }
    said
}

fn strange(signs: &str) -> bool {
    signs.chars().any(|c| STRANGE.contains(c))
}

/// What the words before the digits say.
fn said_before(before: &[Piece], run: &Judged, meanings: &[Meaning]) -> Around {
    if let Some(at) = meanings.iter().position(|m| m.is_place() || m.excludes()) {
        // 2nd floor 1031: the word may belong to the digits before it.
        return match shared(before, run, meanings) {
            Some(said) => said,
            None if meanings[at] == Meaning::Unit && !meanings.iter().any(|m| m.excludes()) => unit(before, run, at),
            None => Around::Elsewhere,
        };
    }
    // 1038, 1039 and 1040
    if meanings.iter().all(|m| *m == Meaning::And) && before.iter().any(|p| p.digits().is_some()) {
        return Around::More;
    }
    Around::Number
}

/// A word for a part of the company, this many words before the digits: its own number, or its telephone.
fn unit(before: &[Piece], run: &Judged, words_between: usize) -> Around {
    let few = run.lengths[0] <= FEW;
    let signs = signs_before(before);
    match (words_between, few) {
        (0, true) => Around::Elsewhere,
        (0, false) if signs.contains(':') || signs.contains(" - ") || signs.contains('(') => Around::Number,
        (0, false) => Around::Unclear,
        (_, true) => Around::Unclear,
        (_, false) => Around::Number,
    }
}

/// Whose a place's name is that stands between two numbers, with nothing that parts them; `None` if it is not so.
fn shared(before: &[Piece], run: &Judged, meanings: &[Meaning]) -> Option<Around> {
    let &[place] = meanings else { return None };
    let word = before.iter().rposition(|p| p.word().is_some())?;
    let to_run = signs_before(before);
    let first = before[..word].iter().rposition(|p| p.digits().is_some())?;
    let between = &before[first + 1..word];
    let apart = between.iter().any(|p| p.sign().is_none_or(|c| !" .".contains(c)));
    let joins = to_run.chars().all(|c| " .".contains(c));
    let is_labelled = before[..first].iter().rev().find_map(Piece::word).is_some_and(|w| meaning(w) == Meaning::Inner);
    let digits = before[first].digits()?.len();
    (place.is_place() && joins && !apart && !is_labelled).then(|| match owner(digits, place, run.lengths[0]) {
        Some(Side::Before) => Around::Number,
        Some(Side::Behind) => Around::Elsewhere,
        None => Around::Unclear,
    })
}

enum Side {
    Before,
    Behind,
}

/// To which digits a word belongs that stands between them.
const fn owner(before: usize, place: Meaning, behind: usize) -> Option<Side> {
    match (place, before <= FEW, behind <= FEW) {
        (Meaning::Unit, true, false) => Some(Side::Before),
        (Meaning::Unit | Meaning::Elsewhere, false, true) => Some(Side::Behind),
        _ => None,
    }
}

/// Whether the digits are part of a word, of a time, of something that was cut.
fn interrupted(before: &[Piece], behind: &[Piece], nearest: Option<&Meaning>) -> bool {
    let time = |a: Option<&Piece>, b: Option<&Piece>| is_sign(a, ':') && b.is_some_and(|p| p.digits().is_some());
    let previous = before.len().checked_sub(2).and_then(|i| before.get(i));
    let signs = signs(behind);
    let next = behind.get(signs.chars().count()).and_then(Piece::word).map(meaning);
    let cut = signs.trim_start();
    let attached = matches!(before.last(), Some(Piece::Word(_)));
    (attached && nearest == Some(&Meaning::Unknown))
        || time(before.last(), previous)
        || time(behind.first(), behind.get(1))
        || is_sign(before.last(), '*')
        || cut.starts_with(CUT)
        || cut.starts_with("..")
        || signs.starts_with(['*', '#'])
        || (signs.is_empty() && next.is_some_and(|m| m == Meaning::Unknown || m.excludes() || m.is_place()))
}

/// One or two digits beside a word that we do not know.
fn doubtful(run: &Judged, nearest: Option<Meaning>, behind: &[Piece]) -> bool {
    let unknown = |word: &Piece| word.word().is_some_and(|w| meaning(w) == Meaning::Unknown);
    let next = behind.get(signs(behind).chars().count()).filter(|_| signs(behind).chars().all(|c| " .-".contains(c)));
    run.lengths.iter().sum::<usize>() <= FEW && (nearest == Some(Meaning::Unknown) || next.is_some_and(unknown))
}

/// What the text behind a number says of it.
fn after(rest: &[Piece], run: &Judged) -> Around {
    let signs = signs(rest);
    let n = signs.chars().count();
    let Some(word) = rest.get(n).and_then(Piece::word) else { return Around::Number };
    let word_meaning = meaning(word);
    let next = labelled(&rest[n + 1..]);
    let last = run.lengths.last().copied().unwrap_or_default();
    match (signs.as_str(), next) {
        // 2-й этаж
        ("-", _) if word.chars().count() <= 2 && word_meaning == Meaning::Unknown => Around::Elsewhere,
        // 1031 to 1035
        (" ", Some(_)) if word_meaning == Meaning::Until => Around::Unclear,
        (" " | ". ", Some(next)) if word_meaning.is_place() => match owner(last, word_meaning, next) {
            Some(Side::Before) => Around::Elsewhere,
            Some(Side::Behind) => Around::Number,
            None => Around::Unclear,
        },
        // 1031 (факс)
        (" (", None) if matches!(word_meaning, Meaning::Line | Meaning::Fax) => Around::Elsewhere,
        // 305 кабинет
        (" ", None) if word_meaning == Meaning::Unit && last > FEW => Around::Number,
        (" ", None) if word_meaning == Meaning::Unit || word_meaning.excludes() && word_meaning != Meaning::Hours => {
            Around::Elsewhere
        }
        _ => Around::Number,
    }
}

/// Length of the digits that a word just before this labels.
fn labelled(rest: &[Piece]) -> Option<usize> {
    rest.iter().find(|p| !p.sign().is_some_and(|c| " .:+(".contains(c)))?.digits().map(str::len)
}
