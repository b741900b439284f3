//! Texts as people write them, and what is read from them.

use super::*;
use crate::domain::Phone;
use crate::domain::phone::PhoneError;
use proptest::prelude::*;

/// `1001, 1002`, with `?` if something was unclear and `~` if something was said to be something else.
fn read(text: &str) -> String {
    let found = inner_numbers(&AsWritten::new(text));
    let numbers: Vec<&str> = found.numbers.iter().map(Phone::as_str).collect();
    let mark = |yes: bool, mark| if yes { mark } else { "" };
    format!("{}{}{}", numbers.join(", "), mark(found.something_else, "~"), mark(found.unclear, "?"))
}

#[test]
fn internal_numbers_are_read_as_people_write_them() {
    for (text, want) in [
        ("1001", "1001"),
        ("", ""),
        (" \n\u{200e} ", ""),
        ("доб. 1031", "1031"),
        ("ДОБ1031", "1031"),
        ("добавочный: 1031", "1031"),
        ("вн.1032", "1032"),
        ("внутр. тел. 1032", "1032"),
        ("№ 1033", "1033"),
        ("#1033", "1033"),
        ("1034 (приёмная)", "1034"),
        ("(1034)", "1034"),
        ("приёмная - 1034", "1034"),
        ("1034-Иванов", "1034"),
        ("1040/1041", "1040, 1041"),
        ("1038, 1039", "1038, 1039"),
        ("1036;1037", "1036, 1037"),
        ("1036 и 1037", "1036, 1037"),
        ("1036\r\n1037", "1036, 1037"),
        ("1040 1041", "1040, 1041"),
        ("1040 (1041)", "1040, 1041"),
        ("1040-1041", "1040, 1041"),
        ("10-44, 10-45", "1044, 1045"),
        ("10-44 10-45", "1044, 1045"),
        ("доб 101 доб 102", "101, 102"),
        ("1001, 1001", "1001"),
        ("ext 12", "12"),
        ("x1035", "1035"),
        ("EXT.12/13", "12, 13"),
        ("тел. 10-44", "1044"),
        ("10\u{2011}44", "1044"),
        ("+1045", "1045"),
        ("10 46", "1046"),
        ("10\u{a0}46", "1046"),
        ("1 001", "1001"),
        ("1\u{202f}001", "1001"),
        ("１０３６", "1036"),
        ("١٠٣٦", "1036"),
        ("\u{202e}1036\u{202c}", "1036"),
        ("10\u{200b}36", "1036"),
        ("5", "5"),
        ("sip:1001@pbx.local", "1001"),
        ("1001@pbx.local, 1002", "1001, 1002"),
        ("8 (913) 555-11-22", "89135551122"),
        ("+7 913 555-11-22", "+79135551122"),
        ("1001, +7 913 555-11-22", "1001, +79135551122"),
        ("1001 +79135551122", "1001, +79135551122"),
        ("1001 89135551122", "1001, 89135551122"),
        ("8 913 555 11 22 1001", "89135551122, 1001"),
        ("55-12-34", "551234"),
        ("383 555-00-16", "3835550016"),
        ("1042 / 1043 (моб. +7 913 555-11-22)", "1042, 1043~"),
        ("1042 / 1043 (моб. +7 913 …)", "1042, 1043~"),
        ("моб. тел. 8 913 555 11 22", "~?"),
        ("1042, каб. 305", "1042~"),
        ("каб. 305 доб. 1042", "1042~"),
        ("305 кабинет, 1042", "1042~"),
        ("2-й этаж, 1042", "1042~"),
        ("ivan.1001@firma.example", "~?"),
        ("1001 / ivan1001@firma.example", "1001~"),
    ] {
        assert_eq!(read(text), want, "{text:?}");
    }
}

#[test]
fn what_cannot_be_told_apart_is_said_to_be_so() {
    for (text, want) in [
        ("спросить Анну", "?"),
        ("123-456", "?"),
        ("1040-1050", "?"),
        ("10 11 12", "?"),
        ("101 12", "?"),
        ("1001, 10…", "1001?"),
        ("1001...", "?"),
        ("+7 913 …", "?"),
        ("1034приёмная", "?"),
        ("ivan1001", "?"),
        ("1001*12", "?"),
        ("с 9:00 до 18:00", "~?"),
        ("01.02.2026", "?"),
        ("1001, 1234567890123456", "1001?"),
        ("²³", "?"),
        ("零", "?"),
    ] {
        assert_eq!(read(text), want, "{text:?}");
    }
    assert_eq!(read(&"1".repeat(10_000)), "?");
    let many: Vec<String> = (1001..1030).map(|n| n.to_string()).collect();
    let found = inner_numbers(&AsWritten::new(&many.join(",")));
    assert_eq!((found.numbers.len(), found.unclear), (20, true));
}

#[test]
fn a_text_is_kept_bounded_and_without_what_cannot_be_seen() {
    assert_eq!(AsWritten::new(" a\u{202e}b\u{0}c\r\nd\t ").as_str(), "ab c\n\nd");
    let long = AsWritten::new(&"я".repeat(10_000));
    assert_eq!((long.as_str().chars().count(), long.as_str().ends_with('…')), (201, true));
    assert_eq!(format!("{:?}", AsWritten::new("+79835551122")), "[12 characters]");
}

#[test]
fn a_number_is_dialled_without_what_stands_behind_it() {
    for (text, number, extension) in [
        ("+7 383 555-00-16 ext 12", "+73835550016", Some("12")),
        ("+7 383 555-00-17 доб.12", "+73835550017", Some("12")),
        ("+73835550017доб12", "+73835550017", Some("12")),
        ("+73835550015#12", "+73835550015", Some("12")),
        ("+73835550015;12", "+73835550015", Some("12")),
        ("+73835550015,12", "+73835550015", Some("12")),
        ("+73835550015x12", "+73835550015", Some("12")),
        ("+73835550015 Х 12", "+73835550015", Some("12")),
        ("+73835550015*12", "+73835550015", Some("12")),
        ("+73835550015 доб 12", "+73835550015", Some("12")),
        ("+73835550015 вн. 12", "+73835550015", Some("12")),
        ("8 (383) 555-00-15 (доб. 12)", "83835550015", Some("12")),
        ("8 (383) 555-00-15, доб. № 12, Иван", "83835550015", Some("12")),
        ("8 (383) 555-00-15, доб. тел. 12", "83835550015", Some("12")),
        ("+7(383)555-00-15,,12#", "+73835550015", Some("12")),
        ("+73835550015,,1,,305", "+73835550015", Some("1,,305")),
        ("+73835550015p12", "+73835550015", Some("12")),
        ("tel:+7-383-555-00-15;ext=12", "+73835550015", Some("12")),
        ("TEL:+73835550015;phone-context=+7", "+73835550015", None),
        ("tel:+73835550015;12", "+73835550015", Some("12")),
        ("sip:1001@nick", "1001", None),
        ("1001@nick", "1001", None),
        ("тел. 8 913 555 11 22", "89135551122", None),
        ("8 913 555 11 22 Иван", "89135551122", None),
        ("8 913 555 11 22 / 8 913 555 11 23", "89135551122", None),
        ("8 913 555 11 22, 8 913 555 11 23", "89135551122", None),
        ("8 913 555 11 22 8 913 555 11 23", "89135551122", None),
        ("+79135551122\n+79135551123", "+79135551122", None),
        ("офис 12, +7 913 555 11 22", "+79135551122", None),
        ("(+7) 913 555 11 22", "+79135551122", None),
        ("383/555-00-15", "3835550015", None),
        ("1040/1041", "1040", None),
        ("810 49 30 1234567", "81049301234567", None),
        ("＋７９１３５５５１１２２", "+79135551122", None),
        ("\u{202e}+79135551122\u{202c}", "+79135551122", None),
        ("8\u{a0}913\u{2011}555\u{2011}11\u{2011}22", "89135551122", None),
        ("1001", "1001", None),
        ("доб. 12", "12", None),
        ("1002 Пётр", "1002", None),
        ("1001#", "1001", None),
        ("*72#", "*72#", None),
        ("#160", "#160", None),
    ] {
        let want = Dialled { number: Phone::parse(number).expect(number), extension: extension.map(str::to_owned) };
        assert_eq!(dialled(text), Ok(want), "{text:?}");
    }
}

#[test]
fn what_holds_no_number_is_not_dialled() {
    for (text, want) in [
        ("", PhoneError::Empty),
        ("+", PhoneError::Empty),
        ("\u{0}\u{202e}", PhoneError::Empty),
        ("sip:ivan@host", PhoneError::Strange('i')),
        ("ivan2@firma.example", PhoneError::Strange('i')),
        ("8-800-FLOWERS", PhoneError::Strange('f')),
        ("шеф", PhoneError::Strange('ш')),
        ("零一", PhoneError::Strange('零')),
    ] {
        assert_eq!(dialled(text), Err(want), "{text:?}");
    }
    assert_eq!(dialled(&"1".repeat(10_000)), Err(PhoneError::TooLong));
    assert_eq!(dialled(&"1".repeat(30)), Err(PhoneError::TooLong));
}

/// A text without the signs that may stand inside a number.
fn squeezed(text: &str) -> String {
    plain::plain(text).into_iter().filter(|c| !" -.()".contains(*c)).collect()
}

proptest! {
    #[test]
    fn no_number_is_made_up(text in "[0-9 ,;/+()доб.x№ -]{0,60}|\\PC{0,300}|.{0,60}") {
        let written = AsWritten::new(&text);
        let found = inner_numbers(&written);
        prop_assert!(found.numbers.len() <= 20);
        prop_assert!(written.is_empty() || found.unclear || !found.numbers.is_empty());
        for number in &found.numbers {
            prop_assert!(squeezed(written.as_str()).contains(number.digits()), "{number} in {text:?}");
            prop_assert!(number.digits().len() <= 15);
        }
        prop_assert_eq!(AsWritten::new(written.as_str()), written);
        if let Ok(call) = dialled(&text) {
            prop_assert!(squeezed(&text).replace('/', "").contains(call.number.digits()), "{} in {text:?}", call.number);
            let extension = call.extension.unwrap_or_default();
            prop_assert!(extension.len() <= 20 && extension.chars().all(|c| c.is_ascii_digit() || "*#,".contains(c)));
        }
    }

    #[test]
    fn a_list_is_read_whole(numbers in prop::collection::vec(1000_u32..9999, 1..8), sign in "[,;/\n]|, | / | и | доб\\. ") {
        let written: Vec<String> = numbers.iter().map(u32::to_string).collect();
        let mut once = Vec::new();
        for n in &written {
            if !once.contains(n) {
                once.push(n.clone());
            }
        }
        let found = inner_numbers(&AsWritten::new(&written.join(&sign)));
        prop_assert_eq!(found.numbers.iter().map(|n| n.as_str().to_owned()).collect::<Vec<_>>(), once);
        prop_assert!(!found.unclear);
    }

    #[test]
    fn an_extension_is_never_dialled(digits in "[1-9][0-9]{6}", ext in "[0-9]{1,5}", sign in "[#;,x]| доб\\. | вн |,,| ext\\.") {
        let call = dialled(&format!("+7383{digits}{sign}{ext}")).expect("a number");
        prop_assert_eq!(call.number.as_str(), format!("+7383{digits}"));
        prop_assert_eq!(call.extension, Some(ext));
    }
}
