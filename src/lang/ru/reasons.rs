//! Russian sentences for the portal's list of calls.

use crate::domain::call::{DialFailure, Reason};

pub(in crate::lang) const fn text(reason: Reason) -> &'static str {
    match reason {
        Reason::EndUnknown => "Связь с АТС прерывалась, окончание вызова не зафиксировано",
        Reason::NumberChanged => "Номер абонента стал известен позже: вызов продолжается в следующей записи",
        Reason::NoLeg => "Телефон сотрудника не начал звонить",
        Reason::Dial(DialFailure::NoNumber) => "У сотрудника нет внутреннего номера в таблице ecss-crm-server",
        Reason::Dial(DialFailure::Offline) => "Нет соединения с АТС ECSS-10",
        Reason::Dial(DialFailure::NotOffered) => "АТС не поддерживает звонок из CRM",
        Reason::Dial(DialFailure::Forbidden) => "АТС запретила этот вызов номеру сотрудника",
        Reason::Dial(DialFailure::WrongNumber) => "Набран несуществующий номер",
        Reason::Dial(DialFailure::NotANumber) => {
            "В номере, который выбран в CRM, нечего набрать: исправьте его в карточке клиента"
        }
        Reason::Dial(DialFailure::HiddenNumber) => "Звонивший скрыл свой номер, перезвонить ему нельзя",
        Reason::Dial(DialFailure::Busy) => "Телефон сотрудника занят",
        Reason::Dial(DialFailure::Unavailable) => "Телефон сотрудника недоступен",
        Reason::Dial(DialFailure::TooLate) => "Запрос на звонок пришёл слишком поздно",
        Reason::Dial(DialFailure::Failed) => "АТС не смогла выполнить вызов",
    }
}
