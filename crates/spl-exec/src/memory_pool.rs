//! The memory of an engine with a limit: DataFusion's fair pool, but for exchanges between partitions.

use std::fmt;

use datafusion::common::Result;
use datafusion::execution::memory_pool::{FairSpillPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};

/// A pool that does not count exchanges between partitions. An exchange stops its inputs when each of its outputs has a
/// batch, so that it holds few of them; a batch that shares the texts of a table would be counted with all of them. An
/// exchange that is refused memory would write to disk, where in DataFusion 55 a search can stop for ever when two inputs do so
/// at a time (apache/datafusion#24883, mended by #24891 in a later version).
///
/// An eighth of the memory is kept for merges: sorts and commands fill all that they get, and a merge needs a batch of each of
/// its inputs.
#[derive(Debug)]
pub struct SearchMemory {
    fair: FairSpillPool,
    limit: usize,
}

/// How the consumers of exchanges are named.
const EXCHANGE: &str = "RepartitionExec";

/// How the consumers of merges are named.
const MERGES: [&str; 2] = ["SortPreservingMergeExec", "ExternalSorterMerge"];

impl SearchMemory {
    /// A pool of so many bytes.
    pub fn new(limit: usize) -> Self {
        Self { fair: FairSpillPool::new(limit - limit / 8), limit }
    }
}

impl fmt::Display for SearchMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.fair, f)
    }
}

/// Whether a consumer is an exchange, which is not counted.
fn is_exchange(consumer: &MemoryConsumer) -> bool {
    consumer.name().starts_with(EXCHANGE)
}

impl MemoryPool for SearchMemory {
    fn name(&self) -> &str {
        self.fair.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        if !is_exchange(consumer) {
            self.fair.register(consumer);
        }
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        if !is_exchange(consumer) {
            self.fair.unregister(consumer);
        }
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        if !is_exchange(reservation.consumer()) {
            self.fair.grow(reservation, additional);
        }
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        if !is_exchange(reservation.consumer()) {
            self.fair.shrink(reservation, shrink);
        }
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        if is_exchange(reservation.consumer()) {
            return Ok(());
        }
        let grown = self.fair.try_grow(reservation, additional);
        let is_merge = || MERGES.iter().any(|name| reservation.consumer().name().starts_with(name));
        if grown.is_err() && is_merge() && self.reserved() + additional <= self.limit {
            self.fair.grow(reservation, additional);
            return Ok(());
        }
        grown
    }

    fn reserved(&self) -> usize {
        self.fair.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn exchanges_are_not_counted() {
        let pool: Arc<dyn MemoryPool> = Arc::new(SearchMemory::new(1_000));
        let exchange = MemoryConsumer::new("RepartitionExec[0]").with_can_spill(true).register(&pool);
        let sort = MemoryConsumer::new("ExternalSorter[0]").with_can_spill(true).register(&pool);
        exchange.try_grow(5_000).unwrap();
        assert!(sort.try_grow(5_000).is_err());
        sort.try_grow(800).unwrap();
        assert_eq!(pool.reserved(), 800);
        drop((exchange, sort));
        assert_eq!(pool.reserved(), 0);
    }

    #[test]
    fn a_merge_has_room_beside_sorts() {
        let pool: Arc<dyn MemoryPool> = Arc::new(SearchMemory::new(8_000));
        let sort = MemoryConsumer::new("ExternalSorter[0]").with_can_spill(true).register(&pool);
        sort.try_grow(7_000).unwrap();
        assert!(sort.try_grow(1).is_err());
        let merge = MemoryConsumer::new("SortPreservingMergeExec[0]").register(&pool);
        merge.try_grow(1_000).unwrap();
        assert!(merge.try_grow(1).is_err());
    }
}
