"""The migrations of our own tables."""
