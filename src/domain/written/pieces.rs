//! A text cut into digits, words and signs.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Digits(String),
    Word(String),
    Sign(char),
}

impl Piece {
    pub(super) const fn sign(&self) -> Option<char> {
        if let Self::Sign(c) = self { Some(*c) } else { None }
    }

    pub(super) const fn digits(&self) -> Option<&str> {
        if let Self::Digits(digits) = self { Some(digits.as_str()) } else { None }
    }

    pub(super) const fn word(&self) -> Option<&str> {
        if let Self::Word(word) = self { Some(word.as_str()) } else { None }
    }
}

pub(super) fn pieces(text: &[char]) -> Vec<Piece> {
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

/// The signs a text begins with.
pub(super) fn signs(pieces: &[Piece]) -> String {
    pieces.iter().map_while(Piece::sign).collect()
}

/// The signs a text ends with, in the order written.
pub(super) fn signs_before(pieces: &[Piece]) -> String {
    let signs: Vec<char> = pieces.iter().rev().map_while(Piece::sign).collect();
    signs.into_iter().rev().collect()
}

pub(super) fn is_sign(piece: Option<&Piece>, c: char) -> bool {
    piece.and_then(Piece::sign) == Some(c)
}
