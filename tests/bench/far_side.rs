//! Everything around the program that is measured: portals, switch, and what truly happened.

use super::ledger::Ledger;
use super::portal::Portals;
use super::switch::Switch;
use ecss_crm_server::sandbox::certs::Certs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The far side of a workload; it lives in this process.
pub struct FarSide {
    pub ledger: Arc<Ledger>,
    pub portals: Portals,
    pub switch: Switch,
    /// The authority whose certificates everybody trusts.
    pub ca: PathBuf,
    /// A file with the address of each company's portal.
    pub portal_list: PathBuf,
    dir: tempfile::TempDir,
}

impl FarSide {
    pub fn start(companies: usize) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let certs = Certs::new()?;
        let ca = certs.write_ca(dir.path())?;
        let ledger = Arc::new(Ledger::default());
        let portals = Portals::start(companies, &certs.server, &ledger)?;
        let switch = Switch::start(companies, certs.server.clone(), &ledger)?;
        let portal_list = dir.path().join("portals");
        std::fs::write(&portal_list, portals.addresses.join("\n"))?;
        Ok(Self { ledger, portals, switch, ca, portal_list, dir })
    }

    /// Where files of the workload lie until it ends.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}
