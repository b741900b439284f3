//! External lines of the application.

use super::{Context, Method, app_method};
use crate::sandbox::portal::answer::{Answer, Refusal};
use crate::sandbox::portal::php;
use crate::sandbox::portal::state::Line;
use serde_json::{Value, json};

pub const METHODS: &[Method] = &[
    app_method("telephony.externalline.add", "telephony", add),
    app_method("telephony.externalline.update", "telephony", update),
    app_method("telephony.externalline.delete", "telephony", delete),
    app_method("telephony.externalline.get", "telephony", get),
];

fn number(context: &Context<'_>) -> Result<String, Refusal> {
    let number = context.params.text("NUMBER").unwrap_or_default().trim().to_owned();
    if number.is_empty() { Err(Context::mistake("NUMBER should not be empty")) } else { Ok(number) }
}

/// What the field says, where this portal has it. Anything but `"Y"` is no.
fn auto_create(context: &mut Context<'_>) -> Option<bool> {
    let said = context.params.get("CRM_AUTO_CREATE").filter(|_| context.portal.lines_know_crm)?;
    if !matches!(said.as_str(), Some("Y" | "N")) {
        let text = format!("CRM_AUTO_CREATE {said} means no: only \"Y\" is yes");
        context.portal.log.violation(context.now, "telephony.externalline", text);
    }
    Some(php::strictly_yes(said))
}

fn add(context: &mut Context<'_>) -> Answer {
    let number = number(context)?;
    if context.portal.lines.contains_key(&number) {
        return Err(Refusal::business("Line already exists"));
    }
    let line = Line {
        name: context.params.text("NAME").unwrap_or_default(),
        // `($params['CRM_AUTO_CREATE'] ?? 'Y') === 'Y'` (voximplant/classes/general/vi_rest.php)
        crm_auto_create: auto_create(context).is_none_or(|yes| yes),
    };
    context.portal.lines.insert(number, line);
    Ok(json!({ "ID": context.portal.next_id() }).into())
}

fn update(context: &mut Context<'_>) -> Answer {
    let (name, auto) = (context.params.text("NAME"), auto_create(context));
    if name.is_none() && auto.is_none() {
        return Err(Context::mistake("There are no fields to update"));
    }
    let number = number(context)?;
    let Some(line) = context.portal.lines.get_mut(&number) else {
        return Err(Refusal::business(format!("Could not find line with number {number}")));
    };
    if let Some(name) = name {
        line.name = name;
    }
    if let Some(auto) = auto {
        line.crm_auto_create = auto;
    }
    Ok(json!({ "ID": context.portal.next_id() }).into())
}

fn delete(context: &mut Context<'_>) -> Answer {
    let number = number(context)?;
    match context.portal.lines.remove(&number) {
        Some(_) => Ok(json!([]).into()),
        None => Err(Refusal::business(format!("Could not find line with number {number}"))),
    }
}

fn get(context: &mut Context<'_>) -> Answer {
    let knows = context.portal.lines_know_crm;
    let rows = context.portal.lines.iter().map(|(number, line)| {
        let mut row = json!({ "NUMBER": number, "NAME": line.name });
        if knows {
            row["CRM_AUTO_CREATE"] = if line.crm_auto_create { "Y" } else { "N" }.into();
        }
        row
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}
