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
        ("2 этаж 1231", "1231~"),
        ("1031 линия 2", "1031~"),
        ("2 отдел 1031", "1031~"),
        ("отдел 12, вн. 1431", "1431~"),
        ("филиал 2, доб. 1031", "1031~"),
        ("склад 5 (1031)", "1031~"),
        ("каб. 305 (1031)", "1031~"),
        ("АТС-2: 1031", "1031~"),
        ("к. 305, 1031", "1031~"),
        ("1 этаж, каб. 12, тел. 1031", "1031~"),
        ("доб. 1031 каб. 305", "1031~"),
        ("таб. 1234, 1031", "1031~"),
        ("доб. 1631 (гр. 7)", "1631~"),
        ("1531 пн-пт 9-18", "1531~"),
        ("1531 пн-пт", "1531"),
        ("склад: 1031", "1031"),
        ("отдел продаж 1031", "1031"),
        ("1031 отдел продаж", "1031"),
        ("доп. 1031", "1031"),
        ("1031 8-916-123-45-67", "1031, 89161234567"),
        ("8-916-123-45-67 (1031)", "89161234567, 1031"),
        ("555-00-16 (1031)", "5550016, 1031"),
        ("(3832) 55-00-16", "3832550016"),
        ("1031, 1032 (факс)", "1031~"),
        ("тел. 1031; факс 1032", "1031~"),
        ("доб. 1038, 1039 и 1040", "1038, 1039, 1040"),
        ("8-383-555-00-16 доб. 1031", "1031~"),
        ("доб. 1031, 8-913-555-11-22", "1031~"),
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
        ("1131-33", "?"),
        ("1040-41", "?"),
        ("1031–32", "?"),
        ("101-3", "?"),
        ("8-1031", "?"),
        ("10-11", "?"),
        ("1031/32", "1031?"),
        ("доб. 1031/32", "1031?"),
        ("1031 (2)", "1031?"),
        ("1031 доб. 2", "?"),
        ("1 12", "?"),
        ("1031 55-00-16", "?"),
        ("5 9161234567", "?"),
        ("200-00-00 105", "?"),
        ("доб. 1131-33", "?"),
        ("1031~1035", "?"),
        ("1031 по 1035", "~?"),
        ("1031, 9-18", "1031?"),
        ("305 каб. 1331", "?"),
        ("каб. 305 1031", "?"),
        ("склад 1031", "?"),
        ("отдел продаж 12", "?"),
        ("Иванов 12", "?"),
        ("12 Иванов", "?"),
        ("12, вн. 1431", "1431?"),
        ("вн. 1031, Иванов 1032", "1031?"),
        ("1031;ext=5", "1031?"),
        ("0", "?"),
        ("доб. 00", "?"),
        ("+7 383", "?"),
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
        ("916 12 34 567", "9161234567", None),
        ("8383555 0016", "83835550016", None),
        ("8 91 612 345 67", "89161234567", None),
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
        ("1) 8-383-555-00-16", "83835550016", None),
        ("7) 383 555-00-16", "3835550016", None),
        ("1. 9161234567", "9161234567", None),
        ("№1: 83835550016", "83835550016", None),
        ("тел1: 8-916-123-45-67", "89161234567", None),
        ("офис 12 8-916-123-45-67", "89161234567", None),
        ("офис 5: 8-916-123-45-67", "89161234567", None),
        ("офис 8 916 123 45 67", "89161234567", None),
        ("ИНН 5406123456, 8-383-555-00-16", "83835550016", None),
        ("факс 8-383-555-00-17, тел. 8-383-555-00-16", "83835550016", None),
        ("123-45-67 123-45-68", "1234567", None),
        ("9161234567 9161234568", "9161234567", None),
        ("8-383-555-00-16 (8-383-555-00-17)", "83835550016", None),
        ("тел./факс: (383) 555-00-16, 555-00-17", "3835550016", None),
        ("200000/200001", "200000", None),
        ("555-00-15/16", "5550015", None),
        ("200 00 00", "2000000", None),
        ("5-00-16", "50016", None),
        ("+375 17 200-00-00 12", "+375172000000", None),
        ("375 17 200-00-00", "375172000000", None),
        ("1-800-555-1234", "18005551234", None),
        ("8/383/5550015", "83835550015", None),
        ("(3832) 55-00-16", "3832550016", None),
        ("+44 (0)20 7946 0000", "+442079460000", None),
        ("+49 (030) 123456", "+4930123456", None),
        ("00 44 (0)20 7946 0000", "00442079460000", None),
        ("+39 (0)6 1234567", "+39061234567", None),
        ("+7 (8) 383 555-00-16", "+73835550016", None),
        ("(доб. 12) 8-383-555-00-16", "83835550016", Some("12")),
        ("доб. 12, +7 383 555-00-16", "+73835550016", Some("12")),
        ("доб. 12 тел. 8-383-555-00-16", "83835550016", Some("12")),
        ("вн. 1031, моб. 8-916-123-45-67", "89161234567", None),
        ("+375 17 200-00-00 (12)", "+375172000000", Some("12")),
        ("8 10 375 (17) 200-00-00 (12)", "810375172000000", Some("12")),
        ("9161234567 (12)", "9161234567", Some("12")),
        ("200-00-00 (105)", "2000000", Some("105")),
        ("20-00-00 (12)", "200000", Some("12")),
        ("8-383-555-00-16 (офис 5) доб. 12", "83835550016", Some("12")),
        ("8-383-555-00-16 доп. 12", "83835550016", Some("12")),
        ("8-383-555-00-16 доп.12", "83835550016", Some("12")),
        ("8-383-555-00-16 д. 12", "83835550016", Some("12")),
        ("8-383-555-00-16 тон 12", "83835550016", Some("12")),
        ("8-383-555-00-16, тональный набор 12", "83835550016", Some("12")),
        ("8-383-555-00-16, ул. Ленина, д. 12", "83835550016", None),
        ("8-383-555-00-16, д. 12, кв. 5", "83835550016", None),
        ("8-383-555-00-16 доп. тел. 8-916-123-45-67", "83835550016", None),
        ("8-383-555-00-16, 8-916-123-45-67 доб. 13", "83835550016", None),
        ("8-383-555-00-16 с 9 до 18", "83835550016", None),
        ("8-383-555-00-16 в 12 часов", "83835550016", None),
        ("8-383-555-00-16 в тональном режиме 12", "83835550016", Some("12")),
        ("sip:+73835550016@host;ext=12", "+73835550016", Some("12")),
        ("sip:+73835550016;ext=12@host", "+73835550016", Some("12")),
        ("склад 5 (1031)", "1031", None),
        ("2 этаж 1231", "1231", None),
        ("отдел 12, вн. 1431", "1431", None),
        ("1036, 1037", "1036", None),
        ("0", "0", None),
        ("тел. *72#", "*72#", None),
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
        ("8-800-100-FLOWERS", PhoneError::Unclear),
        ("12 916 123-45-67", PhoneError::Unclear),
        ("каб. 305 555-00-16", PhoneError::Unclear),
        ("200 00 00 105", PhoneError::Unclear),
        ("8-916-123-45-678", PhoneError::Unclear),
        ("+375 17 200-00-000", PhoneError::Unclear),
        ("20000/20001", PhoneError::Unclear),
        ("1 12", PhoneError::Unclear),
        ("1040 1041", PhoneError::Unclear),
        ("1040-1041", PhoneError::Unclear),
        ("1131-33", PhoneError::Unclear),
        ("123-456", PhoneError::Unclear),
        ("305 каб. 1331", PhoneError::Unclear),
        ("+7 383", PhoneError::Unclear),
        ("офис 12", PhoneError::Unclear),
        ("ИНН 5406123456", PhoneError::Unclear),
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

/// Complete numbers in the groups people use, what may stand before one, and what behind it.
const NUMBER: &str = "8-383-5[0-9]{2}-[0-9]{2}-[0-9]{2}|8 \\(383\\) 5[0-9]{2}-[0-9]{2}-[0-9]{2}|\\+79[0-9]{9}|8 9[0-9]{2} [0-9]{3} [0-9]{2} [0-9]{2}|\\+7 9[0-9]{2} [0-9]{7}|\\+375 17 [0-9]{3}-[0-9]{2}-[0-9]{2}|89[0-9]{9}";
const BEFORE: &str = "|[1-9]\\) |№[1-9]: |тел[1-9]?: |офис [1-9]{1,3}[:,] |каб\\. [1-9]{3}, |\\(доб\\. [0-9]{2}\\) |доб\\. [0-9]{1,4}, |факс: |Иванов ";
const BEHIND: &str = "| \\([0-9]{1,5}\\)| доб\\. [0-9]{1,5}|, доп\\.[0-9]{2}| д\\. [0-9]{2}| тон [0-9]{3}|#[0-9]{2}| \\(офис [0-9]\\)| Иванов| с 9 до 18|, каб\\. [0-9]{3}";

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
            // What is written in brackets behind a country code may begin with a digit that is not dialled.
            let trunk = text.replace("(0", "(").replace("(8", "(");
            let held = |text: &str| squeezed(text).replace('/', "").contains(call.number.digits());
            prop_assert!(held(&text) || held(&trunk), "{} in {text:?}", call.number);
            let extension = call.extension.unwrap_or_default();
            prop_assert!(extension.len() <= 20 && extension.chars().all(|c| c.is_ascii_digit() || "*#,".contains(c)));
        }
    }

    #[test]
    fn a_list_is_read_whole(numbers in prop::collection::vec(1000_u32..9999, 1..8), sign in "[,;/\n]|, | / | и | доб\\. ") {
        let label = if sign.contains("доб") { "доб. " } else { "" };
        let written: Vec<String> = numbers.iter().map(u32::to_string).collect();
        let mut once = Vec::new();
        for n in &written {
            if !once.contains(n) {
                once.push(n.clone());
            }
        }
        let found = inner_numbers(&AsWritten::new(&format!("{label}{}", written.join(&sign))));
        prop_assert_eq!(found.numbers.iter().map(|n| n.as_str().to_owned()).collect::<Vec<_>>(), once);
        prop_assert!(!found.unclear);
    }

    #[test]
    fn an_extension_is_never_dialled(digits in "[1-9][0-9]{6}", ext in "[0-9]{1,5}", sign in "[#;,x]| доб\\. | вн |,,| ext\\.") {
        let call = dialled(&format!("+7383{digits}{sign}{ext}")).expect("a number");
        prop_assert_eq!(call.number.as_str(), format!("+7383{digits}"));
        prop_assert_eq!(call.extension, Some(ext));
    }
    #[test]
    fn a_complete_number_is_dialled_alone(number in NUMBER, before in BEFORE, behind in BEHIND) {
        let want = Phone::parse(&number).expect("a number");
        prop_assert_eq!(dialled(&format!("{before}{number}{behind}")).map(|call| call.number), Ok(want));
    }

    #[test]
    fn of_two_numbers_the_first_is_dialled_or_none(first in NUMBER, second in NUMBER, sign in "[ ,;/\n]| - | \\(|; тел\\. ") {
        let want = Phone::parse(&first).expect("a number");
        let read = dialled(&format!("{first}{sign}{second}")).map(|call| (call.number, call.extension));
        prop_assert!(read == Ok((want, None)) || read == Err(PhoneError::Unclear), "{read:?}");
    }

    #[test]
    fn a_place_is_no_internal_number(
        place in "(каб|к|комн|этаж|отдел|филиал|АТС|гр|склад|room)(\\. ?|-| )[1-9][0-9]?",
        sign in "[,;/]|, | / ",
        number in "[1-9][0-9]{2,4}",
        first: bool,
    ) {
        let text = if first { format!("{place}{sign}{number}") } else { format!("{number}{sign}{place}") };
        prop_assert_eq!(read(&text), format!("{number}~"), "{}", text);
    }

    #[test]
    fn a_range_is_no_number(from in 100_u32..99999, until in 1_u32..99999, sign in "-|–|—| - | — |~") {
        let read = inner_numbers(&AsWritten::new(&format!("{from}{sign}{until}")));
        let (from, until) = (from.to_string(), until.to_string());
        let glued = read.numbers.iter().any(|n| n.digits().len() > from.len().max(until.len()));
        // 555-0016 is a number of a city.
        prop_assert!(!glued || (from.len(), until.len()) == (3, 4), "{from}{sign}{until}: {read:?}");
    }
}
