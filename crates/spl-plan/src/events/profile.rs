//! Events that the same knowledge applies to.

use spl_knowledge::props::ResolvedProps;

/// Events that the same knowledge applies to: within a kind sourcetype and, where there are few, source are constants,
/// so that most of what knowledge asks of them is settled while planning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventProfile {
    /// What props.conf comes to.
    pub props: ResolvedProps,
    /// The sourcetype; none when it is absent or not told apart.
    pub sourcetype: Option<String>,
    /// The source; none when it is absent or not told apart.
    pub source: Option<String>,
}
