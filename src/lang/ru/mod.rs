//! Russian texts.

mod audit;
mod card;
pub(super) mod checks;
mod company;
mod faults;
pub(super) mod reasons;
mod state;
pub(super) mod trace;

use super::count;
use super::{CallTexts, EmployeeTexts, LoginTexts, StateText, Texts};

pub(super) const RU: Texts = Texts {
    product: "ECSS-10 и Битрикс24",
    home: "На страницу входа",
    logout: "Выйти",
    save: "Сохранить",
    saved: "Сохранено.",
    not_saved: "Не сохранено: исправьте отмеченные поля.",
    request: "Номер запроса",
    login: LOGIN,
    company: company::COMPANY,
    employees: EMPLOYEES,
    calls: CALLS,
    card: card::CARD,
    link: faults::LINK,
    state: state::STATE,
    checks: checks::CHECKS,
    audit: audit::AUDIT,
    field: faults::FIELD,
    error: faults::ERROR,
};

const LOGIN: LoginTexts = LoginTexts {
    title: "Вход и регистрация компании",
    lead: "Войдите через свой портал Битрикс24. Регистрировать компанию и управлять ею может только администратор портала.",
    domain: "Домен компании",
    domain_hint: "Адрес портала Битрикс24, например firma.bitrix24.ru",
    more: "дополнительные параметры",
    more_hint: "Нужны один раз, при регистрации. Значения возьмите в портале, в настройках локального приложения.",
    client_id: "Идентификатор клиента",
    client_id_hint: "В Битрикс24: «Код приложения (client id)»",
    client_secret: "Секретный ключ",
    client_secret_hint: "В Битрикс24: «Ключ приложения (client secret)»",
    submit: "Вход",
    handler: "Адрес этого сервера для локального приложения Битрикс24:",
    inside_title: "Приложение подключено",
    inside: "Настройки откроются в отдельной вкладке: внутри портала браузер не хранит вход в них.",
    inside_open: "Открыть настройки компании",
    not_admin: StateText {
        title: "Нужны права администратора",
        what: "Управлять интеграцией может только администратор портала Битрикс24.",
        todo: "Карточка вызова работает у вас и без этих прав. Чтобы изменить настройки, обратитесь к администратору портала.",
    },
};

const EMPLOYEES: EmployeeTexts = EmployeeTexts {
    title: "Номера телефонов пользователей",
    lead: "Новые пользователи портала добавляются при открытии списка. Номера учтённых пользователей меняются только здесь.",
    name: "Пользователь",
    numbers: "Внутренние номера",
    numbers_hint: "Несколько номеров разделяйте запятыми; вызовы из Битрикс24 идут с первого.",
    dismissed: "уволен",
    nameless: |id| format!("Пользователь {id}"),
    empty: "Портал ещё не передал ни одного пользователя.",
    close: "Закрыть",
    close_hint: "Изменения сохраняются, когда окно закрывается.",
    loading: "Загружаем список…",
    failed: "Список не загрузился. Закройте окно и попробуйте ещё раз.",
    saving: "Сохраняем…",
    import_failed: "Портал не ответил, показан прежний список. Номера можно менять; новые пользователи появятся, когда связь восстановится.",
    import_refused: |words| {
        format!(
            "Портал не отдал список пользователей, показан прежний. Ответ портала: «\u{2068}{words}\u{2069}». Проверьте, что в приложении отмечено право «Пользователи (user)» и что вход выполнен администратором портала."
        )
    },
    profiles_unclear: |n| {
        let users = count::ru(n, ["пользователя", "пользователей", "пользователей"]);
        format!(
            "У {n} {users} не удалось полностью прочитать внутренний номер в профиле Битрикс24. Проверьте отмеченные строки и впишите недостающие номера."
        )
    },
    profile_unclear: |text| {
        format!("В профиле Битрикс24: «\u{2068}{text}\u{2069}». Прочитано не всё, впишите номера сами.")
    },
    profile_differs: |text| format!("В профиле Битрикс24: «\u{2068}{text}\u{2069}»."),
    import_taken: |number, user, holder| {
        format!(
            "Номер {number} из профиля «{user}» не добавлен: он уже у «{holder}». Уберите его там, если номер сменил хозяина."
        )
    },
    taken: |number, holder| format!("Номер {number} уже у «{holder}». Уберите его в одной из строк."),
    taken_row: |user, number, holder| {
        format!("Не сохранено. «{user}»: номер {number} уже у «{holder}». Уберите его в одной из строк.")
    },
    wrong_row: |user, fault| format!("Не сохранено. «{user}»: {fault}"),
    no_such: |id| format!("Не сохранено: пользователя {id} нет в списке. Откройте список заново."),
    malformed: "Не сохранено: список номеров пришёл в неизвестном виде. Обновите страницу и повторите.",
};

const CALLS: CallTexts = CallTexts {
    active: "Активные вызовы",
    active_none: "Сейчас никто не разговаривает.",
    recent: "Недавние вызовы",
    recent_none: "Вызовов пока не было.",
    older: "Показать более ранние",
    started: "Начало",
    who: "Сотрудник",
    remote: "Собеседник",
    phase: "Состояние",
    story: "История вызова",
    story_open: "Подробно",
    story_none: "Записей о вызове нет: они хранятся ограниченное время.",
    legs: "Участники",
    nobody: "номер без сотрудника",
    hidden: "номер скрыт",
    service_number: "служебный номер АТС",
    feature_code: "код услуги",
    emergency: "экстренная служба",
    internal: "внутренний",
    incoming: "входящий",
    outgoing: "исходящий",
    unanswered: "Без ответа",
    crm: "Вызов в CRM",
    back: "Ко всем вызовам",
};
