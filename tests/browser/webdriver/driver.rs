//! The chromedriver process: started on a free port, ended with its browser whatever becomes of the test.

use super::Options;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const DRIVER: &str = "/usr/bin/chromedriver";
const BROWSER: &str = "/usr/bin/chromium";
/// How long the driver may take to say that it listens.
const PATIENCE: Duration = Duration::from_secs(60);
/// The port it chooses may be taken by somebody else before it listens there; then it ends at once.
const ATTEMPTS: usize = 3;
/// How long the driver may take to end its browser.
const FAREWELL: Duration = Duration::from_secs(10);

pub struct Driver {
    process: Child,
    port: u16,
    /// The browser's process and where its profile is, for the case that the driver does not end it.
    browser: Option<(u32, PathBuf)>,
}

impl Driver {
    pub fn start() -> Self {
        for program in [DRIVER, BROWSER] {
            assert!(
                Path::new(program).exists(),
                "{program} is missing: run tests/run, which installs the packages chromium and chromium-driver first"
            );
        }
        let mut said = String::new();
        for _ in 0..ATTEMPTS {
            match Self::listening() {
                Ok(driver) => return driver,
                Err(output) => said = output,
            }
        }
        panic!("chromedriver does not tell its port; it said: {said}");
    }

    /// One attempt; what the driver said where it does not listen.
    fn listening() -> Result<Self, String> {
        let process = Command::new(DRIVER)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        // From here on it ends with us.
        let mut driver = Self { process, port: 0, browser: None };
        let output = driver.process.stdout.take().expect("its output is piped");
        let (told, lines) = mpsc::channel();
        // Reads on to the end, so that the driver never writes into a closed pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = told.send(line);
            }
        });
        let mut said = String::new();
        while let Ok(line) = lines.recv_timeout(PATIENCE) {
            if let Some((_, port)) = line.rsplit_once("successfully on port ") {
                driver.port = port.trim_end_matches('.').parse().expect("a port is a number");
                return Ok(driver);
            }
            said = said + &line + "\n";
        }
        Err(said)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn knows_browser(&mut self, process: u32, profile: &Path) {
        self.browser = Some((process, profile.to_owned()));
    }

    /// One request without a runtime, because it is needed while a test unwinds; the answer's text.
    pub fn plain_get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(FAREWELL)).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.port).ok()?;
        // The driver keeps the connection open: only the head of its answer says where it ends.
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            } else if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        String::from_utf8(body).ok()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Ends all sessions with their browsers, then the driver itself; port 0 is a driver that never listened.
        if self.port != 0 {
            let _ = self.plain_get("/shutdown");
        }
        // The number may be somebody else's by now; the profile's name is in nobody else's command line.
        let ours = |(process, profile): &(u32, PathBuf)| {
            let line = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(&*profile.to_string_lossy())
        };
        if let Some((browser, _)) = self.browser.take_if(|browser| ours(browser)) {
            let _ = Command::new("kill").args(["-KILL", &browser.to_string()]).stderr(Stdio::null()).status();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a new session asks for.
pub fn capabilities(options: &Options, profile: &Path) -> serde_json::Value {
    let mut args = vec![
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        // Frames of other sites stay in their page's process: only so the driver gets their consoles and reaches
        // their focus. What pages may and may not do is the same.
        "--disable-site-isolation-trials".to_owned(),
        "--disable-features=IsolateOrigins,site-per-process".to_owned(),
        format!("--user-data-dir={}", profile.display()),
        format!("--window-size={},{}", options.size.0, options.size.1),
    ];
    if options.any_certificate {
        args.push("--ignore-certificate-errors".to_owned());
    }
    serde_json::json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "ALL" },
        "goog:chromeOptions": {
            "binary": BROWSER,
            "args": args,
            "prefs": { "intl.accept_languages": options.language, "intl.selected_languages": options.language },
        },
        "timeouts": { "implicit": 0, "script": 90_000, "pageLoad": 60_000 },
        "unhandledPromptBehavior": "dismiss and notify",
    } } })
}
