"""For the web page and for tests: what a person sees, what they do, and the knobs. README.md is its contract."""
