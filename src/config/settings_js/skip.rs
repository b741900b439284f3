//! Steps over an expression we do not follow, up to where the next thing begins.

use super::bounds::{DEEPEST, TOO_DEEP};
use super::cursor::{Cursor, Stop, ends_line};

/// What may end the skipped text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// A comma or closing bracket of the surrounding literal or argument list.
    Item,
    /// A semicolon, or a line end behind which nothing goes on.
    Statement,
    /// The closing bracket of the bracket that is next.
    Bracket,
}

/// Steps over balanced text. Strings, templates, comments and regular expressions may hold any bracket.
/// Gives the position behind the last character that is neither space nor comment.
pub fn skip(cursor: &mut Cursor<'_>, until: Until) -> Result<usize, Stop> {
    skip_at(cursor, until, 0)
}

/// `depth`: templates around this text; each one in another costs stack.
fn skip_at(cursor: &mut Cursor<'_>, until: Until, depth: u32) -> Result<usize, Stop> {
    if depth > DEEPEST {
        return Err(Stop::broken(cursor.at, TOO_DEEP));
    }
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut previous = ';';
    let mut end = cursor.at;
    loop {
        let line_ended = cursor.space()?;
        let start = cursor.at;
        let Some(c) = cursor.peek() else {
            return match open.last() {
                Some((at, bracket)) => Err(Stop::broken(*at, format!("this {bracket} is never closed"))),
                None => Ok(end),
            };
        };
        if open.is_empty() {
            let done = match until {
                Until::Item => matches!(c, ',' | '}' | ']' | ')'),
                Until::Statement => c == ';' || (line_ended && !goes_on(previous) && !continues(c)),
                Until::Bracket => false,
            };
            if done {
                return Ok(end);
            }
        }
        match c {
            '"' | '\'' => drop(cursor.string()?),
            '`' => template(cursor, depth)?,
            '/' if !ends_value(previous) => regex(cursor)?,
            '(' | '[' | '{' => {
                open.push((start, c));
                cursor.at += 1;
            }
            ')' | ']' | '}' => {
                let fits =
                    open.pop().is_some_and(|(_, bracket)| matches!((bracket, c), ('(', ')') | ('[', ']') | ('{', '}')));
                if !fits {
                    return Err(Stop::broken(start, format!("this {c} closes nothing")));
                }
                cursor.at += 1;
                if until == Until::Bracket && open.is_empty() {
                    return Ok(cursor.at);
                }
            }
            _ => cursor.at += 1,
        }
        previous = c;
        end = cursor.at;
    }
}

/// Whether an operator here makes the next line part of the statement.
const fn goes_on(previous: char) -> bool {
    matches!(
        previous,
        '=' | '+' | '-' | '*' | '/' | '&' | '|' | '?' | ':' | ',' | '.' | '<' | '>' | '!' | '(' | '[' | '{'
    )
}

/// Whether a line that begins so belongs to the one before.
const fn continues(c: char) -> bool {
    matches!(c, '.' | '?' | ':' | '+' | '*' | '/' | '&' | '|' | '=' | ',' | '(' | '[')
}

/// Whether a slash behind this divides (and does not open a regular expression).
fn ends_value(previous: char) -> bool {
    previous.is_alphanumeric() || matches!(previous, ')' | ']' | '}' | '"' | '\'' | '`' | '_' | '$')
}

fn template(cursor: &mut Cursor<'_>, depth: u32) -> Result<(), Stop> {
    let start = cursor.at;
    cursor.at += 1;
    loop {
        if cursor.looking_at("${") {
            cursor.at += 1;
            skip_at(cursor, Until::Bracket, depth + 1)?;
            continue;
        }
        match cursor.next() {
            Some('`') => return Ok(()),
            Some('\\') => drop(cursor.next()),
            Some(_) => {}
            None => return Err(Stop::broken(start, "this template has no closing `")),
        }
    }
}

fn regex(cursor: &mut Cursor<'_>) -> Result<(), Stop> {
    let start = cursor.at;
    cursor.at += 1;
    let mut in_class = false;
    loop {
        match cursor.next() {
            Some('/') if !in_class => return Ok(()),
            Some('[') => in_class = true,
            Some(']') => in_class = false,
            Some('\\') => drop(cursor.next()),
            Some(c) if !ends_line(c) => {}
            _ => return Err(Stop::broken(start, "this regular expression is never closed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(text: &str, until: Until) -> String {
        let chars: Vec<char> = text.chars().collect();
        let mut cursor = Cursor::new(&chars);
        skip(&mut cursor, until).unwrap();
        cursor.slice(cursor.at, chars.len())
    }

    #[test]
    fn an_item_ends_at_its_own_comma() {
        assert_eq!(rest("f(1, {a: 'x,}'}, [2]), next", Until::Item), ", next");
        assert_eq!(rest("() => { return `},${ {a: 1}.a }`; } }", Until::Item), "}");
        assert_eq!(rest("/[/,}']/g, next", Until::Item), ", next");
        assert_eq!(rest("a / b, c / d", Until::Item), ", c / d");
        assert_eq!(rest("x /* , */ // }\n, y", Until::Item), ", y");
    }

    #[test]
    fn a_statement_ends_at_semicolon_or_line() {
        assert_eq!(rest("f(1;2); g()", Until::Statement), "; g()");
        assert_eq!(rest("f(\n1)\ng()", Until::Statement), "g()");
        assert_eq!(rest("f()\n  .then(x)\ng()", Until::Statement), "g()");
        assert_eq!(rest("a =\n b\nc", Until::Statement), "c");
    }

    #[test]
    fn unbalanced_text_is_broken_at_the_guilty_bracket() {
        for (text, at) in [("f({a: 1", 2), ("f(]", 2), ("`abc", 0), ("(/abc\n)", 1)] {
            let chars: Vec<char> = text.chars().collect();
            match skip(&mut Cursor::new(&chars), Until::Statement) {
                Err(Stop::Broken(unread)) => assert_eq!(unread.at, at, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
