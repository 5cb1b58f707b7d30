//! The pages, a file (or folder) each: its operations, its handlers, its templates.

mod account;
mod admin;
mod home;
mod setup;
mod sign_in;

use crate::Web;
use touchline_http::{Gate, Routes};

/// Adds every page.
pub(crate) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    sign_in::mount(routes);
    setup::mount(routes);
    account::mount(routes);
    home::mount(routes);
    admin::mount(routes);
}
