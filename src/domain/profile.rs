//! What an employee's profile in the portal says of their internal number, beside what our table says.

use super::written::{AsWritten, inner_numbers};
use super::{Phone, UserId};

/// The text of one employee's profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub user: UserId,
    /// As it stands in the portal; not empty.
    pub text: AsWritten,
    /// The admin has saved this employee's numbers since the text reads like this: it is decided.
    pub settled: bool,
}

/// Why the text is worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// Part of it could not be read, and nobody has decided yet what it means.
    Unclear,
    /// It says something else than our table, which is the one that counts.
    Differs,
}

impl Profile {
    /// What there is to say beside these numbers of our table.
    pub fn remark(&self, numbers: &[Phone]) -> Option<Remark> {
        let read = inner_numbers(&self.text);
        let known = |n: &Phone| numbers.iter().any(|mine| mine.digits() == n.digits());
        if read.unclear && !self.settled {
            Some(Remark::Unclear)
        } else if read.unclear || read.something_else || !read.numbers.iter().all(known) {
            Some(Remark::Differs)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_remarked_on_where_it_is_unclear_or_says_something_else() {
        for (text, settled, numbers, want) in [
            ("доб. 1031", false, "1031", None),
            ("1040/1041", false, "1041,1040,1099", None),
            ("1040/1041", false, "1040", Some(Remark::Differs)),
            ("1040", true, "", Some(Remark::Differs)),
            ("1042 (моб. 8 913 555 11 22)", false, "1042", Some(Remark::Differs)),
            ("1050-1055", false, "", Some(Remark::Unclear)),
            ("1050-1055", true, "1050,1051", Some(Remark::Differs)),
            ("спросить Анну", false, "1001", Some(Remark::Unclear)),
        ] {
            let numbers: Vec<_> = numbers.split(',').filter_map(|n| Phone::parse(n).ok()).collect();
            let profile = Profile { user: UserId(1), text: AsWritten::new(text), settled };
            assert_eq!(profile.remark(&numbers), want, "{text} {settled}");
        }
    }
}
