"""A PostgreSQL schema as a value: read it, compare two of them, say what the difference means.

`snapshot` reads, `compare` and `effects` decide (pure), `dependents` asks what stands in the way of a drop.
"""
