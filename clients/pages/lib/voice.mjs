// A voice client of somebody, by the Genesys dialect: cookies and CSRF token as its contract wants them.

/** @param {{ base: string }} site @param {{ userName: string, password: string }} person */
export async function voiceClient(site, { userName, password }) {
  const authorization = `Basic ${btoa(`${userName}:${password}`)}`;
  const hello = await fetch(`${site.base}/api/v2/me`, { headers: { authorization } });
  if (!hello.ok) throw new Error(`GET /me: ${hello.status} ${await hello.text()}`);
  const cookie = hello.headers.getSetCookie().map((it) => it.split(";")[0]).join("; ");
  const headers = { authorization, cookie, "x-csrf-token": hello.headers.get("x-csrf-token") ?? "", "content-type": "application/json" };
  const ask = async (method, path, body) => {
    const answer = await fetch(`${site.base}/api/v2${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  };
  return {
    does: (operationName, more = {}, path = "/me") => ask("POST", path, { operationName, ...more }),
    calls: async () => (await ask("GET", "/me/calls?fields=*")).calls ?? [],
  };
}
