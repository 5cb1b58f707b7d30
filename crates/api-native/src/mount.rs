//! Adds operations so that each refuses the query parameters that it does not document.

use crate::{Problem, params::Params};
use axum::{
    extract::{Request, State},
    handler::Handler,
    response::IntoResponse,
};
use std::sync::Arc;
use touchline_app::App;
use touchline_http::{Gate, Operation, Routes};

pub(crate) struct Mount<G: Gate>(Routes<G, App>);

impl<G: Gate> Mount<G> {
    pub(crate) fn new(routes: Routes<G, App>) -> Self {
        Self(routes)
    }

    pub(crate) fn add<H, T>(&mut self, operation: Operation, handler: H)
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add_with_lists(operation, &[], handler);
    }

    /// Adds an operation some of whose query parameters may be given several times.
    pub(crate) fn add_with_lists<H, T>(
        &mut self,
        operation: Operation,
        lists: &'static [&'static str],
        handler: H,
    ) where
        H: Handler<T, App>,
        T: 'static,
    {
        let known: Arc<[&'static str]> = operation.query_names().collect();
        self.0.add(operation, move |State(app): State<App>, mut request: Request| {
            let (known, handler) = (known.clone(), handler.clone());
            async move {
                match Params::strict(request.uri().query(), &known, lists) {
                    Err(problem) => Problem::into_response(problem),
                    Ok(params) => {
                        request.extensions_mut().insert(params);
                        handler.call(request, app).await
                    }
                }
            }
        });
    }

    pub(crate) fn done(self) -> Routes<G, App> {
        self.0
    }
}
