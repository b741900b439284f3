//! What the words around a number say of it.

/// Words that announce an internal number or an extension; compared in lower case and without the full stop.
const INNER: &[&str] = &[
    "доб",
    "добав",
    "добавочный",
    "добавочн",
    "дб",
    "вн",
    "внутр",
    "внутренний",
    "внут",
    "внутрен",
    "ext",
    "extn",
    "extension",
    "int",
    "internal",
    "x",
    "х",
];

/// Words that only say that a telephone number follows.
const PHONE: &[&str] = &[
    "№",
    "n",
    "no",
    "nr",
    "num",
    "number",
    "номер",
    "ном",
    "тел",
    "телефон",
    "т",
    "tel",
    "phone",
    "ph",
    "ip",
    "sip",
    "кор",
    "короткий",
    "городской",
    "гор",
    "раб",
    "рабочий",
    "work",
];

/// Words that join numbers.
const AND: &[&str] = &["и", "или", "and", "or"];

/// Words after which stands something else than an internal number.
const ELSEWHERE: &[&str] = &[
    "моб",
    "мобильный",
    "мобила",
    "сот",
    "сотовый",
    "mob",
    "mobile",
    "cell",
    "gsm",
    "факс",
    "fax",
    "дом",
    "домашний",
    "home",
    "личный",
    "личн",
    "каб",
    "кабинет",
    "ком",
    "комн",
    "комната",
    "оф",
    "офис",
    "office",
    "room",
    "этаж",
    "эт",
    "floor",
    "fl",
    "корп",
    "корпус",
    "стр",
    "строение",
    "кв",
    "ул",
    "д",
    "дн",
    "пин",
    "pin",
    "код",
    "code",
    "пароль",
    "password",
    "icq",
    "skype",
    "telegram",
    "tg",
    "whatsapp",
    "viber",
    "с",
    "со",
    "до",
    "по",
    "после",
    "from",
    "till",
    "until",
    "to",
    "after",
    "г",
    "год",
];

/// A word's meaning for the number beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// An internal number, an extension.
    Inner,
    /// A number.
    Phone,
    /// One more number.
    And,
    /// Something else: a mobile, a room, a time.
    Elsewhere,
    /// Somebody's name, a department, anything.
    Unknown,
}

pub(super) fn meaning(word: &str) -> Meaning {
    for (words, meaning) in
        [(INNER, Meaning::Inner), (PHONE, Meaning::Phone), (AND, Meaning::And), (ELSEWHERE, Meaning::Elsewhere)]
    {
        if words.contains(&word) {
            return meaning;
        }
    }
    Meaning::Unknown
}
