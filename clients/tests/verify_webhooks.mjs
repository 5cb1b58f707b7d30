// Checks webhooks with the library that receivers use. A line in: {"secret","headers","body"}. A line out: "ok" or why not.

import { createInterface } from "node:readline";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

for await (const line of createInterface({ input: process.stdin })) {
  const it = JSON.parse(line);
  try {
    new Webhook(it.secret).verify(it.body, it.headers);
    console.log(JSON.stringify("ok"));
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    console.log(JSON.stringify(error.message || "refused"));
  }
}
