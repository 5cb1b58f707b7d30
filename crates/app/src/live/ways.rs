//! Which way a number leads: to one of our telephones, or out to the telephone network.

use super::{
    board::{
        Destination, DeviceId,
        numbers::{Caller as Dials, Route},
    },
    ports::{Shown, Target},
    switchboard::Switchboard,
};

impl Switchboard {
    /// The telephone of nobody in particular that has a number.
    pub(crate) fn guest(&self, number: &str) -> Option<&DeviceId> {
        self.known.by_number(number).filter(|(_, row)| row.user.is_none()).map(|(id, _)| id)
    }

    /// A number that one of our telephones dials, as the board knows it: the inside one where there is one.
    pub(crate) fn inside(&self, device: &DeviceId, dialled: &str) -> String {
        let number = self.known.devices.get(device).map(|row| row.number.as_str()).unwrap_or_default();
        match self.known.plan.route(dialled, Dials::User(number)) {
            Route::User(user) => user.number.clone(),
            Route::Group(group) => group.number.clone(),
            Route::Queue(queue) => queue.number.clone(),
            Route::Trunk { .. } | Route::Refused(_) => dialled.to_owned(),
        }
    }

    /// Where a line leads, and who is shown there as the caller; `None`: nowhere, or `by` may not call there.
    pub(crate) fn way(&self, to: &Destination, from: &str, by: Option<&DeviceId>) -> Option<(Target, Shown)> {
        let number = match to {
            Destination::Device(device) => return Some((Target::Device(device.clone()), self.shown(from))),
            Destination::Outside(number) => number,
        };
        if let Some(guest) = self.guest(number) {
            return Some((Target::Device(guest.clone()), self.shown(from)));
        }
        let caller = self.known.devices.get(by?)?.number.as_str();
        match self.known.plan.route(number, Dials::User(caller)) {
            Route::Trunk { trunk, number, shown, .. } => {
                let number = Target::Trunk { trunk: trunk.name.clone(), number };
                Some((number, Shown { number: shown.unwrap_or_default().to_owned(), name: None }))
            }
            Route::User(_) | Route::Group(_) | Route::Queue(_) | Route::Refused(_) => None,
        }
    }

    fn shown(&self, number: &str) -> Shown {
        let ours = self.known.user_at(number).and_then(|user| self.known.names.get(user));
        let name = ours.or_else(|| self.displays.get(number)).cloned();
        Shown { number: number.to_owned(), name }
    }
}
