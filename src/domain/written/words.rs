//! What the words around a number say of it. All are compared in lower case and without the full stop.

/// Words that announce an internal number or an extension.
const INNER: &[&str] = &[
    "доб",
    "добав",
    "добавочный",
    "добавочн",
    "доп",
    "дополнительный",
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

/// Words that say to dial on in tones, behind a complete number.
const TONES: &[&str] = &[
    "д",
    "тон",
    "тоном",
    "тональный",
    "тонально",
    "тонального",
    "тональном",
    "тоновый",
    "тоновом",
    "набор",
    "набора",
    "наборе",
    "набрать",
    "добор",
    "донабор",
    "донабрать",
    "режим",
    "режиме",
    "в",
    "tone",
    "dtmf",
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

/// Words for a telephone that is not the company's.
const LINE: &[&str] = &[
    "моб",
    "мобильный",
    "мобила",
    "сот",
    "сотовый",
    "mob",
    "mobile",
    "cell",
    "gsm",
    "дом",
    "домашний",
    "home",
    "личный",
    "личн",
    "whatsapp",
    "viber",
    "telegram",
    "tg",
];

/// Words for a fax.
const FAX: &[&str] = &["факс", "ф", "fax"];

/// Words after which stand digits that nobody can call.
const RECORD: &[&str] = &[
    "инн",
    "кпп",
    "огрн",
    "огрнип",
    "бик",
    "снилс",
    "паспорт",
    "счет",
    "счёт",
    "таб",
    "табельный",
    "icq",
    "skype",
    "id",
    "пин",
    "pin",
    "код",
    "code",
    "пароль",
    "password",
    "договор",
    "заказ",
    "индекс",
];

/// Words after or before which stands the number of a place.
const ELSEWHERE: &[&str] = &[
    "каб",
    "кабинет",
    "к",
    "ком",
    "комн",
    "комната",
    "пом",
    "помещение",
    "ауд",
    "аудитория",
    "палата",
    "оф",
    "офис",
    "office",
    "room",
    "rm",
    "корп",
    "корпус",
    "стр",
    "строение",
    "подъезд",
    "под",
    "секция",
    "блок",
    "кв",
    "квартира",
    "ул",
    "улица",
    "пр",
    "проспект",
    "пер",
    "д",
    "место",
    "стол",
    "desk",
    "г",
    "год",
];

/// Words for a part of a company, or of its telephone system, which is numbered itself.
const UNIT: &[&str] = &[
    "этаж",
    "эт",
    "floor",
    "fl",
    "отдел",
    "отдела",
    "отделение",
    "отд",
    "dept",
    "department",
    "филиал",
    "филиала",
    "branch",
    "склад",
    "склада",
    "атс",
    "pbx",
    "линия",
    "линии",
    "лин",
    "line",
    "гр",
    "группа",
    "группы",
    "group",
    "цех",
    "цеха",
    "участок",
    "участка",
    "бригада",
    "бригады",
    "смена",
    "смены",
    "касса",
    "кассы",
    "пост",
    "окно",
    "магазин",
    "магазина",
    "стойка",
    "team",
    "аккаунт",
];

/// Words beside hours and days.
const HOURS: &[&str] = &[
    "дн",
    "с",
    "со",
    "после",
    "from",
    "after",
    "пн",
    "вт",
    "ср",
    "чт",
    "пт",
    "сб",
    "вс",
    "понедельник",
    "вторник",
    "среда",
    "четверг",
    "пятница",
    "суббота",
    "воскресенье",
    "будни",
    "выходные",
    "ежедневно",
    "время",
    "часы",
    "график",
    "обед",
    "перерыв",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "mo",
    "tu",
    "we",
    "th",
    "fr",
    "sa",
    "su",
    "hours",
    "ч",
    "час",
    "мин",
    "am",
    "pm",
];

/// Words between the ends of a range, or before the end of hours.
const UNTIL: &[&str] = &["до", "по", "till", "until", "to", "through"];

/// A word's meaning for the number beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// An internal number, an extension.
    Inner,
    /// A number.
    Phone,
    /// One more number.
    And,
    /// Another telephone.
    Line,
    Fax,
    /// An identifier that is no telephone number.
    Record,
    /// A place.
    Elsewhere,
    /// A numbered part of the company, which has telephone numbers as well.
    Unit,
    /// A time.
    Hours,
    /// The end of a range or of a time.
    Until,
    /// Somebody's name, a department, anything.
    Unknown,
}

impl Meaning {
    /// Whether the digits of such a word are certainly no internal number.
    pub(super) const fn excludes(self) -> bool {
        matches!(self, Self::Line | Self::Fax | Self::Record | Self::Elsewhere | Self::Hours | Self::Until)
    }

    /// Whether the word may stand before its digits and behind them.
    pub(super) const fn is_place(self) -> bool {
        matches!(self, Self::Elsewhere | Self::Unit)
    }
}

pub(super) fn meaning(word: &str) -> Meaning {
    for (words, meaning) in [
        (INNER, Meaning::Inner),
        (PHONE, Meaning::Phone),
        (AND, Meaning::And),
        (LINE, Meaning::Line),
        (FAX, Meaning::Fax),
        (RECORD, Meaning::Record),
        (ELSEWHERE, Meaning::Elsewhere),
        (UNIT, Meaning::Unit),
        (HOURS, Meaning::Hours),
        (UNTIL, Meaning::Until),
    ] {
        if words.contains(&word) {
            return meaning;
        }
    }
    Meaning::Unknown
}

/// Whether the word says, behind a complete number, to dial on.
pub(super) fn announces_tones(word: &str) -> bool {
    TONES.contains(&word)
}
