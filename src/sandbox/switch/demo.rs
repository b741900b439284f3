//! A small company's switch, ready to play with.

use super::{SetupError, Subscriber, SwitchWorld};
use secrecy::SecretString;

impl SwitchWorld {
    pub const DEMO_DOMAIN: &str = "sandbox.local";
    /// Client id of its integration.
    pub const DEMO_CLIENT: &str = "crm";

    /// Furnishes an empty world: phones 1001–1005 (1005 cannot be picked up on command), the group 600 and the
    /// hunt 601 over all of them, the queue 112, and an integration over `{1001-1010}`; its API key.
    pub fn furnish_demo(&self) -> Result<SecretString, SetupError> {
        const NAMES: [(&str, &str); 5] = [
            ("1001", "Анна Смирнова"),
            ("1002", "Борис Ковалёв"),
            ("1003", "Вера Лебедева"),
            ("1004", "Глеб Орлов"),
            ("1005", "Дарья Зимина"),
        ];
        self.add_domain(Self::DEMO_DOMAIN);
        let key = self.add_integration(Self::DEMO_DOMAIN, Self::DEMO_CLIENT, "{1001-1010}")?;
        for (number, name) in NAMES {
            self.add_subscriber(Self::DEMO_DOMAIN, Subscriber::new(number).named(name).sip_answer(number != "1005"))?;
        }
        let all = NAMES.map(|(number, _)| number);
        self.add_group(Self::DEMO_DOMAIN, "600", &all)?;
        self.add_hunt(Self::DEMO_DOMAIN, "601", &all)?;
        self.add_queue(Self::DEMO_DOMAIN, "112", &["1002", "1003"])?;
        Ok(key)
    }
}
