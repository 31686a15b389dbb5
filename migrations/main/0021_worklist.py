"""The unit's worklist: its own flags, hand-overs, notes, reminders, reasons for no answer, and answers from paper."""

from alembic import op

from migrations.row_security import PROVIDER, protect

revision = "main_0021"
down_revision = "main_0020"

# What the worklist is derived from, beside the tables of this step.
_FOLLOWED = ("deliveries", "shared_deliveries", "receipts", "readings", "assessments", "response_versions")
_BY_ACTOR = "nullif(current_setting('app.actor', true), '')::uuid"


def upgrade() -> None:
    _flag_rules()
    _flags()
    _entries()
    _units_own()
    _care()
    _reminders()
    _waiting()
    _paper()


def _flag_rules() -> None:
    op.execute(f"""
        -- What the unit wants to be shown first. A changed rule is another version; one that is over says 'retired'.
        CREATE TABLE unit_flag_rules (
            id          uuid PRIMARY KEY,
            rule_id     uuid NOT NULL,
            version     integer NOT NULL CHECK (version >= 1),
            provider_id uuid NOT NULL,
            unit_id     uuid NOT NULL,
            state       text NOT NULL CHECK (state IN ('active', 'retired')),
            kind        text NOT NULL CHECK (kind IN ('threshold', 'answer', 'worsening')),
            instrument  text NOT NULL CHECK (instrument <> ''),
            variable    text CHECK (variable <> ''),
            item_id     text CHECK (item_id <> ''),
            bound       text CHECK (bound IN ('at_most', 'at_least')),
            limit_value double precision CHECK (abs(limit_value) < 'Infinity'),
            reason      text NOT NULL CHECK (reason <> ''),
            staff_id    uuid NOT NULL,
            request_id  uuid NOT NULL UNIQUE,
            at          timestamptz NOT NULL,
            UNIQUE (rule_id, version),
            UNIQUE (id, provider_id, unit_id),
            CHECK ((kind = 'answer') = (item_id IS NOT NULL)),
            CHECK ((kind = 'answer') = (variable IS NULL)),
            CHECK ((kind = 'worsening') = (bound IS NULL)),
            CHECK ((bound IS NULL) = (limit_value IS NULL)),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        CREATE INDEX ON unit_flag_rules (unit_id, rule_id, version);
        {protect("unit_flag_rules", worker="SELECT")}
        GRANT SELECT, INSERT ON unit_flag_rules TO survey_staff;
        CREATE POLICY staff_reads ON unit_flag_rules FOR SELECT TO survey_staff USING ({PROVIDER});
        CREATE POLICY staff ON unit_flag_rules FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND staff_id = {_BY_ACTOR});

        CREATE FUNCTION refuse_flag_rule() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            before unit_flag_rules;
        BEGIN
            IF NOT EXISTS (
                SELECT FROM commissions c
                WHERE c.staff_id = NEW.staff_id AND c.unit_id = NEW.unit_id AND c.role = 'unit_manager'
                  AND c.valid_from <= NEW.at AND (c.valid_until IS NULL OR c.valid_until > NEW.at)) THEN
                RAISE EXCEPTION 'only the manager of a unit sets its flags'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'unit_flag_rules_by_manager';
            END IF;
            SELECT * INTO before FROM unit_flag_rules WHERE rule_id = NEW.rule_id AND id <> NEW.id
                ORDER BY version DESC LIMIT 1;
            IF NEW.version <> 1 + coalesce(before.version, 0) OR before.unit_id <> NEW.unit_id THEN
                RAISE EXCEPTION 'this is no next version of the rule'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'unit_flag_rules_in_order';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_flag_rule FROM PUBLIC;
        CREATE TRIGGER refuse_flag_rule AFTER INSERT ON unit_flag_rules
            FOR EACH ROW EXECUTE FUNCTION refuse_flag_rule();

        -- Whether a completed response has to be looked at by rules: all that a patient's commit needs to know of them.
        CREATE FUNCTION unit_has_flag_rules(p_unit uuid) RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT EXISTS (SELECT FROM unit_flag_rules WHERE unit_id = p_unit);
        $$;
        REVOKE EXECUTE ON FUNCTION unit_has_flag_rules FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION unit_has_flag_rules TO survey_patient, survey_staff, survey_worker,
            survey_record_system;
        GRANT EXECUTE ON FUNCTION pushes_to_record_system TO survey_staff;

        -- Within so many hours somebody is to have assessed what is flagged.
        ALTER TABLE units ADD COLUMN flag_hours integer NOT NULL DEFAULT 24 CHECK (flag_hours BETWEEN 1 AND 720);
        CREATE FUNCTION set_flag_hours(p_unit uuid, p_hours integer) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            UPDATE units SET flag_hours = p_hours
            WHERE id = p_unit AND provider_id = nullif(current_setting('app.provider', true), '')::uuid
              AND EXISTS (
                  SELECT FROM commissions c
                  WHERE c.staff_id = nullif(current_setting('app.actor', true), '')::uuid AND c.unit_id = p_unit
                    AND c.role = 'unit_manager' AND c.valid_from <= now()
                    AND (c.valid_until IS NULL OR c.valid_until > now()));
        $$;
        REVOKE EXECUTE ON FUNCTION set_flag_hours FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION set_flag_hours TO survey_staff;
    """)


def _flags() -> None:
    op.execute(f"""
        -- Which version of a rule a version of a response met, with the figures it was judged by. Never an answer:
        -- those are sealed under the person's key. The provider's own: no register and no patient reads them.
        CREATE TABLE unit_flags (
            response_id      uuid NOT NULL,
            version          integer NOT NULL CHECK (version >= 1),
            rule_version_id  uuid NOT NULL,
            provider_id      uuid NOT NULL,
            person_id        uuid NOT NULL,
            unit_id          uuid NOT NULL,
            value            double precision,
            standard_error   double precision,
            earlier_id       uuid,
            earlier_value    double precision,
            earlier_error    double precision,
            important_change double precision,
            reliable_change  double precision,
            flagged_at       timestamptz NOT NULL,
            assess_by        timestamptz NOT NULL,
            PRIMARY KEY (response_id, version, rule_version_id),
            CHECK (num_nonnulls(earlier_id, earlier_value, important_change, reliable_change) IN (0, 4)),
            FOREIGN KEY (rule_version_id, provider_id, unit_id) REFERENCES unit_flag_rules (id, provider_id, unit_id),
            FOREIGN KEY (earlier_id, provider_id, person_id) REFERENCES responses (id, provider_id, person_id)
        );
        CREATE INDEX ON unit_flags (provider_id, assess_by);
        {protect("unit_flags", staff="SELECT", worker="SELECT, INSERT")}

        ALTER TABLE delivery_alarms DROP CONSTRAINT delivery_alarms_kind_check;
        ALTER TABLE delivery_alarms ADD CONSTRAINT delivery_alarms_kind_check
            CHECK (kind IN ('not_received', 'push_failed', 'flag_not_assessed'));
    """)


def _entries() -> None:
    op.execute(f"""
        -- One row for each delivery to a unit, the shared ones too: where it stands there, derived by triggers from
        -- what is appended elsewhere, so that the worklist is an index scan however much lies behind it. Nobody writes
        -- it.
        CREATE TABLE worklist_entries (
            response_id  uuid NOT NULL,
            unit_id      uuid NOT NULL,
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            -- Of the orders of the unit that it answers.
            protocol_ids uuid[] NOT NULL CHECK (cardinality(protocol_ids) > 0),
            delivered_at timestamptz NOT NULL,
            -- The unit has taken it: read or confirmed it, or it went to the provider's record system or archive.
            received     boolean NOT NULL DEFAULT false,
            assessed     boolean NOT NULL DEFAULT false,
            flagged      boolean NOT NULL DEFAULT false,
            assigned_to  uuid,
            -- The unit had ordered for the wrong patient: what another unit asked is none of its business any more.
            is_void      boolean NOT NULL DEFAULT false,
            -- Another unit was given the answers.
            is_shared    boolean NOT NULL DEFAULT false,
            PRIMARY KEY (response_id, unit_id),
            UNIQUE (response_id, provider_id, person_id, unit_id),
            FOREIGN KEY (response_id, provider_id, person_id)
                REFERENCES deliveries (response_id, provider_id, person_id)
        );
        INSERT INTO worklist_entries
            SELECT d.response_id, d.unit_id, d.provider_id, d.person_id, ARRAY[v.protocol_id], d.delivered_at,
                   EXISTS (SELECT FROM receipts r WHERE r.response_id = d.response_id),
                   EXISTS (SELECT FROM assessments a WHERE a.response_id = d.response_id), false, NULL
            FROM deliveries d JOIN responses r ON r.id = d.response_id JOIN sessions s ON s.id = r.session_id
                JOIN occasions o ON o.id = s.occasion_id JOIN enrolments e ON e.id = o.enrolment_id
                JOIN care_protocol_versions v ON v.id = e.protocol_version_id;
        CREATE INDEX worklist_all ON worklist_entries (unit_id, delivered_at);
        CREATE INDEX worklist_received ON worklist_entries (unit_id, delivered_at) WHERE received;
        CREATE INDEX worklist_unread ON worklist_entries (unit_id, delivered_at) WHERE NOT received;
        CREATE INDEX worklist_flagged ON worklist_entries (unit_id, delivered_at) WHERE flagged AND NOT assessed;
        CREATE INDEX worklist_mine ON worklist_entries (assigned_to, delivered_at) WHERE NOT assessed;
        CREATE INDEX worklist_protocol ON worklist_entries USING gin (protocol_ids);
        CREATE INDEX worklist_person ON worklist_entries (person_id, unit_id);
        {protect("worklist_entries", staff="SELECT", worker="SELECT")}

        CREATE FUNCTION keep_worklist_entry() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            asked uuid;
        BEGIN
            CASE TG_TABLE_NAME
            WHEN 'deliveries' THEN
                SELECT s.task_id INTO asked FROM responses r JOIN sessions s ON s.id = r.session_id
                WHERE r.id = NEW.response_id;
            WHEN 'shared_deliveries' THEN
                asked := NEW.task_id;
            WHEN 'receipts' THEN
                UPDATE worklist_entries SET received = true WHERE response_id = NEW.response_id
                    AND (NEW.staff_id IS NULL OR unit_id = coalesce(NEW.at_unit_id, NEW.unit_id));
            WHEN 'readings' THEN
                UPDATE worklist_entries SET received = true
                WHERE response_id = NEW.response_id AND unit_id = NEW.unit_id AND NOT received;
            WHEN 'assessments' THEN
                UPDATE worklist_entries SET assessed = true
                WHERE response_id = NEW.response_id AND unit_id = NEW.unit_id;
            WHEN 'unit_flags' THEN
                UPDATE worklist_entries SET flagged = true
                WHERE response_id = NEW.response_id AND unit_id = NEW.unit_id AND NEW.version = 1 + (
                    SELECT count(*) FROM response_versions v WHERE v.response_id = NEW.response_id);
            WHEN 'response_versions' THEN
                UPDATE worklist_entries SET flagged = false WHERE response_id = NEW.response_id;
            WHEN 'hand_overs' THEN
                UPDATE worklist_entries SET assigned_to = NEW.to_staff_id
                WHERE response_id = NEW.response_id AND unit_id = NEW.unit_id;
            END CASE;
            IF asked IS NOT NULL THEN
                INSERT INTO worklist_entries AS entry (response_id, unit_id, provider_id, person_id, protocol_ids,
                                                       delivered_at, is_shared, received)
                    SELECT NEW.response_id, NEW.unit_id, NEW.provider_id, NEW.person_id, ARRAY[v.protocol_id],
                           NEW.delivered_at, TG_TABLE_NAME = 'shared_deliveries', EXISTS (
                               SELECT FROM receipts r WHERE r.response_id = NEW.response_id
                               AND (r.staff_id IS NULL OR coalesce(r.at_unit_id, r.unit_id) = NEW.unit_id))
                    FROM tasks t JOIN occasions o ON o.id = t.occasion_id JOIN enrolments e ON e.id = o.enrolment_id
                        JOIN care_protocol_versions v ON v.id = e.protocol_version_id
                    WHERE t.id = asked
                    ON CONFLICT (response_id, unit_id) DO UPDATE
                        SET is_void = false, protocol_ids = CASE
                            WHEN entry.protocol_ids @> excluded.protocol_ids THEN entry.protocol_ids
                            ELSE entry.protocol_ids || excluded.protocol_ids END;
            END IF;
            RETURN NULL;
        END $$;
        CREATE FUNCTION void_worklist_entries() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            UPDATE worklist_entries w SET is_void = true FROM (
                SELECT d.response_id, d.unit_id, bool_and(e.state = 'voided') AS all_void
                FROM shared_deliveries d JOIN tasks t ON t.id = d.task_id JOIN occasions o ON o.id = t.occasion_id
                    JOIN enrolments e ON e.id = o.enrolment_id
                WHERE d.person_id = NEW.person_id
                GROUP BY 1, 2) shared
            WHERE w.response_id = shared.response_id AND w.unit_id = shared.unit_id AND shared.all_void
                AND NOT EXISTS (SELECT FROM deliveries d WHERE d.response_id = w.response_id AND d.unit_id = w.unit_id);
            RETURN NULL;
        END $$;
        CREATE TRIGGER void_worklist_entries AFTER UPDATE OF state ON enrolments
            FOR EACH ROW WHEN (NEW.state = 'voided') EXECUTE FUNCTION void_worklist_entries();
        REVOKE EXECUTE ON FUNCTION keep_worklist_entry, void_worklist_entries FROM PUBLIC;
    """)
    for table in (*_FOLLOWED, "unit_flags"):
        op.execute(f"""
            CREATE TRIGGER keep_worklist_entry AFTER INSERT ON {table}
                FOR EACH ROW EXECUTE FUNCTION keep_worklist_entry();
        """)


def _units_own() -> None:
    op.execute("""
        -- Who asked together reads, assesses, flags and is alarmed each for itself, and only what came to it.
        ALTER TABLE readings ADD COLUMN unit_id uuid;
        UPDATE readings r SET unit_id = d.unit_id FROM deliveries d WHERE d.response_id = r.response_id;
        ALTER TABLE readings ALTER COLUMN unit_id SET NOT NULL,
            ADD CONSTRAINT readings_at_unit FOREIGN KEY (response_id, provider_id, person_id, unit_id)
                REFERENCES worklist_entries (response_id, provider_id, person_id, unit_id);
        ALTER TABLE assessments ADD COLUMN unit_id uuid;
        UPDATE assessments a SET unit_id = d.unit_id FROM deliveries d WHERE d.response_id = a.response_id;
        ALTER TABLE assessments ALTER COLUMN unit_id SET NOT NULL,
            DROP CONSTRAINT assessments_pkey, ADD PRIMARY KEY (response_id, unit_id),
            ADD CONSTRAINT assessments_at_unit FOREIGN KEY (response_id, provider_id, person_id, unit_id)
                REFERENCES worklist_entries (response_id, provider_id, person_id, unit_id);
        ALTER TABLE unit_flags
            ADD CONSTRAINT unit_flags_at_unit FOREIGN KEY (response_id, provider_id, person_id, unit_id)
                REFERENCES worklist_entries (response_id, provider_id, person_id, unit_id);

        -- The receipt is the provider's, and once. Where somebody at another unit that asked was first: that unit.
        ALTER TABLE receipts ADD COLUMN at_unit_id uuid,
            ADD CONSTRAINT receipts_at_unit FOREIGN KEY (response_id, provider_id, person_id, at_unit_id)
                REFERENCES worklist_entries (response_id, provider_id, person_id, unit_id),
            ADD CONSTRAINT receipts_at_unit_by_person
                CHECK (at_unit_id IS NULL OR (staff_id IS NOT NULL AND at_unit_id <> unit_id));

        ALTER TABLE delivery_alarms
            DROP CONSTRAINT delivery_alarms_pkey, ADD PRIMARY KEY (response_id, unit_id, kind),
            DROP CONSTRAINT delivery_alarms_response_id_provider_id_person_id_unit_id_fkey,
            ADD CONSTRAINT delivery_alarms_at_unit FOREIGN KEY (response_id, provider_id, person_id, unit_id)
                REFERENCES worklist_entries (response_id, provider_id, person_id, unit_id);
    """)


def _care() -> None:
    op.execute("""
        -- Who takes care of a response; NULL gives it back to the unit. The latest counts.
        CREATE TABLE hand_overs (
            id          uuid PRIMARY KEY,
            response_id uuid NOT NULL,
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            unit_id     uuid NOT NULL,
            to_staff_id uuid,
            staff_id    uuid NOT NULL,
            request_id  uuid NOT NULL UNIQUE,
            at          timestamptz NOT NULL,
            FOREIGN KEY (response_id, provider_id, person_id, unit_id)
                REFERENCES worklist_entries (response_id, provider_id, person_id, unit_id),
            FOREIGN KEY (to_staff_id, provider_id) REFERENCES staff_members (id, provider_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        CREATE INDEX ON hand_overs (response_id, unit_id, at);

        -- What staff write to each other about a response, sealed under the person's key; and that they were in touch.
        CREATE TABLE staff_notes (
            id           uuid PRIMARY KEY,
            response_id  uuid NOT NULL,
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            unit_id      uuid NOT NULL,
            kind         text NOT NULL CHECK (kind IN ('comment', 'contact')),
            way          text CHECK (way IN ('telephone', 'visit', 'video', 'letter', 'message')),
            contact_at   timestamptz,
            text_sealed  bytea,
            staff_id     uuid NOT NULL,
            request_id   uuid NOT NULL UNIQUE,
            at           timestamptz NOT NULL,
            CHECK ((kind = 'contact') = (way IS NOT NULL)),
            CHECK ((kind = 'contact') = (contact_at IS NOT NULL)),
            CHECK (kind = 'contact' OR text_sealed IS NOT NULL),
            FOREIGN KEY (response_id, provider_id, person_id, unit_id)
                REFERENCES worklist_entries (response_id, provider_id, person_id, unit_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        CREATE INDEX ON staff_notes (response_id, unit_id, at);

        -- Whom the unit meets on a day, as somebody pasted the list in.
        CREATE TABLE clinic_lists (
            unit_id     uuid NOT NULL,
            day         date NOT NULL,
            person_id   uuid NOT NULL,
            provider_id uuid NOT NULL,
            staff_id    uuid NOT NULL,
            at          timestamptz NOT NULL,
            PRIMARY KEY (unit_id, day, person_id),
            FOREIGN KEY (provider_id, person_id) REFERENCES patients (provider_id, person_id),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
    """)
    for table in ("hand_overs", "staff_notes", "clinic_lists"):
        op.execute(f"""
            {protect(table, worker="SELECT")}
            GRANT SELECT, INSERT ON {table} TO survey_staff;
            CREATE POLICY staff_reads ON {table} FOR SELECT TO survey_staff USING ({PROVIDER});
            CREATE POLICY staff ON {table} FOR INSERT TO survey_staff
                WITH CHECK ({PROVIDER} AND staff_id = {_BY_ACTOR});
        """)
    op.execute("""
        CREATE TRIGGER keep_worklist_entry AFTER INSERT ON hand_overs
            FOR EACH ROW EXECUTE FUNCTION keep_worklist_entry();

        -- By the unit that has the response, and to somebody who works there.
        CREATE FUNCTION refuse_hand_over() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF 2 <> (
                SELECT count(*) FROM unnest(ARRAY[NEW.staff_id, coalesce(NEW.to_staff_id, NEW.staff_id)]) AS who
                WHERE EXISTS (
                    SELECT FROM commissions c WHERE c.unit_id = NEW.unit_id AND c.staff_id = who
                      AND c.valid_from <= NEW.at AND (c.valid_until IS NULL OR c.valid_until > NEW.at))) THEN
                RAISE EXCEPTION 'handed over within the unit only'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'hand_overs_within_unit';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_hand_over FROM PUBLIC;
        CREATE TRIGGER refuse_hand_over AFTER INSERT ON hand_overs
            FOR EACH ROW EXECUTE FUNCTION refuse_hand_over();
    """)


def _reminders() -> None:
    op.execute("""
        -- Asked for by staff, at most once a day for an occasion.
        CREATE TABLE reminders (
            id          uuid PRIMARY KEY,
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            occasion_id uuid NOT NULL,
            day         date NOT NULL,
            staff_id    uuid NOT NULL,
            at          timestamptz NOT NULL CHECK (day = (at AT TIME ZONE 'Europe/Stockholm')::date),
            UNIQUE (occasion_id, day),
            UNIQUE (id, provider_id, person_id, occasion_id),
            FOREIGN KEY (occasion_id, provider_id, person_id) REFERENCES occasions (id, provider_id, person_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        -- Why somebody did not answer, as far as the unit knows. The latest counts.
        CREATE TABLE non_responses (
            id          uuid PRIMARY KEY,
            provider_id uuid NOT NULL,
            person_id   uuid NOT NULL,
            occasion_id uuid NOT NULL,
            reason      text NOT NULL CHECK (reason IN ('declined', 'too_ill', 'died', 'moved', 'language', 'other')),
            staff_id    uuid NOT NULL,
            request_id  uuid NOT NULL UNIQUE,
            at          timestamptz NOT NULL,
            FOREIGN KEY (occasion_id, provider_id, person_id) REFERENCES occasions (id, provider_id, person_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        CREATE INDEX ON non_responses (occasion_id, at);

        -- A reminder is a notice of its own: one for each time it was asked for, on each channel.
        ALTER TABLE dispatches ADD COLUMN reminder_id uuid,
            DROP CONSTRAINT dispatches_kind_check,
            ADD CONSTRAINT dispatches_kind_check CHECK (kind IN ('invitation', 'reminder')),
            ADD CONSTRAINT dispatches_of_reminder CHECK ((kind = 'reminder') = (reminder_id IS NOT NULL)),
            ADD FOREIGN KEY (reminder_id, provider_id, person_id, occasion_id)
                REFERENCES reminders (id, provider_id, person_id, occasion_id),
            DROP CONSTRAINT dispatches_occasion_id_kind_channel_key,
            ADD CONSTRAINT dispatches_once UNIQUE NULLS NOT DISTINCT (occasion_id, kind, channel, reminder_id);
    """)
    for table in ("reminders", "non_responses"):
        op.execute(f"""
            {protect(table, worker="SELECT")}
            GRANT SELECT, INSERT ON {table} TO survey_staff;
            CREATE POLICY staff_reads ON {table} FOR SELECT TO survey_staff USING ({PROVIDER});
            CREATE POLICY staff ON {table} FOR INSERT TO survey_staff
                WITH CHECK ({PROVIDER} AND staff_id = {_BY_ACTOR});
        """)


def _waiting() -> None:
    op.execute("""
        -- Whether nothing is left to answer: derived by triggers, so that who has not answered is found by an index
        -- however many have. Nobody writes it.
        ALTER TABLE occasions ADD COLUMN is_answered boolean NOT NULL DEFAULT false;
        DROP TRIGGER refuse_change_of_begun_occasion ON occasions;
        CREATE FUNCTION nothing_is_left_of(p_occasion uuid) RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT NOT EXISTS (
                SELECT FROM tasks t WHERE t.occasion_id = p_occasion
                  AND NOT EXISTS (
                      SELECT FROM sessions s JOIN responses r ON r.session_id = s.id WHERE s.task_id = t.id)
                  AND NOT EXISTS (SELECT FROM shared_deliveries d WHERE d.task_id = t.id));
        $$;
        REVOKE EXECUTE ON FUNCTION nothing_is_left_of FROM PUBLIC;
        UPDATE occasions o SET is_answered = true
            WHERE EXISTS (SELECT FROM sessions s WHERE s.occasion_id = o.id) AND nothing_is_left_of(o.id);
        CREATE TRIGGER refuse_change_of_begun_occasion BEFORE UPDATE ON occasions
            FOR EACH ROW WHEN (OLD.is_answered = NEW.is_answered) EXECUTE FUNCTION refuse_change_of_begun_occasion();
        CREATE INDEX occasions_waiting ON occasions (unit_id, closes_at, opens_at)
            WHERE withdrawn_at IS NULL AND NOT is_answered;
        CREATE INDEX occasions_by_due_day ON occasions (unit_id, due_at);

        CREATE FUNCTION keep_answered_occasion() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            asked_at uuid;
        BEGIN
            IF TG_TABLE_NAME = 'responses' THEN
                SELECT s.occasion_id INTO asked_at FROM sessions s WHERE s.id = NEW.session_id;
            ELSE
                SELECT t.occasion_id INTO asked_at FROM tasks t WHERE t.id = NEW.task_id;
            END IF;
            -- The lock comes first: of two that complete the last two at once, the second sees the first.
            PERFORM FROM occasions WHERE id = asked_at FOR NO KEY UPDATE;
            UPDATE occasions SET is_answered = true
                WHERE id = asked_at AND NOT is_answered AND nothing_is_left_of(asked_at);
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION keep_answered_occasion FROM PUBLIC;
    """)
    for table in ("responses", "shared_deliveries"):
        op.execute(f"""
            CREATE TRIGGER keep_answered_occasion AFTER INSERT ON {table}
                FOR EACH ROW EXECUTE FUNCTION keep_answered_occasion();
        """)


def _paper() -> None:
    op.execute(f"""
        -- Answered on paper: who typed it in, and in how many answers the second typing differed from the first. A bank
        -- is printed as its short form, so that only what is answered on the screen has the form that was ordered.
        ALTER TABLE sessions
            ADD COLUMN entered_by uuid,
            ADD COLUMN entry_differences integer CHECK (entry_differences >= 0),
            ADD COLUMN ordered_form text GENERATED ALWAYS AS (CASE WHEN entered_by IS NULL THEN form END) STORED,
            ADD CONSTRAINT sessions_entered CHECK (num_nonnulls(entered_by, entry_differences) IN (0, 2)),
            ADD CONSTRAINT sessions_entered_from_paper CHECK (entered_by IS NULL OR mode = 'paper'),
            ADD CONSTRAINT sessions_entered_by FOREIGN KEY (entered_by, provider_id)
                REFERENCES staff_members (id, provider_id),
            DROP CONSTRAINT sessions_of_task,
            ADD CONSTRAINT sessions_of_task
                FOREIGN KEY (task_id, provider_id, person_id, occasion_id, instrument, instrument_version, ordered_form)
                REFERENCES tasks (id, provider_id, person_id, occasion_id, instrument, instrument_version, form);

        -- So many days after the window a form on paper may have been filled in, where the unit takes late ones at all.
        ALTER TABLE units ADD COLUMN late_paper_days integer NOT NULL DEFAULT 0
            CHECK (late_paper_days BETWEEN 0 AND 366);
        CREATE FUNCTION set_late_paper_days(p_unit uuid, p_days integer) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            UPDATE units SET late_paper_days = p_days
            WHERE id = p_unit AND provider_id = nullif(current_setting('app.provider', true), '')::uuid
              AND EXISTS (
                  SELECT FROM commissions c
                  WHERE c.staff_id = nullif(current_setting('app.actor', true), '')::uuid AND c.unit_id = p_unit
                    AND c.role = 'unit_manager' AND c.valid_from <= now()
                    AND (c.valid_until IS NULL OR c.valid_until > now()));
        $$;
        REVOKE EXECUTE ON FUNCTION set_late_paper_days FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION set_late_paper_days TO survey_staff;

        -- A form is typed in whenever it comes, and counts from the day on which it was filled in: a day that has come,
        -- not before the occasion opened, nor later than the unit takes it.
        CREATE FUNCTION refuse_paper_out_of_time() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF EXISTS (
                SELECT FROM sessions s JOIN occasions o ON o.id = s.occasion_id JOIN units u ON u.id = NEW.unit_id
                WHERE s.id = NEW.session_id AND s.entered_by IS NOT NULL AND (
                    NEW.completed_at > s.started_at OR NEW.completed_at < o.opens_at
                    OR (NEW.completed_at AT TIME ZONE 'Europe/Stockholm')::date
                       > ((o.closes_at - interval '1 minute') AT TIME ZONE 'Europe/Stockholm')::date
                         + u.late_paper_days)) THEN
                RAISE EXCEPTION 'filled in on a day that cannot be'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'paper_in_time';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_paper_out_of_time FROM PUBLIC;
        CREATE TRIGGER refuse_paper_out_of_time AFTER INSERT ON responses
            FOR EACH ROW EXECUTE FUNCTION refuse_paper_out_of_time();

        -- What is printed above the questions is the notice.
        GRANT INSERT ON notices_given, sessions, answers, responses, scores, deliveries TO survey_staff;
        CREATE POLICY staff_prints ON notices_given FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND notice_version LIKE '%/paper');
        CREATE POLICY staff_enters ON sessions FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND mode = 'paper' AND entered_by = {_BY_ACTOR});
        CREATE POLICY staff_enters ON answers FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND answered_by = person_id);
        CREATE POLICY staff_enters ON responses FOR INSERT TO survey_staff WITH CHECK ({PROVIDER});
        CREATE POLICY staff_enters ON scores FOR INSERT TO survey_staff WITH CHECK ({PROVIDER});
        CREATE POLICY staff_enters ON deliveries FOR INSERT TO survey_staff WITH CHECK ({PROVIDER});

        -- Staff write into what they enter themselves, and into nobody's own session.
        CREATE FUNCTION refuse_staff_in_session() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
        DECLARE
            entered uuid;
        BEGIN
            IF TG_TABLE_NAME IN ('answers', 'responses') THEN
                SELECT s.entered_by INTO entered FROM sessions s WHERE s.id = NEW.session_id;
            ELSE
                SELECT s.entered_by INTO entered FROM responses r JOIN sessions s ON s.id = r.session_id
                WHERE r.id = NEW.response_id;
            END IF;
            IF entered IS DISTINCT FROM {_BY_ACTOR} THEN
                RAISE EXCEPTION 'only what is entered from paper is written by staff'
                    USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'entered_from_paper';
            END IF;
            RETURN NULL;
        END $$;
    """)
    for table in ("answers", "responses", "scores", "deliveries"):
        op.execute(f"""
            CREATE TRIGGER refuse_staff_in_session AFTER INSERT ON {table}
                FOR EACH ROW WHEN (current_user = 'survey_staff') EXECUTE FUNCTION refuse_staff_in_session();
        """)


def downgrade() -> None:
    op.execute("""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM sessions WHERE entered_by IS NOT NULL) THEN
                RAISE EXCEPTION 'there are answers from paper: they cannot be told in the old shape';
            END IF;
        END $$;
        DROP POLICY staff_enters ON deliveries;
        DROP POLICY staff_enters ON scores;
        DROP POLICY staff_enters ON responses;
        DROP POLICY staff_enters ON answers;
        DROP POLICY staff_enters ON sessions;
        DROP POLICY staff_prints ON notices_given;
        REVOKE INSERT ON notices_given, sessions, answers, responses, scores, deliveries FROM survey_staff;
    """)
    for table in ("answers", "responses", "scores", "deliveries"):
        op.execute(f"DROP TRIGGER refuse_staff_in_session ON {table};")
    for table in _FOLLOWED:
        op.execute(f"DROP TRIGGER keep_worklist_entry ON {table};")
    for table in ("responses", "shared_deliveries"):
        op.execute(f"DROP TRIGGER keep_answered_occasion ON {table};")
    op.execute("""
        DROP TRIGGER refuse_change_of_begun_occasion ON occasions;
        DROP INDEX occasions_waiting, occasions_by_due_day;
        ALTER TABLE occasions DROP COLUMN is_answered;
        CREATE TRIGGER refuse_change_of_begun_occasion BEFORE UPDATE ON occasions
            FOR EACH ROW EXECUTE FUNCTION refuse_change_of_begun_occasion();
        DROP FUNCTION keep_answered_occasion, nothing_is_left_of;
    """)
    op.execute("""
        DROP TRIGGER void_worklist_entries ON enrolments;
        DROP TRIGGER refuse_paper_out_of_time ON responses;
        DROP FUNCTION refuse_staff_in_session, void_worklist_entries, refuse_paper_out_of_time, set_late_paper_days;
        ALTER TABLE units DROP COLUMN late_paper_days;
        ALTER TABLE sessions DROP CONSTRAINT sessions_of_task, DROP CONSTRAINT sessions_entered,
            DROP CONSTRAINT sessions_entered_from_paper, DROP CONSTRAINT sessions_entered_by,
            DROP COLUMN ordered_form, DROP COLUMN entered_by, DROP COLUMN entry_differences,
            ADD CONSTRAINT sessions_of_task
                FOREIGN KEY (task_id, provider_id, person_id, occasion_id, instrument, instrument_version, form)
                REFERENCES tasks (id, provider_id, person_id, occasion_id, instrument, instrument_version, form);
        DELETE FROM dispatch_attempts a USING dispatches d WHERE d.id = a.dispatch_id AND d.kind = 'reminder';
        DELETE FROM dispatches WHERE kind = 'reminder';
        ALTER TABLE dispatches DROP CONSTRAINT dispatches_once, DROP CONSTRAINT dispatches_of_reminder,
            DROP COLUMN reminder_id, DROP CONSTRAINT dispatches_kind_check,
            ADD CONSTRAINT dispatches_kind_check CHECK (kind IN ('invitation')),
            ADD CONSTRAINT dispatches_occasion_id_kind_channel_key UNIQUE (occasion_id, kind, channel);
        ALTER TABLE readings DROP COLUMN unit_id;
        DELETE FROM assessments a USING assessments b
            WHERE b.response_id = a.response_id AND (b.assessed_at, b.unit_id) < (a.assessed_at, a.unit_id);
        ALTER TABLE assessments DROP COLUMN unit_id, ADD PRIMARY KEY (response_id);
        ALTER TABLE receipts DROP CONSTRAINT receipts_at_unit_by_person, DROP COLUMN at_unit_id;
        DELETE FROM delivery_alarms WHERE kind = 'flag_not_assessed';
        ALTER TABLE delivery_alarms
            DROP CONSTRAINT delivery_alarms_at_unit, DROP CONSTRAINT delivery_alarms_pkey,
            ADD PRIMARY KEY (response_id, kind),
            ADD FOREIGN KEY (response_id, provider_id, person_id, unit_id)
                REFERENCES deliveries (response_id, provider_id, person_id, unit_id);
        DROP TABLE non_responses, reminders, clinic_lists, staff_notes, hand_overs, worklist_entries, unit_flags,
            unit_flag_rules;
        DROP FUNCTION refuse_hand_over, keep_worklist_entry, refuse_flag_rule, unit_has_flag_rules, set_flag_hours;
        REVOKE EXECUTE ON FUNCTION pushes_to_record_system FROM survey_staff;
        ALTER TABLE units DROP COLUMN flag_hours;
        ALTER TABLE delivery_alarms DROP CONSTRAINT delivery_alarms_kind_check;
        ALTER TABLE delivery_alarms ADD CONSTRAINT delivery_alarms_kind_check
            CHECK (kind IN ('not_received', 'push_failed'));
    """)
