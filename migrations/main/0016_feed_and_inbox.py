"""What a pull logs is what it may send; which orders no register has confirmed; what is licensed."""

from alembic import op

revision = "main_0016"
down_revision = "main_0015"


def upgrade() -> None:
    op.execute("""
        -- A release can go between being read and being logged. Only what was logged is sent.
        DROP FUNCTION log_register_pull(uuid, text, uuid[], uuid[], timestamptz);
        CREATE FUNCTION log_register_pull(p_pull uuid, p_purpose text, p_event_ids uuid[], p_release_ids uuid[],
                                          p_at timestamptz)
        RETURNS uuid[] LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            WITH pulled AS MATERIALIZED (
                SELECT asked.event_id, r.id, r.register_id, r.provider_id, r.person_id, r.response_id
                FROM unnest(p_event_ids, p_release_ids) AS asked (event_id, release_id)
                JOIN releases r ON r.id = asked.release_id
                WHERE r.register_id = nullif(current_setting('app.register', true), '')::uuid
            ), logged AS (
                INSERT INTO audit_events (id, at, actor_kind, actor_id, provider_id, person_id, activity, purpose,
                                          object_kind, object_id, outcome)
                SELECT event_id, p_at, 'register', register_id, provider_id, person_id, 'Läsa', p_purpose, 'response',
                       response_id, 'allowed'
                FROM pulled
            ), summed AS (
                INSERT INTO register_pulls (id, provider_id, register_id, at, purpose, results)
                SELECT p_pull, provider_id, register_id, p_at, p_purpose, count(*)
                FROM pulled GROUP BY provider_id, register_id
                ON CONFLICT (id, provider_id) DO UPDATE SET results = register_pulls.results + excluded.results
            )
            SELECT array_agg(id) FROM pulled;
        $$;
        -- For the operator, who sees no person: which orders no register has confirmed.
        CREATE FUNCTION unconfirmed_erasures()
        RETURNS TABLE (order_id uuid, register_id uuid, ordered_at timestamptz, releases integer)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT o.id, o.register_id, o.ordered_at, cardinality(o.releases)
            FROM erasure_orders o
            WHERE NOT EXISTS (SELECT FROM register_messages m WHERE m.erasure_id = o.id)
            ORDER BY o.ordered_at, o.id;
        $$;
        -- The register reads no message, but one sent again is told from a new one.
        CREATE FUNCTION message_was_taken(p_message uuid)
        RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT EXISTS (SELECT FROM register_messages WHERE id = p_message
                           AND register_id = nullif(current_setting('app.register', true), '')::uuid);
        $$;
        -- For the public catalogue: which instruments somebody here may use today, and nothing of who.
        CREATE FUNCTION licensed_instruments(p_day date)
        RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT DISTINCT l.instrument FROM licences l
            WHERE p_day >= l.valid_from AND (l.valid_until IS NULL OR p_day <= l.valid_until)
              AND NOT EXISTS (SELECT FROM licence_withdrawals w WHERE w.licence_id = l.id);
        $$;
        REVOKE EXECUTE ON FUNCTION log_register_pull, unconfirmed_erasures, message_was_taken, licensed_instruments
            FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION log_register_pull, message_was_taken TO survey_register;
        GRANT EXECUTE ON FUNCTION unconfirmed_erasures TO survey_operator;
        GRANT EXECUTE ON FUNCTION licensed_instruments TO survey_gate;
    """)


def downgrade() -> None:
    op.execute("""
        DROP FUNCTION licensed_instruments, message_was_taken, unconfirmed_erasures, log_register_pull;
        CREATE FUNCTION log_register_pull(p_pull uuid, p_purpose text, p_event_ids uuid[], p_release_ids uuid[],
                                          p_at timestamptz)
        RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            INSERT INTO audit_events (id, at, actor_kind, actor_id, provider_id, person_id, activity, purpose,
                                      object_kind, object_id, outcome)
            SELECT pulled.event_id, p_at, 'register', r.register_id, r.provider_id, r.person_id, 'Läsa', p_purpose,
                   'response', r.response_id, 'allowed'
            FROM unnest(p_event_ids, p_release_ids) AS pulled (event_id, release_id)
            JOIN releases r ON r.id = pulled.release_id
            WHERE r.register_id = nullif(current_setting('app.register', true), '')::uuid;
            INSERT INTO register_pulls (id, provider_id, register_id, at, purpose, results)
            SELECT p_pull, r.provider_id, r.register_id, p_at, p_purpose, count(*)
            FROM unnest(p_release_ids) AS pulled (release_id) JOIN releases r ON r.id = pulled.release_id
            WHERE r.register_id = nullif(current_setting('app.register', true), '')::uuid
            GROUP BY r.provider_id, r.register_id
            ON CONFLICT (id, provider_id) DO UPDATE SET results = register_pulls.results + excluded.results;
        $$;
        REVOKE EXECUTE ON FUNCTION log_register_pull FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION log_register_pull TO survey_register;
    """)
