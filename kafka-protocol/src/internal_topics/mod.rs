//! ???
pub mod consumer_offsets;
pub mod share_group_state;
pub mod transaction_state;
