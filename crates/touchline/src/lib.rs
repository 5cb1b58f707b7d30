//! The program's parts, as a library so that tests and the program share them: configuration, wiring, the sample
//! organisation, import, and the check of a store.

pub mod config;
pub mod demo;
pub mod doctor;
pub mod export;
pub mod import;
pub mod lock;
pub mod out;
pub mod server;
pub mod simulate;
pub mod telephones;
pub mod voice;
