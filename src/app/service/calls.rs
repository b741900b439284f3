//! Calls and their stories, from memory where they run, else from the store.

use super::trace_text::{self, Names};
use super::{DaemonService, fault};
use crate::domain::call::{Call, Note};
use crate::domain::card::CallView;
use crate::domain::{CallKey, CompanyId, Timestamp};
use crate::store::CallRow;
use crate::web::lang::Lang;
use crate::web::service::{CallRecord, ServiceFault, TraceLine};

/// Rows read at a time while looking for a place in the list.
const PAGE: u32 = 200;

impl DaemonService {
    pub(super) async fn recent(
        &self,
        id: &CompanyId,
        limit: u32,
        before: Option<Timestamp>,
    ) -> Result<Vec<CallView>, ServiceFault> {
        let mut found = Vec::new();
        let mut from = None;
        loop {
            let rows = self.store.recent_calls(id, PAGE.max(limit), from).await.map_err(|e| fault(&e))?;
            let Some(last) = rows.last() else { return Ok(found) };
            from = Some(last.number);
            for view in rows.iter().filter_map(view) {
                if before.is_none_or(|t| view.started_at < t) {
                    found.push(view);
                    if found.len() >= limit as usize {
                        return Ok(found);
                    }
                }
            }
        }
    }

    pub(super) async fn record_of(
        &self,
        id: &CompanyId,
        key: &CallKey,
        lang: Lang,
    ) -> Result<Option<CallRecord>, ServiceFault> {
        let Some(row) = self.store.call(id, key).await.map_err(|e| fault(&e))? else { return Ok(None) };
        let Some(view) = view(&row) else { return Err(ServiceFault::Broken(format!("call {key} cannot be read"))) };
        let names = Names::new(self.store.employees(id).await.map_err(|e| fault(&e))?);
        let lines = self.store.trace(id, key).await.map_err(|e| fault(&e))?;
        let trace = lines
            .into_iter()
            .filter_map(|line| {
                let note: Note = serde_json::from_str(&line.text).ok()?;
                let (text, detail) = trace_text::tell(&note, &names, lang)?;
                Some(TraceLine { at: line.at, text, detail })
            })
            .collect();
        Ok(Some(CallRecord { view, trace }))
    }
}

fn view(row: &CallRow) -> Option<CallView> {
    serde_json::from_str::<Call>(&row.body).ok().map(|call| call.view())
}
