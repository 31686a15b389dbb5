"""Registers as consumers: agreements, the patient's choice, release by receipt, and the feed."""

from alembic import op

from migrations.row_security import PROVIDER, allow, enable, protect

revision = "main_0007"
down_revision = "main_0006"


def upgrade() -> None:
    op.execute(f"""
        CREATE TABLE registers (
            id             uuid PRIMARY KEY,
            code           text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9-]+$'),
            name           text NOT NULL CHECK (name <> ''),
            cpua_authority text NOT NULL,
            state          text NOT NULL CHECK (state IN ('draft', 'active', 'suspended', 'retired')),
            client_id      text NOT NULL UNIQUE,
            jwks           jsonb NOT NULL,
            -- No register is active without the authority that answers for it [B2].
            CHECK (state <> 'active' OR cpua_authority <> '')
        );
        GRANT SELECT ON registers TO survey_staff, survey_patient, survey_gate, survey_register, survey_worker,
            survey_operator;
        GRANT INSERT, UPDATE ON registers TO survey_operator;

        CREATE TABLE agreements (
            id          uuid PRIMARY KEY,
            provider_id uuid NOT NULL REFERENCES providers,
            register_id uuid NOT NULL REFERENCES registers,
            version     integer NOT NULL CHECK (version >= 1),
            valid_from  timestamptz NOT NULL,
            valid_until timestamptz CHECK (valid_until > valid_from),
            UNIQUE (provider_id, register_id, version),
            UNIQUE (id, provider_id, register_id)
        );
        CREATE TABLE agreement_variables (
            agreement_id uuid NOT NULL REFERENCES agreements,
            variable     text NOT NULL,
            PRIMARY KEY (agreement_id, variable)
        );
        GRANT SELECT ON agreements, agreement_variables TO survey_staff, survey_patient, survey_worker,
            survey_operator;
        GRANT INSERT, UPDATE ON agreements TO survey_operator;
        GRANT INSERT ON agreement_variables TO survey_operator;

        -- A release points at (person, register, not objected). While it exists, the choice cannot become "objected";
        -- once it is, no release can be written. The lock is the foreign key's own.
        CREATE TABLE register_choices (
            person_id   uuid NOT NULL REFERENCES persons,
            register_id uuid NOT NULL REFERENCES registers,
            objected    boolean NOT NULL,
            changed_at  timestamptz NOT NULL,
            PRIMARY KEY (person_id, register_id),
            UNIQUE (person_id, register_id, objected)
        );
        {enable("register_choices")}
        {allow("register_choices", patient="SELECT")}

        CREATE TABLE register_pseudonyms (
            person_id   uuid NOT NULL REFERENCES persons,
            register_id uuid NOT NULL REFERENCES registers,
            pseudonym   uuid NOT NULL UNIQUE,
            PRIMARY KEY (person_id, register_id)
        );
        {enable("register_pseudonyms")}

        CREATE TABLE releases (
            id           uuid PRIMARY KEY,
            response_id  uuid NOT NULL,
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            register_id  uuid NOT NULL,
            agreement_id uuid NOT NULL,
            notice_id    uuid NOT NULL,
            objected     boolean NOT NULL DEFAULT false CHECK (NOT objected),
            payload      jsonb NOT NULL,
            released_at  timestamptz NOT NULL,
            UNIQUE (response_id, agreement_id),
            FOREIGN KEY (response_id, provider_id, person_id) REFERENCES receipts (response_id, provider_id, person_id),
            FOREIGN KEY (agreement_id, provider_id, register_id) REFERENCES agreements (id, provider_id, register_id),
            FOREIGN KEY (notice_id, provider_id, person_id) REFERENCES notices_given (id, provider_id, person_id),
            FOREIGN KEY (person_id, register_id, objected)
                REFERENCES register_choices (person_id, register_id, objected)
        );
        CREATE INDEX ON releases (person_id, register_id);
        CREATE INDEX ON releases (register_id);
        {protect("releases", staff="SELECT", patient="SELECT", worker="SELECT, INSERT", register="SELECT")}

        CREATE TABLE register_feeds (
            register_id uuid PRIMARY KEY REFERENCES registers,
            epoch       integer NOT NULL CHECK (epoch >= 1),
            last        bigint NOT NULL CHECK (last >= 0)
        );
        {protect("register_feeds", register="SELECT", operator="SELECT, INSERT, UPDATE")}

        CREATE TABLE feed_entries (
            register_id uuid NOT NULL REFERENCES registers,
            epoch       integer NOT NULL,
            position    bigint NOT NULL,
            kind        text NOT NULL CHECK (kind IN ('result', 'withdrawn')),
            release_id  uuid NOT NULL,
            PRIMARY KEY (register_id, epoch, position),
            -- A release is announced once, and withdrawn once.
            UNIQUE (register_id, epoch, kind, release_id)
        );
        {protect("feed_entries", register="SELECT")}

        -- The worker's only ways to what spans providers.
        CREATE FUNCTION join_register(p_person uuid, p_register uuid, p_pseudonym uuid, p_at timestamptz)
        RETURNS uuid LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            INSERT INTO register_choices (person_id, register_id, objected, changed_at)
                VALUES (p_person, p_register, false, p_at) ON CONFLICT DO NOTHING;
            INSERT INTO register_pseudonyms (person_id, register_id, pseudonym)
                SELECT p_person, p_register, p_pseudonym FROM register_choices
                WHERE person_id = p_person AND register_id = p_register AND NOT objected
                ON CONFLICT DO NOTHING;
            SELECT p.pseudonym FROM register_pseudonyms p JOIN register_choices c USING (person_id, register_id)
                WHERE person_id = p_person AND register_id = p_register AND NOT c.objected;
        $$;
        -- Last in the releasing transaction: the row lock on the feed is what makes positions visible in order.
        CREATE FUNCTION append_to_feed(p_register uuid, p_kind text, p_release uuid)
        RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            WITH next AS (
                UPDATE register_feeds SET last = last + 1 WHERE register_id = p_register RETURNING epoch, last
            )
            INSERT INTO feed_entries (register_id, epoch, position, kind, release_id)
                SELECT p_register, epoch, last, p_kind, p_release FROM next
            RETURNING position;
        $$;
        -- The worker may announce only a release of its own provider that is there and not yet announced.
        CREATE FUNCTION announce_release(p_release uuid)
        RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            target uuid;
        BEGIN
            SELECT register_id INTO target FROM releases WHERE id = p_release AND {PROVIDER};
            IF target IS NULL THEN
                RAISE EXCEPTION 'no such release at this provider' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN append_to_feed(target, 'result', p_release);
        END $$;

        -- Objection: lock the choice, withdraw what was released, say so in the feed, remember. One transaction.
        CREATE FUNCTION object_to_register(p_register uuid, p_at timestamptz)
        RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            me uuid := nullif(current_setting('app.person', true), '')::uuid;
            withdrawn uuid[];
            one uuid;
        BEGIN
            IF me IS NULL THEN
                RAISE EXCEPTION 'only the person may object' USING ERRCODE = 'insufficient_privilege';
            END IF;
            INSERT INTO register_choices (person_id, register_id, objected, changed_at)
                VALUES (me, p_register, true, p_at) ON CONFLICT DO NOTHING;
            PERFORM FROM register_choices WHERE person_id = me AND register_id = p_register FOR UPDATE;
            WITH gone AS (
                DELETE FROM releases WHERE person_id = me AND register_id = p_register RETURNING id
            )
            SELECT array_agg(id ORDER BY id) INTO withdrawn FROM gone;
            UPDATE register_choices SET objected = true, changed_at = p_at
                WHERE person_id = me AND register_id = p_register AND NOT objected;
            FOREACH one IN ARRAY coalesce(withdrawn, '{{}}') LOOP
                PERFORM append_to_feed(p_register, 'withdrawn', one);
            END LOOP;
        END $$;
        CREATE FUNCTION withdraw_objection(p_register uuid, p_at timestamptz)
        RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            UPDATE register_choices SET objected = false, changed_at = p_at
                WHERE person_id = nullif(current_setting('app.person', true), '')::uuid
                  AND register_id = p_register AND objected;
        $$;

        -- A pull is logged once for each result in it, for the provider and the patient to see [B10, G2].
        CREATE FUNCTION log_register_pull(p_purpose text, p_event_ids uuid[], p_release_ids uuid[], p_at timestamptz)
        RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            INSERT INTO audit_events (id, at, actor_kind, actor_id, provider_id, person_id, activity, purpose,
                                      object_kind, object_id, outcome)
            SELECT pulled.event_id, p_at, 'register', r.register_id, r.provider_id, r.person_id, 'Läsa', p_purpose,
                   'response', r.response_id, 'allowed'
            FROM unnest(p_event_ids, p_release_ids) AS pulled (event_id, release_id)
            JOIN releases r ON r.id = pulled.release_id
            WHERE r.register_id = nullif(current_setting('app.register', true), '')::uuid;
        $$;
        REVOKE EXECUTE ON FUNCTION join_register, append_to_feed, announce_release, object_to_register,
            withdraw_objection, log_register_pull FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION join_register, announce_release TO survey_worker;
        GRANT EXECUTE ON FUNCTION object_to_register, withdraw_objection TO survey_patient;
        GRANT EXECUTE ON FUNCTION log_register_pull TO survey_register;
    """)


def downgrade() -> None:
    op.execute("""
        DROP FUNCTION join_register, append_to_feed, announce_release, object_to_register, withdraw_objection,
            log_register_pull;
        DROP TABLE feed_entries, register_feeds, releases, register_pseudonyms, register_choices,
            agreement_variables, agreements, registers;
    """)
