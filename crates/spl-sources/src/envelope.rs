//! JSON objects that are only there to hold events: lists of records, results of a search, posts to the HTTP Event
//! Collector, hits of Elasticsearch.

use crate::chunk::{ChunkBuilder, Span};
use crate::json_scanner::Scanner;
use crate::role::{Role, Slots};

/// Keys of lists of events in an object around them: CloudTrail, Azure and Office 365 exports, Kubernetes, Security Hub,
/// results of Splunk's search jobs, command line tools.
const LISTS: [&[u8]; 18] = [
    b"Records",
    b"records",
    b"Events",
    b"events",
    b"value",
    b"logEvents",
    b"results",
    b"items",
    b"Items",
    b"Findings",
    b"findings",
    b"entries",
    b"data",
    b"logs",
    b"alerts",
    b"incidents",
    b"resources",
    b"hits",
];

/// Keys that such an object may have beside its list: they say how to get more of it, or how it was got.
fn is_beside(key: &[u8]) -> bool {
    const BESIDE: [&[u8]; 59] = [
        b"nextLink",
        b"NextToken",
        b"nextToken",
        b"next",
        b"nextPageToken",
        b"NextMarker",
        b"Marker",
        b"IsTruncated",
        b"ResponseMetadata",
        b"count",
        b"Count",
        b"total",
        b"totalCount",
        b"total_count",
        b"totalItems",
        b"kind",
        b"etag",
        b"apiVersion",
        b"metadata",
        b"selfLink",
        b"preview",
        b"init_offset",
        b"offset",
        b"post_process_count",
        b"messages",
        b"fields",
        b"highlighted",
        b"sid",
        b"took",
        b"timed_out",
        b"_shards",
        b"_scroll_id",
        b"pit_id",
        b"max_score",
        b"aggregations",
        b"num_reduce_phases",
        b"terminated_early",
        b"_clusters",
        b"status",
        b"success",
        b"errors",
        b"warnings",
        b"pagination",
        b"paging",
        b"meta",
        b"page",
        b"limit",
        b"cursor",
        b"has_more",
        b"hasMore",
        b"requestId",
        b"RequestId",
        b"searchedLogStreams",
        // What a subscription of CloudWatch Logs sends.
        b"messageType",
        b"owner",
        b"logGroup",
        b"logStream",
        b"subscriptionFilters",
        b"$schema",
    ];
    key.starts_with(b"@odata.") || key.starts_with(b"odata.") || BESIDE.contains(&key)
}

/// Where the list of events begins in an object that is only there to hold it; the text may end within the list.
pub(crate) fn wrapper(text: &[u8]) -> Option<usize> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.expect(b'{').ok()?;
    loop {
        let key = scanner.key()?;
        if LISTS.contains(&key) && scanner.peek() == Some(b'[') {
            let mut inside = Scanner { text, at: scanner.at + 1 };
            return matches!(inside.peek(), Some(b'{' | b']')).then_some(scanner.at);
        }
        if key == b"hits" && scanner.peek() == Some(b'{') {
            scanner.at += 1;
            continue;
        }
        if !is_beside(key) {
            return None;
        }
        scanner.skip_value().ok()?;
        scanner.expect(b',').ok()?;
    }
}

/// Where the list of an object begins that is only there to hold a list of events.
pub(crate) fn list_place(text: &[u8], start: usize, end: usize) -> Option<usize> {
    let list = start + wrapper(&text[start..end])?;
    let mut scanner = Scanner { text: &text[..end], at: list };
    scanner.skip_value().ok()?;
    while let Some(next) = scanner.peek() {
        match next {
            // The object around the hits ends, too.
            b'}' => scanner.at += 1,
            b',' => {
                scanner.at += 1;
                if !is_beside(scanner.key()?) {
                    return None;
                }
                scanner.skip_value().ok()?;
            }
            _ => return None,
        }
    }
    Some(list)
}

/// What every event of a file is wrapped in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Envelope {
    #[default]
    None,
    /// `{"preview":false,"result":{...}}`: exported results of a search.
    Result,
    /// A row of `{"preview":false,"results":[...]}`, which is no envelope of its own.
    Row,
    /// `{"_index":"i","_id":"1","_source":{...}}`: documents of Elasticsearch.
    Source,
    /// `{"time":1709547085,"sourcetype":"s","event":...}`: what is sent to the HTTP Event Collector.
    Collector,
}

/// An envelope that was opened.
pub(crate) struct Opened {
    /// The place of the event; nothing when there is none.
    pub(crate) event: (usize, usize),
    /// The place of the object that holds the event's fields.
    object: Option<(usize, usize)>,
    /// The place of more fields.
    more: Option<(usize, usize)>,
}

impl Opened {
    /// Whether the envelope holds no event.
    pub(crate) fn is_empty(&self) -> bool {
        self.event.0 == self.event.1
    }

    /// The places of the objects with the event's fields.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (usize, usize)> {
        self.object.into_iter().chain(self.more)
    }
}

impl Envelope {
    /// The envelope that the first object of a text shows; the text may end within it.
    pub(crate) fn of(text: &[u8]) -> Self {
        let start = text.iter().position(|byte| *byte == b'{').unwrap_or(text.len());
        let list = wrapper(&text[start..]).unwrap_or(0);
        let around = text[start..start + list].trim_ascii_end();
        if around.ends_with(b"\"results\":") && memchr::memmem::find(around, b"\"preview\"").is_some() {
            return Self::Row;
        }
        let start = start + list;
        let start = start + text[start..].iter().position(|byte| *byte == b'{').unwrap_or(text.len() - start);
        let mut scanner = Scanner { text, at: start + 1 };
        let (mut keys, mut kinds) = (Vec::new(), Vec::new());
        while let Some(key) = scanner.key() {
            let value = scanner.peek();
            let from = scanner.at;
            keys.push(key);
            let complete = scanner.skip_value().is_ok();
            kinds.push((value, text.get(from..scanner.at).unwrap_or_default()));
            if !complete || scanner.peek() != Some(b',') {
                break;
            }
            scanner.at += 1;
        }
        let value = |key: &[u8]| keys.iter().position(|known| *known == key).map(|at| kinds[at]);
        let only = |allowed: &[&[u8]]| keys.iter().all(|key| allowed.contains(key));
        let object = |key: &[u8]| value(key).is_some_and(|(first, _)| first == Some(b'{'));
        if object(b"result") && only(&[b"preview", b"offset", b"lastrow", b"result"]) {
            return Self::Result;
        }
        if object(b"_source") && value(b"_index").is_some() {
            return Self::Source;
        }
        let collector: [&[u8]; 7] = [b"time", b"host", b"source", b"sourcetype", b"index", b"fields", b"event"];
        let epoch = value(b"time").map(|(_, text)| {
            let digits = text.trim_ascii().strip_prefix(b"\"").unwrap_or(text);
            digits.len() >= 9 && digits[..9].iter().all(u8::is_ascii_digit)
        });
        let certain = epoch == Some(true) || value(b"sourcetype").is_some() || value(b"index").is_some();
        if value(b"event").is_some() && only(&collector) && certain && epoch != Some(false) {
            return Self::Collector;
        }
        Self::None
    }

    /// Opens the envelope that stands between two places of a part's text; what it says of the event goes into `slots`. A
    /// text that is no such envelope is the event itself.
    pub(crate) fn open(self, builder: &mut ChunkBuilder<'_>, slots: &mut Slots, start: usize, end: usize) -> Opened {
        let text = builder.data();
        let itself = Opened { event: (start, end), object: Some((start, end)), more: None };
        let inner: &[u8] = match self {
            Self::None | Self::Row => return itself,
            Self::Result => b"result",
            Self::Source => b"_source",
            Self::Collector => b"event",
        };
        let mut scanner = Scanner { text: &text[..end], at: start + 1 };
        let mut places: Vec<(&[u8], usize, usize)> = Vec::new();
        while let Some(key) = scanner.key() {
            let Some(_) = scanner.peek() else { return itself };
            let from = scanner.at;
            if scanner.skip_value().is_err() {
                return itself;
            }
            places.push((key, from, scanner.at));
            if scanner.peek() == Some(b',') {
                scanner.at += 1;
            }
        }
        let place = |key: &[u8]| places.iter().find(|(known, _, _)| *known == key).map(|(_, from, to)| (*from, *to));
        let Some((from, to)) = place(inner) else {
            // Messages and the mark of the last row of an export are no events.
            let nothing = self == Self::Result && place(b"preview").is_some();
            return if nothing { Opened { event: (start, start), object: None, more: None } } else { itself };
        };
        let first = text[from];
        let object = (first == b'{').then_some((from, to));
        if self != Self::Collector {
            return Opened { event: (from, to), object, more: None };
        }
        let text_of = |(from, to): (usize, usize)| {
            if text[from] == b'"' { string(text, from, to) } else { Span::data(from, to, false) }
        };
        let roles: [(&[u8], Role); 5] = [
            (b"time", Role::Time),
            (b"host", Role::Host),
            (b"source", Role::Source),
            (b"sourcetype", Role::Sourcetype),
            (b"index", Role::Index),
        ];
        for (key, role) in roles {
            if let Some(place) = place(key).filter(|(from, to)| &text[*from..*to] != b"null") {
                slots.set(role, text_of(place));
            }
        }
        if first == b'"' {
            slots.set(Role::Raw, string(text, from, to));
        }
        let more = place(b"fields").filter(|(from, _)| text[*from] == b'{');
        Opened { event: (from, to), object, more }
    }
}

/// The text of a JSON string at a place with its quotes.
fn string(text: &[u8], from: usize, to: usize) -> Span {
    Span::data(from + 1, (to - 1).max(from + 1), text[from..to].contains(&b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_are_recognised() {
        for (text, expected) in [
            (r#"{"preview":false,"offset":0,"result":{"a":1}}"#, Envelope::Result),
            (r#"{"preview":false,"fields":[],"results":[{"a":["b","c"]}]}"#, Envelope::Row),
            (r#"{"result":{"a":1},"user":1}"#, Envelope::None),
            (r#"{"_index":"i","_id":"1","_source":{"a":1}}"#, Envelope::Source),
            (r#"{"took":1,"hits":{"total":1,"hits":[{"_index":"i","_source":{"a":1}}]}}"#, Envelope::Source),
            (r#"{"time":1709547085.25,"event":"x"}"#, Envelope::Collector),
            (r#"{"event":{"a":1},"sourcetype":"s"}"#, Envelope::Collector),
            (r#"{"event":{"a":1},"sourcetype":"s"} {"event""#, Envelope::Collector),
            (r#"{"time":"2024-03-04T10:11:25Z","event":"login","host":"a"}"#, Envelope::None),
            (r#"{"event":"login","user":"a","sourcetype":"x"}"#, Envelope::None),
            ("[{}]", Envelope::None),
            ("", Envelope::None),
        ] {
            assert_eq!(Envelope::of(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn lists_of_events_are_found() {
        for (text, expected) in [
            (r#"{"Records":[{"a":1}]}"#, Some(11)),
            (r#"{"kind":"List","apiVersion":"v1","metadata":{},"items":[{"a":1}]}"#, Some(55)),
            (r#"{"hits":{"total":{"value":1},"hits":[{"a":1}]},"aggregations":{}}"#, Some(36)),
            (r#"{"results":[{"a":1}],"highlighted":{}}"#, Some(11)),
            (r#"{"data":[{"a":1}],"user":"x"}"#, None),
            (r#"{"user":"x","data":[{"a":1}]}"#, None),
            (r#"{"data":[1,2]}"#, None),
        ] {
            assert_eq!(list_place(text.as_bytes(), 0, text.len()), expected, "{text}");
        }
    }
}
