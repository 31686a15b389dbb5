"""Short forms, whose wording it is, who answers, and the kinds of answer that more kinds of question bring."""

from alembic import op

revision = "main_0009"
down_revision = "main_0008"


def upgrade() -> None:
    op.execute("""
        -- Of an adaptive bank, the short form that was ordered; empty for the whole instrument.
        ALTER TABLE tasks ADD COLUMN form text NOT NULL DEFAULT '';
        ALTER TABLE sessions ADD COLUMN form text NOT NULL DEFAULT '';
        ALTER TABLE tasks ADD CONSTRAINT tasks_of_session
            UNIQUE (id, provider_id, person_id, occasion_id, instrument, instrument_version, form);
        ALTER TABLE sessions ADD CONSTRAINT sessions_of_task
            FOREIGN KEY (task_id, provider_id, person_id, occasion_id, instrument, instrument_version, form)
            REFERENCES tasks (id, provider_id, person_id, occasion_id, instrument, instrument_version, form);

        -- A proxy is shown wording for proxies, or nothing: the session's respondent is the wording's.
        ALTER TABLE wordings ADD COLUMN respondent text NOT NULL DEFAULT 'self'
            CONSTRAINT wordings_respondent_check CHECK (respondent IN ('self', 'proxy'));
        ALTER TABLE wordings ADD CONSTRAINT wordings_of_session
            UNIQUE (id, instrument, instrument_version, locale, respondent);
        ALTER TABLE sessions DROP CONSTRAINT sessions_respondent_check;
        ALTER TABLE sessions ADD CONSTRAINT sessions_respondent_check CHECK (respondent IN ('self', 'proxy'));
        ALTER TABLE sessions ADD CONSTRAINT sessions_wording_for_respondent
            FOREIGN KEY (wording_id, instrument, instrument_version, locale, respondent)
            REFERENCES wordings (id, instrument, instrument_version, locale, respondent);

        -- The project's own wording beside demonstration and licensed.
        ALTER TABLE wordings DROP CONSTRAINT wordings_kind_check;
        ALTER TABLE wordings ADD CONSTRAINT wordings_kind_check CHECK (kind IN ('demonstration', 'licensed', 'own'));

        ALTER TABLE answers DROP CONSTRAINT answers_kind_check;
        ALTER TABLE answers ADD CONSTRAINT answers_kind_check CHECK
            (kind IN ('value', 'skipped', 'not_applicable', 'shown', 'ambiguous', 'out_of_range'));
    """)


def downgrade() -> None:
    op.execute("""
        ALTER TABLE answers DROP CONSTRAINT answers_kind_check;
        ALTER TABLE answers ADD CONSTRAINT answers_kind_check CHECK (kind IN ('value', 'skipped', 'not_applicable'));
        ALTER TABLE wordings DROP CONSTRAINT wordings_kind_check;
        ALTER TABLE wordings ADD CONSTRAINT wordings_kind_check CHECK (kind IN ('demonstration', 'licensed'));
        ALTER TABLE sessions DROP CONSTRAINT sessions_wording_for_respondent;
        ALTER TABLE sessions DROP CONSTRAINT sessions_respondent_check;
        ALTER TABLE sessions ADD CONSTRAINT sessions_respondent_check
            CHECK (respondent IN ('self', 'proxy', 'guardian'));
        ALTER TABLE wordings DROP CONSTRAINT wordings_of_session;
        ALTER TABLE wordings DROP COLUMN respondent;
        ALTER TABLE sessions DROP CONSTRAINT sessions_of_task;
        ALTER TABLE tasks DROP CONSTRAINT tasks_of_session;
        ALTER TABLE sessions DROP COLUMN form;
        ALTER TABLE tasks DROP COLUMN form;
    """)
