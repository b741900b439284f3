//! Which server block answers for the portal's host, by nginx's rules.

use super::WebAddress;
use super::blocks::Directive;
use super::pattern::found_in;

/// Why a server block is the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServerChoice {
    /// One of its names is the host's.
    ByName,
    /// No block has this name: it is the default one of its port.
    Default,
}

/// A server block with the `http` block around it.
#[derive(Clone, Copy)]
pub(super) struct ServerBlock<'a> {
    pub http: &'a Directive,
    pub server: &'a Directive,
    pub choice: ServerChoice,
}

/// The block for this address; `None` where there is no server block at all.
///
/// Where no block listens on the address's port, another proxy stands in front, and all blocks are looked through.
pub(super) fn server_of<'a>(main: &'a [Directive], address: &WebAddress<'_>) -> Option<ServerBlock<'a>> {
    let all: Vec<_> = main
        .iter()
        .filter(|directive| directive.name() == "http")
        .flat_map(|http| http.inner.iter().filter(|inner| inner.name() == "server").map(move |server| (http, server)))
        .collect();
    let of_port: Vec<_> = all.iter().copied().filter(|(_, server)| listens(server, address.port).is_some()).collect();
    let blocks = if of_port.is_empty() { all } else { of_port };
    let named = |fits: &dyn Fn(&str) -> Option<usize>| {
        let names = blocks.iter().filter_map(|block| Some((names_of(block.1).filter_map(fits).max()?, *block)));
        // The longest mask; of equals, the first block.
        names.rev().max_by_key(|(length, _)| *length).map(|(_, block)| block)
    };
    let host = address.host;
    let exact = |name: &str| (name.eq_ignore_ascii_case(host)).then_some(0);
    let found = named(&exact)
        .or_else(|| named(&|name| leading_mask(name, host)))
        .or_else(|| named(&|name| trailing_mask(name, host)))
        .or_else(|| named(&|name| name.strip_prefix('~').filter(|n| found_in(n, true, host) == Some(true)).map(|_| 0)));
    let by_default = || {
        let marked = blocks.iter().find(|(_, server)| listens(server, address.port) == Some(true));
        marked.or_else(|| blocks.first()).copied()
    };
    let (choice, (http, server)) = match found {
        Some(block) => (ServerChoice::ByName, block),
        None => (ServerChoice::Default, by_default()?),
    };
    Some(ServerBlock { http, server, choice })
}

fn names_of(server: &Directive) -> impl Iterator<Item = &str> {
    let directives = server.inner.iter().filter(|inner| inner.name() == "server_name");
    directives.flat_map(|directive| directive.arguments().iter().map(String::as_str))
}

/// `.example.org` stands for the name itself as well.
fn leading_mask(name: &str, host: &str) -> Option<usize> {
    let (host, name) = (host.to_ascii_lowercase(), name.to_ascii_lowercase());
    let itself = name.strip_prefix('.') == Some(&host);
    let mask = name.strip_prefix('*').or_else(|| name.starts_with('.').then_some(&*name))?;
    (itself || (mask.starts_with('.') && host.ends_with(mask))).then_some(mask.len())
}

fn trailing_mask(name: &str, host: &str) -> Option<usize> {
    let mask = name.strip_suffix('*').filter(|mask| mask.ends_with('.'))?;
    host.to_ascii_lowercase().starts_with(&mask.to_ascii_lowercase()).then_some(mask.len())
}

/// Whether the block listens on this port, and whether as the default one. Without `listen` it is port 80.
fn listens(server: &Directive, port: u16) -> Option<bool> {
    let mut listening = server.inner.iter().filter(|inner| inner.name() == "listen").peekable();
    if listening.peek().is_none() {
        return (port == 80).then_some(false);
    }
    let fits = listening.filter(|listen| listen.arguments().first().and_then(|on| port_of(on)) == Some(port));
    let default =
        |listen: &Directive| listen.arguments().iter().any(|word| word == "default_server" || word == "default");
    fits.map(default).reduce(|one, other| one || other)
}

/// `443`, `*:443`, `192.0.2.1:443`, `[::]:443`; an address alone means port 80.
fn port_of(listened: &str) -> Option<u16> {
    if listened.starts_with("unix:") {
        return None;
    }
    let behind = listened.rsplit_once(']').map_or(listened, |(_, behind)| behind);
    let port = behind.rsplit_once(':').map_or(behind, |(_, port)| port);
    Some(port.parse().unwrap_or(80))
}
