//! What the measurements of push and of live calls share.

pub mod child;
pub mod client;
pub mod wire;

/// The middle value.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The value below which this share of all lie. Sorts.
pub fn percentile(values: &mut [u32], share: f64) -> u32 {
    values.sort_unstable();
    values[((values.len() as f64 * share) as usize).min(values.len() - 1)]
}
