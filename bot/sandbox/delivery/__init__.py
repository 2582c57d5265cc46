"""From Slack to the app: Socket Mode or signed requests, three seconds, and again when nothing was heard."""
