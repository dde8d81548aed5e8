//! The fields that mean something for the whole event: its time, its origin, what Windows events always have.

use crate::chunk::Span;

macro_rules! roles {
    ($($variant:ident $name:literal)*) => {
        /// A field with a meaning for the whole event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Role { $(#[doc = $name] $variant,)* }

        pub(crate) const ROLES: &[(&str, Role)] = &[$(($name, Role::$variant),)*];
    };
}

// The time fields stand in the order in which they are tried.
roles! {
    Time "_time"
    Raw "_raw"
    Host "host"
    Source "source"
    Sourcetype "sourcetype"
    Index "index"
    Channel "Channel"
    EventId "EventID"
    EventCode "EventCode"
    Computer "Computer"
    Hostname "Hostname"
    SystemTime "SystemTime"
    TimeCreated "TimeCreated"
    UtcTime "UtcTime"
    EventTimestamp "EventTime"
    EventTimeAws "eventTime"
    CreationTime "CreationTime"
    Published "published"
    Timestamp "timestamp"
    AtTimestamp "@timestamp"
    TimeGenerated "TimeGenerated"
    TimeField "time"
    TimeCapital "Time"
    TimestampCapital "Timestamp"
    TimestampUnderscore "_timestamp"
    ActivityTime "activityDateTime"
    CreatedTime "createdDateTime"
    StageTime "stageTimestamp"
    RequestTime "requestReceivedTimestamp"
    IdTime "id.time"
    ZeekTime "ts"
    Recorded "recorded"
    RealtimeTimestamp "__REALTIME_TIMESTAMP"
    UnixTime "unixTime"
    EventTimeUnderscore "event_time"
    EventTimeJoined "eventtime"
    DateTime "datetime"
    DateField "date"
    DateCapital "Date"
    CreationDate "CreationDate"
    EventTimestampField "eventTimestamp"
    DateUtc "Date (UTC)"
    TimeGeneratedUtc "TimeGenerated [UTC]"
    EventReceivedTime "EventReceivedTime"
    UpdatedAt "updatedAt"
    UpdatedAtCapital "UpdatedAt"
    CreatedAt "createdAt"
    CreatedAtCapital "CreatedAt"
    ZeekPath "_path"
    JournalHost "_HOSTNAME"
    JournalMessage "MESSAGE"
    LogName "LogName"
    MachineName "MachineName"
    Id "Id"
    Message "Message"
}

/// The first role that is a time.
pub(crate) const FIRST_TIME: usize = Role::SystemTime as usize;
/// The roles that are times.
pub(crate) const TIMES: u64 = (1 << Role::ZeekPath as u64) - (1 << Role::SystemTime as u64);
const COUNT: usize = ROLES.len();

impl Role {
    /// The meaning of a field.
    pub(crate) fn of(name: &str) -> Option<Self> {
        ROLES.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)
    }

    /// Whether this name, or one below an object of this name, has a role.
    pub(crate) fn is_at_or_below(name: &str) -> bool {
        let below = |role: &str| role.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        ROLES.iter().any(|(role, _)| below(role))
    }

    /// Whether the field describes the event and is set for every event.
    pub(crate) fn is_meta(self) -> bool {
        self <= Self::Index
    }

    /// Whether the field holds a time.
    pub(crate) fn is_time(self) -> bool {
        self >= Self::SystemTime && self < Self::ZeekPath
    }

    /// Whether a field with a meaning lies below an object of this name.
    pub(crate) fn is_above(name: &str) -> bool {
        ROLES.iter().any(|(known, _)| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    }
}

/// What the fields of the event being read say.
pub(crate) struct Slots {
    pub(crate) present: u64,
    spans: [Span; COUNT],
}

impl Slots {
    pub(crate) fn new() -> Self {
        Self { present: 0, spans: [Span::data(0, 0, false); COUNT] }
    }

    pub(crate) fn clear(&mut self) {
        self.present = 0;
    }

    /// Notes a field's value; the first one stays.
    #[inline]
    pub(crate) fn set(&mut self, role: Role, span: Span) {
        let bit = 1 << role as u64;
        if self.present & bit == 0 {
            self.present |= bit;
            self.spans[role as usize] = span;
        }
    }

    pub(crate) fn get(&self, role: Role) -> Option<Span> {
        (self.present & (1 << role as u64) != 0).then_some(self.spans[role as usize])
    }

    /// The span of `_raw`, when the event has its own.
    pub(crate) fn raw(&self) -> Option<Span> {
        self.get(Role::Raw)
    }
}

/// The values of `host`, `source`, `sourcetype`, `index` of events that don't say otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    pub(crate) host: String,
    pub(crate) source: String,
    pub(crate) sourcetype: String,
    pub(crate) index: String,
}

impl Defaults {
    /// The names of the four columns and their values.
    pub(crate) fn columns(&self) -> [(&'static str, &str); 4] {
        [("host", &self.host), ("source", &self.source), ("sourcetype", &self.sourcetype), ("index", &self.index)]
    }
}
