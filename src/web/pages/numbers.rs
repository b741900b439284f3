//! The number table as it comes in: rows of JSON or fields of a form, checked row by row.

use crate::domain::phone::PhoneError;
use crate::domain::written::{AsWritten, inner_numbers};
use crate::domain::{Phone, UserId};
use crate::web::read::{FieldFault, FormFields};
use crate::web::service::TakenNumber;
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};

/// Most numbers of one employee.
const MAX_NUMBERS: usize = 20;
/// Longest number: E.164.
const LONGEST: usize = 15;
/// Fields of the form are named so, followed by the user's id.
pub(crate) const FIELD: &str = "numbers.";

/// Numbers by employee.
pub(crate) type Rows = Vec<(UserId, Vec<Phone>)>;

/// Why a table is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowsFault {
    /// It is no table at all.
    Malformed,
    /// A row holds something that is no number.
    Wrong {
        /// Whose row.
        user: UserId,
        /// What is wrong.
        fault: FieldFault,
    },
    /// Two rows, or a row and the stored table, claim one number.
    Taken(TakenNumber),
    /// There is no such employee.
    NoSuch(UserId),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Table {
    Named { employees: Vec<NumberRow> },
    Bare(Vec<NumberRow>),
}

#[derive(Deserialize)]
struct NumberRow {
    user: Id,
    numbers: Numbers,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Number(i64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers {
    List(Vec<String>),
    Line(String),
}

/// Reads `{"employees": [{"user": 1, "numbers": ["1001"]}]}`, or the bare list.
pub(crate) fn from_json(body: &[u8]) -> Result<Rows, RowsFault> {
    let table: Table = serde_json::from_slice(body).map_err(|_| RowsFault::Malformed)?;
    let (Table::Named { employees: rows } | Table::Bare(rows)) = table;
    let rows = rows.into_iter().map(|row| {
        let user = match row.user {
            Id::Number(id) => id,
            Id::Text(text) => text.trim().parse().map_err(|_| RowsFault::Malformed)?,
        };
        let numbers = match &row.numbers {
            Numbers::List(list) => read_numbers(UserId(user), list.iter().map(String::as_str)),
            Numbers::Line(line) => read_numbers(UserId(user), split(line)),
        };
        Ok((UserId(user), numbers?))
    });
    distinct(rows.collect::<Result<_, _>>()?)
}

/// Reads the fields `numbers.<user>` of a form; their lines are separated by commas.
pub(crate) fn from_form(fields: &FormFields) -> Result<Rows, RowsFault> {
    let rows = fields.iter().filter_map(|(name, line)| Some((name.strip_prefix(FIELD)?, line))).map(|(id, line)| {
        let user = UserId(id.parse().map_err(|_| RowsFault::Malformed)?);
        Ok((user, read_numbers(user, split(line))?))
    });
    distinct(rows.collect::<Result<_, _>>()?)
}

fn split(line: &str) -> impl Iterator<Item = &str> {
    line.split([',', ';', '\n'])
}

fn read_numbers<'a>(user: UserId, texts: impl Iterator<Item = &'a str>) -> Result<Vec<Phone>, RowsFault> {
    let mut numbers: Vec<Phone> = Vec::new();
    for text in texts.map(str::trim).filter(|text| !text.is_empty()) {
        let fault = |fault| RowsFault::Wrong { user, fault };
        for number in one_or_several(text).map_err(|e| fault(FieldFault::Number(e)))? {
            if !numbers.iter().any(|n| n.digits() == number.digits()) {
                numbers.push(number);
            }
        }
        if numbers.len() > MAX_NUMBERS {
            return Err(fault(FieldFault::TooMany(MAX_NUMBERS)));
        }
    }
    Ok(numbers)
}

/// What an admin has typed between two commas, read as a profile's text is; nothing of it may be left over.
fn one_or_several(text: &str) -> Result<Vec<Phone>, PhoneError> {
    // What an admin types as bare digits is one number, however few.
    if text.contains(['*', '#']) || text.bytes().all(|b| b.is_ascii_digit()) && text.len() <= LONGEST {
        return Phone::parse(text).map(|number| vec![number]);
    }
    let read = inner_numbers(&AsWritten::new(text));
    if !read.unclear && !read.something_else {
        return Ok(read.numbers);
    }
    // Where the old reading fails as well, it names the sign at fault.
    Err(Phone::parse(text).err().unwrap_or(PhoneError::Unclear))
}

/// No employee twice, no number twice.
fn distinct(rows: Rows) -> Result<Rows, RowsFault> {
    let mut users = BTreeSet::new();
    let mut holders: HashMap<&str, UserId> = HashMap::new();
    for (user, numbers) in &rows {
        if !users.insert(*user) {
            return Err(RowsFault::Malformed);
        }
        for number in numbers {
            if let Some(&holder) = holders.get(number.digits()) {
                return Err(RowsFault::Taken(TakenNumber { number: number.clone(), user: *user, holder }));
            }
            holders.insert(number.digits(), *user);
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(text: &str) -> Phone {
        Phone::parse(text).expect(text)
    }

    #[test]
    fn tables_come_in_several_spellings() {
        let want = vec![(UserId(1), vec![phone("1001"), phone("1002")]), (UserId(2), vec![])];
        for body in [
            r#"{"employees":[{"user":1,"numbers":["1001","1002"]},{"user":2,"numbers":[]}]}"#,
            r#"[{"user":"1","numbers":"1001, 10-02"},{"user":2,"numbers":"","name":"x"}]"#,
            r#"[{"user":1,"numbers":["1001"," 1002 ","1001",""]},{"user":2,"numbers":[""]}]"#,
            r#"[{"user":1,"numbers":["доб. 1001/1002"]},{"user":2,"numbers":"\u200e"}]"#,
        ] {
            assert_eq!(from_json(body.as_bytes()), Ok(want.clone()), "{body}");
        }
        assert_eq!(from_json(br#"[{"user":1,"numbers":["0"]}]"#), Ok(vec![(UserId(1), vec![phone("0")])]));
        let form = FormFields::parse(b"numbers.1=1001%2C+1002&numbers.2=&other=5");
        assert_eq!(from_form(&form), Ok(want));
    }

    #[test]
    fn the_row_at_fault_is_named() {
        let wrong = |fault| Err(RowsFault::Wrong { user: UserId(2), fault });
        let row = |numbers: &str| {
            from_json(format!(r#"[{{"user":1,"numbers":[]}},{{"user":2,"numbers":{numbers}}}]"#).as_bytes())
        };
        assert_eq!(row(r#"["шеф"]"#), wrong(FieldFault::Number(PhoneError::Strange('ш'))));
        assert_eq!(row(r#"["моб. 89135551122"]"#), wrong(FieldFault::Number(PhoneError::Strange('м'))));
        assert_eq!(row(r#"["1040-1050"]"#), wrong(FieldFault::Number(PhoneError::Unclear)));
        assert_eq!(row(r#"["+"]"#), wrong(FieldFault::Number(PhoneError::Empty)));
        let many: Vec<String> = (100..121).map(|n| format!("\"{n}\"")).collect();
        assert_eq!(row(&format!("[{}]", many.join(","))), wrong(FieldFault::TooMany(20)));
    }

    #[test]
    fn one_number_has_one_owner() {
        let body = r#"[{"user":1,"numbers":["+1001"]},{"user":2,"numbers":["1001"]}]"#;
        let taken = TakenNumber { number: phone("1001"), user: UserId(2), holder: UserId(1) };
        assert_eq!(from_json(body.as_bytes()), Err(RowsFault::Taken(taken)));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for body in ["", "{}", "[1]", "null", r#"[{"user":1}]"#, r#"[{"user":"x","numbers":[]}]"#, "\u{fffd}"] {
            assert_eq!(from_json(body.as_bytes()), Err(RowsFault::Malformed), "{body}");
        }
        let twice = r#"[{"user":1,"numbers":[]},{"user":1,"numbers":[]}]"#;
        assert_eq!(from_json(twice.as_bytes()), Err(RowsFault::Malformed));
        assert_eq!(from_form(&FormFields::parse(b"numbers.x=1")), Err(RowsFault::Malformed));
    }
}
