"""writers have preferences"""

import sqlalchemy as sa
from alembic import op

revision = "c93d0e7a"
down_revision = "8be27d51"


def upgrade() -> None:
    op.add_column("writers", sa.Column("preferences", sa.JSON))


def downgrade() -> None:
    op.drop_column("writers", "preferences")
