"""What is true in the workspace: people, channels, messages, views. Knows nothing of HTTP."""
