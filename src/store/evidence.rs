//! What was seen to work of companies.

use super::{Store, StoreError};
use crate::domain::evidence::{Evidence, EvidenceKind, PortalReport};
use crate::domain::{CompanyId, Phone, Timestamp};

/// The kind under which the portal's report is kept.
const REPORT: &str = "portal_report";

impl Store {
    /// Everything that was seen of a company. What a later version has written and this one does not know is left out.
    pub async fn evidence(&self, company: &CompanyId) -> Result<Evidence, StoreError> {
        let id = company.as_str();
        let rows =
            sqlx::query!("SELECT kind, at, body FROM evidence WHERE company = $1", id).fetch_all(self.db()).await?;
        let mut evidence = Evidence::default();
        for row in rows {
            if let Some(kind) = EvidenceKind::of_code(&row.kind) {
                evidence.seen.insert(kind, Timestamp(row.at));
            } else if row.kind == REPORT {
                evidence.report = row.body.as_deref().and_then(|body| serde_json::from_str(body).ok());
            }
        }
        let rows =
            sqlx::query!("SELECT number, at FROM seen_numbers WHERE company = $1", id).fetch_all(self.db()).await?;
        let seen = rows.into_iter().filter_map(|row| Some((Phone::parse(&row.number).ok()?, Timestamp(row.at))));
        evidence.numbers = seen.collect();
        Ok(evidence)
    }

    /// Keeps what was newly seen of some companies; of one that is gone nothing is kept.
    pub async fn keep_evidence(&self, news: &[(CompanyId, Evidence)]) -> Result<(), StoreError> {
        let mut rows: Vec<(&CompanyId, &str, Timestamp, Option<String>)> = Vec::new();
        let mut numbers: Vec<(&CompanyId, &str, Timestamp)> = Vec::new();
        for (company, evidence) in news {
            rows.extend(evidence.seen.iter().map(|(kind, at)| (company, kind.code(), *at, None)));
            rows.extend(evidence.report.iter().map(|report| (company, REPORT, report.at, Some(body(report)))));
            numbers.extend(evidence.numbers.iter().map(|(number, at)| (company, number.digits(), *at)));
        }
        let json = |rows: serde_json::Result<String>| rows.expect("rows are tuples of texts and numbers");
        let (rows, numbers) = (json(serde_json::to_string(&rows)), json(serde_json::to_string(&numbers)));
        let mut tx = self.begin_swift().await?;
        sqlx::query!(
            "INSERT INTO evidence (company, kind, at, body)
             SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each($1)
             WHERE value->>0 IN (SELECT id FROM companies WHERE deletion_began_at IS NULL)
             ON CONFLICT (company, kind) DO UPDATE SET at = excluded.at, body = excluded.body",
            rows
        )
        .execute(tx.conn())
        .await?;
        sqlx::query!(
            "INSERT INTO seen_numbers (company, number, at)
             SELECT value->>0, value->>1, value->>2 FROM json_each($1)
             WHERE value->>0 IN (SELECT id FROM companies WHERE deletion_began_at IS NULL)
             ON CONFLICT (company, number) DO UPDATE SET at = excluded.at",
            numbers
        )
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }
}

fn body(report: &PortalReport) -> String {
    serde_json::to_string(report).expect("a report is plain data")
}
