"""Registers with their authority, agreements that both sides approve, what may be released, and the feed's other words.

A release that keeps the foreign keys may still be one too early, too much or not agreed: a trigger judges that, after
the row. Corrections, withdrawals and erasures are entries of the feed.
"""

from alembic import op

from migrations.row_security import ACTOR, PROVIDER, REGISTER, protect

revision = "main_0013"
down_revision = "main_0012"


def upgrade() -> None:
    _registers()
    _agreements()
    _enrolments()
    _releases()
    _release_guard()
    _feed()
    _objection()
    _inbox_and_pulls()


def _registers() -> None:
    op.execute(f"""
        ALTER TABLE registers
            ADD COLUMN legal_ground text NOT NULL DEFAULT 'PDL 7 kap.',
            ADD COLUMN contact text NOT NULL DEFAULT 'not on record',
            ADD CONSTRAINT registers_complete_when_active CHECK (state <> 'active' OR
                (cpua_authority ~ '\\S' AND legal_ground ~ '\\S' AND contact ~ '\\S'
                 AND coalesce(jsonb_array_length(jwks -> 'keys'), 0) > 0));
        ALTER TABLE registers ALTER COLUMN legal_ground DROP DEFAULT, ALTER COLUMN contact DROP DEFAULT;

        -- draft -> active <-> suspended -> retired. Nobody comes back from retirement, and nothing becomes draft again.
        CREATE FUNCTION refuse_register_state() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN
                    (('draft', 'active'), ('active', 'suspended'), ('suspended', 'active'), ('draft', 'retired'),
                     ('active', 'retired'), ('suspended', 'retired')) THEN
                RAISE EXCEPTION 'a register does not go from % to %', OLD.state, NEW.state
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'registers_state_step';
            END IF;
            RETURN NEW;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_register_state FROM PUBLIC;
        CREATE TRIGGER refuse_register_state BEFORE UPDATE ON registers
            FOR EACH ROW EXECUTE FUNCTION refuse_register_state();

        -- What was decided about a register, and by whom. Append-only.
        CREATE TABLE register_decisions (
            id          uuid PRIMARY KEY,
            register_id uuid NOT NULL REFERENCES registers,
            decision    text NOT NULL CHECK (decision IN ('entered', 'active', 'suspended', 'retired', 'changed')),
            note        text NOT NULL CHECK (note <> ''),
            decided_at  timestamptz NOT NULL
        );
        {protect("register_decisions", operator="SELECT, INSERT")}

        -- For the keyed pseudonym, sealed under the master key; the register has the same key. Never changed: another
        -- key would give everybody another pseudonym.
        CREATE TABLE register_pseudonym_keys (
            register_id uuid PRIMARY KEY REFERENCES registers,
            sealed      bytea NOT NULL
        );
        GRANT SELECT ON register_pseudonym_keys TO survey_worker, survey_operator;
        GRANT INSERT ON register_pseudonym_keys TO survey_operator;
    """)


def _agreements() -> None:
    op.execute(f"""
        ALTER TABLE agreements
            ADD COLUMN identifier text NOT NULL DEFAULT 'pseudonym'
                CHECK (identifier IN ('pseudonym', 'keyed_pseudonym', 'personal_number')),
            ADD COLUMN identifier_reason text,
            -- Completed from this day on; NULL is from the day that the agreement begins.
            ADD COLUMN look_back date,
            -- Hours after the receipt in which the provider may correct before anything is released.
            ADD COLUMN review_hold_hours integer NOT NULL DEFAULT 0 CHECK (review_hold_hours BETWEEN 0 AND 8760),
            ADD COLUMN proposed_at timestamptz NOT NULL DEFAULT now(),
            -- One that ended before it began has no time at all.
            DROP CONSTRAINT agreements_check,
            ADD CONSTRAINT agreements_valid_until CHECK (valid_until >= valid_from),
            ADD CONSTRAINT agreements_reason CHECK
                (identifier <> 'personal_number' OR coalesce(identifier_reason ~ '\\S', false));
        ALTER TABLE agreements ALTER COLUMN proposed_at DROP DEFAULT;
        -- What was agreed never changes: only its end can come.
        REVOKE UPDATE ON agreements FROM survey_operator;
        GRANT UPDATE (valid_until) ON agreements TO survey_operator;
        GRANT SELECT ON agreements, agreement_variables TO survey_register;

        -- Item answers are given for the instruments named here, and for no others.
        CREATE TABLE agreement_item_answers (
            agreement_id uuid NOT NULL REFERENCES agreements,
            instrument   text NOT NULL CHECK (instrument <> ''),
            PRIMARY KEY (agreement_id, instrument)
        );
        GRANT SELECT ON agreement_item_answers TO survey_staff, survey_patient, survey_worker, survey_operator,
            survey_register;
        GRANT INSERT ON agreement_item_answers TO survey_operator;

        -- An agreement is one when both sides have said yes. Each says yes for itself; the operator enters what both
        -- signed on paper, and names the document.
        CREATE TABLE agreement_approvals (
            agreement_id uuid NOT NULL,
            provider_id  uuid NOT NULL,
            register_id  uuid NOT NULL,
            side         text NOT NULL CHECK (side IN ('provider', 'register')),
            approved_at  timestamptz NOT NULL,
            staff_id     uuid,
            approved_by  text NOT NULL CHECK (approved_by <> ''),
            document     text CHECK (document <> ''),
            PRIMARY KEY (agreement_id, side),
            FOREIGN KEY (agreement_id, provider_id, register_id)
                REFERENCES agreements (id, provider_id, register_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        INSERT INTO agreement_approvals
            SELECT id, provider_id, register_id, side, valid_from, NULL, 'before approvals were recorded', NULL
            FROM agreements CROSS JOIN (VALUES ('provider'), ('register')) AS sides (side);
        GRANT SELECT ON agreement_approvals TO survey_staff, survey_patient, survey_worker, survey_register,
            survey_operator;
        GRANT INSERT ON agreement_approvals TO survey_staff, survey_operator;
        ALTER TABLE agreement_approvals ENABLE ROW LEVEL SECURITY;
        CREATE POLICY readers ON agreement_approvals FOR SELECT TO survey_staff, survey_patient, survey_worker,
            survey_register, survey_operator USING (true);
        CREATE POLICY provider ON agreement_approvals FOR INSERT TO survey_staff
            WITH CHECK (side = 'provider' AND {PROVIDER} AND {ACTOR.replace("actor_id", "staff_id")});
        CREATE POLICY operator ON agreement_approvals FOR INSERT TO survey_operator
            WITH CHECK (staff_id IS NULL AND document IS NOT NULL);

        -- An end can come, or come sooner; what has ended is not made to last.
        CREATE FUNCTION refuse_longer_agreement() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.valid_until IS NOT NULL AND (NEW.valid_until IS NULL OR NEW.valid_until > OLD.valid_until) THEN
                RAISE EXCEPTION 'an agreement is not made to last longer: propose the next version'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'agreements_end_stands';
            END IF;
            RETURN NEW;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_longer_agreement FROM PUBLIC;
        CREATE TRIGGER refuse_longer_agreement BEFORE UPDATE ON agreements
            FOR EACH ROW EXECUTE FUNCTION refuse_longer_agreement();

        -- For a provider, who manages a unit of it says yes, and nobody else.
        CREATE FUNCTION manages_a_unit(p_staff uuid, p_provider uuid, p_at timestamptz)
        RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT EXISTS (
                SELECT FROM commissions c
                WHERE c.staff_id = p_staff AND c.provider_id = p_provider AND c.role = 'unit_manager'
                  AND c.valid_from <= p_at AND (c.valid_until IS NULL OR c.valid_until > p_at));
        $$;
        CREATE FUNCTION refuse_approval() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF NEW.staff_id IS NOT NULL AND NOT manages_a_unit(NEW.staff_id, NEW.provider_id, NEW.approved_at) THEN
                RAISE EXCEPTION 'only the manager of a unit approves for the provider'
                    USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'agreement_approvals_manager';
            END IF;
            RETURN NEW;
        END $$;
        -- Ends an agreement of the manager's own provider; one that has not begun never does.
        CREATE FUNCTION end_own_agreement(p_agreement uuid, p_at timestamptz)
        RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF NOT manages_a_unit(nullif(current_setting('app.actor', true), '')::uuid,
                                  nullif(current_setting('app.provider', true), '')::uuid, p_at) THEN
                RAISE EXCEPTION 'only the manager of a unit ends for the provider'
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
            UPDATE agreements SET valid_until = greatest(p_at, valid_from)
                WHERE id = p_agreement AND {PROVIDER} AND (valid_until IS NULL OR valid_until > p_at);
        END $$;
        -- The register says yes, and what care has received in the meantime is made up. Its login reads released
        -- results and enqueues nothing else.
        CREATE FUNCTION approve_for_register(p_agreement uuid, p_by text, p_at timestamptz)
        RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            agreed agreements;
        BEGIN
            SELECT * INTO agreed FROM agreements WHERE id = p_agreement AND {REGISTER};
            IF NOT FOUND THEN
                RETURN false;
            END IF;
            INSERT INTO agreement_approvals (agreement_id, provider_id, register_id, side, approved_at, approved_by)
                VALUES (agreed.id, agreed.provider_id, agreed.register_id, 'register', p_at, p_by)
                ON CONFLICT DO NOTHING;
            IF FOUND THEN
                PERFORM jobs.procrastinate_defer_jobs_v1(ARRAY[ROW(
                    'default', 'registers.release_backlog', 0, NULL, NULL,
                    jsonb_build_object('provider_id', agreed.provider_id, 'register_id', agreed.register_id),
                    greatest(p_at, agreed.valid_from))::jobs.procrastinate_job_to_defer_v1]);
            END IF;
            RETURN true;
        END $$;
        -- Once the next version has begun, an earlier one gives nothing more, also when the next has ended.
        CREATE FUNCTION superseded(p_agreement agreements, p_at timestamptz)
        RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
            SELECT EXISTS (
                SELECT FROM agreements next
                WHERE next.provider_id = p_agreement.provider_id AND next.register_id = p_agreement.register_id
                  AND next.version > p_agreement.version AND next.valid_from <= p_at
                  AND (next.valid_until IS NULL OR next.valid_until > next.valid_from)
                  AND (SELECT count(*) FROM agreement_approvals a
                       WHERE a.agreement_id = next.id AND a.approved_at <= p_at) = 2);
        $$;
        -- Held to the end of a release, so that an end or a suspension comes before it or after it, never during it.
        CREATE FUNCTION hold_agreements()
        RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            PERFORM FROM agreements WHERE {PROVIDER} ORDER BY id FOR SHARE;
            PERFORM FROM registers WHERE id IN (SELECT register_id FROM agreements WHERE {PROVIDER})
                ORDER BY id FOR SHARE;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_approval, manages_a_unit, end_own_agreement, approve_for_register,
            hold_agreements, superseded FROM PUBLIC;
        CREATE TRIGGER refuse_approval AFTER INSERT ON agreement_approvals
            FOR EACH ROW EXECUTE FUNCTION refuse_approval();
        GRANT EXECUTE ON FUNCTION end_own_agreement TO survey_staff;
        GRANT EXECUTE ON FUNCTION approve_for_register TO survey_register;
        GRANT EXECUTE ON FUNCTION hold_agreements TO survey_worker;
    """)


def _enrolments() -> None:
    op.execute("""
        -- What was done, and on which side: forms about one knee never merge with those about the other.
        ALTER TABLE enrolments
            ADD COLUMN procedure_id text CHECK (procedure_id <> ''),
            ADD COLUMN side text CHECK (side IN ('left', 'right', 'both'));
    """)


def _releases() -> None:
    op.execute("""
        ALTER TABLE releases
            -- How the register and the provider call the response between them; no other register calls it so.
            ADD COLUMN reference uuid,
            ADD COLUMN version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
            -- What stays sealed under the person's key: a personal number, item answers. Opened as it is pulled.
            ADD COLUMN sealed bytea;
        UPDATE releases SET reference = response_id;
        ALTER TABLE releases ALTER COLUMN reference SET NOT NULL;
        ALTER TABLE releases DROP CONSTRAINT releases_response_id_agreement_id_key;
        -- One result for each register, whichever version of the agreement let it through.
        ALTER TABLE releases
            ADD CONSTRAINT releases_once UNIQUE (response_id, register_id),
            ADD CONSTRAINT releases_reference UNIQUE (register_id, reference);
    """)


def _release_guard() -> None:
    op.execute("""
        CREATE FUNCTION refuse_release() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            agreed agreements;
            why text;
        BEGIN
            SELECT * INTO agreed FROM agreements WHERE id = NEW.agreement_id FOR SHARE;
            why := CASE
                WHEN (SELECT count(*) FROM agreement_approvals a
                      WHERE a.agreement_id = agreed.id AND a.approved_at <= NEW.released_at) < 2
                    THEN 'agreement_approved'
                WHEN NEW.released_at < agreed.valid_from OR NEW.released_at >= agreed.valid_until
                    THEN 'agreement_in_force'
                WHEN superseded(agreed, NEW.released_at)
                    THEN 'agreement_superseded'
                WHEN (SELECT state FROM registers WHERE id = NEW.register_id FOR SHARE) <> 'active'
                    THEN 'register_active'
                WHEN NEW.released_at < (SELECT received_at FROM receipts WHERE response_id = NEW.response_id)
                                       + make_interval(hours => agreed.review_hold_hours)
                    THEN 'review_hold'
                WHEN EXISTS (
                    SELECT FROM responses r JOIN sessions s ON s.id = r.session_id
                        JOIN occasions o ON o.id = s.occasion_id JOIN enrolments e ON e.id = o.enrolment_id
                    WHERE r.id = NEW.response_id
                      AND (e.legal_regime <> 'health_care'
                           OR (r.completed_at AT TIME ZONE 'Europe/Stockholm')::date < coalesce(
                               agreed.look_back, (agreed.valid_from AT TIME ZONE 'Europe/Stockholm')::date)))
                    THEN 'look_back_or_regime'
                WHEN EXISTS (
                    SELECT FROM jsonb_array_elements(NEW.payload -> 'scores') AS score
                    WHERE NOT EXISTS (SELECT FROM agreement_variables v
                                      WHERE v.agreement_id = agreed.id AND v.variable = score ->> 'variable'))
                    THEN 'agreed_variables'
                WHEN NOT EXISTS (
                    SELECT FROM responses r JOIN sessions s ON s.id = r.session_id
                        JOIN notices_given n ON n.id = s.notice_id
                    WHERE r.id = NEW.response_id AND n.id = NEW.notice_id AND n.given_at <= r.completed_at)
                    THEN 'notice_before'
                WHEN NEW.payload ->> 'subject' IS DISTINCT FROM CASE agreed.identifier
                        WHEN 'pseudonym' THEN (SELECT p.pseudonym::text FROM register_pseudonyms p
                            WHERE p.person_id = NEW.person_id AND p.register_id = NEW.register_id)
                        WHEN 'keyed_pseudonym' THEN substring(NEW.payload ->> 'subject' FROM '^[0-9a-f]{64}$') END
                    OR (agreed.identifier = 'keyed_pseudonym' AND NEW.payload ->> 'subject' IS NULL)
                    THEN 'agreed_identifier'
                -- What is sealed cannot be read here: that anything of the kind was agreed can.
                WHEN NEW.sealed IS NOT NULL AND agreed.identifier <> 'personal_number' AND NOT EXISTS (
                    SELECT FROM responses r JOIN sessions s ON s.id = r.session_id
                        JOIN agreement_item_answers i ON i.instrument = s.instrument
                    WHERE r.id = NEW.response_id AND i.agreement_id = agreed.id)
                    THEN 'agreed_item_answers'
            END;
            IF why IS NOT NULL THEN
                RAISE EXCEPTION 'this may not be released: %', why
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'releases_' || why;
            END IF;
            RETURN NEW;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_release FROM PUBLIC;
        CREATE TRIGGER refuse_release AFTER INSERT ON releases FOR EACH ROW EXECUTE FUNCTION refuse_release();
    """)


def _feed() -> None:
    op.execute(f"""
        CREATE TABLE erasure_orders (
            id          uuid PRIMARY KEY,
            register_id uuid NOT NULL REFERENCES registers,
            person_id   uuid NOT NULL REFERENCES persons,
            -- What the register was given and has to erase, as it knows it.
            releases    uuid[] NOT NULL,
            reason      text NOT NULL CHECK (reason IN ('objection', 'voided')),
            ordered_at  timestamptz NOT NULL,
            UNIQUE (id, register_id)
        );
        CREATE INDEX ON erasure_orders (person_id);
        {protect("erasure_orders", patient="SELECT", register="SELECT")}

        ALTER TABLE feed_entries
            DROP CONSTRAINT feed_entries_kind_check,
            ADD CONSTRAINT feed_entries_kind_check CHECK (kind IN ('result', 'corrected', 'withdrawn', 'erasure')),
            ALTER COLUMN release_id DROP NOT NULL,
            -- Of a correction, the release that it stands in for.
            ADD COLUMN replaces uuid,
            ADD COLUMN erasure_id uuid,
            ADD CONSTRAINT feed_entries_erasure FOREIGN KEY (erasure_id, register_id)
                REFERENCES erasure_orders (id, register_id),
            ADD CONSTRAINT feed_entries_shape CHECK (
                (kind = 'corrected') = (replaces IS NOT NULL) AND (kind = 'erasure') = (erasure_id IS NOT NULL)
                AND (kind = 'erasure') = (release_id IS NULL));

        -- Last in the transaction: the row lock on the feed is what makes positions visible in order.
        CREATE FUNCTION append_entry(p_register uuid, p_kind text, p_release uuid, p_replaces uuid, p_erasure uuid)
        RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            WITH next AS (
                UPDATE register_feeds SET last = last + 1 WHERE register_id = p_register RETURNING epoch, last
            )
            INSERT INTO feed_entries (register_id, epoch, position, kind, release_id, replaces, erasure_id)
                SELECT p_register, epoch, last, p_kind, p_release, p_replaces, p_erasure FROM next
            RETURNING position;
        $$;
        -- New releases to one register, in the order given, for one step of its feed: a backlog costs one row version
        -- for each batch, not for each release.
        CREATE FUNCTION announce_releases(p_releases uuid[])
        RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            target uuid;
            feed register_feeds;
        BEGIN
            SELECT register_id INTO target FROM releases WHERE id = p_releases[1] AND {PROVIDER};
            IF target IS NULL OR cardinality(p_releases) <> (
                    SELECT count(*) FROM releases
                    WHERE id = ANY(p_releases) AND register_id = target AND {PROVIDER}) THEN
                RAISE EXCEPTION 'no such releases to one register at this provider'
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
            UPDATE register_feeds SET last = last + cardinality(p_releases) WHERE register_id = target
                RETURNING * INTO feed;
            INSERT INTO feed_entries (register_id, epoch, position, kind, release_id)
                SELECT target, feed.epoch, feed.last - cardinality(p_releases) + one.place, 'result', one.id
                FROM unnest(p_releases) WITH ORDINALITY AS one (id, place);
        END $$;
        -- The worker takes a release of its own provider back, because it has been voided or is about to be corrected.
        CREATE FUNCTION take_back_release(p_release uuid)
        RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            DELETE FROM releases WHERE id = p_release AND {PROVIDER};
            IF NOT FOUND THEN
                RAISE EXCEPTION 'no such release at this provider' USING ERRCODE = 'insufficient_privilege';
            END IF;
        END $$;
        CREATE FUNCTION announce_correction(p_release uuid, p_replaces uuid)
        RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            target uuid;
        BEGIN
            SELECT register_id INTO target FROM releases WHERE id = p_release AND {PROVIDER};
            IF target IS NULL OR EXISTS (SELECT FROM releases WHERE id = p_replaces) OR NOT EXISTS (
                    SELECT FROM feed_entries WHERE register_id = target AND release_id = p_replaces) THEN
                RAISE EXCEPTION 'this corrects no release of this provider' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN append_entry(target, 'corrected', p_release, p_replaces, NULL);
        END $$;
        CREATE FUNCTION announce_withdrawal(p_register uuid, p_release uuid)
        RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF EXISTS (SELECT FROM releases WHERE id = p_release) OR NOT EXISTS (
                    SELECT FROM feed_entries WHERE register_id = p_register AND release_id = p_release) THEN
                RAISE EXCEPTION 'nothing was taken back' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN append_entry(p_register, 'withdrawn', p_release, NULL, NULL);
        END $$;
        REVOKE EXECUTE ON FUNCTION append_entry, announce_releases, take_back_release, announce_correction,
            announce_withdrawal FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION announce_releases, take_back_release, announce_correction, announce_withdrawal
            TO survey_worker;
    """)


def _objection() -> None:
    op.execute("""
        -- As before, and an order to erase what the register was given. For the person alone; `object_for` is shared
        -- with the register's inbox.
        CREATE FUNCTION object_for(p_person uuid, p_register uuid, p_at timestamptz, p_order uuid)
        RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            withdrawn uuid[];
            one uuid;
        BEGIN
            INSERT INTO register_choices (person_id, register_id, objected, changed_at)
                VALUES (p_person, p_register, true, p_at) ON CONFLICT DO NOTHING;
            PERFORM FROM register_choices WHERE person_id = p_person AND register_id = p_register FOR UPDATE;
            WITH gone AS (
                DELETE FROM releases WHERE person_id = p_person AND register_id = p_register RETURNING id
            )
            SELECT array_agg(id ORDER BY id) INTO withdrawn FROM gone;
            UPDATE register_choices SET objected = true, changed_at = p_at
                WHERE person_id = p_person AND register_id = p_register AND NOT objected;
            IF withdrawn IS NULL THEN
                RETURN;
            END IF;
            INSERT INTO erasure_orders (id, register_id, person_id, releases, reason, ordered_at)
                VALUES (p_order, p_register, p_person, withdrawn, 'objection', p_at);
            FOREACH one IN ARRAY withdrawn LOOP
                PERFORM append_entry(p_register, 'withdrawn', one, NULL, NULL);
            END LOOP;
            PERFORM append_entry(p_register, 'erasure', NULL, NULL, p_order);
        END $$;
        CREATE FUNCTION object_to_register(p_register uuid, p_at timestamptz, p_order uuid)
        RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            me uuid := nullif(current_setting('app.person', true), '')::uuid;
        BEGIN
            IF me IS NULL THEN
                RAISE EXCEPTION 'only the person may object' USING ERRCODE = 'insufficient_privilege';
            END IF;
            PERFORM object_for(me, p_register, p_at, p_order);
        END $$;
        REVOKE EXECUTE ON FUNCTION object_for, object_to_register(uuid, timestamptz, uuid) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION object_to_register(uuid, timestamptz, uuid) TO survey_patient;
        DROP FUNCTION object_to_register(uuid, timestamptz);
    """)


def _inbox_and_pulls() -> None:
    op.execute(f"""
        -- What a register writes to us. It can write and never read; what it writes of a person is sealed.
        CREATE TABLE register_messages (
            id           uuid PRIMARY KEY,
            register_id  uuid NOT NULL REFERENCES registers,
            kind         text NOT NULL CHECK (kind IN ('erasure_confirmed', 'objection_received', 'data_query')),
            sent_at      timestamptz NOT NULL,
            erasure_id   uuid,
            response_id  uuid,
            provider_id  uuid,
            person_id    uuid,
            text_sealed  bytea,
            FOREIGN KEY (erasure_id, register_id) REFERENCES erasure_orders (id, register_id),
            FOREIGN KEY (response_id, provider_id, person_id) REFERENCES responses (id, provider_id, person_id),
            CHECK ((kind = 'erasure_confirmed') = (erasure_id IS NOT NULL)),
            CHECK ((kind = 'data_query') = (response_id IS NOT NULL AND text_sealed IS NOT NULL)),
            CHECK ((kind = 'data_query') = (provider_id IS NOT NULL)),
            CHECK ((kind IN ('objection_received', 'data_query')) <= (person_id IS NOT NULL))
        );
        -- An order is confirmed once.
        CREATE UNIQUE INDEX register_messages_confirmed ON register_messages (erasure_id);
        {protect("register_messages", staff="SELECT", patient="SELECT")}
        GRANT INSERT ON register_messages TO survey_register;
        CREATE POLICY register ON register_messages FOR INSERT TO survey_register WITH CHECK ({REGISTER});

        -- The register was told of an objection: it takes effect here as if the person had said it here.
        CREATE FUNCTION object_on_word_of_register(p_person uuid, p_at timestamptz, p_order uuid)
        RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            teller uuid := nullif(current_setting('app.register', true), '')::uuid;
        BEGIN
            IF NOT EXISTS (SELECT FROM register_pseudonyms WHERE person_id = p_person AND register_id = teller) THEN
                RAISE EXCEPTION 'nobody that this register knows' USING ERRCODE = 'insufficient_privilege';
            END IF;
            PERFORM object_for(p_person, teller, p_at, p_order);
        END $$;
        CREATE FUNCTION person_of_pseudonym(p_pseudonym uuid)
        RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT person_id FROM register_pseudonyms
            WHERE pseudonym = p_pseudonym AND register_id = nullif(current_setting('app.register', true), '')::uuid;
        $$;

        -- Each pull, by provider: for the provider's page, and counted for the operator.
        CREATE TABLE register_pulls (
            id          uuid NOT NULL,
            provider_id uuid NOT NULL REFERENCES providers,
            register_id uuid NOT NULL REFERENCES registers,
            at          timestamptz NOT NULL,
            purpose     text NOT NULL,
            results     bigint NOT NULL CHECK (results > 0),
            PRIMARY KEY (id, provider_id)
        );
        CREATE INDEX ON register_pulls (provider_id, at);
        {protect("register_pulls", staff="SELECT")}

        -- A page of a pull is logged once for each result in it, and summed up for each provider [B10, G2]. A pull of
        -- many pages has one id; each page adds to it.
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
        REVOKE EXECUTE ON FUNCTION object_on_word_of_register, person_of_pseudonym,
            log_register_pull(uuid, text, uuid[], uuid[], timestamptz) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION object_on_word_of_register, person_of_pseudonym,
            log_register_pull(uuid, text, uuid[], uuid[], timestamptz) TO survey_register;
        DROP FUNCTION log_register_pull(text, uuid[], uuid[], timestamptz);
    """)


def downgrade() -> None:
    # What the feed can no longer tell is not thrown away in silence.
    op.execute("""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM feed_entries WHERE kind IN ('corrected', 'erasure')) THEN
                RAISE EXCEPTION 'the feeds have entries that the old shape cannot tell';
            END IF;
        END $$;
        DROP FUNCTION log_register_pull(uuid, text, uuid[], uuid[], timestamptz);
        DROP TABLE register_pulls;
        DROP FUNCTION person_of_pseudonym, object_on_word_of_register;
        DROP TABLE register_messages;
        DROP FUNCTION object_to_register(uuid, timestamptz, uuid);
        DROP FUNCTION object_for;
        DROP FUNCTION take_back_release, announce_correction, announce_withdrawal, announce_releases, append_entry;
        ALTER TABLE feed_entries DROP CONSTRAINT feed_entries_shape, DROP CONSTRAINT feed_entries_erasure,
            DROP COLUMN erasure_id, DROP COLUMN replaces, ALTER COLUMN release_id SET NOT NULL,
            DROP CONSTRAINT feed_entries_kind_check,
            ADD CONSTRAINT feed_entries_kind_check CHECK (kind IN ('result', 'withdrawn'));
        DROP TABLE erasure_orders;
        DROP TRIGGER refuse_release ON releases;
        DROP FUNCTION refuse_release;
        ALTER TABLE releases DROP CONSTRAINT releases_reference, DROP CONSTRAINT releases_once,
            DROP COLUMN sealed, DROP COLUMN version, DROP COLUMN reference,
            ADD CONSTRAINT releases_response_id_agreement_id_key UNIQUE (response_id, agreement_id);
        ALTER TABLE enrolments DROP COLUMN side, DROP COLUMN procedure_id;
        DROP FUNCTION superseded, hold_agreements, approve_for_register, end_own_agreement;
        DROP TABLE agreement_approvals, agreement_item_answers;
        DROP FUNCTION refuse_approval, manages_a_unit;
        DROP TRIGGER refuse_longer_agreement ON agreements;
        DROP FUNCTION refuse_longer_agreement;
        REVOKE SELECT ON agreements, agreement_variables FROM survey_register;
        REVOKE UPDATE (valid_until) ON agreements FROM survey_operator;
        GRANT UPDATE ON agreements TO survey_operator;
        UPDATE agreements SET valid_until = valid_from + interval '1 microsecond' WHERE valid_until = valid_from;
        ALTER TABLE agreements DROP CONSTRAINT agreements_valid_until,
            ADD CONSTRAINT agreements_check CHECK (valid_until > valid_from),
            DROP CONSTRAINT agreements_reason, DROP COLUMN proposed_at,
            DROP COLUMN review_hold_hours, DROP COLUMN look_back, DROP COLUMN identifier_reason,
            DROP COLUMN identifier;
        DROP TABLE register_decisions, register_pseudonym_keys;
        DROP TRIGGER refuse_register_state ON registers;
        DROP FUNCTION refuse_register_state;
        ALTER TABLE registers DROP CONSTRAINT registers_complete_when_active,
            DROP COLUMN contact, DROP COLUMN legal_ground;
    """)
    op.execute("""
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
            FOREACH one IN ARRAY coalesce(withdrawn, '{}') LOOP
                PERFORM append_to_feed(p_register, 'withdrawn', one);
            END LOOP;
        END $$;
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
        REVOKE EXECUTE ON FUNCTION object_to_register, log_register_pull FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION object_to_register TO survey_patient;
        GRANT EXECUTE ON FUNCTION log_register_pull TO survey_register;
    """)
