//! Groups of digits that stand close enough to be one number.

/// What stands before a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupJoint {
    /// Nothing that joins: the group is the first.
    First,
    /// A hyphen or a full stop.
    Tight,
    /// Spaces.
    Loose,
    /// A bracket that opens.
    Open,
    /// A bracket that closes.
    Close,
    /// A slash between a code and a number.
    Slash,
}

/// Digits side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group<'a> {
    pub digits: &'a str,
    /// What stands before them.
    pub joint: GroupJoint,
    /// A plus stands before them.
    pub plus: bool,
    at: usize,
}

impl Group<'_> {
    /// Where it begins in the text, in bytes.
    pub(super) const fn start(&self) -> usize {
        self.at
    }

    /// Where it ends.
    pub(super) const fn end(&self) -> usize {
        self.at + self.digits.len()
    }
}

/// Longest signs between two groups of one number.
const LONGEST_JOINT: usize = 4;
/// Most digits of a code before a slash, and least behind it.
const CODE: usize = 5;

/// The runs of a text, each of at least one group.
pub(super) fn runs(text: &str) -> Vec<Vec<Group<'_>>> {
    let mut runs: Vec<Vec<Group<'_>>> = Vec::new();
    let (mut end, mut open, mut sum) = (0, false, 0);
    while let Some(ahead) = text[end..].find(|c: char| c.is_ascii_digit()) {
        let at = end + ahead;
        let digits = &text[at..at + digits_at(&text[at..])];
        let before = text[..at].trim_end_matches(['+', ' ']);
        let signs = &text[end..at];
        let joint = runs.last().and_then(|run| joint(signs, &mut open, sum, abroad(run), &text[at..]));
        if let (Some(joint), Some(run)) = (joint, runs.last_mut()) {
            run.push(Group { digits, joint, plus: false, at });
            sum += digits.len();
        } else {
            open = before.ends_with('(');
            let plus = signs.trim_end_matches([' ', '(']).ends_with('+');
            runs.push(vec![Group { digits, joint: GroupJoint::First, plus, at }]);
            sum = digits.len();
        }
        end = at + digits.len();
    }
    runs
}

fn digits_at(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())
}

fn abroad(run: &[Group<'_>]) -> bool {
    matches!(run, [a, ..] if a.digits.starts_with("810") || a.digits.starts_with("00"))
        || matches!(run, [a, b, ..] if a.digits == "8" && b.digits.starts_with("10"))
}

/// Judges the signs behind this many digits; `None` if they end the number.
fn joint(signs: &str, open: &mut bool, sum: usize, abroad: bool, rest: &str) -> Option<GroupJoint> {
    let strange = |c: char| !" -.()/".contains(c);
    if signs.len() > LONGEST_JOINT || signs.contains(strange) || signs.contains(". ") || signs.contains("..") {
        return None;
    }
    for c in signs.chars() {
        match c {
            // A code stands in brackets, and it stands before the number; in brackets behind it stands something else.
            '(' if *open || sum > if abroad { 9 } else { CODE } => return None,
            ')' if !*open => return None,
            '(' => *open = true,
            ')' => *open = false,
            _ => {}
        }
    }
    if signs.contains('/') {
        // 383/555-00-15, 8/383/5550015
        return (sum == 1 || sum <= CODE && digits_ahead(rest) >= CODE).then_some(GroupJoint::Slash);
    }
    Some(match signs {
        s if s.contains('(') => GroupJoint::Open,
        s if s.contains(')') => GroupJoint::Close,
        s if s.contains(' ') => GroupJoint::Loose,
        _ => GroupJoint::Tight,
    })
}

/// How many digits follow with nothing but spaces and hyphens between.
pub(super) fn digits_ahead(text: &str) -> usize {
    text.chars().take_while(|c| c.is_ascii_digit() || " -".contains(*c)).filter(char::is_ascii_digit).count()
}
