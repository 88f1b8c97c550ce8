//! All cases, in the order of the report.

mod batches;
mod frames;
mod full_frames;

use crate::Case;

pub fn all() -> Vec<Case> {
    let mut cases = batches::cases();
    cases.extend(full_frames::cases());
    cases.extend(frames::cases());
    cases
}
