//! An export: day after day is made, and at the end the manifest moves.

use super::{
    Dataset, ExportError, Format,
    column::Column,
    dataset::{Closes, Closing, Look},
    found::{Found, final_through},
    manifest::{DayEntry, Manifest},
    part,
    rows::{ContactLine, Deletion, EvaluationLine, EventLine},
    source::{Asked, Source},
    zone_named,
};
use crate::{
    App, AppError, entropy,
    reports::{AgentSummaryRow, ContactRow, Window, WorkSessionRow},
    require,
};
use jiff::{civil::Date, tz::TimeZone};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
use tokio::time::Instant;
use touchline_model::{Caller, Group, Inbox, Seq, Stored, Timestamp, User};
use touchline_store::{AuditNote, Batch, Destination, ListedFile};

/// How often is noted what is done, so that a run that is killed can be gone on with.
const NOTE: Duration = Duration::from_secs(1);
/// Files that neither the manifest nor the one before names are kept for so long, in seconds: another run may be making
/// them.
const GRACE_SECS: i64 = 3_600;
/// How long is waited, each time, when the database is busy, in seconds: beside a server that takes in a lot, an SQLite
/// file may be locked for a while.
const PAUSES: [u64; 6] = [1, 2, 4, 8, 16, 30];
/// Days of one order at most.
pub(super) const MOST_DAYS: u16 = 20_000;

/// What is to be exported.
#[derive(Clone, Debug)]
pub struct ExportOrder {
    /// Which data.
    pub dataset: Dataset,
    /// Written in what.
    pub format: Format,
    /// The first day.
    pub since: Date,
    /// The last day; today when absent.
    pub until: Option<Date>,
    /// IANA name of the zone of the days.
    pub zone: String,
    /// Whether days that are not closed are left out.
    pub closed_only: bool,
}

/// How far an export has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportProgress {
    /// The day that was made last.
    pub date: String,
    /// Days that are done.
    pub done: usize,
    /// Days to be done.
    pub of: usize,
    /// Rows written so far.
    pub rows: u64,
}

/// What an export has done.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Exported {
    /// Where the manifest lies.
    pub manifest: String,
    /// Days that were written anew.
    pub days_written: usize,
    /// Days that were there and stayed.
    pub days_kept: usize,
    /// Rows of the days that were written.
    pub rows_written: u64,
    /// Bytes of their files.
    pub bytes_written: u64,
    /// Final days that were made anew, because events had come late.
    pub revised: Vec<String>,
    /// The last day up to which every day is final.
    pub final_through: Option<String>,
    /// Whether the manifest has changed.
    pub published: bool,
}

struct Day {
    date: String,
    window: Window,
}

impl App {
    /// Exports a data set to a destination, or brings an export up to date that is there. `tell` hears of every day.
    ///
    /// A final day is never made again, unless events have come that belong to it. A run that ended half-way is gone on
    /// with. Readers who follow the manifest see all of it, or what was there before.
    ///
    /// # Errors
    /// [`ExportError::Refused`] when the order makes no sense or the destination holds another export.
    pub async fn export(
        &self,
        caller: &Caller,
        to: &Destination,
        order: &ExportOrder,
        tell: &mut (dyn FnMut(&ExportProgress) + Send),
    ) -> Result<Exported, ExportError> {
        require(caller, order.dataset.needs())?;
        let Some(zone) = zone_named(&order.zone) else {
            return Err(ExportError::Refused(format!("there is no time zone `{}`", order.zone)));
        };
        let _lock = to.lock(order.dataset.name())?;
        let run =
            Run { app: self, caller, to, order, zone, now: self.clock.now(), horizon: self.report_horizon() };
        match order.dataset {
            Dataset::Contacts => run.go::<ContactLine>(tell).await,
            Dataset::Evaluations => run.go::<EvaluationLine>(tell).await,
            Dataset::Users => run.go::<Stored<User>>(tell).await,
            Dataset::Groups => run.go::<Stored<Group>>(tell).await,
            Dataset::Inboxes => run.go::<Stored<Inbox>>(tell).await,
            Dataset::Events => run.go::<EventLine>(tell).await,
            Dataset::Deletions => run.go::<Deletion>(tell).await,
            Dataset::WorkSessions => run.go::<WorkSessionRow>(tell).await,
            Dataset::ContactReport => run.go::<ContactRow>(tell).await,
            Dataset::AgentSummary => run.go::<AgentSummaryRow>(tell).await,
        }
    }
}

/// Whether it may be well in a moment.
const fn is_busy(error: &ExportError) -> bool {
    matches!(error, ExportError::App(AppError::Unavailable(_)))
}

struct Run<'a> {
    app: &'a App,
    caller: &'a Caller,
    to: &'a Destination,
    order: &'a ExportOrder,
    zone: TimeZone,
    now: Timestamp,
    horizon: Timestamp,
}

impl Run<'_> {
    fn folder(&self) -> &'static str {
        self.order.dataset.name()
    }
    fn manifest_path(&self) -> String {
        format!("{}/manifest.json", self.folder())
    }
    fn progress_path(&self) -> String {
        format!("{}/_progress.json", self.folder())
    }
    fn is_report(&self) -> bool {
        self.order.dataset.closing() != Closing::Changes
    }

    async fn go<R: Source>(
        &self,
        tell: &mut (dyn FnMut(&ExportProgress) + Send),
    ) -> Result<Exported, ExportError> {
        let days = self.days()?;
        let mut found = self.look().await?;
        let columns: Vec<&'static Column<R>> = R::columns().iter().filter(|it| !it.directory).collect();
        let schema = found.manifest.schema(&columns);
        let upto = self.arrived().await?;
        let work = self.plan(&days, &found, upto).await?;
        let mut done = Exported { manifest: self.to.place(&self.manifest_path()), ..Exported::default() };
        done.days_kept = days.iter().filter(|day| found.is_final(self.folder(), &day.date)).count();
        let run_id = entropy::new_id(&*self.app.entropy, self.now);
        if !work.is_empty() {
            // Before the first file leaves: a run that is cut has given data away too.
            self.tell_the_audit(format!("begins: {} days to {}", work.len(), done.manifest)).await?;
        }
        let mut noted = Instant::now();
        // Days that a cut run had done were looked at up to its number, not up to this run's.
        let checked = if found.manifest.days.is_empty() { upto } else { found.manifest.checked };
        for (number, (day, looks)) in work.iter().enumerate() {
            let name = format!("{run_id}-{}", day.date);
            let mut made = self.make::<R>(&name, day, looks, schema, &columns, &found).await;
            for pause in PAUSES {
                let Err(error) = &made else { break };
                if !is_busy(error) {
                    break;
                }
                tracing::warn!(%error, day = %day.date, "the day is made again in {pause} s");
                tokio::time::sleep(Duration::from_secs(pause)).await;
                made = self.make::<R>(&name, day, looks, schema, &columns, &found).await;
            }
            match made {
                Ok(None) => {}
                Ok(Some(entry)) => self.take(entry, &mut found, &mut done),
                Err(error) => {
                    // What is done is noted as well as can be: the error that counts is the other one.
                    let _ = self.note(&found, checked).await;
                    return Err(error);
                }
            }
            tell(&ExportProgress {
                date: day.date.clone(),
                done: number + 1,
                of: work.len(),
                rows: done.rows_written,
            });
            if noted.elapsed() >= NOTE && number + 1 < work.len() {
                self.note(&found, checked).await?;
                found.half_done = true;
                noted = Instant::now();
            }
        }
        if self.is_report() {
            found.manifest.checked = upto;
        }
        done.final_through = final_through(&found.manifest);
        done.published = self.publish(&found).await?;
        if done.published {
            let Exported { days_written, rows_written, manifest, .. } = &done;
            self.tell_the_audit(format!("{days_written} days, {rows_written} rows to {manifest}")).await?;
        }
        Ok(done)
    }

    /// The days that are asked for and have begun.
    fn days(&self) -> Result<Vec<Day>, ExportError> {
        let today = self.now.to_jiff().to_zoned(self.zone.clone()).date();
        let last = self.order.until.unwrap_or(today).min(today);
        if self.order.until.is_some_and(|until| until < self.order.since) {
            return Err(ExportError::Refused("the last day lies before the first".to_owned()));
        }
        let mut days = Vec::new();
        let mut date = self.order.since;
        while date <= last {
            if days.len() == usize::from(MOST_DAYS) {
                return Err(ExportError::Refused(format!("these are more than {MOST_DAYS} days")));
            }
            let window = Window::of_dates(&self.zone, date, date);
            let window = window.ok_or_else(|| ExportError::Refused(format!("there is no day {date}")))?;
            days.push(Day { date: date.to_string(), window });
            date = date.tomorrow().map_err(ExportError::internal)?;
        }
        Ok(days)
    }

    /// The last change that had arrived when the run began.
    async fn arrived(&self) -> Result<Seq, ExportError> {
        // A contact that came late tells its events now, not after the days were looked at.
        self.app.derive_events(&self.caller.tenant).await?;
        let state = self.app.store.tenant_state(&self.caller.tenant).await?;
        Ok(state.map_or(0, |state| state.seq))
    }

    /// Reads what is there: the manifest, what a killed run had done, and the files.
    async fn look(&self) -> Result<Found, ExportError> {
        let fresh = Manifest::new(
            self.order.dataset,
            self.caller.tenant.as_str(),
            self.order.format,
            &self.order.zone,
        );
        let published = self.to.read(&self.manifest_path()).await?;
        let place = self.to.place(&self.manifest_path());
        let mut manifest = match &published {
            Some((bytes, _)) => Manifest::read(bytes, &fresh, &place).map_err(ExportError::Refused)?,
            None => fresh.clone(),
        };
        let files = self.to.list(self.folder()).await?;
        let files: HashMap<String, ListedFile> = files.into_iter().map(|it| (it.path.clone(), it)).collect();
        let half_done = self.to.read(&self.progress_path()).await?;
        let mut found = Found { manifest: fresh, published, half_done: half_done.is_some(), files };
        // Of another order, or damaged: its files are overwritten or removed.
        let half = half_done.and_then(|(bytes, _)| Manifest::read(&bytes, &manifest, &place).ok());
        if let Some(half) = half.filter(|it| it.schemas.starts_with(&manifest.schemas)) {
            manifest.schemas.clone_from(&half.schemas);
            manifest.checked = match manifest.days.is_empty() {
                true => half.checked,
                false => manifest.checked.min(half.checked),
            };
            for day in half.days {
                let known = manifest.day(&day.date).is_some_and(|it| it.is_final);
                if day.is_final && !known && found.has(self.folder(), &day) {
                    manifest.put(day);
                }
            }
        }
        found.manifest = manifest;
        Ok(found)
    }

    /// What has to be made, and how.
    async fn plan(
        &self,
        days: &[Day],
        found: &Found,
        upto: Seq,
    ) -> Result<Vec<(Day, Vec<Look>)>, ExportError> {
        let mut work = Vec::new();
        for day in days.iter().filter(|day| !found.is_final(self.folder(), &day.date)) {
            let Window { start, end } = day.window;
            let mut looks = match found.manifest.day(&day.date) {
                // Its files are gone; they are to be what they were.
                Some(it) if it.is_final => vec![Look { horizon: it.horizon, closes: Closes::Always }],
                _ => self.order.dataset.looks(start, end, self.now, self.horizon),
            };
            if self.order.closed_only {
                looks.retain(|it| it.closes != Closes::Never);
            }
            if !looks.is_empty() {
                work.push((Day { date: day.date.clone(), window: day.window }, looks));
            }
        }
        let late = match self.is_report() && !found.manifest.days.is_empty() {
            true => {
                self.app.store.earliest_recorded(&self.caller.tenant, found.manifest.checked, upto).await?
            }
            false => None,
        };
        // What has arrived since, and was recorded before a final day was closed, may belong to it.
        let planned: HashSet<String> = work.iter().map(|(day, _)| day.date.clone()).collect();
        for day in found.manifest.days.iter().filter(|it| it.is_final && !planned.contains(&it.date)) {
            if late.is_some_and(|late| late <= day.horizon) {
                let window = Window { start: day.from, end: day.to };
                let again = Look { horizon: day.horizon, closes: Closes::Always };
                work.push((Day { date: day.date.clone(), window }, vec![again]));
            }
        }
        work.sort_by(|(one, _), (other, _)| one.date.cmp(&other.date));
        Ok(work)
    }

    /// Makes a day; `None` when it is not closed and only closed days are wanted.
    async fn make<R: Source>(
        &self,
        name: &str,
        day: &Day,
        looks: &[Look],
        schema: usize,
        columns: &[&'static Column<R>],
        found: &Found,
    ) -> Result<Option<DayEntry>, ExportError> {
        let format = self.order.format;
        for (number, look) in looks.iter().enumerate() {
            let asked = Asked { window: day.window, zone: self.zone.clone(), horizon: look.horizon };
            let rows = R::rows(self.app, self.caller, asked).await?;
            let (mut open, name) = (0_u64, format!("{name}-{number}"));
            let see = |row: &R| open += u64::from(row.is_open());
            let parts = part::make(self.to, format, name, columns.to_vec(), rows, see).await?;
            if look.closes == Closes::IfAllEnded && open > 0 {
                continue;
            }
            let there = |path: &str| found.files.get(path).map(|it| it.bytes);
            let files = part::keep(self.to, self.folder(), &day.date, format, parts, there).await?;
            return Ok(Some(DayEntry {
                date: day.date.clone(),
                from: day.window.start,
                to: day.window.end,
                is_final: look.closes != Closes::Never,
                revision: 1,
                horizon: look.horizon,
                rows: files.iter().map(|it| it.rows).sum(),
                schema,
                files,
            }));
        }
        Ok(None)
    }

    /// Puts a day that was made into the manifest, unless the same is there.
    fn take(&self, mut entry: DayEntry, found: &mut Found, done: &mut Exported) {
        if let Some(before) = found.manifest.day(&entry.date).filter(|it| it.is_final) {
            if before.files == entry.files {
                return;
            }
            entry.revision = before.revision + 1;
            done.revised.push(entry.date.clone());
        }
        done.days_written += 1;
        done.rows_written += entry.rows;
        done.bytes_written += entry.files.iter().map(|it| it.bytes).sum::<u64>();
        found.manifest.put(entry);
    }

    /// Notes what is done, for the run that goes on with it.
    async fn note(&self, found: &Found, checked: Seq) -> Result<(), ExportError> {
        let mut half = found.manifest.clone();
        half.checked = checked;
        let bytes = half.bytes().map_err(ExportError::internal)?;
        Ok(self.to.write(&self.progress_path(), bytes).await?)
    }

    /// Moves the manifest, if it has changed, and clears up. Whether it has.
    async fn publish(&self, found: &Found) -> Result<bool, ExportError> {
        let bytes = found.manifest.bytes().map_err(ExportError::internal)?;
        let same = found.published.as_ref().is_some_and(|(before, _)| *before == bytes);
        if !same {
            let before = found.published.as_ref().map(|(_, version)| version);
            self.to.replace(&self.manifest_path(), bytes, before).await?;
        }
        if found.half_done {
            self.to.remove(&self.progress_path()).await?;
        }
        // Its readers may be at work until this moment: what only it names goes with a later run.
        let before = found.published_manifest();
        let manifests = before.iter().chain([&found.manifest]);
        let named: HashSet<String> = manifests.flat_map(|it| it.named(self.folder())).collect();
        let days = format!("{}/date=", self.folder());
        let old = self.now.plus_secs(-GRACE_SECS);
        for file in found.files.values() {
            if file.path.starts_with(&days) && file.modified < old && !named.contains(&file.path) {
                self.to.remove(&file.path).await?;
            }
        }
        Ok(!same)
    }

    async fn tell_the_audit(&self, detail: String) -> Result<(), ExportError> {
        let tell = async || -> Result<(), ExportError> {
            let mut batch = Batch::new(&self.caller.tenant);
            batch.audit(AuditNote::new(self.caller, "export", self.folder(), detail.as_str()));
            self.app.store.apply(batch).await?;
            Ok(())
        };
        let mut told = tell().await;
        for pause in PAUSES {
            if !told.as_ref().is_err_and(is_busy) {
                break;
            }
            tokio::time::sleep(Duration::from_secs(pause)).await;
            told = tell().await;
        }
        told
    }
}
