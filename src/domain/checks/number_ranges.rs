//! Numbers as the switch's console wants them: `101,102,110-120`.

use crate::domain::Phone;

/// From this many consecutive numbers on a range is shorter than the list.
const SHORTEST_RANGE: u64 = 3;

/// All numbers of digits only, in order, consecutive ones of one length as ranges. What is no internal number (with signs,
/// or too long to count) is left out: no integration serves it.
pub fn number_ranges<'a>(numbers: impl IntoIterator<Item = &'a Phone>) -> String {
    let plain = |number: &Phone| Some((number.digits().len(), number.digits().parse::<u64>().ok()?));
    let mut plain: Vec<(usize, u64)> = numbers.into_iter().filter_map(plain).collect();
    plain.sort_unstable();
    plain.dedup();
    let mut runs: Vec<(usize, u64, u64)> = Vec::new();
    for (length, number) in plain {
        match runs.last_mut() {
            Some((same, _, last)) if *same == length && *last + 1 == number => *last = number,
            _ => runs.push((length, number, number)),
        }
    }
    let mut parts = Vec::new();
    for (length, first, last) in runs {
        if last - first + 1 >= SHORTEST_RANGE {
            parts.push(format!("{first:0length$}-{last:0length$}"));
        } else {
            parts.extend((first..=last).map(|number| format!("{number:0length$}")));
        }
    }
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_numbers_of_one_length_become_ranges() {
        for (numbers, want) in [
            ("", ""),
            ("103", "103"),
            ("103,101,102,110,111,240102", "101-103,110,111,240102"),
            ("099,100,098", "098-100"),
            ("99,100,101", "99,100,101"),
            ("0101,0102,0103,101,102,103", "101-103,0101-0103"),
            ("101,101,*21,+79835551122", "101,79835551122"),
            ("9999999999999999999999", ""),
        ] {
            let numbers: Vec<Phone> = numbers.split(',').filter_map(|n| Phone::parse(n).ok()).collect();
            assert_eq!(number_ranges(&numbers), want);
        }
    }
}
