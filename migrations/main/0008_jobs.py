"""The job runner's tables, in a schema of their own; enqueueing is the one thing that other roles may do there."""

from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import text

revision = "main_0008"
down_revision = "main_0007"

ENQUEUERS = "survey_staff, survey_patient, survey_worker, survey_operator"


def upgrade() -> None:
    op.execute("CREATE SCHEMA jobs; SET LOCAL search_path = jobs, public;")
    connection = op.get_bind()
    # The runner's own schema text, sent as it is: it has % and : of its own.
    connection.connection.cursor().execute(SchemaManager.get_schema())
    connection.execute(
        text(f"""
        SET LOCAL search_path = public;
        REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs FROM PUBLIC;
        GRANT USAGE ON SCHEMA jobs TO {ENQUEUERS};
        ALTER FUNCTION jobs.procrastinate_defer_jobs_v1 SECURITY DEFINER;
        ALTER FUNCTION jobs.procrastinate_defer_jobs_v1 SET search_path = jobs, pg_temp;
        GRANT EXECUTE ON FUNCTION jobs.procrastinate_defer_jobs_v1 TO {ENQUEUERS};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO survey_worker;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO survey_worker;
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs TO survey_worker;
    """)
    )


def downgrade() -> None:
    op.execute("DROP SCHEMA jobs CASCADE;")
