"""The product: what Backout does. Nothing in here knows Slack or a terminal."""
