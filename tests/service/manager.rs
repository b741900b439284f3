//! A service manager as the daemon sees it: messages, sockets kept for it, and their return to its next run.

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use std::fs;
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything awaited may take.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with the daemon's settings, and the socket on which the daemon reports.
pub struct Manager {
    pub dir: TempDir,
    reports: UnixDatagram,
    /// Kept sockets and their names.
    pub kept: Vec<(String, OwnedFd)>,
}

/// One message of the daemon, in lines.
pub type Report = Vec<String>;

impl Manager {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let reports = UnixDatagram::bind(dir.path().join("notify")).expect("a socket for reports");
        reports.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        Self { dir, reports, kept: Vec::new() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes the daemon's settings: everything in this folder, and `more`.
    pub fn configure(&self, more: &str) {
        let at = |key: &str, name: &str| format!("{key} = '{}'\n", self.path(name).display());
        let text = [
            at("state_dir", "db"),
            at("sslKeyFilename", "key.pem"),
            at("sslCertFilename", "cert.pem"),
            at("defaultLogFile", "default.log"),
            at("errorLogFile", "error.log"),
            "logLevel = 'info'\n".to_owned(),
            more.to_owned(),
        ];
        fs::write(self.path("config.toml"), text.concat()).expect("the settings are written");
    }

    /// Starts the daemon and hands it what is kept for it; `more` are further variables.
    pub fn start(&self, more: &[(&str, &str)]) -> Run {
        // High numbers that survive exec, so that 3 and 4 are free in the shell.
        let high = |fd: &OwnedFd| rustix::io::fcntl_dupfd_cloexec(fd, 100).expect("a copy");
        let handed: Vec<OwnedFd> = self.kept.iter().map(|(_, fd)| high(fd)).collect();
        for fd in &handed {
            rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::empty()).expect("kept over exec");
        }
        let place = |(n, fd): (usize, &OwnedFd)| format!("exec {}<&{}\n", n + 3, fd.as_raw_fd());
        let places = handed.iter().enumerate().map(place).collect::<Vec<_>>().concat();
        let names: Vec<&str> = self.kept.iter().map(|(name, _)| name.as_str()).collect();
        let mut command = Command::new("bash");
        command
            .args(["-c", &format!("{places}LISTEN_PID=$$ exec \"$0\" \"$@\"")])
            .arg(env!("CARGO_BIN_EXE_ecss-crm-server"))
            .args(["run", "--config"])
            .arg(self.path("config.toml"))
            .env("NOTIFY_SOCKET", self.path("notify"))
            .env("LISTEN_FDS", handed.len().to_string())
            .env("LISTEN_FDNAMES", names.join(":"))
            .envs(more.iter().copied())
            .stdin(Stdio::null())
            .stdout(self.output())
            .stderr(self.output());
        Run(command.spawn().expect("bash is there"))
    }

    fn output(&self) -> fs::File {
        fs::OpenOptions::new().append(true).create(true).open(self.path("output")).expect("a file for its output")
    }

    /// What a file in the folder holds; `output` is what the daemon has said to the process that started it.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the file is there")
    }

    /// The next report; what is to be kept is kept, what is to be forgotten is forgotten.
    pub fn report(&mut self) -> Report {
        let mut text = [0; 4096];
        let mut space = [MaybeUninit::uninit(); 256];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut text)];
        let received =
            recvmsg(&self.reports, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC).expect("a report in time");
        let mut sockets = Vec::new();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(fds) = message {
                sockets.extend(fds);
            }
        }
        let text = std::str::from_utf8(&text[..received.bytes]).expect("reports are text");
        let report: Report = text.lines().map(str::to_owned).collect();
        let name = report.iter().find_map(|line| line.strip_prefix("FDNAME=")).unwrap_or_default().to_owned();
        if report.iter().any(|line| line == "FDSTOREREMOVE=1") {
            self.kept.retain(|(kept, _)| *kept != name);
        }
        if report.iter().any(|line| line == "FDSTORE=1") {
            for socket in sockets {
                // As the real one does: what it has already is not kept twice.
                if !self.kept.iter().any(|(_, kept)| same(kept, &socket)) {
                    self.kept.push((name.clone(), socket));
                }
            }
        }
        report
    }

    /// All reports up to the one that says `line`.
    pub fn reports_until(&mut self, line: &str) -> Vec<Report> {
        let mut reports = Vec::new();
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let report = self.report();
            let found = report.iter().any(|said| said.starts_with(line));
            reports.push(report);
            if found {
                return reports;
            }
        }
        panic!("waited in vain for {line}: {reports:?}");
    }

    /// Names of what is kept.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.kept.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

fn same(a: &OwnedFd, b: &OwnedFd) -> bool {
    let of = |fd: &OwnedFd| rustix::fs::fstat(fd).map(|stat| (stat.st_dev, stat.st_ino)).expect("a descriptor");
    of(a) == of(b)
}

/// A running daemon; ended with the test.
pub struct Run(Child);

impl Run {
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).expect("the daemon runs");
    }

    /// As an administrator never should.
    pub fn kill(mut self) {
        self.0.kill().expect("the daemon runs");
        self.0.wait().expect("it ends");
    }

    pub fn end(mut self) -> ExitStatus {
        self.0.wait().expect("it ends")
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The identity of a file.
pub fn inode(path: &Path) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).expect("the file is there"))
}
