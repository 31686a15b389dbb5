"""An answer that came when the sign-in had just ended: sealed, for half an hour, until the same person is back.

Only the gate reads it, since whoever sent it is nobody yet.
"""

from alembic import op

from migrations.row_security import protect

revision = "main_0025"
down_revision = "main_0024"


def upgrade() -> None:
    op.execute(f"""
        ALTER TABLE sign_ins ADD CONSTRAINT sign_ins_of_person UNIQUE (id, person_id);
        CREATE TABLE held_answers (
            id          uuid PRIMARY KEY,
            -- One for each sign-in: what it sent last. It can only be handed on to a sign-in of the same person.
            sign_in_id  uuid NOT NULL UNIQUE,
            person_id   uuid NOT NULL REFERENCES persons,
            form_sealed bytea NOT NULL CHECK (length(form_sealed) < 131072),
            expires_at  timestamptz NOT NULL,
            FOREIGN KEY (sign_in_id, person_id) REFERENCES sign_ins (id, person_id)
        );
        CREATE INDEX ON held_answers (expires_at);
        {protect("held_answers", gate="SELECT, INSERT, UPDATE, DELETE")}

        CREATE FUNCTION purge_held_answers(p_at timestamptz) RETURNS void LANGUAGE sql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
            DELETE FROM held_answers WHERE expires_at <= p_at;
        $$;
        REVOKE EXECUTE ON FUNCTION purge_held_answers FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION purge_held_answers TO survey_worker;
    """)


def downgrade() -> None:
    op.execute("""
        DROP FUNCTION purge_held_answers;
        DROP TABLE held_answers;
        ALTER TABLE sign_ins DROP CONSTRAINT sign_ins_of_person;
    """)
