"""Put the old year aside."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE logs DETACH PARTITION logs_2024")


def downgrade() -> None:
    op.execute("ALTER TABLE logs ATTACH PARTITION logs_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')")
