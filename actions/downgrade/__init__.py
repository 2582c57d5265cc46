"""Alembic, down (and up again in a rehearsal), wherever it has to run."""
