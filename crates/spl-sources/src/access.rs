//! Access logs of Apache and nginx, common and combined, under the names of Splunk's access_* sourcetypes.

use crate::chunk::ChunkBuilder;
use crate::event::EventFinisher;

/// A line, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line<'t> {
    client: &'t str,
    ident: &'t str,
    user: &'t str,
    time: &'t str,
    request: &'t str,
    status: &'t str,
    bytes: &'t str,
    /// What stands in quotes behind: referer, user agent, cookie.
    quoted: Vec<&'t str>,
    other: &'t str,
}

/// Takes a line apart; none when it is no line of an access log.
pub(crate) fn parse(line: &str) -> Option<Line<'_>> {
    let (client, rest) = line.split_once(' ')?;
    let (ident, rest) = rest.trim_start().split_once(' ')?;
    let (user, rest) = rest.split_once(" [")?;
    let (time, rest) = rest.split_once(']')?;
    let dated = time.len() >= 11 && time.as_bytes().get(2) == Some(&b'/') && time.as_bytes().get(6) == Some(&b'/');
    if client.is_empty() || ident.is_empty() || !dated {
        return None;
    }
    let (request, rest) = quoted(rest.trim_start())?;
    let (status, rest) = word(rest);
    let (bytes, mut rest) = word(rest);
    if status.len() != 3 || !status.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if bytes != "-" && (bytes.is_empty() || !bytes.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let mut found = Line { client, ident, user, time, request, status, bytes, ..Line::default() };
    while found.quoted.len() < 3
        && let Some((text, behind)) = quoted(rest.trim_start())
    {
        found.quoted.push(text);
        rest = behind;
    }
    found.other = rest.trim();
    Some(found)
}

impl Line<'_> {
    /// The sourcetype that Splunk has for such lines.
    pub(crate) fn sourcetype(&self) -> &'static str {
        match self.quoted.len() {
            0 | 1 => "access_common",
            2 => "access_combined",
            _ => "access_combined_wcookie",
        }
    }
}

/// Adds the fields of a line.
pub(crate) fn read(builder: &mut ChunkBuilder<'_>, finisher: &EventFinisher<'_>, line: &str) {
    let Some(line) = parse(line) else { return };
    let mut add = |name: &str, value: &str| finisher.field(builder, name, value);
    add("clientip", line.client);
    add("ident", line.ident);
    add("user", line.user);
    add("req_time", line.time);
    add("status", line.status);
    add("bytes", line.bytes);
    let mut words = line.request.split_ascii_whitespace();
    if let Some(method) = words.next() {
        add("method", method);
    }
    if let Some(uri) = words.next() {
        add("uri", uri);
        let domain = domain_length(uri);
        add("uri_domain", &uri[..domain]);
        let (path, query) = uri[domain..].split_once('?').unwrap_or((&uri[domain..], ""));
        add("uri_path", path);
        add("uri_query", query);
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        add("file", file);
        if let Some(root) = folder.trim_start_matches('/').split('/').next() {
            add("root", root);
        }
    }
    if let Some(version) = words.last() {
        add("version", version);
    }
    if let Some(referer) = line.quoted.first() {
        add("referer", referer);
        add("referer_domain", &referer[..domain_length(referer)]);
    }
    add("useragent", line.quoted.get(1).copied().unwrap_or_default());
    add("cookie", line.quoted.get(2).copied().unwrap_or_default());
    add("other", line.other);
}

/// The length of `https://host` at the beginning of an address.
fn domain_length(address: &str) -> usize {
    match address.find("://") {
        Some(scheme) if scheme > 0 && address[..scheme].bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            let host = scheme + 3;
            address[host..].find('/').map_or(address.len(), |end| host + end)
        }
        _ => 0,
    }
}

fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(' ').unwrap_or(text.len());
    text.split_at(end)
}

/// A text in quotes (with `\"` for one in it), and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('"')?;
    let bytes = inside.as_bytes();
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', &bytes[at.min(bytes.len())..])?;
        if bytes[at] == b'"' {
            return Some((&inside[..at], &inside[at + 1..]));
        }
        at += 2;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let line =
            parse(r#"1.2.3.4 - bob [04/Mar/2024:10:11:25 +0000] "GET /a?b=c HTTP/1.1" 200 12 "-" "x \"y\"" "k=v" 0.5"#).unwrap();
        assert_eq!((line.user, line.status, line.bytes, line.other), ("bob", "200", "12", "0.5"));
        assert_eq!(line.quoted, ["-", r#"x \"y\""#, "k=v"]);
        assert_eq!(line.sourcetype(), "access_combined_wcookie");
        assert_eq!(parse(r#"::1 - - [04/Mar/2024:10:11:25 +0000] "-" 408 -"#).unwrap().sourcetype(), "access_common");
        for line in ["", "a b c", r#"a - - [x] "y" 200 1"#, r#"a - - [04/Mar/2024:10:11:25 +0000] "y 200 1"#] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
