//! Who has which number, in English.

use crate::domain::checks::employees::{EmployeesFinding, NamedEmployees};
use crate::lang::checks::{FindingText, listed};

pub(in crate::lang) fn text(finding: &EmployeesFinding) -> FindingText {
    match finding {
        EmployeesFinding::Numbers { with: 0, without } if without.count() == 0 => {
            FindingText::new("The list of employees is empty.")
                .todo("Open the tab “Users”: the list is fetched from Bitrix24.")
        }
        EmployeesFinding::Numbers { with: 0, without } => {
            FindingText::new("No employee has an internal number: the card opens for nobody.")
                .seen(format!("Employees: {}.", without.count()))
                .todo("Enter the internal numbers on the tab “Users”.")
        }
        EmployeesFinding::Numbers { with, without } if without.count() == 0 => {
            FindingText::new("All employees have internal numbers.").seen(format!("Employees: {with}."))
        }
        EmployeesFinding::Numbers { with, without } => {
            FindingText::new("Not every employee has an internal number; without one no card opens.")
                .seen(format!("With a number: {with}. Without: {}.", named(without)))
        }
        EmployeesFinding::Unreadable(who) if who.count() == 0 => {
            FindingText::new("The internal numbers in the Bitrix24 profiles can be read.")
        }
        EmployeesFinding::Unreadable(who) => {
            FindingText::new("There are internal numbers in Bitrix24 profiles that cannot be read for certain.")
                .seen(format!("{}.", named(who)))
                .todo("Enter these employees' numbers on the tab “Users” and save.")
        }
        EmployeesFinding::Double(numbers) if numbers.is_empty() => {
            FindingText::new("No number is given to two employees.")
        }
        EmployeesFinding::Double(numbers) => {
            let mut text = FindingText::new("In Bitrix24 several employees have the same internal number.");
            for (number, who) in numbers {
                text = text.seen(format!("{number}: {}", who.join(", ")));
            }
            text.todo("Decide on the tab “Users” whose number it is: here it counts for one only.")
        }
        EmployeesFinding::Blocked(numbers) if numbers.is_empty() => {
            FindingText::new("No dismissed employee's number is needed by somebody else.")
        }
        EmployeesFinding::Blocked(numbers) => {
            let mut text =
                FindingText::new("A dismissed employee still has his number, and his successor did not get it.");
            for blocked in numbers {
                let seen =
                    format!("{}: still with {}, needed by {}", blocked.number, blocked.dismissed, blocked.successor);
                text = text.seen(seen);
            }
            text.todo("Take the number from the dismissed employee and give it to the successor on the tab “Users”.")
        }
    }
}

fn named(who: &NamedEmployees) -> String {
    listed(&who.listed, who.more, "and {} more")
}
