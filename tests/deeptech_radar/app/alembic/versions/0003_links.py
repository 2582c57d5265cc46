from alembic import op

revision, down_revision = "0003", "0002"


def upgrade():
    op.execute(
        "CREATE TABLE paper_repo_links (paper_id bigint REFERENCES papers, repository_id bigint REFERENCES repositories,"
        " similarity real, PRIMARY KEY (paper_id, repository_id))"
    )


def downgrade():
    op.execute("DROP TABLE paper_repo_links")
