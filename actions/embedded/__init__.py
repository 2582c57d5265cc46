"""PostgreSQL that comes with the product, for those who have none to spare.

Used for our own history while `BACKOUT_DATABASE_URL` is unset, and as a scratch server.
"""

from actions.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres"]
