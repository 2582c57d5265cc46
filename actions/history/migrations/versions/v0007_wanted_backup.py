"""Which backup somebody wants to have back, where it is not to be the newest one."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("backup", sa.Text))


def downgrade() -> None:
    op.drop_column("runs", "backup")
