//! Statistical functions: their registry and their form as DataFusion aggregates.
