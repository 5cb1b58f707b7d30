// The list of calls: a click anywhere in a row opens it. Links and selected text stay what they are.

document.addEventListener('click', (event) => {
  const target = /** @type {Element} */ (event.target);
  const row = /** @type {HTMLElement|null} */ (target.closest('tr[data-href]'));
  if (!row || target.closest('a, button, input') || String(getSelection())) return;
  const href = row.dataset.href ?? '';
  if (event.ctrlKey || event.metaKey) window.open(href, '_blank', 'noopener');
  else location.assign(href);
});
