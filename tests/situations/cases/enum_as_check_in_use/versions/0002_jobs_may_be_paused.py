"""Jobs may be paused."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_constraint("jobs_state", "jobs", type_="check")
    op.create_check_constraint("jobs_state", "jobs", "state IN ('new', 'done', 'paused')")
    op.alter_column("jobs", "state", type_=sa.String(6), existing_type=sa.String(4))


def downgrade() -> None:
    op.drop_constraint("jobs_state", "jobs", type_="check")
    op.create_check_constraint("jobs_state", "jobs", "state IN ('new', 'done')")
    op.alter_column("jobs", "state", type_=sa.String(4), existing_type=sa.String(6))
