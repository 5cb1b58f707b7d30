//! The switchboards of all organisations of this server, and the way out of them: in order, and never while one is held.

use super::{
    Announcer, CallControl, SIP_REALM, SipAccount,
    board::LineId,
    known::Known,
    settings::LiveSettings,
    switchboard::{Out, Switchboard, Write},
};
use crate::Entropy;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};
use tokio::sync::{Notify, OnceCell, watch};
use touchline_model::{TenantId, Timestamp};

/// Everything live on this server, shared by all handles.
pub(crate) struct Switchboards {
    settings: LiveSettings,
    tenants: RwLock<HashMap<TenantId, Arc<Mutex<Switchboard>>>>,
    /// By SIP user name.
    accounts: RwLock<HashMap<String, SipAccount>>,
    control: RwLock<Option<Arc<dyn CallControl>>>,
    announcer: RwLock<Option<Arc<dyn Announcer>>>,
    changed: watch::Sender<u64>,
    /// Whether there is anybody who carries out what is wanted of lines.
    lines: watch::Sender<bool>,
    /// Moves when anything live may look different.
    moved: watch::Sender<u64>,
    /// Somebody has a new deadline.
    pub(super) due: Notify,
    /// What has to be written, in order.
    pub(super) writes: Mutex<VecDeque<(TenantId, Write)>>,
    /// There is something to write.
    pub(super) to_write: Notify,
    /// Held by the one who writes.
    pub(super) writing: tokio::sync::Mutex<()>,
    /// What the server was killed with has been ended.
    pub(super) recovered: OnceCell<()>,
}

impl Default for Switchboards {
    fn default() -> Self {
        Self::new(LiveSettings::default())
    }
}

/// A lock whose holder has panicked holds what it held.
pub(super) fn locked<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Switchboards {
    pub(crate) fn new(settings: LiveSettings) -> Self {
        Self {
            settings,
            tenants: RwLock::default(),
            accounts: RwLock::default(),
            control: RwLock::default(),
            announcer: RwLock::default(),
            changed: watch::Sender::new(0),
            lines: watch::Sender::new(false),
            moved: watch::Sender::new(0),
            due: Notify::new(),
            writes: Mutex::default(),
            to_write: Notify::new(),
            writing: tokio::sync::Mutex::default(),
            recovered: OnceCell::new(),
        }
    }

    pub(super) fn settings(&self) -> &LiveSettings {
        &self.settings
    }

    pub(super) fn attach_lines(&self, control: Arc<dyn CallControl>) {
        *self.control.write().unwrap_or_else(PoisonError::into_inner) = Some(control);
        self.lines.send_replace(true);
    }

    pub(super) fn detach_lines(&self) {
        self.lines.send_replace(false);
    }

    pub(super) fn lines(&self) -> watch::Receiver<bool> {
        self.lines.subscribe()
    }

    pub(super) fn attach_announcer(&self, announcer: Arc<dyn Announcer>) {
        *self.announcer.write().unwrap_or_else(PoisonError::into_inner) = Some(announcer);
    }

    /// How loud a line is, where lines are carried.
    pub(super) fn level(&self, tenant: &TenantId, line: LineId) -> Option<u8> {
        let control = self.control.read().unwrap_or_else(PoisonError::into_inner).clone();
        control?.level(tenant, line)
    }

    pub(super) fn account(&self, user: &str) -> Option<SipAccount> {
        self.accounts.read().unwrap_or_else(PoisonError::into_inner).get(user).cloned()
    }

    pub(super) fn plan_changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn moved(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    fn has_moved(&self) {
        self.moved.send_modify(|n| *n = n.wrapping_add(1));
    }

    fn of(&self, tenant: &TenantId) -> Option<Arc<Mutex<Switchboard>>> {
        self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned()
    }

    fn all(&self) -> Vec<(TenantId, Arc<Mutex<Switchboard>>)> {
        let all = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(tenant, board)| (tenant.clone(), board.clone())).collect()
    }

    /// Looks at each switchboard.
    pub(super) fn each<T>(&self, look: impl Fn(&TenantId, &Switchboard) -> Option<T>) -> Vec<T> {
        self.all().iter().filter_map(|(tenant, board)| look(tenant, &locked(board))).collect()
    }

    /// Looks at one switchboard.
    pub(super) fn read<T>(&self, tenant: &TenantId, look: impl FnOnce(&Switchboard) -> T) -> Option<T> {
        self.of(tenant).map(|board| look(&locked(&board)))
    }

    /// Changes one switchboard and carries out what comes of it.
    pub(super) fn change<T>(
        &self,
        tenant: &TenantId,
        change: impl FnOnce(&mut Switchboard) -> T,
    ) -> Option<T> {
        let board = self.of(tenant)?;
        let done = {
            let mut board = locked(&board);
            board.revision = board.revision.wrapping_add(1);
            change(&mut board)
        };
        self.carry_out(tenant, &board);
        self.due.notify_one();
        self.has_moved();
        Some(done)
    }

    /// Does what is due in each switchboard.
    pub(super) fn poll(&self, now: Timestamp) {
        for (tenant, board) in self.all() {
            let is_due = {
                let mut board = locked(&board);
                let is_due = board.next_deadline().is_some_and(|at| at <= now);
                if is_due {
                    board.revision = board.revision.wrapping_add(1);
                    board.poll(now);
                }
                is_due
            };
            self.carry_out(&tenant, &board);
            if is_due {
                self.has_moved();
            }
        }
    }

    /// When something is due.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.each(|_, board| board.next_deadline()).into_iter().min()
    }

    /// Takes over what an organisation has set.
    pub(super) fn take_over(
        &self,
        tenant: &TenantId,
        known: Known,
        now: Timestamp,
        entropy: &Arc<dyn Entropy>,
    ) {
        {
            let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
            accounts.retain(|_, account| account.tenant != *tenant);
            accounts.extend(known.devices.iter().map(|(device, row)| {
                let account = SipAccount {
                    tenant: tenant.clone(),
                    device: device.clone(),
                    number: row.number.clone(),
                    ha1_md5: row.ha1_md5.clone(),
                    ha1_sha256: row.ha1_sha256.clone(),
                    realm: SIP_REALM.to_owned(),
                };
                (row.sip_user.clone(), account)
            }));
        }
        let mut known = Some(known);
        let there = self.change(tenant, |board| {
            if let Some(known) = known.take() {
                board.reload(now, known);
            }
        });
        if let (None, Some(known)) = (there, known) {
            let entropy = entropy.clone();
            let random = move || {
                let mut bytes = [0; 16];
                entropy.fill(&mut bytes);
                u128::from_ne_bytes(bytes)
            };
            let mut made = Switchboard::new(known, random);
            made.service.begin(now);
            let made = Arc::new(Mutex::new(made));
            // Whoever was faster has made the same.
            let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
            tenants.entry(tenant.clone()).or_insert(made);
        }
        self.changed.send_modify(|n| *n += 1);
    }

    /// Carries out what lies in a switchboard, in order: one thread at a time, which also takes what others add meanwhile.
    fn carry_out(&self, tenant: &TenantId, board: &Mutex<Switchboard>) {
        let mut mine = false;
        loop {
            let out = {
                let mut board = locked(board);
                if board.draining && !mine {
                    return;
                }
                let out = std::mem::take(&mut board.out);
                mine = !out.is_empty();
                board.draining = mine;
                out
            };
            if out.is_empty() {
                return;
            }
            self.pass_on(tenant, out);
        }
    }

    fn pass_on(&self, tenant: &TenantId, out: VecDeque<Out>) {
        let control = self.control.read().unwrap_or_else(PoisonError::into_inner).clone();
        let announcer = self.announcer.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut orders = Vec::new();
        let mut writes = Vec::new();
        for one in out {
            match one {
                Out::Order(order) => orders.push(order),
                Out::Tell(user, notice) => {
                    if let Some(announcer) = &announcer {
                        announcer.announce(tenant, &user, &notice);
                    }
                }
                Out::Write(write) => writes.push((tenant.clone(), write)),
            }
        }
        if let Some(control) = control.filter(|_| !orders.is_empty()) {
            control.carry_out(tenant, orders);
        }
        if !writes.is_empty() {
            locked(&self.writes).extend(writes);
            self.to_write.notify_one();
        }
    }
}
