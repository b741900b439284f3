//! What a request to the portal asks, found in its text without taking it apart: this costs the far side next to nothing.

/// Begins the name that the portal gives to a call; its number follows.
pub const CALL_NAME: &str = "bench.";
/// Begins the client's number of every call; nine digits follow, the number of the call.
pub const CLIENT: &str = "79";
/// Digits of a call's number.
const DIGITS: usize = 9;

/// One request, or one command of a batch.
#[derive(Debug, PartialEq)]
pub enum Asked {
    /// A call begins for the CRM.
    Register { call: usize },
    /// A call is over for the CRM, after so many seconds of conversation.
    Finish { call: usize, seconds: f64 },
    /// A card opens or closes.
    Card,
    /// Nothing about a call.
    Other,
    /// It is about a call, but nobody can say which one.
    Unreadable,
}

impl Asked {
    /// Reads a method with its parameters: JSON, or a form as in the commands of a batch.
    pub fn read(method: &str, parameters: &str) -> Self {
        let call_of = |found: Option<usize>, asked: &dyn Fn(usize) -> Self| found.map_or(Self::Unreadable, asked);
        match method.to_ascii_lowercase().as_str() {
            "telephony.externalcall.register" => call_of(registered_call(parameters), &|call| Self::Register { call }),
            "telephony.externalcall.finish" => {
                let seconds = field(parameters, "DURATION").and_then(|text| text.parse().ok()).unwrap_or(f64::NAN);
                call_of(finished_call(parameters), &|call| Self::Finish { call, seconds })
            }
            "telephony.externalcall.show" | "telephony.externalcall.hide" => Self::Card,
            _ => Self::Other,
        }
    }
}

/// The commands of a batch: key, method and parameters.
pub fn commands<'a>(body: &'a str) -> Vec<(&'a str, &'a str, &'a str)> {
    let Some((_, behind)) = body.split_once("\"cmd\":{") else { return Vec::new() };
    let inside = behind.split('}').next().unwrap_or_default();
    // Parameters are escaped as in an address, so that no quotation mark stands within them.
    let quoted: Vec<&str> = inside.split('"').skip(1).step_by(2).collect();
    let command = |key, line: &'a str| {
        let (method, parameters) = line.split_once('?').unwrap_or((line, ""));
        (key, method, parameters)
    };
    quoted.chunks_exact(2).map(|pair| command(pair[0], pair[1])).collect()
}

/// The value of a field of flat JSON or of a form, without quotation marks.
pub fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let behind = text.match_indices(name).find_map(|(at, _)| {
        let behind = &text[at + name.len()..];
        behind.strip_prefix("\":").or_else(|| behind.strip_prefix('='))
    })?;
    let behind = behind.trim_start_matches('"');
    behind.split(['"', ',', '&', '}']).next()
}

/// The call whose client has this number.
pub fn call_of_client(number: &str) -> Option<usize> {
    let digits = number.strip_prefix(CLIENT)?;
    digits.get(..DIGITS).filter(|_| digits.len() == DIGITS)?.parse().ok()
}

fn registered_call(parameters: &str) -> Option<usize> {
    let number = field(parameters, "PHONE_NUMBER")?;
    call_of_client(number.trim_start_matches("%2B").trim_start_matches('+'))
}

fn finished_call(parameters: &str) -> Option<usize> {
    field(parameters, "CALL_ID")?.strip_prefix(CALL_NAME)?.parse().ok()
}
