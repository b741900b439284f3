//! Calls and their stories, from memory where they run, else from the store.

use super::trace_particulars::particulars;
use super::{DaemonService, fault};
use crate::domain::call::{Call, Note};
use crate::domain::card::CallView;
use crate::domain::{CallKey, CompanyId};
use crate::lang::{EmployeeNames, Lang, note_text};
use crate::store::CallRow;
use crate::web::service::{CallCursor, CallPage, CallRecord, ServiceFault, TraceText};

impl DaemonService {
    pub(super) async fn recent(
        &self,
        id: &CompanyId,
        limit: u32,
        before: Option<CallCursor>,
    ) -> Result<CallPage, ServiceFault> {
        let rows = self.store.recent_calls(id, limit, before.map(|cursor| cursor.0)).await.map_err(|e| fault(&e))?;
        let full = rows.len() >= limit as usize;
        let older = rows.last().filter(|_| full).map(|row| CallCursor(row.number));
        Ok(CallPage { calls: rows.iter().filter_map(view).collect(), older })
    }

    pub(super) async fn record_of(
        &self,
        id: &CompanyId,
        key: &CallKey,
        lang: Lang,
    ) -> Result<Option<CallRecord>, ServiceFault> {
        let Some(row) = self.store.call(id, key).await.map_err(|e| fault(&e))? else { return Ok(None) };
        let Some(view) = view(&row) else { return Err(ServiceFault::Broken(format!("call {key} cannot be read"))) };
        let names = EmployeeNames::new(self.store.employees(id).await.map_err(|e| fault(&e))?);
        let lines = self.store.trace(id, key).await.map_err(|e| fault(&e))?;
        let trace = lines
            .into_iter()
            .filter_map(|line| {
                let note: Note = serde_json::from_str(&line.text).ok()?;
                let text = note_text(&note, &names, lang)?;
                Some(TraceText { at: line.at, text, detail: particulars(&note) })
            })
            .collect();
        Ok(Some(CallRecord { view, trace }))
    }
}

fn view(row: &CallRow) -> Option<CallView> {
    serde_json::from_str::<Call>(&row.body).ok().map(|call| call.view())
}
