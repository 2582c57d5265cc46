"""Everything that knows that Slack, or a terminal, exists."""
