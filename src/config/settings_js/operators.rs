//! Operators: those that give defaults, choose, compare, join and count.

use super::cursor::Stop;
use super::reader::SourceReader;
use super::value::{Js, Unread};

impl SourceReader<'_> {
    /// An expression, up to a comma or closing bracket.
    pub fn expression(&mut self) -> Result<Js, Stop> {
        self.deeper(self.cursor.at)?;
        let value = self.choice();
        self.depth -= 1;
        value
    }

    fn choice(&mut self) -> Result<Js, Stop> {
        let condition = self.either()?;
        if self.operator(&["?"], &["??"])?.is_none() {
            return Ok(condition);
        }
        let yes = self.expression()?;
        self.cursor.space()?;
        if !self.cursor.eat(":") {
            return Err(Stop::broken(self.cursor.at, "a : is missing in this ?: choice"));
        }
        let no = self.expression()?;
        Ok(match condition.truthy() {
            Some(true) => yes,
            Some(false) => no,
            None => condition,
        })
    }

    fn either(&mut self) -> Result<Js, Stop> {
        let mut left = self.both()?;
        while let Some((word, _)) = self.operator(&["||", "??"], &[])? {
            let right = self.both()?;
            let take_right = if word == "||" { left.truthy().map(|truthy| !truthy) } else { left.nullish() };
            if take_right == Some(true) {
                left = right;
            }
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Js, Stop> {
        let mut left = self.equality()?;
        while self.operator(&["&&"], &[])?.is_some() {
            let right = self.equality()?;
            if left.truthy() == Some(true) {
                left = right;
            }
        }
        Ok(left)
    }

    fn equality(&mut self) -> Result<Js, Stop> {
        let mut left = self.sum()?;
        while let Some((word, at)) = self.operator(&["===", "!==", "==", "!="], &[])? {
            let right = self.sum()?;
            left = match left.same(&right, word.len() == 3) {
                Some(same) => Js::Bool(same == word.starts_with('=')),
                None => unreadable_of(&left, &right, at, "this comparison is not followed"),
            };
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<Js, Stop> {
        let mut left = self.product()?;
        while let Some((word, at)) = self.operator(&["+", "-"], &["++", "--"])? {
            let right = self.product()?;
            let result = if word == "+" { left.plus(&right) } else { left.arithmetic(word, &right) };
            left = result.unwrap_or_else(|why| unreadable_of(&left, &right, at, why));
            self.bounds.made(&left, at)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Js, Stop> {
        let mut left = self.unary()?;
        while let Some((word, at)) = self.operator(&["*", "/"], &["**"])? {
            let right = self.unary()?;
            left = left.arithmetic(word, &right).unwrap_or_else(|why| unreadable_of(&left, &right, at, why));
        }
        Ok(left)
    }

    /// Steps over one of `words` and says where it stood. Without one, the space before it is given back,
    /// because a line end there may end the statement.
    fn operator(&mut self, words: &[&'static str], but_not: &[&str]) -> Result<Option<(&'static str, usize)>, Stop> {
        let before = self.cursor.clone();
        self.cursor.space()?;
        let at = self.cursor.at;
        if !but_not.iter().any(|word| self.cursor.looking_at(word))
            && let Some(word) = words.iter().find(|word| self.cursor.eat(word))
        {
            return Ok(Some((word, at)));
        }
        self.cursor = before;
        Ok(None)
    }

    fn unary(&mut self) -> Result<Js, Stop> {
        self.cursor.space()?;
        let at = self.cursor.at;
        let mut ahead = self.cursor.clone();
        let operator = match self.cursor.peek() {
            Some(c @ ('!' | '-' | '+')) => {
                self.cursor.at += 1;
                c
            }
            Some('t') if ahead.name().as_deref() == Some("typeof") => {
                self.cursor = ahead;
                't'
            }
            _ => return self.postfix(),
        };
        self.deeper(at)?;
        let operand = self.unary()?;
        self.depth -= 1;
        let result = match operator {
            '!' => operand.truthy().map(|truthy| Js::Bool(!truthy)),
            't' => operand.type_name().map(|name| Js::Text(name.to_owned())),
            '-' => operand.number().map(|number| Js::Number(-number)),
            _ => operand.number().map(Js::Number),
        };
        Ok(result.unwrap_or_else(|| unreadable_of(&operand, &operand, at, "this sign is not followed")))
    }
}

/// The first of two values that cannot be read, or a fault of the operator between them.
pub fn unreadable_of(left: &Js, right: &Js, at: usize, why: &str) -> Js {
    match (left, right) {
        (Js::Unreadable(unread), _) | (_, Js::Unreadable(unread)) => Js::Unreadable(unread.clone()),
        _ => Js::Unreadable(Unread { at, what: why.to_owned() }),
    }
}
