"""Who may decide, and what a voice changes."""
