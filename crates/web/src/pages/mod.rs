//! The pages, a file (or folder) each: its operations, its handlers, its templates.

mod account;
mod admin;
mod call;
mod calls;
mod home;
mod imports;
mod oidc;
mod setup;
mod sign_in;
mod topics;

use crate::Web;
use touchline_http::{Gate, Routes};

/// Adds every page.
pub(crate) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    sign_in::mount(routes);
    oidc::mount(routes);
    setup::mount(routes);
    account::mount(routes);
    calls::mount(routes);
    home::mount(routes);
    admin::mount(routes);
    topics::mount(routes);
    imports::mount(routes);
    call::mount(routes);
}
