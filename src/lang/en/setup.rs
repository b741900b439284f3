//! English words of the set-up.

use crate::lang::{SetupTexts, StepText, TestCallTexts};

pub(super) const SETUP: SetupTexts = SetupTexts {
    title: |done, all| format!("First set-up: {done} of {all} done"),
    finished: "The set-up is finished: a call card has opened.",
    all_steps: "All steps",
    done: "Done",
    open: "To do",
    broken: "Does not work",
    application: StepText {
        title: "The application is installed in Bitrix24",
        what: "A local application of the portal with “Uses API only” ticked and the rights from the manual. The portal itself says whether the installation is finished.",
        go: "",
    },
    bindings: StepText {
        title: "The portal knows the card and clicks on numbers",
        what: "This server registers its call card and its handler of clicks in the portal by itself, and then reads from the portal what stands there.",
        go: "Bitrix24 settings",
    },
    portal_events: StepText {
        title: "Events of the portal reach this server",
        what: "This server asks the portal for a test event, which comes within a few minutes. If it does not, the portal does not see this server's address.",
        go: "",
    },
    switch: StepText {
        title: "ECSS-10 is connected",
        what: "Type in the address of the Call API, the domain, the client identifier and the API key, and press “Save and check”.",
        go: "ECSS-10 settings",
    },
    numbers: StepText {
        title: "Employees have internal numbers",
        what: "By the internal number this server knows whose card has to open.",
        go: "List of users",
    },
    first_call: StepText {
        title: "ECSS-10 tells of calls",
        what: "Any call to or from one of the internal numbers will do.",
        go: "Make a test call",
    },
    first_card: StepText {
        title: "A call card has opened",
        what: "Open the portal in a browser as the employee whose phone is going to ring, and make a call.",
        go: "Make a test call",
    },
    test: TestCallTexts {
        title: "Test call",
        lead: "The employee's phone rings; once it is picked up, the switch dials the other number. All the while the employee should see a card: open the portal as that employee.",
        from: "Whose phone rings",
        from_hint: "An internal number from the list of users",
        to: "Which number to dial",
        to_hint: "Your mobile, for example, as it is dialled from that phone",
        call: "Call",
        rings: |number| format!("The switch has taken the command: phone {number} rings. Pick it up."),
        not_dialled: |why| format!("No call was made: {why}."),
        no_answer: "The switch has not answered in time. If the phone rings all the same, the command was carried out.",
        seen: "What this server sees",
    },
};
