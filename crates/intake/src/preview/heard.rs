//! Recordings of a preview: whose they are, and whether they would take the place of others.

use super::{
    Bounds, Preview, contact_of,
    read::{Agent, Look},
};
use crate::{
    IntakeError, Options, broken, calls, lines,
    plan::Input,
    recordings::{self, Folder, stem},
    report::Place,
    work::CONTACTS,
};
use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
};
use touchline_app::{App, store::ContactRow};
use touchline_model::{Caller, User};

/// What the files of contacts, read before the recordings, name.
#[derive(Default)]
pub(super) struct Named {
    /// Ids of contacts.
    ids: HashSet<String>,
    /// Contacts, and the recordings that they name.
    recorded: Vec<(Place, String, String)>,
    /// Recordings that only refused lines name.
    turned_away: Vec<String>,
    /// Recordings that are contacts of their own.
    lone: HashSet<String>,
    /// What tables call the agents, with the file.
    pub(super) agents: Vec<(Arc<str>, Agent)>,
    /// People who come with the same files.
    pub(super) users: Vec<User>,
}

impl Named {
    pub(super) fn take(&mut self, look: &mut Look, input: &Input) {
        self.ids.extend(std::mem::take(&mut look.ids));
        self.turned_away.append(&mut look.turned_away);
        self.users.append(&mut look.users);
        let place = |line| Place { file: input.name.clone(), line: Some(line) };
        let recorded = std::mem::take(&mut look.recorded).into_iter();
        self.recorded.extend(recorded.map(|(line, id, name)| (place(line), id, name)));
        let agents = std::mem::take(&mut look.agents).into_values();
        self.agents.extend(agents.map(|it| (input.name.clone(), it)));
    }

    /// What transcripts may be called: ids of contacts, and names of their recordings.
    pub(super) fn names(&self) -> HashSet<String> {
        let recorded = self.recorded.iter().map(|(_, _, name)| stem(name));
        self.ids.iter().cloned().chain(recorded).chain(self.lone.iter().cloned()).collect()
    }
}

/// What recordings are looked at with.
pub(super) struct Heard<'a> {
    pub(super) app: &'a App,
    pub(super) caller: &'a Caller,
    pub(super) options: &'a Options,
    pub(super) bounds: &'a Bounds,
    /// Whether no file of contacts names recordings.
    pub(super) alone: bool,
}

/// A recording of a contact.
struct Belongs {
    place: Place,
    id: String,
    path: PathBuf,
}

impl Heard<'_> {
    /// Looks at recordings as the import will.
    pub(super) async fn recordings(
        &self,
        found: &mut Preview,
        named: &mut Named,
        audio: Option<Folder>,
        inputs: Vec<Input>,
    ) -> Result<(), IntakeError> {
        if inputs.is_empty() && audio.is_none() {
            return Ok(());
        }
        let (recorded, away) = (std::mem::take(&mut named.recorded), std::mem::take(&mut named.turned_away));
        let looked = tokio::task::spawn_blocking(move || {
            let find = |name: &str| audio.as_ref().and_then(|audio| audio.find(name).ok());
            let paths: Vec<Option<PathBuf>> = recorded.iter().map(|(_, _, name)| find(name)).collect();
            let away: HashSet<PathBuf> = away.iter().filter_map(|name| find(name)).collect();
            let look = |input: Input| {
                let path = input.path.canonicalize().unwrap_or_else(|_| input.path.clone());
                let unheard = recordings::unheard(&path);
                (input, path, unheard)
            };
            (recorded, paths, away, inputs.into_iter().map(look).collect::<Vec<_>>())
        });
        let looked = looked.await.map_err(|e| IntakeError::Broken(e.to_string()))?;
        let (recorded, paths, away, inputs) = looked;
        let used: HashSet<&PathBuf> = paths.iter().flatten().collect();
        let (mut belong, mut lone) = (Vec::new(), Vec::new());
        for (input, path, unheard) in inputs {
            let id = stem(&input.name);
            let place = Place { file: input.name.clone(), line: None };
            match unheard {
                _ if used.contains(&path) => found.count("recordings", 1),
                _ if away.contains(&path) => {
                    found.problem(self.bounds, place, id, recordings::TURNED_AWAY.to_owned());
                }
                Err(reason) => found.problem(self.bounds, place, id, reason),
                // What names it may stand behind the bound.
                Ok(()) if !self.alone && !found.complete => found.count("recordings", 1),
                Ok(()) => lone.push((input, id, path)),
            }
        }
        let named_paths = recorded.iter().zip(&paths).filter_map(|((place, id, _), path)| {
            path.clone().map(|path| Belongs { place: place.clone(), id: id.clone(), path })
        });
        belong.extend(named_paths);
        named.recorded = recorded;
        let ids = lone.iter().map(|(_, id, _)| id.clone()).chain(belong.iter().map(|it| it.id.clone()));
        let rows = self.rows(ids.collect()).await?;
        for (input, id, path) in lone {
            let place = Place { file: input.name.clone(), line: None };
            let here = named.ids.contains(&id);
            let known = rows.get(&id).map(|row| &row.contact.value);
            // A contact that comes with the same files is there by then.
            if here && known.is_none() {
                found.count("recordings", 1);
                continue;
            }
            match calls::lone_recording(self.options, &input, known, self.alone && !here) {
                Err(reason) => found.problem(self.bounds, place, id, reason),
                Ok(_) if !named.lone.insert(id.clone()) => {
                    let reason = format!("the recording of {id:?} stands in another file already");
                    found.problem(self.bounds, place, id, reason);
                }
                Ok(upload) => {
                    found.count(if here { "recordings" } else { CONTACTS }, 1);
                    if !here && found.contacts.len() < self.bounds.contacts {
                        found.contacts.push(contact_of(&input.name, &upload, None));
                    }
                    belong.push(Belongs { place, id, path });
                }
            }
        }
        self.replaced(found, belong, rows).await
    }

    async fn rows(&self, ids: Vec<String>) -> Result<HashMap<String, ContactRow>, IntakeError> {
        let mut all = HashMap::new();
        for step in ids.chunks(lines::STEP) {
            let rows = self.app.store().contact_rows(&self.caller.tenant, step).await.map_err(broken)?;
            all.extend(rows.into_iter().map(|row| (row.contact.value.id.0.clone(), row)));
        }
        Ok(all)
    }

    /// Warns of recordings that would take the place of others: many machines count their files anew each day.
    async fn replaced(
        &self,
        found: &mut Preview,
        belong: Vec<Belongs>,
        rows: HashMap<String, ContactRow>,
    ) -> Result<(), IntakeError> {
        let most = self.bounds.transcripts;
        let compared = tokio::task::spawn_blocking(move || {
            let (mut replaced, mut read) = (Vec::new(), 0);
            for it in belong {
                let Some(row) = rows.get(&it.id) else { continue };
                let Some(kept) = &row.recording else { continue };
                let length = std::fs::metadata(&it.path).map(|it| it.len());
                // As many are read as a page can wait for; of the others the length tells.
                let other = match length {
                    Ok(length) if length != kept.bytes => true,
                    Ok(_) if read < most => {
                        read += 1;
                        recordings::sha256(&it.path).is_ok_and(|digest| digest != kept.sha256)
                    }
                    _ => false,
                };
                if other {
                    replaced.push((it, row.contact.value.started_at));
                }
            }
            replaced
        });
        for (it, began) in compared.await.map_err(|e| IntakeError::Broken(e.to_string()))? {
            let reason = format!(
                "the call {:?}, which began at {began}, has another recording, and this one would replace it: rename \
                 the file if it is another call",
                it.id
            );
            found.warn(self.bounds, it.place, it.id, reason);
        }
        Ok(())
    }
}
