//! The company's own numbers, and the one decision what a number is.

use super::form::{NumberForm, disclosed};
use super::pattern::NumberPattern;
use crate::domain::company::CallSettings;
use crate::domain::directory::Directory;
use crate::domain::leg::{Direction, LegEvent};
use crate::domain::{Phone, UserId};
use serde::{Deserialize, Serialize};

/// Emergency services in Russia and abroad. A call there is recorded like any other, but nobody becomes a client by it.
const EMERGENCY: [&str; 10] = ["01", "02", "03", "04", "101", "102", "103", "104", "112", "911"];

/// What the other side of a leg is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "StoredParty", into = "StoredParty")]
pub enum Party {
    /// Somebody outside.
    Client,
    /// Somebody outside who hides the number, or whose number is not known (yet).
    Hidden,
    /// An employee of the company, or somebody who was one.
    Colleague(UserId),
    /// A number of the switch that is nobody's: a queue, a conference, the reception.
    Service,
    /// A code that makes the switch do something.
    FeatureCode,
    /// Fire brigade, police, ambulance.
    Emergency,
}

/// How a [`Party`] is stored: an employee by the id alone and a client by nothing, as calls stored by earlier versions
/// have it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredParty {
    Colleague(UserId),
    Other(OtherParty),
    Client(Option<()>),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OtherParty {
    Hidden,
    Service,
    FeatureCode,
    Emergency,
}

impl From<StoredParty> for Party {
    fn from(stored: StoredParty) -> Self {
        match stored {
            StoredParty::Client(_) => Self::Client,
            StoredParty::Colleague(user) => Self::Colleague(user),
            StoredParty::Other(OtherParty::Hidden) => Self::Hidden,
            StoredParty::Other(OtherParty::Service) => Self::Service,
            StoredParty::Other(OtherParty::FeatureCode) => Self::FeatureCode,
            StoredParty::Other(OtherParty::Emergency) => Self::Emergency,
        }
    }
}

impl From<Party> for StoredParty {
    fn from(party: Party) -> Self {
        match party {
            Party::Client => Self::Client(None),
            Party::Colleague(user) => Self::Colleague(user),
            Party::Hidden => Self::Other(OtherParty::Hidden),
            Party::Service => Self::Other(OtherParty::Service),
            Party::FeatureCode => Self::Other(OtherParty::FeatureCode),
            Party::Emergency => Self::Other(OtherParty::Emergency),
        }
    }
}

impl Party {
    /// Whether a conversation with this party belongs in the CRM.
    pub const fn is_outside(self) -> bool {
        matches!(self, Self::Client | Self::Hidden)
    }

    /// Which employee it is.
    pub const fn colleague(self) -> Option<UserId> {
        match self {
            Self::Colleague(user) => Some(user),
            Self::Client | Self::Hidden | Self::Service | Self::FeatureCode | Self::Emergency => None,
        }
    }
}

/// Whose number a leg itself has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OwnNumber {
    Employee(UserId),
    /// The switch's: a queue or conference that has legs of its own.
    Service,
    /// Nobody's whom we know.
    Nobody,
}

/// Why a number was taken for what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum NumberRule {
    /// The switch showed none.
    NotShown,
    /// What the switch showed is no number.
    Unreadable,
    /// It stands in the company's table of employees.
    Table,
    /// By this entry of the company's settings.
    Setting {
        /// The entry as it is written there.
        entry: String,
    },
    /// By its signs.
    Form,
    /// It is one of the emergency services'.
    EmergencyList,
    /// No other rule applied: it is a client's.
    NothingElse,
}

/// The company's service numbers and feature codes.
#[derive(Debug, Clone, Default)]
pub struct NumberPlan {
    service: Vec<NumberPattern>,
    feature: Vec<NumberPattern>,
}

impl NumberPlan {
    /// From the company's settings; an entry that cannot be read (the page refuses such) counts for nothing.
    pub fn new(settings: &CallSettings) -> Self {
        let read = |entries: &[String]| entries.iter().filter_map(|e| NumberPattern::parse(e).ok()).collect();
        Self { service: read(&settings.service_numbers), feature: read(&settings.feature_codes) }
    }

    /// Reduces the numbers of a leg to what may be kept of them, and classifies each.
    pub fn judge(&self, leg: &mut LegEvent, who: &Directory) -> (OwnNumber, Party, NumberRule) {
        let (party, rule) = match leg.remote.take() {
            None if leg.remote_unreadable => (Party::Hidden, NumberRule::Unreadable),
            None => (Party::Hidden, NumberRule::NotShown),
            Some(number) => {
                let (party, rule, kept) = match leg.direction {
                    Direction::Out => self.called(number, who),
                    Direction::In => self.calling(number, who),
                };
                leg.remote = kept;
                (party, rule)
            }
        };
        // The portal takes no call for somebody who has left; their phone is still no client's.
        let own = match who.owner(&leg.own) {
            Some(user) => OwnNumber::Employee(user),
            None if self.service.iter().any(|p| p.matches(&leg.own)) => OwnNumber::Service,
            None => OwnNumber::Nobody,
        };
        (own, party, rule)
    }

    /// What a number is that one of us has dialled, by which rule, and as much of it as may be kept.
    fn called(&self, number: Phone, who: &Directory) -> (Party, NumberRule, Option<Phone>) {
        if let Some(user) = insider(&number, who) {
            return (Party::Colleague(user), NumberRule::Table, Some(disclosed(number)));
        }
        if let Some(pattern) = self.feature.iter().find(|p| p.matches(&number) || p.is_before_sign(&number)) {
            return (Party::FeatureCode, setting(pattern), Some(number.cut(pattern.fixed())));
        }
        let number = match NumberForm::of(&number) {
            NumberForm::FeatureCode { code } => return (Party::FeatureCode, NumberRule::Form, Some(code)),
            NumberForm::WithSuffix { number } => number,
            NumberForm::Plain => number,
        };
        if let Some(pattern) = self.service.iter().find(|p| p.matches(&number)) {
            return (Party::Service, setting(pattern), Some(number));
        }
        if EMERGENCY.contains(&number.digits()) {
            return (Party::Emergency, NumberRule::EmergencyList, Some(number));
        }
        (Party::Client, NumberRule::NothingElse, Some(number))
    }

    /// The same of a number that calls one of us. Nobody calls from a feature code: who shows one, or nothing but
    /// zeros, has no number. The fire brigade may call back like anybody.
    fn calling(&self, number: Phone, who: &Directory) -> (Party, NumberRule, Option<Phone>) {
        if let Some(user) = insider(&number, who) {
            return (Party::Colleague(user), NumberRule::Table, Some(disclosed(number)));
        }
        let number = match NumberForm::of(&number) {
            NumberForm::FeatureCode { .. } => return (Party::Hidden, NumberRule::Form, None),
            NumberForm::WithSuffix { number } => number,
            NumberForm::Plain => number,
        };
        if number.digits().bytes().all(|digit| digit == b'0') {
            return (Party::Hidden, NumberRule::Form, None);
        }
        if let Some(pattern) = self.service.iter().find(|p| p.matches(&number)) {
            return (Party::Service, setting(pattern), Some(number));
        }
        (Party::Client, NumberRule::NothingElse, Some(number))
    }
}

/// Whose number this is, also with the key behind it that makes the telephone dial at once.
fn insider(number: &Phone, who: &Directory) -> Option<UserId> {
    match NumberForm::of(number) {
        NumberForm::WithSuffix { number } => who.insider(&number),
        NumberForm::Plain | NumberForm::FeatureCode { .. } => who.insider(number),
    }
}

fn setting(pattern: &NumberPattern) -> NumberRule {
    NumberRule::Setting { entry: pattern.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::directory::Employee;
    use crate::domain::leg::LegState;

    fn phone(text: &str) -> Phone {
        Phone::parse(text).expect(text)
    }

    fn plan() -> NumberPlan {
        NumberPlan::new(&CallSettings {
            service_numbers: vec!["200".into(), "20xx".into()],
            feature_codes: vec!["99xxxxx".into(), "55".into(), "*8xxxx".into()],
            ..CallSettings::default()
        })
    }

    fn staff() -> Directory {
        let employee = |user: i64, number: &str, active| Employee {
            user: UserId(user),
            name: String::new(),
            active,
            numbers: vec![phone(number)],
        };
        Directory::new([employee(1, "1001", true), employee(2, "1002", false), employee(3, "2001", true)])
    }

    fn judge(own: &str, direction: Direction, remote: &str) -> (OwnNumber, Party, NumberRule, String) {
        let mut leg = LegEvent {
            leg: "l".into(),
            call: "c".into(),
            call_ref: None,
            own: phone(own),
            remote: (!remote.is_empty()).then(|| phone(remote)),
            remote_unreadable: false,
            direction,
            state: LegState::Ringing,
            answered_at: None,
            display_name: None,
            cause: None,
        };
        let (own, party, rule) = plan().judge(&mut leg, &staff());
        (own, party, rule, leg.remote.map(|n| n.to_string()).unwrap_or_default())
    }

    #[test]
    fn every_number_is_one_thing_and_the_rule_is_told() {
        use NumberRule::{EmergencyList, Form, NotShown, NothingElse, Table};
        let setting = |entry: &str| NumberRule::Setting { entry: entry.into() };
        for (remote, party, rule, kept) in [
            ("+79835551122", Party::Client, NothingElse, "+79835551122"),
            ("345", Party::Client, NothingElse, "345"),
            ("", Party::Hidden, NotShown, ""),
            ("1001", Party::Colleague(UserId(1)), Table, "1001"),
            ("1002", Party::Colleague(UserId(2)), Table, "1002"),
            ("2001", Party::Colleague(UserId(3)), Table, "2001"),
            ("200", Party::Service, setting("200"), "200"),
            ("2002", Party::Service, setting("20xx"), "2002"),
            ("*160*1001*4321#", Party::FeatureCode, Form, "*160"),
            ("*81002", Party::FeatureCode, setting("*8xxxx"), "*8"),
            ("9951001", Party::FeatureCode, setting("99xxxxx"), "99"),
            ("55*4321#", Party::FeatureCode, setting("55"), "55"),
            ("160*990017*77405521#", Party::FeatureCode, Form, "160*"),
            ("998901234567", Party::Client, NothingElse, "998901234567"),
            ("5551122", Party::Client, NothingElse, "5551122"),
            ("1002#", Party::Colleague(UserId(2)), Table, "1002"),
            ("112#", Party::Emergency, EmergencyList, "112"),
            ("+73835550015#12", Party::Client, NothingElse, "+73835550015"),
            ("112", Party::Emergency, EmergencyList, "112"),
        ] {
            let judged = judge("1001", Direction::Out, remote);
            assert_eq!(judged, (OwnNumber::Employee(UserId(1)), party, rule, kept.to_owned()), "{remote}");
        }
        for (remote, party, rule, kept) in [
            ("112", Party::Client, NothingElse, "112"),
            ("998901234567", Party::Client, NothingElse, "998901234567"),
            ("2002", Party::Service, setting("20xx"), "2002"),
            ("1002", Party::Colleague(UserId(2)), Table, "1002"),
            ("*", Party::Hidden, Form, ""),
            ("##", Party::Hidden, Form, ""),
            ("*71*4321", Party::Hidden, Form, ""),
            ("0000000000", Party::Hidden, Form, ""),
            ("+00", Party::Hidden, Form, ""),
        ] {
            let judged = judge("1001", Direction::In, remote);
            assert_eq!(judged, (OwnNumber::Employee(UserId(1)), party, rule, kept.to_owned()), "from {remote}");
        }
    }

    #[test]
    fn a_queue_with_legs_of_its_own_is_not_nobody() {
        let own = |number: &str| judge(number, Direction::In, "+79835551122").0;
        assert_eq!((own("200"), own("777")), (OwnNumber::Service, OwnNumber::Nobody));
        assert_eq!(own("1002"), OwnNumber::Nobody, "the portal takes no call for somebody dismissed");
    }

    #[test]
    fn calls_stored_by_earlier_versions_are_read() {
        for (stored, party) in [("7", Party::Colleague(UserId(7))), ("null", Party::Client)] {
            assert_eq!(serde_json::from_str::<Party>(stored).expect(stored), party);
        }
        for party in [
            Party::Client,
            Party::Hidden,
            Party::Colleague(UserId(5)),
            Party::Service,
            Party::FeatureCode,
            Party::Emergency,
        ] {
            let stored = serde_json::to_string(&party).expect("plain data");
            assert_eq!(serde_json::from_str::<Party>(&stored).expect("the same"), party, "{stored}");
        }
    }
}
