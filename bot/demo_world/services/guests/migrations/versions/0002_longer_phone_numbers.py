"""Phone numbers from abroad are longer"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.alter_column("guests", "phone", type_=sa.String(40), existing_type=sa.String(20))


def downgrade():
    op.alter_column("guests", "phone", type_=sa.String(20), existing_type=sa.String(40))
