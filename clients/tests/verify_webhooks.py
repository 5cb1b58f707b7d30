"""Checks webhooks with the library that receivers use. A line in: {"secret","headers","body"}. A line out: "ok" or why not."""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

for line in sys.stdin:
    it = json.loads(line)
    try:
        Webhook(it["secret"]).verify(it["body"], it["headers"])
        print(json.dumps("ok"))
    except WebhookVerificationError as error:
        print(json.dumps(str(error) or "refused"))
