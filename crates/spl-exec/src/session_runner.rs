//! Runs the plans of one search on DataFusion, with the search's own now and time zone.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::common::config::ConfigOptions;
use datafusion::execution::context::{SessionContext, SessionState};
use datafusion::execution::spill_file::SpillFile;
use datafusion::logical_expr::LogicalPlan;
use spl_functions::settings::SplOptions;
use spl_operators::errors::engine_error;
use spl_parser::Diagnostic;
use spl_plan::context::clock::SearchClock;
use spl_plan::context::runner::{CollectedRows, Runner};

/// DataFusion's session for one search.
pub struct SessionRunner {
    session: SessionContext,
    options: Arc<ConfigOptions>,
    threads: usize,
    runs: bool,
}

impl SessionRunner {
    /// A session over the state of an engine, by the clock of a search.
    pub fn new(state: &SessionState, clock: &SearchClock, runs: bool) -> Self {
        let mut state = state.clone();
        let options = state.config_mut().options_mut();
        let mut spl = options.extensions.get::<SplOptions>().cloned().unwrap_or_default();
        spl.now = clock.now;
        spl.time_zone = clock.time_zone.name().to_owned();
        options.extensions.insert(spl);
        let threads = state.config().target_partitions();
        let options = Arc::clone(state.config_options());
        Self { session: SessionContext::new_with_state(state), options, threads, runs }
    }
}

#[async_trait]
impl Runner for SessionRunner {
    async fn collect(&self, plan: LogicalPlan) -> Result<CollectedRows, Diagnostic> {
        let schema: SchemaRef = Arc::new(plan.schema().as_arrow().clone());
        let data = self.session.execute_logical_plan(plan).await.map_err(engine_error)?;
        let batches = data.collect().await.map_err(engine_error)?;
        Ok((schema, batches))
    }

    fn is_running(&self) -> bool {
        self.runs
    }

    fn threads(&self) -> usize {
        self.threads
    }

    fn options(&self) -> &Arc<ConfigOptions> {
        &self.options
    }

    fn spill_file(&self, what: &str) -> Result<Arc<dyn SpillFile>, Diagnostic> {
        self.session.runtime_env().disk_manager.create_tmp_file(what).map_err(engine_error)
    }
}
