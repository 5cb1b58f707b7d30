//! Whose a transcript is.

use super::{Call, Side, Unclaimed, Whose, plain, side, started_at};
use crate::{IntakeError, Options, broken, dates, plan::Input, recordings::ENDINGS};
use std::collections::{BTreeMap, BTreeSet};
use touchline_app::{App, contacts::SearchField};
use touchline_model::{Caller, Contact, ContactId};

/// Puts the transcripts of each contact together, by their names and by what is there.
pub(crate) async fn sort(
    app: &App,
    caller: &Caller,
    options: &Options,
    inputs: Vec<Input>,
) -> Result<(Vec<Call>, Vec<Unclaimed>), IntakeError> {
    let names: BTreeSet<String> = inputs.iter().map(|it| plain(&it.stem()).to_owned()).collect();
    let finder = Finder { app, caller, options, names };
    let (mut calls, mut unclaimed) = (BTreeMap::<ContactId, Call>::new(), vec![]);
    for input in inputs {
        let name = plain(&input.stem()).to_owned();
        match finder.whose(&input, &name).await? {
            Err(reason) => unclaimed.push(Unclaimed { input, name, reason }),
            Ok((whose, side)) => {
                let call = calls.entry(whose.id().clone()).or_insert(Call { whose, files: vec![] });
                let clash = |(other, _): &&(Side, Input)| {
                    *other == side || *other == Side::Whole || side == Side::Whole
                };
                match call.files.iter().find(clash) {
                    None => call.files.push((side, input)),
                    Some((_, other)) => {
                        let reason = format!("this call has its transcript from {} already", other.name);
                        unclaimed.push(Unclaimed { input, name, reason });
                    }
                }
            }
        }
    }
    Ok((calls.into_values().collect(), unclaimed))
}

struct Finder<'a> {
    app: &'a App,
    caller: &'a Caller,
    options: &'a Options,
    /// Names of all transcripts that are read together.
    names: BTreeSet<String>,
}

impl Finder<'_> {
    /// The contact that a file's name speaks of: by its id, by the name of its recording, or a new one when its time is
    /// known. A whole name goes before a name with a side, because `call_0` may well be a call of its own.
    async fn whose(&self, input: &Input, name: &str) -> Result<Result<(Whose, Side), String>, IntakeError> {
        let part = side(name);
        if let Some(id) = &self.options.contact {
            let side = part.map_or(Side::Whole, |(_, side)| side);
            let known = self.known(id, id).await?;
            return Ok(match known {
                Some(contact) => Ok((Whose::Known(Box::new(contact)), side)),
                None => self.new_contact(id, name, input).map(|new| (new, side)),
            });
        }
        if let Some(contact) = self.known(name, &input.beside(name)).await? {
            return Ok(Ok((Whose::Known(Box::new(contact)), Side::Whole)));
        }
        if let Some((base, side)) = part
            && let Some(contact) = self.known(base, &input.beside(base)).await?
        {
            return Ok(Ok((Whose::Known(Box::new(contact)), side)));
        }
        let (new, side) = match part {
            Some((base, side @ (Side::Agent | Side::Customer))) => (base, side),
            Some((base, side))
                if ["0", "1"].iter().all(|n| {
                    // Numbers are sides only when both are there.
                    ['.', '_', '-'].iter().any(|mark| self.names.contains(&format!("{base}{mark}{n}")))
                }) =>
            {
                (base, side)
            }
            _ => (name, Side::Whole),
        };
        Ok(self.new_contact(new, new, input).map(|new| (new, side)))
    }

    /// A contact that is not there can be made when something says when it was.
    fn new_contact(&self, id: &str, name: &str, input: &Input) -> Result<Whose, String> {
        let started_at = match dates::in_name(name, self.options.zone.as_ref()) {
            Some(read) => read?,
            None => started_at(self.options, input)?.ok_or_else(|| {
                format!(
                    "there is no contact `{id}`: import its metadata first, or say when it was (--started-at)"
                )
            })?,
        };
        Ok(Whose::New(id.into(), started_at))
    }

    /// The contact with this id, or whose recording has the name of the file, with or without its folder.
    async fn known(&self, id: &str, path: &str) -> Result<Option<Contact>, IntakeError> {
        let store = self.app.store();
        let row = |id: String| async move {
            let row = store.contact_row(&self.caller.tenant, &id).await.map_err(broken)?;
            Ok::<_, IntakeError>(row.map(|row| row.contact.value))
        };
        if let Some(contact) = row(id.to_owned()).await? {
            return Ok(Some(contact));
        }
        let names: BTreeSet<&str> = [id, path].into();
        for ending in ENDINGS {
            for name in &names {
                let path = format!("{name}.{ending}").to_lowercase();
                let found = self.app.search(self.caller, &SearchField::OriginalPath, &path, 2).await;
                // Two contacts with recordings of the same name: the name does not say which.
                if let [only] = &found.map_err(broken)?[..] {
                    return row(only.clone()).await;
                }
            }
        }
        Ok(None)
    }
}
