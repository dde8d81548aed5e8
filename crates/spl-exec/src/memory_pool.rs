//! The memory of an engine with a limit: DataFusion's fair pool, but for exchanges between partitions.

use std::fmt;

use datafusion::common::Result;
use datafusion::execution::memory_pool::{FairSpillPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};

/// A pool that never sends an exchange between partitions to disk. In DataFusion 55 a search can stop for ever when two
/// inputs of one exchange write to disk at a time (apache/datafusion#24883, mended by #24891 in a later version). An exchange
/// hands its batches on, so that it holds few of them; they count like all others.
#[derive(Debug)]
pub struct SearchMemory {
    fair: FairSpillPool,
}

/// How the consumers of exchanges are named.
const EXCHANGE: &str = "RepartitionExec";

impl SearchMemory {
    /// A pool of so many bytes.
    pub fn new(limit: usize) -> Self {
        Self { fair: FairSpillPool::new(limit) }
    }
}

impl fmt::Display for SearchMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.fair, f)
    }
}

impl MemoryPool for SearchMemory {
    fn name(&self) -> &str {
        self.fair.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.fair.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.fair.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.fair.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.fair.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        if reservation.consumer().name().starts_with(EXCHANGE) {
            self.fair.grow(reservation, additional);
            return Ok(());
        }
        self.fair.try_grow(reservation, additional)
    }

    fn reserved(&self) -> usize {
        self.fair.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.fair.memory_limit()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn exchanges_are_not_refused() {
        let pool: Arc<dyn MemoryPool> = Arc::new(SearchMemory::new(1_000));
        let exchange = MemoryConsumer::new("RepartitionExec[0]").with_can_spill(true).register(&pool);
        let sort = MemoryConsumer::new("ExternalSorter[0]").with_can_spill(true).register(&pool);
        exchange.try_grow(5_000).unwrap();
        assert!(sort.try_grow(5_000).is_err());
        sort.try_grow(400).unwrap();
        assert_eq!(pool.reserved(), 5_400);
        drop((exchange, sort));
        assert_eq!(pool.reserved(), 0);
    }
}
