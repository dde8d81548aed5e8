//! DataFusion's session for an engine: its options, rules and memory.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::execution::context::{QueryPlanner, SessionState};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use datafusion::prelude::SessionConfig;
use spl_functions::settings::SplOptions;
use spl_operators::compact::CompactBelowSorts;
use spl_operators::distinct::rule::EvaluateOncePerDistinct;
use spl_operators::errors::engine_error;
use spl_operators::exec::OperatorPlanner;
use spl_operators::filter_below_numbers::FilterBelowNumbers;
use spl_operators::grouping::order::SortByRanks;
use spl_operators::grouping::rewrite::GroupByCodes;
use spl_operators::grouping::rule::GroupByCode;
use spl_parser::Diagnostic;

use super::{Settings, threads};
use crate::memory_pool::SearchMemory;

/// The session of an engine with these settings.
///
/// # Errors
/// What DataFusion refuses.
pub(super) fn session_state(settings: &Settings) -> Result<SessionState, Diagnostic> {
    let mut config = SessionConfig::new()
        .with_batch_size(settings.batch_rows.unwrap_or_else(|| batch_rows(settings.memory_limit)))
        .with_target_partitions(threads(settings));
    let options = config.options_mut();
    options.optimizer.prefer_existing_sort = true;
    // The rules are ordered so that one round does nearly all; further rounds only cost planning time.
    options.optimizer.max_passes = 1;
    // The rule takes a window over a whole partition for one that ends at the row, and cuts its input.
    options.optimizer.enable_window_limits = false;
    if let Some(limit) = settings.memory_limit {
        // What a sort keeps free to merge what it wrote to disk; the default is more than a small limit has.
        let reserved = options.execution.sort_spill_reservation_bytes;
        options.execution.sort_spill_reservation_bytes = reserved.min(limit / 16);
        // A sort joins its batches up to this size without asking for the memory of both.
        let joined = options.execution.sort_in_place_threshold_bytes;
        options.execution.sort_in_place_threshold_bytes = joined.min(limit / 64);
    }
    let mut spl = SplOptions::default();
    spl.now = settings.clock.now;
    spl.time_zone = settings.clock.time_zone.name().to_owned();
    spl.once_per_distinct = settings.rewrites.once_per_distinct;
    spl.group_by_code = settings.rewrites.group_by_code;
    spl.filter_below_numbers = settings.rewrites.filter_below_numbers;
    spl.sort_by_ranks = settings.rewrites.sort_by_ranks;
    options.extensions.insert(spl);
    let mut runtime = RuntimeEnvBuilder::new();
    if let Some(limit) = settings.memory_limit {
        runtime = runtime.with_memory_pool(Arc::new(SearchMemory::new(limit)));
    }
    let runtime = runtime.build_arc().map_err(engine_error)?;
    Ok(SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .with_optimizer_rules(logical_rules(settings.memory_limit))
        .with_physical_optimizer_rules(physical_rules(settings.memory_limit))
        .with_query_planner(Arc::new(SplQueryPlanner))
        .build())
}

/// Our logical rules, then DataFusion's, which see their outcome.
fn logical_rules(memory_limit: Option<usize>) -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    const MOST_KEPT: usize = 256 << 20;
    let most_kept = memory_limit.map_or(MOST_KEPT, |limit| limit / 8);
    let ours: [Arc<dyn OptimizerRule + Send + Sync>; 3] =
        [Arc::new(FilterBelowNumbers), Arc::new(EvaluateOncePerDistinct::new(most_kept)), Arc::new(GroupByCodes)];
    ours.into_iter().chain(Optimizer::new().rules).collect()
}

/// DataFusion's physical rules without those that carry a limit below a window over a whole partition, where it would
/// cut the window's input, and with ours behind. A limit stops its input all the same, as it stops asking for rows.
fn physical_rules(memory_limit: Option<usize>) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let compact = memory_limit.map(|limit| {
        let rule = CompactBelowSorts { batch_bytes: (limit / 128).max(8 << 10) };
        Arc::new(rule) as Arc<dyn PhysicalOptimizerRule + Send + Sync>
    });
    // Under a limit a sort must be able to go to disk.
    let ranks = memory_limit.is_none().then(|| Arc::new(SortByRanks) as Arc<dyn PhysicalOptimizerRule + Send + Sync>);
    PhysicalOptimizer::new()
        .rules
        .into_iter()
        .filter(|rule| !matches!(rule.name(), "LimitPushdown" | "LimitPushPastWindows"))
        .chain([Arc::new(GroupByCode) as Arc<dyn PhysicalOptimizerRule + Send + Sync>])
        .chain(ranks)
        .chain(compact)
        .collect()
}

/// Rows per batch: large enough that work per distinct value pays, small enough that a sort, which merges from disk what did
/// not fit, holds two batches of wide rows of each file at a time.
fn batch_rows(memory_limit: Option<usize>) -> usize {
    const ROWS: usize = 32_768;
    const LEAST: usize = 256;
    memory_limit.map_or(ROWS, |limit| (limit / (64 << 10)).clamp(LEAST, ROWS))
}

/// DataFusion's physical planner with SPL's row operators.
#[derive(Debug)]
struct SplQueryPlanner;

#[async_trait]
impl QueryPlanner for SplQueryPlanner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        state: &dyn Session,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(OperatorPlanner)]);
        planner.create_physical_plan(plan, state).await
    }
}
