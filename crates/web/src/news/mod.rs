//! News for pages: that something they show has changed. The hub of the voice clients carries them (decision 22).
//!
//! Two topics. [`WALL`]: the wall as this very person may see it has changed; what it is now the page asks for itself.
//! [`own`]: one's own telephone and calls, from the notices that their owner is told.
//!
//! Nobody says that a wall has changed: when anything live of an organisation has moved, the wall of everybody who looks
//! at one is derived anew and compared with what it was. So nobody hears of what they may not see, not even that it is.

mod entrance;
mod own;

pub(crate) use entrance::PagesEntrance;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use touchline_app::{
    App,
    live::{QueueView, Wall},
};
use touchline_http::push::Hub;
use touchline_model::{Ability, Caller, TenantId, Timestamp, UserId};

/// Where pages hear of news.
pub(crate) const ENDPOINT: &str = "/live/news";
/// The topic of walls. Its messages are `{"version": N}`; N moves.
pub const WALL: &str = "/touchline/live/wall";
/// All topics, as a pattern that a hub's policy has to open to listeners.
pub const TOPICS: &str = "/touchline/live/*";
/// Changes within so long are told as one.
const TOGETHER: Duration = Duration::from_millis(100);
/// What time alone changes (a wait that has become too long) is looked for so often.
const LOOK: Duration = Duration::from_secs(1);
/// Who has not asked for so long has closed the page: pages ask every few seconds.
const GONE: Duration = Duration::from_secs(60);

/// Tells pages what has changed. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct News(Arc<Inner>);

struct Inner {
    app: App,
    hub: Hub,
    viewers: Mutex<HashMap<(TenantId, UserId), Viewer>>,
}

/// Somebody who hears news.
struct Viewer {
    /// Who, with the abilities of the last request.
    caller: Caller,
    heard: Instant,
    version: u64,
    /// What was derived last, and from which revision.
    seen: Option<(u64, Seen)>,
}

/// What somebody sees on a wall.
#[derive(PartialEq)]
struct Seen {
    wall: Wall,
    queues: Vec<QueueView>,
}

/// The hub's name of a session of the pages. The person stands in it, so that nobody can end what is not theirs.
fn name_of(caller: &Caller, session: &str) -> String {
    let user = caller.user.as_ref().map_or("", UserId::as_str);
    format!("pages/{}/{user}/{session}", caller.tenant)
}

impl std::fmt::Debug for News {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("News")
    }
}

impl News {
    /// News over a hub, which learns to tell people of their own telephones. Of walls nothing is told before somebody
    /// calls [`News::run`].
    pub fn new(app: App, hub: Hub) -> Self {
        hub.add_translator(Box::new(own::told));
        Self(Arc::new(Inner { app, hub, viewers: Mutex::default() }))
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.0.hub
    }

    /// A session of the caller's has ended: nothing is told to it any more.
    pub(crate) fn silence(&self, caller: &Caller, session: &str) {
        self.0.hub.expire_http_session(&name_of(caller, session));
    }

    fn viewers(&self) -> MutexGuard<'_, HashMap<(TenantId, UserId), Viewer>> {
        self.0.viewers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody asks for news.
    fn came(&self, caller: &Caller, user: &UserId) {
        let mut viewers = self.viewers();
        let fresh = || Viewer { caller: caller.clone(), heard: Instant::now(), version: 0, seen: None };
        let viewer = viewers.entry((caller.tenant.clone(), user.clone())).or_insert_with(fresh);
        // Whose role has changed sees something else from now on.
        if viewer.caller.abilities != caller.abilities || viewer.caller.own_only != caller.own_only {
            viewer.seen = None;
        }
        (viewer.caller, viewer.heard) = (caller.clone(), Instant::now());
    }

    /// Tells of changes, until it is dropped.
    pub async fn run(&self) {
        let mut moved = self.0.app.live().moved();
        loop {
            tokio::select! {
                changed = moved.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(LOOK) => {}
            }
            moved.borrow_and_update();
            self.tell();
            tokio::time::sleep(TOGETHER).await;
        }
    }

    fn tell(&self) {
        let now = self.0.app.clock().now();
        let looking: Vec<_> = {
            let mut viewers = self.viewers();
            viewers.retain(|_, it| it.heard.elapsed() < GONE);
            viewers.iter().map(|(key, it)| (key.clone(), it.caller.clone())).collect()
        };
        for (key, caller) in looking {
            let revision = self.0.app.live().revision(&caller);
            if !self.is_stale(&key, revision, now) {
                continue;
            }
            let seen = self.seen(&caller);
            if let Some(version) = self.differs(&key, revision, seen) {
                self.0.hub.publish(&key.0, &key.1, WALL, &serde_json::json!({ "version": version }));
            }
        }
    }

    fn is_stale(&self, key: &(TenantId, UserId), revision: u64, now: Timestamp) -> bool {
        let viewers = self.viewers();
        viewers.get(key).is_some_and(|it| match &it.seen {
            Some((of, seen)) => *of != revision || seen.wall.due.is_some_and(|due| due <= now),
            None => true,
        })
    }

    /// What somebody sees; nothing, if they may see no wall.
    fn seen(&self, caller: &Caller) -> Option<Seen> {
        let live = self.0.app.live();
        let wall = live.wall(caller).ok()?;
        let queues = match caller.may(Ability::ReadReports) {
            true => live.queues(caller).ok()?,
            false => Vec::new(),
        };
        Some(Seen { wall, queues })
    }

    /// Keeps what somebody sees; its version, if it is not what it was.
    fn differs(&self, key: &(TenantId, UserId), revision: u64, seen: Option<Seen>) -> Option<u64> {
        let mut viewers = self.viewers();
        let viewer = viewers.get_mut(key)?;
        let seen = seen?;
        let same = viewer.seen.as_ref().is_some_and(|(_, before)| *before == seen);
        viewer.seen = Some((revision, seen));
        if same {
            return None;
        }
        viewer.version += 1;
        Some(viewer.version)
    }
}
