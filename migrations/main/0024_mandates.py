"""Mandates: who answers for whom, until when, and whether they may read; and what the database lets them reach.

Whoever acts for somebody else has ``app.actor`` set to themselves and ``app.person`` to the patient. The patient's
policies of earlier steps still say whose rows these are; the restrictive ones of this step say what of them a holder of
a mandate in force may see and write. Without a mandate that is nothing.
"""

from alembic import op

from migrations.row_security import ACTOR, PERSON, PROVIDER, enable

revision = "main_0024"
down_revision = "main_0023"

_ACTOR = "nullif(current_setting('app.actor', true), '')::uuid"
_PERSON = "nullif(current_setting('app.person', true), '')::uuid"
_SELF = f"{_ACTOR} = {_PERSON}"

# What is needed to answer, and to see that it was received.
_TO_ANSWER = (
    "patients", "enrolments", "occasions", "tasks", "notices_given", "sessions", "responses", "deliveries", "receipts",
    "readings", "assessments", "task_links", "shared_deliveries", "response_versions",
)  # fmt: skip
# What only who may read sees, but whoever answers writes.
_WRITTEN_TO_ANSWER = ("scores", "response_flags")
_TO_READ = (
    "messages", "dispatches", "dispatch_attempts", "dispatch_receipts", "releases", "register_messages",
    "corrected_answers", "corrected_scores", "imported_responses", "imported_scores", "imported_answers",
    "enrolment_events", "emergency_accesses", "patient_blocks",
)  # fmt: skip
# The same of what is of no provider: a proxy, whose mandate is of one, does not see it.
_TO_READ_OF_NO_PROVIDER = ("register_choices", "erasure_orders", "contact_choices")
# What a person decides alone.
_DECIDED = ("patient_blocks", "contact_choices")


def upgrade() -> None:
    _mandates()
    _functions()
    _guardians()
    _policies()
    _answers()
    op.execute("""
        -- For whom somebody who has signed in is answering; null is for themselves.
        ALTER TABLE sign_ins ADD COLUMN acting_for uuid REFERENCES persons
            CONSTRAINT sign_ins_acting CHECK (acting_for IS NULL OR kind = 'patient');
    """)


def _mandates() -> None:
    op.execute(f"""
        CREATE TABLE mandates (
            id                 uuid PRIMARY KEY,
            kind               text NOT NULL CHECK (kind IN ('guardian', 'proxy')),
            -- A proxy answers to the provider that entered the mandate; a guardian to every one.
            provider_id        uuid,
            person_id          uuid NOT NULL REFERENCES persons,
            holder_id          uuid NOT NULL REFERENCES persons CHECK (holder_id <> person_id),
            may_read           boolean NOT NULL,
            valid_from         timestamptz NOT NULL,
            valid_until        timestamptz NOT NULL,
            -- Of a guardian: when the person directory last said so, and whether it hides who the child is.
            said_at            timestamptz,
            is_protected       boolean NOT NULL DEFAULT false,
            -- Of a proxy: who entered it, and what it rests on; sealed under the patient's key.
            unit_id            uuid,
            entered_by         uuid,
            ground             text CHECK (ground IN ('power_of_attorney', 'trustee', 'future_power', 'relative')),
            note_sealed        bytea,
            holder_name_sealed bytea,
            ended_at           timestamptz,
            -- The member of staff, or the patient; null where the directory no longer says so.
            ended_by           uuid,
            CHECK ((kind = 'proxy') = (num_nonnulls(provider_id, unit_id, entered_by, ground, holder_name_sealed) = 5)),
            CHECK ((kind = 'guardian') = (said_at IS NOT NULL)),
            CHECK (kind = 'proxy' OR num_nonnulls(provider_id, unit_id, entered_by, ground, note_sealed) = 0),
            CHECK (ended_by IS NULL OR ended_at IS NOT NULL),
            CONSTRAINT mandates_length CHECK (valid_until > valid_from
                AND (kind = 'guardian' OR valid_until <= valid_from + interval '2 years 1 day')),
            FOREIGN KEY (provider_id, person_id) REFERENCES patients (provider_id, person_id),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id),
            FOREIGN KEY (entered_by, provider_id) REFERENCES staff_members (id, provider_id)
        );
        CREATE INDEX ON mandates (holder_id, person_id);
        CREATE INDEX ON mandates (person_id);
        CREATE UNIQUE INDEX mandates_one ON mandates (person_id, holder_id, provider_id) NULLS NOT DISTINCT
            WHERE ended_at IS NULL;
        {enable("mandates")}
        GRANT SELECT, INSERT, UPDATE (ended_at, ended_by) ON mandates TO survey_staff;
        GRANT SELECT, UPDATE (ended_at, ended_by) ON mandates TO survey_patient;
        CREATE POLICY staff ON mandates FOR SELECT TO survey_staff USING ({PROVIDER});
        CREATE POLICY staff_enters ON mandates FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND kind = 'proxy' AND {ACTOR.replace("actor_id", "entered_by")});
        CREATE POLICY staff_ends ON mandates FOR UPDATE TO survey_staff
            USING ({PROVIDER} AND ended_at IS NULL) WITH CHECK ({PROVIDER} AND {ACTOR.replace("actor_id", "ended_by")});
        -- Nobody but the patient sees who else may answer, or ends it.
        CREATE POLICY patient ON mandates FOR SELECT TO survey_patient USING ({PERSON} AND {_SELF});
        CREATE POLICY patient_ends ON mandates FOR UPDATE TO survey_patient
            USING ({PERSON} AND {_SELF} AND kind = 'proxy' AND ended_at IS NULL)
            WITH CHECK ({PERSON} AND ended_by = person_id);
        CREATE POLICY tablet ON mandates AS RESTRICTIVE TO survey_patient
            USING (nullif(current_setting('app.occasion', true), '') IS NULL);
    """)


def _functions() -> None:
    op.execute(f"""
        -- In force now, for whoever is set to act for whom; at a provider, and for reading or only for answering. What
        -- has been said of guardians stands for a day.
        CREATE FUNCTION acts_for(p_provider uuid, p_reading boolean) RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT EXISTS (
                SELECT FROM mandates m
                WHERE m.holder_id = {_ACTOR} AND m.person_id = {_PERSON}
                  AND (m.provider_id IS NULL OR m.provider_id = p_provider) AND (m.may_read OR NOT p_reading)
                  AND m.ended_at IS NULL AND m.valid_until > now()
                  AND (m.kind = 'proxy' OR m.said_at > now() - interval '1 day'))
               AND nullif(current_setting('app.occasion', true), '') IS NULL;
        $$;
        CREATE FUNCTION holds_mandate() RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT EXISTS (
                SELECT FROM mandates m
                WHERE m.holder_id = {_ACTOR} AND m.person_id = {_PERSON} AND acts_for(m.provider_id, false));
        $$;
        -- Answered so far by somebody else than the patient, and not to the end.
        CREATE FUNCTION is_under_way_for_another(p_session uuid) RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT EXISTS (SELECT FROM sessions s WHERE s.id = p_session AND s.respondent = 'proxy')
               AND NOT EXISTS (SELECT FROM responses r WHERE r.session_id = p_session);
        $$;
        -- In which roles the answers of a session were given: 'self', 'guardian', 'proxy'. Never by whom.
        CREATE FUNCTION answered_as(p_session uuid) RETURNS SETOF text
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT DISTINCT CASE WHEN a.answered_by = a.person_id THEN 'self' ELSE (
                SELECT m.kind FROM mandates m
                WHERE m.holder_id = a.answered_by AND m.person_id = a.person_id
                  AND (m.provider_id IS NULL OR m.provider_id = a.provider_id)
                ORDER BY m.valid_from <= a.answered_at DESC, m.valid_from DESC LIMIT 1) END
            FROM answers a
            WHERE a.session_id = p_session
              AND a.provider_id = nullif(current_setting('app.provider', true), '')::uuid;
        $$;
        -- For the gate: for whom somebody may answer at that moment.
        CREATE FUNCTION mandates_in_force(p_holder uuid, p_at timestamptz)
        RETURNS TABLE (id uuid, person_id uuid, provider_id uuid, kind text, may_read boolean, is_protected boolean,
                       valid_until timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT m.id, m.person_id, m.provider_id, m.kind, m.may_read,
                   m.is_protected OR EXISTS (
                       SELECT FROM person_facts f WHERE f.person_id = m.person_id AND f.is_protected),
                   m.valid_until
            FROM mandates m
            WHERE m.holder_id = p_holder AND m.ended_at IS NULL AND m.valid_from <= p_at AND m.valid_until > p_at
              AND (m.kind = 'proxy' OR m.said_at > p_at - interval '1 day');
        $$;
        REVOKE EXECUTE ON FUNCTION acts_for, holds_mandate, is_under_way_for_another, answered_as, mandates_in_force
            FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION acts_for, holds_mandate, is_under_way_for_another TO survey_patient;
        GRANT EXECUTE ON FUNCTION answered_as TO survey_staff;
        GRANT EXECUTE ON FUNCTION mandates_in_force TO survey_gate;
    """)


def _guardians() -> None:
    op.execute("""
        -- What the person directory says of somebody who signs in: the children, and when each mandate passes to the
        -- child. Returns the holder's id, made where one of the children is known and the holder was not. Who is no
        -- longer said to be a child's guardian is none from then on.
        CREATE FUNCTION keep_guardian(p_holder bytea, p_new_id uuid, p_children bytea[], p_ids uuid[],
                                      p_until timestamptz[], p_protected boolean[], p_at timestamptz)
        RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            holder uuid;
        BEGIN
            IF EXISTS (SELECT FROM persons p WHERE p.identity_digest = ANY (p_children)) THEN
                INSERT INTO persons (id, identity_digest) VALUES (p_new_id, p_holder)
                ON CONFLICT (identity_digest) DO NOTHING;
            END IF;
            SELECT p.id INTO holder FROM persons p WHERE p.identity_digest = p_holder;
            IF holder IS NULL THEN
                RETURN NULL;
            END IF;
            UPDATE mandates m SET ended_at = p_at
            WHERE m.holder_id = holder AND m.kind = 'guardian' AND m.ended_at IS NULL
              AND NOT EXISTS (SELECT FROM persons p
                              WHERE p.id = m.person_id AND p.identity_digest = ANY (p_children));
            INSERT INTO mandates AS m
                (id, kind, person_id, holder_id, may_read, valid_from, valid_until, said_at, is_protected)
            SELECT said.id, 'guardian', p.id, holder, true, p_at, said.until, p_at, said.is_protected
            FROM unnest(p_children, p_ids, p_until, p_protected) AS said (child, id, until, is_protected)
            JOIN persons p ON p.identity_digest = said.child
            WHERE said.until > p_at AND p.id <> holder
            ON CONFLICT (person_id, holder_id, provider_id) WHERE ended_at IS NULL DO UPDATE
                SET said_at = excluded.said_at, is_protected = excluded.is_protected,
                    valid_until = least(m.valid_until, excluded.valid_until);
            RETURN holder;
        END $$;
        REVOKE EXECUTE ON FUNCTION keep_guardian FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION keep_guardian TO survey_gate;
    """)


def _policies() -> None:
    for table in _TO_ANSWER:
        op.execute(f"""
            CREATE POLICY mandate ON {table} AS RESTRICTIVE TO survey_patient
                USING ({_SELF} OR acts_for(provider_id, false));
        """)
    for table in (*_WRITTEN_TO_ANSWER, *_TO_READ):
        op.execute(f"""
            CREATE POLICY mandate ON {table} AS RESTRICTIVE FOR SELECT TO survey_patient
                USING ({_SELF} OR acts_for(provider_id, true));
        """)
    for table in _WRITTEN_TO_ANSWER:
        op.execute(f"""
            CREATE POLICY mandate_writes ON {table} AS RESTRICTIVE FOR INSERT TO survey_patient
                WITH CHECK ({_SELF} OR acts_for(provider_id, false));
        """)
    for table in _TO_READ_OF_NO_PROVIDER:
        op.execute(f"""
            CREATE POLICY mandate ON {table} AS RESTRICTIVE FOR SELECT TO survey_patient
                USING ({_SELF} OR acts_for(NULL, true));
        """)
    for table in _DECIDED:
        op.execute(f"""
            CREATE POLICY alone_sets ON {table} AS RESTRICTIVE FOR INSERT TO survey_patient WITH CHECK ({_SELF});
            CREATE POLICY alone_changes ON {table} AS RESTRICTIVE FOR UPDATE TO survey_patient USING ({_SELF});
        """)
    op.execute(f"""
        CREATE POLICY mandate ON audit_events AS RESTRICTIVE FOR SELECT TO survey_patient
            USING ({_SELF} OR acts_for(provider_id, true));
        CREATE POLICY mandate_writes ON audit_events AS RESTRICTIVE FOR INSERT TO survey_patient
            WITH CHECK ({_SELF} OR holds_mandate());

        -- Reached by functions of the owner's, which see no policy.
        CREATE FUNCTION refuse_choice_for_another() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
        BEGIN
            IF {_PERSON} IS NOT NULL AND NOT coalesce({_SELF}, false) THEN
                RAISE EXCEPTION 'only the person decides about registers' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER refuse_choice_for_another BEFORE INSERT OR UPDATE ON register_choices
            FOR EACH ROW EXECUTE FUNCTION refuse_choice_for_another();
    """)


def _answers() -> None:
    op.execute(f"""
        CREATE POLICY mandate ON answers AS RESTRICTIVE FOR SELECT TO survey_patient
            USING ({_SELF} OR acts_for(provider_id, true) OR (acts_for(provider_id, false)
                   AND (answered_by = {_ACTOR} OR is_under_way_for_another(session_id))));
        CREATE POLICY mandate_writes ON answers AS RESTRICTIVE FOR INSERT TO survey_patient
            WITH CHECK (answered_by = {_ACTOR} AND ({_SELF} OR acts_for(provider_id, false)));
        -- Whoever answers for another is shown wording for that, and whoever answers for oneself is not.
        CREATE POLICY respondent ON sessions AS RESTRICTIVE FOR INSERT TO survey_patient
            WITH CHECK ((respondent = 'proxy') = NOT ({_SELF}));

        -- Whatever role writes: an answer is the person's, or of somebody with a mandate, in a session for that.
        CREATE FUNCTION refuse_answer_without_mandate() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT FROM mandates m JOIN sessions s ON s.id = NEW.session_id AND s.respondent = 'proxy'
                WHERE m.holder_id = NEW.answered_by AND m.person_id = NEW.person_id
                  AND (m.provider_id IS NULL OR m.provider_id = NEW.provider_id)
                  AND m.ended_at IS NULL AND m.valid_until > now()
                  AND (m.kind = 'proxy' OR m.said_at > now() - interval '1 day')) THEN
                RAISE EXCEPTION 'nobody who may answer for the patient'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'answers_by_mandate';
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER refuse_answer_without_mandate AFTER INSERT ON answers
            FOR EACH ROW WHEN (NEW.answered_by <> NEW.person_id) EXECUTE FUNCTION refuse_answer_without_mandate();
        REVOKE EXECUTE ON FUNCTION refuse_choice_for_another, refuse_answer_without_mandate FROM PUBLIC;
    """)


def downgrade() -> None:
    op.execute("""
        ALTER TABLE sign_ins DROP COLUMN acting_for;
        DROP TRIGGER refuse_answer_without_mandate ON answers;
        DROP TRIGGER refuse_choice_for_another ON register_choices;
        DROP POLICY respondent ON sessions;
        DROP POLICY mandate_writes ON answers;
        DROP POLICY mandate ON answers;
        DROP POLICY mandate_writes ON audit_events;
        DROP POLICY mandate ON audit_events;
    """)
    for table in (*_TO_ANSWER, *_WRITTEN_TO_ANSWER, *_TO_READ, *_TO_READ_OF_NO_PROVIDER):
        op.execute(f"DROP POLICY mandate ON {table};")
    for table in _WRITTEN_TO_ANSWER:
        op.execute(f"DROP POLICY mandate_writes ON {table};")
    for table in _DECIDED:
        op.execute(f"DROP POLICY alone_sets ON {table}; DROP POLICY alone_changes ON {table};")
    op.execute("""
        DROP TABLE mandates;
        DROP FUNCTION refuse_answer_without_mandate, refuse_choice_for_another, keep_guardian, mandates_in_force,
            answered_as, is_under_way_for_another, holds_mandate, acts_for;
    """)
