//! Digits that stand close together: one number in groups, several numbers, or who knows.

/// What stands between two groups of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunJoint {
    /// Spaces only.
    Space,
    /// A hyphen or a full stop.
    Hyphen,
    Bracket,
}

/// Groups of digits with nothing but spaces, hyphens, full stops and brackets between them.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    /// A plus stands before the first.
    pub plus: bool,
    /// The groups; never empty.
    pub groups: Vec<String>,
    /// Between the groups, one less.
    pub joints: Vec<RunJoint>,
}

/// Longest number: E.164.
const LONGEST: usize = 15;
/// A group of this many digits is a number of its own.
const WHOLE: usize = 10;
/// Up to this many digits it is an internal number, which has no plus.
pub(super) const SHORT: usize = 6;

/// The numbers of a run, `None` if they cannot be told apart.
pub(super) fn numbers(run: &Run) -> Option<Vec<String>> {
    let total: usize = run.groups.iter().map(String::len).sum();
    if run.groups.len() == 1 {
        return (total <= LONGEST).then(|| vec![glued(run, 1)]);
    }
    // The beginning of a long number is no internal one.
    if run.plus && total <= SHORT {
        return None;
    }
    if let Some(end) = russian(run) {
        return and_rest(run, end);
    }
    if run.groups.iter().any(|g| g.len() >= WHOLE) {
        let prefix = run.groups[0].len() <= if run.plus { 3 } else { 1 };
        if prefix && run.plus && run.groups.len() == 2 && total <= LONGEST {
            return Some(vec![glued(run, 2)]);
        }
        if prefix && !run.plus {
            return None;
        }
        return run.joints.iter().all(|j| *j != RunJoint::Hyphen).then(|| each(run)).filter(|_| !run.plus || !prefix);
    }
    if !run.plus
        && let Some(at) = (1..run.groups.len()).find(|at| apart(run, *at, total))
    {
        return both(run, at);
    }
    let by_space: Vec<usize> =
        (0..run.joints.len()).filter(|i| run.joints[*i] == RunJoint::Space).map(|i| i + 1).collect();
    if !run.plus
        && let Some(at) = by_space.first()
        && hyphens_everywhere(run, &by_space)
    {
        // 10-44 10-45
        return both(run, *at);
    }
    let lengths: Vec<usize> = run.groups.iter().map(String::len).collect();
    let equal = lengths.iter().all(|n| *n == lengths[0]);
    if run.plus || (total >= WHOLE && !(equal && lengths[0] >= 3)) {
        return (total <= LONGEST && (run.plus || has_code(run, &lengths))).then(|| vec![glued(run, run.groups.len())]);
    }
    let one = || Some(vec![glued(run, run.groups.len())]);
    if by_space.len() == run.joints.len() {
        return match lengths[..] {
            // 10 46, 1 001
            [2, 2] | [1 | 2, 3] => one().filter(|_| !neighbours(run)),
            _ if lengths.iter().all(|n| *n == 1) => one(),
            // 1040 1041
            _ if equal && lengths[0] >= 3 => Some(each(run)),
            _ => None,
        };
    }
    if !by_space.is_empty() {
        return None;
    }
    match lengths[..] {
        // A date, an address: 01.02.2026
        [1 | 2, 1 | 2, 4] => None,
        // 1040-1041: whether a range or a list, it is these two. 123-456 can be one number as well.
        [n, m] if n == m && n >= 3 => neighbours(run).then(|| each(run)),
        // 10-44, 1-001, unless it can be a range or hours.
        [1 | 2, 2 | 3] => one().filter(|_| !neighbours(run) && !hours(run)),
        // A number of a city.
        [1..=3, 2, 2] | [3, 4] => one(),
        _ if lengths.iter().all(|n| *n == 1) => one(),
        // 1131-33 and 101-3 are ranges, who knows what the others are.
        _ => None,
    }
}

/// Whether what stands before the group at `at` is a number, and that group begins another.
fn apart(run: &Run, at: usize, total: usize) -> bool {
    let before: usize = run.groups[..at].iter().map(String::len).sum();
    let behind = Run { plus: false, groups: run.groups[at..].to_vec(), joints: run.joints[at..].to_vec() };
    match run.joints[at - 1] {
        // 1034 (1035), 555-00-16 (1034)
        RunJoint::Bracket => total < WHOLE || before > SHORT,
        // 1034 8-913-555-11-22
        RunJoint::Space => at == 1 && before >= 3 && russian(&behind).is_some(),
        RunJoint::Hyphen => false,
    }
}

/// Ten digits with a code of Russia before them, or a number that is dialled through another country's code.
fn has_code(run: &Run, lengths: &[usize]) -> bool {
    let code = run.groups[0].starts_with(['3', '4', '8', '9']) && lengths[0] == 3 || run.joints[0] == RunJoint::Bracket;
    let usual = matches!(lengths[1..], [6 | 7] | [3, 4] | [1..=3, 2, 2]);
    let ten = lengths.iter().sum::<usize>() == WHOLE;
    ten && code && usual || run.groups.concat().starts_with("810")
}

/// After how many groups a number of Russia is complete: eleven digits that begin with 8 or +7.
fn russian(run: &Run) -> Option<usize> {
    let first = run.groups[0].as_bytes()[0];
    let fits = if run.plus { first == b'7' } else { first == b'8' || first == b'7' };
    let mut sum = 0;
    let mut ends = run.groups.iter().map(|g| {
        sum += g.len();
        sum
    });
    let end = ends.position(|sum| sum == 11)? + 1;
    // 8 10 begins a number of another country; four-digit numbers side by side are no number of Russia either.
    let written_so = run.groups[0].len() == 1 || run.groups[0].len() == 4 && end > 2 || end == 1;
    let abroad = run.groups.concat().starts_with("810");
    (fits && (written_so || run.plus) && !abroad).then_some(end)
}

fn and_rest(run: &Run, end: usize) -> Option<Vec<String>> {
    if end == run.groups.len() { Some(vec![glued(run, end)]) } else { both(run, end) }
}

/// What stands before and after the joint at `at`, each read alone.
fn both(run: &Run, at: usize) -> Option<Vec<String>> {
    let before = Run { plus: run.plus, groups: run.groups[..at].to_vec(), joints: run.joints[..at - 1].to_vec() };
    let after = Run { plus: false, groups: run.groups[at..].to_vec(), joints: run.joints[at..].to_vec() };
    let mut all = numbers(&before)?;
    all.extend(numbers(&after)?);
    Some(all)
}

/// Whether every part between spaces is written with hyphens.
fn hyphens_everywhere(run: &Run, by_space: &[usize]) -> bool {
    let starts = std::iter::once(0).chain(by_space.iter().copied());
    let ends = by_space.iter().copied().chain([run.groups.len()]);
    starts.zip(ends).all(|(start, end)| end - start >= 2)
}

fn neighbours(run: &Run) -> bool {
    let value = |i: usize| run.groups[i].parse::<u64>().unwrap_or_default();
    value(0) + 1 == value(1)
}

/// From the morning to the evening, 9-18.
fn hours(run: &Run) -> bool {
    let hour = |i: usize, within: std::ops::RangeInclusive<u64>| {
        run.groups[i].len() <= 2 && run.groups[i].parse().is_ok_and(|hour| within.contains(&hour))
    };
    hour(0, 6..=12) && hour(1, 13..=24)
}

fn each(run: &Run) -> Vec<String> {
    (0..run.groups.len())
        .map(|i| glued(&Run { plus: run.plus && i == 0, groups: vec![run.groups[i].clone()], joints: vec![] }, 1))
        .collect()
}

/// The first `n` groups as one number.
fn glued(run: &Run, n: usize) -> String {
    let digits = run.groups[..n].concat();
    if run.plus && digits.len() > SHORT { format!("+{digits}") } else { digits }
}
