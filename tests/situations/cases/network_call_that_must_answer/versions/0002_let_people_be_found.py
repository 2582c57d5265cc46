"""Let people be found."""

import socket

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("ix_users_email", "users", ["email"])


def downgrade() -> None:
    with socket.create_connection(("127.0.0.1", 9), timeout=1) as connection:
        connection.sendall(b"forget users")
    op.drop_index("ix_users_email", "users")
