// Imports: files are sent one by one with a bar that shows how far it is, and an import under way is followed. Without
// this script the form sends all files at once, and a link shows how far it is.

/** Files that are sent at the same time. */
const AT_ONCE = 3;

/** @typedef {{ file: File, name: string, top: string, sent: number, reason: string }} Item */

/** Bytes in words, as the server says them. @param {number} count */
const bytes = (count) => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (count >= 1024 && unit < 4) { count /= 1024; unit += 1; }
  return unit ? `${count.toFixed(1)} ${units[unit]}` : `${count} B`;
};

/** A name below the folder that was chosen, and that folder. @param {File} file @param {string} path @returns {Item} */
const item = (file, path) => {
  const cut = path.indexOf('/');
  return { file, name: cut < 0 ? file.name : path.slice(cut + 1), top: cut < 0 ? '' : path.slice(0, cut), sent: 0, reason: '' };
};

/** Folders that were chosen together keep their names, so that no file takes the place of another. @param {Item[]} items */
const apart = (items) => {
  if (new Set(items.map((it) => it.top)).size < 2) return items;
  return items.map((it) => (it.top ? { ...it, name: `${it.top}/${it.name}`, top: '' } : it));
};

/** Sends one file. @param {string} id @param {Item} it @param {() => void} moved @returns {Promise<void>} */
const send = (id, it, moved) => new Promise((resolve) => {
  const query = new URLSearchParams({ name: it.name, changed: String(it.file.lastModified), top: it.top });
  const request = new XMLHttpRequest();
  request.open('PUT', `/imports/${id}/file?${query}`);
  request.responseType = 'json';
  request.upload.onprogress = (event) => { it.sent = event.loaded; moved(); };
  request.onload = () => {
    const fine = request.status === 201;
    it.reason = fine ? '' : request.response?.reason ?? `${request.status}`;
    it.sent = fine ? it.file.size : 0;
    resolve();
  };
  request.onerror = () => { it.reason = 'the connection broke off'; it.sent = 0; resolve(); };
  request.send(it.file);
});

/** @param {string} name */
const byId = (name) => /** @type {HTMLElement} */ (document.getElementById(name));

/** @param {HTMLFormElement} form */
const uploads = (form) => {
  const [sent, bar, unsent] = [byId('sent'), /** @type {HTMLProgressElement} */ (byId('bar')), byId('unsent')];
  /** @type {Item[]} */
  let items = [];
  let id = '';
  let told = 0;

  const show = () => {
    const total = items.reduce((sum, it) => sum + it.file.size, 0);
    const gone = items.reduce((sum, it) => sum + it.sent, 0);
    bar.max = Math.max(1, total);
    bar.value = gone;
    // Spoken politely: not more often than once in a second.
    if (Date.now() - told < 1000) return;
    told = Date.now();
    const done = items.filter((it) => it.sent === it.file.size && !it.reason).length;
    const words = { done: String(done), all: String(items.length), bytes: bytes(gone), total: bytes(total) };
    sent.textContent = (sent.dataset.words ?? '').replace(/\{(\w+)\}/g, (_, key) => words[key]);
  };

  const look = () => {
    sent.textContent = sent.dataset.looking ?? '';
    location.assign(`/imports/${id}`);
  };

  /** @param {Item[]} wanted */
  const sendAll = async (wanted) => {
    unsent.hidden = true;
    const queue = [...wanted];
    const worker = async () => {
      for (let it = queue.shift(); it; it = queue.shift()) {
        await send(id, it, show);
        show();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const failed = items.filter((it) => it.reason);
    if (failed.length === 0) return look();
    const list = /** @type {HTMLElement} */ (unsent.querySelector('ul'));
    list.replaceChildren(...failed.map((it) => {
      const line = document.createElement('li');
      line.textContent = `${it.name}: ${it.reason}`;
      return line;
    }));
    byId('without').hidden = failed.length === items.length;
    unsent.hidden = false;
    byId('resend').focus();
  };

  /** @param {Item[]} chosen */
  const begin = async (chosen) => {
    items = apart(chosen).filter((it) => !it.name.split('/').some((part) => part.startsWith('.')));
    if (items.length === 0) return form.submit();
    const answer = await fetch(form.dataset.new ?? '', { method: 'POST' }).catch(() => undefined);
    const body = await answer?.json().catch(() => ({}));
    form.hidden = true;
    byId('sending').hidden = false;
    if (!answer?.ok) {
      sent.textContent = body?.reason ?? 'the connection broke off';
      form.hidden = false;
      return;
    }
    id = body.id;
    show();
    await sendAll(items);
  };

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const inputs = [...form.querySelectorAll('input[type="file"]')];
    begin(inputs.flatMap((input) => [.../** @type {HTMLInputElement} */ (input).files ?? []]
      .map((file) => item(file, file.webkitRelativePath))));
  });
  byId('resend').addEventListener('click', () => sendAll(items.filter((it) => it.reason)));
  byId('without').addEventListener('click', look);

  const drop = byId('drop');
  drop.addEventListener('dragover', (event) => { event.preventDefault(); drop.classList.add('over'); });
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', async (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    if (!id) begin(await dropped(event.dataTransfer));
  });
};

/** Files and folders that were dropped. @param {DataTransfer|null} transfer @returns {Promise<Item[]>} */
const dropped = async (transfer) => {
  const entries = [...(transfer?.items ?? [])].map((it) => it.webkitGetAsEntry()).filter((it) => it !== null);
  /** @type {Item[]} */
  const found = [];
  /** @param {FileSystemEntry} entry @param {string} path */
  const walk = async (entry, path) => {
    if (entry instanceof FileSystemFileEntry || entry.isFile) {
      const file = await new Promise((good, bad) => /** @type {FileSystemFileEntry} */ (entry).file(good, bad));
      found.push(item(file, path));
      return;
    }
    const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
    for (;;) {
      const some = await new Promise((good, bad) => reader.readEntries(good, bad));
      if (some.length === 0) return;
      for (const each of some) await walk(each, `${path}/${each.name}`);
    }
  };
  for (const entry of entries) await walk(entry, entry.isFile ? '' : entry.name);
  return found;
};

const form = document.getElementById('upload');
if (form instanceof HTMLFormElement) uploads(form);

/** Fetches how far it is every second, then shows how it ended. */
const poll = document.querySelector('[data-poll]');
if (poll instanceof HTMLElement) {
  const timer = setInterval(async () => {
    const answer = await fetch(poll.dataset.poll ?? '').catch(() => undefined);
    if (!answer?.ok) return;
    const text = (await answer.text()).trim();
    if (text) {
      if (poll.innerHTML !== text) poll.innerHTML = text;
    } else {
      clearInterval(timer);
      location.reload();
    }
  }, 1000);
}
