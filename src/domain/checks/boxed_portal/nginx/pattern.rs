//! Regular expressions as locations have them, matched against a short path; what is not understood is not judged.

/// Groups within groups.
const DEEPEST: usize = 6;

/// Whether the pattern is found in `path`; `None` where it has parts that are not understood here (look-around,
/// back-references, options) or the path is too long.
pub(super) fn found_in(pattern: &str, ignore_case: bool, path: &str) -> Option<bool> {
    let (pattern, path) = if ignore_case {
        // `\D`, `\S`, `\W` would change their meaning.
        let escapes = pattern.contains("\\D") || pattern.contains("\\S") || pattern.contains("\\W");
        (if escapes { return None } else { pattern.to_ascii_lowercase() }, path.to_ascii_lowercase())
    } else {
        (pattern.to_owned(), path.to_owned())
    };
    if path.len() > 62 || !pattern.is_ascii() {
        return None;
    }
    let mut parser = PatternParser { rest: pattern.as_bytes(), depth: 0 };
    let node = parser.either()?;
    let anywhere = (1_u64 << (path.len() + 1)) - 1;
    parser.rest.is_empty().then(|| node.ends(path.as_bytes(), anywhere) != 0)
}

enum PatternNode {
    Start,
    End,
    Byte { wanted: Vec<(u8, u8)>, not: bool },
    Sequence(Vec<PatternNode>),
    Either(Vec<PatternNode>),
    Repeat { node: Box<PatternNode>, least: u32, most: Option<u32> },
}

impl PatternNode {
    /// Where it may end if it begins at one of these places of the path; each place is a bit.
    fn ends(&self, path: &[u8], starts: u64) -> u64 {
        match self {
            Self::Start => starts & 1,
            Self::End => starts & (1 << path.len()),
            Self::Byte { wanted, not } => path.iter().enumerate().fold(0, |ends, (at, byte)| {
                let fits = wanted.iter().any(|(from, to)| (*from..=*to).contains(byte)) != *not;
                if fits && starts & (1 << at) != 0 { ends | (1 << (at + 1)) } else { ends }
            }),
            Self::Sequence(nodes) => nodes.iter().fold(starts, |starts, node| node.ends(path, starts)),
            Self::Either(nodes) => nodes.iter().fold(0, |ends, node| ends | node.ends(path, starts)),
            Self::Repeat { node, least, most } => {
                let mut now = starts;
                for _ in 0..*least {
                    let next = node.ends(path, now);
                    if next == now {
                        break;
                    }
                    now = next;
                }
                let mut all = now;
                // A path of 62 bytes has no more places to go on from.
                for _ in 0..most.map_or(64, |most| most.saturating_sub(*least).min(64)) {
                    now = node.ends(path, now) & !all;
                    if now == 0 {
                        break;
                    }
                    all |= now;
                }
                all
            }
        }
    }
}

struct PatternParser<'a> {
    rest: &'a [u8],
    depth: usize,
}

impl PatternParser<'_> {
    fn took(&mut self, text: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn either(&mut self) -> Option<PatternNode> {
        let mut nodes = vec![self.sequence()?];
        while self.took(b"|") {
            nodes.push(self.sequence()?);
        }
        Some(PatternNode::Either(nodes))
    }

    fn sequence(&mut self) -> Option<PatternNode> {
        let mut nodes = Vec::new();
        while !matches!(self.rest.first(), None | Some(b'|' | b')')) {
            let node = self.atom()?;
            nodes.push(self.repeated(node)?);
        }
        Some(PatternNode::Sequence(nodes))
    }

    fn atom(&mut self) -> Option<PatternNode> {
        match self.next()? {
            b'^' => Some(PatternNode::Start),
            b'$' => Some(PatternNode::End),
            b'.' => Some(PatternNode::Byte { wanted: vec![(b'\n', b'\n')], not: true }),
            b'(' => self.group(),
            b'[' => self.class(),
            b'\\' => escape(self.next()?),
            b'*' | b'+' | b'?' | b'{' => None,
            byte => Some(PatternNode::Byte { wanted: vec![(byte, byte)], not: false }),
        }
    }

    fn group(&mut self) -> Option<PatternNode> {
        self.depth += 1;
        if self.took(b"?") && !self.took(b":") {
            let named = (self.took(b"P<") || self.took(b"<")) && self.rest.first()?.is_ascii_alphabetic();
            named.then_some(())?;
            while self.next()? != b'>' {}
        }
        if self.depth > DEEPEST {
            return None;
        }
        let node = self.either()?;
        self.depth -= 1;
        self.took(b")").then_some(node)
    }

    fn class(&mut self) -> Option<PatternNode> {
        let not = self.took(b"^");
        let mut wanted = Vec::new();
        if self.rest.first() == Some(&b']') {
            return None;
        }
        while !self.took(b"]") {
            let from = match self.next()? {
                b'[' if self.rest.first() == Some(&b':') => return None,
                b'\\' => match escape(self.next()?)? {
                    PatternNode::Byte { wanted: ranges, not: false }
                        if ranges.len() == 1 && ranges[0].0 == ranges[0].1 =>
                    {
                        ranges[0].0
                    }
                    PatternNode::Byte { wanted: ranges, not: false } => {
                        wanted.extend(ranges);
                        continue;
                    }
                    _ => return None,
                },
                byte => byte,
            };
            if self.rest.first() == Some(&b'-') && self.rest.get(1).is_some_and(|to| !matches!(to, b']' | b'\\')) {
                self.next();
                wanted.push((from, self.next()?));
            } else {
                wanted.push((from, from));
            }
        }
        Some(PatternNode::Byte { wanted, not })
    }

    fn repeated(&mut self, node: PatternNode) -> Option<PatternNode> {
        let (least, most) = match self.rest.first() {
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'?') => (0, Some(1)),
            Some(b'{') => return self.counted(node),
            _ => return Some(node),
        };
        self.next();
        self.finished(node, least, most)
    }

    fn counted(&mut self, node: PatternNode) -> Option<PatternNode> {
        let end = self.rest.iter().position(|byte| *byte == b'}')?;
        let inner = std::str::from_utf8(&self.rest[1..end]).ok()?;
        let (least, most) = match inner.split_once(',') {
            None => (inner.parse().ok()?, Some(inner.parse().ok()?)),
            Some((least, "")) => (least.parse().ok()?, None),
            Some((least, most)) => (least.parse().ok()?, Some(most.parse().ok()?)),
        };
        self.rest = &self.rest[end + 1..];
        self.finished(node, least, most)
    }

    /// How greedy it is does not matter to whether it is found.
    fn finished(&mut self, node: PatternNode, least: u32, most: Option<u32>) -> Option<PatternNode> {
        let possessive = self.rest.first() == Some(&b'+');
        self.took(b"?");
        (!possessive && least <= 64).then(|| PatternNode::Repeat { node: Box::new(node), least, most })
    }
}

fn escape(byte: u8) -> Option<PatternNode> {
    let (wanted, not) = match byte {
        b'd' | b'D' => (vec![(b'0', b'9')], byte == b'D'),
        b'w' | b'W' => (vec![(b'0', b'9'), (b'a', b'z'), (b'A', b'Z'), (b'_', b'_')], byte == b'W'),
        b's' | b'S' => (vec![(b'\t', b'\r'), (b' ', b' ')], byte == b'S'),
        other if other.is_ascii_alphanumeric() => return None,
        other => (vec![(other, other)], false),
    };
    Some(PatternNode::Byte { wanted, not })
}
