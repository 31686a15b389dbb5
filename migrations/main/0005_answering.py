"""The notice given, sessions, answers (append-only), responses and their scores."""

from alembic import op

from migrations.row_security import protect

revision = "main_0005"
down_revision = "main_0004"


def upgrade() -> None:
    op.execute(f"""
        CREATE TABLE notices_given (
            id             uuid PRIMARY KEY,
            provider_id    uuid NOT NULL,
            person_id      uuid NOT NULL,
            occasion_id    uuid NOT NULL,
            notice_version text NOT NULL CHECK (notice_version <> ''),
            locale         text NOT NULL CHECK (locale <> ''),
            given_at       timestamptz NOT NULL,
            UNIQUE (id, provider_id, person_id),
            UNIQUE (id, provider_id, person_id, occasion_id),
            UNIQUE (occasion_id, notice_version, locale),
            FOREIGN KEY (occasion_id, provider_id, person_id) REFERENCES occasions (id, provider_id, person_id)
        );
        {protect("notices_given", staff="SELECT", patient="SELECT, INSERT", worker="SELECT")}

        -- Everything that decides how the answers are to be read is pinned when the first question is shown.
        CREATE TABLE sessions (
            id                 uuid PRIMARY KEY,
            provider_id        uuid NOT NULL,
            person_id          uuid NOT NULL,
            occasion_id        uuid NOT NULL,
            task_id            uuid NOT NULL UNIQUE,
            notice_id          uuid NOT NULL,
            instrument         text NOT NULL,
            instrument_version text NOT NULL,
            instrument_hash    text NOT NULL,
            wording_id         uuid NOT NULL,
            locale             text NOT NULL,
            mode               text NOT NULL CHECK (mode IN ('web', 'tablet', 'paper', 'telephone')),
            respondent         text NOT NULL CHECK (respondent IN ('self', 'proxy', 'guardian')),
            started_at         timestamptz NOT NULL,
            -- Locking a row FOR UPDATE needs an UPDATE grant: this harmless column is it.
            locked             boolean NOT NULL DEFAULT false,
            UNIQUE (id, provider_id, person_id),
            FOREIGN KEY (task_id, provider_id, person_id, occasion_id, instrument, instrument_version)
                REFERENCES tasks (id, provider_id, person_id, occasion_id, instrument, instrument_version),
            -- The notice was given for the occasion that this is asked at, not for some other.
            FOREIGN KEY (notice_id, provider_id, person_id, occasion_id)
                REFERENCES notices_given (id, provider_id, person_id, occasion_id),
            FOREIGN KEY (wording_id, instrument, instrument_version, locale)
                REFERENCES wordings (id, instrument, instrument_version, locale)
        );
        CREATE INDEX ON sessions (person_id);
        {protect("sessions", staff="SELECT", patient="SELECT, INSERT, UPDATE (locked)", worker="SELECT")}

        CREATE TABLE answers (
            session_id   uuid NOT NULL,
            sequence     integer NOT NULL CHECK (sequence >= 1),
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            item_id      text NOT NULL,
            kind         text NOT NULL CHECK (kind IN ('value', 'skipped', 'not_applicable')),
            value_sealed bytea,
            supersedes   integer CHECK (supersedes < sequence),
            answered_by  uuid NOT NULL,
            answered_at  timestamptz NOT NULL,
            PRIMARY KEY (session_id, sequence),
            CHECK ((kind = 'value') = (value_sealed IS NOT NULL)),
            FOREIGN KEY (session_id, provider_id, person_id) REFERENCES sessions (id, provider_id, person_id),
            FOREIGN KEY (session_id, supersedes) REFERENCES answers (session_id, sequence)
        );
        {protect("answers", staff="SELECT", patient="SELECT, INSERT", worker="SELECT")}

        CREATE TABLE responses (
            id                 uuid PRIMARY KEY,
            provider_id        uuid NOT NULL,
            person_id          uuid NOT NULL,
            session_id         uuid NOT NULL UNIQUE,
            unit_id            uuid NOT NULL,
            last_sequence      integer NOT NULL,
            completed_at       timestamptz NOT NULL,
            UNIQUE (id, provider_id, person_id),
            FOREIGN KEY (session_id, provider_id, person_id) REFERENCES sessions (id, provider_id, person_id),
            FOREIGN KEY (session_id, last_sequence) REFERENCES answers (session_id, sequence),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id)
        );
        CREATE INDEX ON responses (unit_id, completed_at);
        CREATE INDEX ON responses (person_id);
        {protect("responses", staff="SELECT", patient="SELECT, INSERT", worker="SELECT")}

        CREATE TABLE scores (
            response_id    uuid NOT NULL,
            variable       text NOT NULL,
            provider_id    uuid NOT NULL,
            person_id      uuid NOT NULL,
            value          double precision CHECK (value = value AND abs(value) < 'Infinity'),
            text           text,
            standard_error double precision CHECK (standard_error >= 0 AND standard_error < 'Infinity'),
            missing_reason text,
            method         text NOT NULL,
            method_hash    text NOT NULL,
            algorithm      text NOT NULL,
            PRIMARY KEY (response_id, variable),
            -- Missing is not zero: a score has a figure, or a text, or the reason why it has neither.
            CHECK (num_nonnulls(value, text, missing_reason) >= 1),
            CHECK (missing_reason IS NULL OR value IS NULL),
            FOREIGN KEY (response_id, provider_id, person_id) REFERENCES responses (id, provider_id, person_id)
        );
        {protect("scores", staff="SELECT", patient="SELECT, INSERT", worker="SELECT")}

        -- Both after the row, so that row-level security has spoken first and a stranger learns nothing here.
        -- A response stands for all of its session's answers. The lock waits for those that are on their way.
        CREATE FUNCTION refuse_partial_response() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            PERFORM FROM sessions WHERE id = NEW.session_id FOR UPDATE;
            IF NEW.last_sequence <> (SELECT max(sequence) FROM answers WHERE session_id = NEW.session_id) THEN
                RAISE EXCEPTION 'the response leaves answers out' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_partial_response FROM PUBLIC;
        CREATE TRIGGER refuse_partial_response AFTER INSERT ON responses
            FOR EACH ROW EXECUTE FUNCTION refuse_partial_response();

        -- And takes no more of them, whoever asks. The lock waits for a response that is on its way.
        CREATE FUNCTION refuse_answer_after_completion() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            PERFORM FROM sessions WHERE id = NEW.session_id FOR KEY SHARE;
            IF EXISTS (SELECT FROM responses WHERE session_id = NEW.session_id) THEN
                RAISE EXCEPTION 'the response is already complete' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_answer_after_completion FROM PUBLIC;
        CREATE TRIGGER refuse_answer_after_completion AFTER INSERT ON answers
            FOR EACH ROW EXECUTE FUNCTION refuse_answer_after_completion();
    """)


def downgrade() -> None:
    op.execute("""
        DROP TABLE scores, responses, answers, sessions, notices_given;
        DROP FUNCTION refuse_answer_after_completion, refuse_partial_response;
    """)
