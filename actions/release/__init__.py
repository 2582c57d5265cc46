"""The application: taken back to the release it was before, and forward again when a run is undone."""
