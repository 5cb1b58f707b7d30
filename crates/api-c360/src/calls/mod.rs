//! Calls: the list, one of them, deleted ones, search, deletion (contract §4.3 to §4.5, §6).

pub(crate) mod deleted;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod search;
mod stored;
mod templates;
pub(crate) mod wire;
