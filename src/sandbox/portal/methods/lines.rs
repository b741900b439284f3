//! External lines of the application.

use super::{Context, Method, app_method};
use crate::sandbox::portal::answer::{Answer, Refusal};
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

fn add(context: &mut Context<'_>) -> Answer {
    let number = number(context)?;
    if context.portal.lines.contains_key(&number) {
        return Err(Refusal::business("Line already exists"));
    }
    let line = Line {
        name: context.params.text("NAME").unwrap_or_default(),
        crm_auto_create: context.params.text("CRM_AUTO_CREATE").is_none_or(|v| v == "Y"),
    };
    context.portal.lines.insert(number, line);
    Ok(json!({ "ID": context.portal.next_id() }).into())
}

fn update(context: &mut Context<'_>) -> Answer {
    let (name, auto) = (context.params.text("NAME"), context.params.text("CRM_AUTO_CREATE"));
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
        line.crm_auto_create = auto == "Y";
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
    let rows = context.portal.lines.iter().map(|(number, line)| {
        let auto = if line.crm_auto_create { "Y" } else { "N" };
        json!({ "NUMBER": number, "NAME": line.name, "CRM_AUTO_CREATE": auto })
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}
