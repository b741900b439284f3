//! What people who have proved nothing ask of us, counted.

use super::DaemonService;
use crate::metrics::Exposition;
use crate::session::{CompanyHandle, VisitCounts};

impl DaemonService {
    /// Writes how often.
    pub(super) fn strangers(&self, out: &mut Exposition) {
        let all = self.companies.all().iter().map(CompanyHandle::visits).fold(VisitCounts::default(), |sum, one| {
            VisitCounts {
                asked: sum.asked + one.asked,
                remembered: sum.remembered + one.remembered,
                turned_away: sum.turned_away + one.turned_away,
            }
        });
        let (refused, put_off) = self.companies.install_counts();
        for (name, help, count) in [
            (
                "ecss_crm_log_ins_refused_total",
                "Log-ins turned away because too many had not succeeded.",
                self.companies.refused_codes(),
            ),
            ("ecss_crm_visits_asked_total", "Visitors' tokens that portals were asked about.", all.asked),
            ("ecss_crm_visits_remembered_total", "Visits that were answered from memory.", all.remembered),
            ("ecss_crm_visits_turned_away_total", "Visits that were turned away unasked.", all.turned_away),
            ("ecss_crm_installs_refused_total", "Notices of installations for which there was no room.", refused),
            ("ecss_crm_installs_put_off_total", "Notices of installations that had to wait to be confirmed.", put_off),
        ] {
            out.counter(name, help, count);
        }
    }
}
