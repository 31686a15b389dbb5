"""The patient's inbox, partitioned by month, and the notices sent outside it, each exactly once."""

from alembic import op

from migrations.row_security import protect

revision = "main_0004"
down_revision = "main_0003"


def upgrade() -> None:
    op.execute(f"""
        CREATE TABLE messages (
            id          uuid NOT NULL,
            sent_at     timestamptz NOT NULL,
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            occasion_id uuid NOT NULL,
            kind        text NOT NULL CHECK (kind IN ('invitation')),
            PRIMARY KEY (id, sent_at),
            FOREIGN KEY (occasion_id, provider_id, person_id) REFERENCES occasions (id, provider_id, person_id)
        ) PARTITION BY RANGE (sent_at);
        CREATE TABLE messages_rest PARTITION OF messages DEFAULT;
        CREATE INDEX ON messages (person_id, sent_at);
        ALTER TABLE messages_rest ENABLE ROW LEVEL SECURITY;
        {protect("messages", staff="SELECT", patient="SELECT", worker="SELECT, INSERT")}
        SELECT prepare_partitions('messages', current_date, 3);

        -- The business key of a notice: one kind, on one channel, for one occasion. Insert it and you own the sending.
        CREATE TABLE dispatches (
            id          uuid PRIMARY KEY,
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            occasion_id uuid NOT NULL,
            kind        text NOT NULL CHECK (kind IN ('invitation')),
            channel     text NOT NULL CHECK (channel IN ('inbox', 'email')),
            created_at  timestamptz NOT NULL,
            UNIQUE (occasion_id, kind, channel),
            UNIQUE (id, provider_id, person_id),
            FOREIGN KEY (occasion_id, provider_id, person_id) REFERENCES occasions (id, provider_id, person_id)
        );
        CREATE TABLE dispatch_attempts (
            id           uuid PRIMARY KEY,
            dispatch_id  uuid NOT NULL,
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            outcome      text NOT NULL CHECK (outcome IN
                             ('sent', 'temporary', 'permanent', 'technical', 'refused', 'no_address')),
            attempted_at timestamptz NOT NULL,
            FOREIGN KEY (dispatch_id, provider_id, person_id) REFERENCES dispatches (id, provider_id, person_id)
        );
        CREATE INDEX ON dispatch_attempts (dispatch_id);
        {protect("dispatches", staff="SELECT", patient="SELECT", worker="SELECT, INSERT")}
        {protect("dispatch_attempts", staff="SELECT", patient="SELECT", worker="SELECT, INSERT")}
    """)


def downgrade() -> None:
    op.execute("DROP TABLE dispatch_attempts, dispatches, messages;")
