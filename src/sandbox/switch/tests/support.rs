//! A furnished world and a client that listens to it.

use super::client::{Client, register};
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::sandbox::switch::{Subscriber, SwitchWorld};
use jiff::tz::{Offset, TimeZone};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// 2026-09-03 10:43:46 UTC
pub(super) const START: Timestamp = Timestamp(1_788_432_226_000);

pub(super) struct Bench {
    pub(super) world: SwitchWorld,
    pub(super) key: SecretString,
    pub(super) addr: SocketAddr,
}

impl Bench {
    /// Domain `city` with phones 1001–1005 ("Operator 1" …), all but 1009 in the integration `crm`; one node; a
    /// clock that stands still; the switch lives five hours east of UTC.
    pub(super) async fn new() -> Self {
        let world = SwitchWorld::new(Clock::manual(START));
        world.add_domain("city");
        let key = world.add_integration("city", "crm", "{1001-1005}").expect("integration");
        for n in 1..=5 {
            let phone = Subscriber::new(&format!("100{n}")).named(&format!("Operator {n}"));
            world.add_subscriber("city", phone.sip_answer(n != 5)).expect("phone");
        }
        world.add_subscriber("city", Subscriber::new("1009")).expect("phone outside of the integration");
        world.set_quirks(|quirks| quirks.answer_zone = TimeZone::fixed(Offset::constant(5)));
        let node = world.listen("127.0.0.1:0".parse().expect("address"), None).await.expect("listen");
        let addr = world.node_addr(node).expect("address");
        Self { world, key, addr }
    }

    pub(super) async fn token(&self) -> String {
        let (status, body) = register(self.addr, "crm", self.key.expose_secret(), "city").await;
        assert_eq!(status, 200, "{body}");
        body["token"].as_str().expect("token").to_owned()
    }

    /// A client that has heard the greeting.
    pub(super) async fn client(&self) -> Client<TcpStream> {
        let mut client = Client::open(self.addr, &self.token().await).await.expect("socket");
        let open: Value = json!({"event": "connection_state", "data": {"state": "open"}});
        assert_eq!(client.frame().await, open);
        client
    }

    pub(super) fn pass(&self, seconds: u64) {
        self.world.clock().advance(Duration::from_secs(seconds));
    }

    /// The end of every test: nothing that the judge would object to.
    pub(super) async fn end(&self, mut client: Client<TcpStream>) {
        client.silence().await;
        assert_eq!(self.world.violations(), Vec::<String>::new());
    }
}
