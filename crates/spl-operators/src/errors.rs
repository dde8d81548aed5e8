//! Errors of the engine as diagnostics.

use spl_parser::Diagnostic;

/// An error of the engine as a diagnostic: ours are taken out of their wrapping, others are shown as they are.
pub fn engine_error(error: datafusion::common::DataFusionError) -> Diagnostic {
    use datafusion::common::DataFusionError as E;
    match error.find_root() {
        E::External(inner) => {
            if let Some(diagnostic) = inner.downcast_ref::<Diagnostic>() {
                return diagnostic.clone();
            }
            Diagnostic::general("run/failed", inner.to_string())
        }
        E::ResourcesExhausted(message) => Diagnostic::general("run/memory", format!("the memory limit was reached: {message}"))
            .with_help("raise --memory-limit, or reduce the events before this command"),
        E::Execution(message) => Diagnostic::general("run/failed", message.clone()),
        other => Diagnostic::general("run/engine", format!("the engine refused this plan: {other}")),
    }
}
