// What the sample organisation holds, for the addresses of the pages.

/** Reads from the native API. */
export async function native(site, path) {
  const response = await fetch(`${site.base}/api/touchline/v1${path}`, { headers: { authorization: `Bearer ${site.token}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Ids that pages are opened with. */
export async function sampleOf(site) {
  const contacts = (await native(site, "/contacts?limit=200")).items;
  return { setup: site.setup, contacts };
}
