"""Translators, the texts they work on, their states, and what approving makes: wording, or texts of the interface.

What the code promises is refused here too: the order of the states, four eyes, a changed source, two translators on one
text, and any way to an approved version but through approved texts.
"""

from alembic import op

from migrations.row_security import ACTOR, enable, protect

revision = "main_0011"
down_revision = "main_0010"

STATES = "'draft', 'translated', 'reviewed', 'linguistically_validated', 'approved', 'withdrawn'"
FORMS = """CHECK (CASE WHEN jsonb_typeof(forms) = 'array' THEN jsonb_array_length(forms) > 0
                  AND NOT jsonb_path_exists(forms, '$[*] ? (@.type() != "string" || @ == "")') ELSE false END)"""
READERS = (
    "survey_staff, survey_patient, survey_translator, survey_gate, survey_register, survey_worker, survey_operator"
)


def _made_here(table: str, column: str, *, operator: str | None = None) -> str:
    """Every translator reads the table and appends in their own name; an operator, what comes from files."""
    own = f"{column} = nullif(current_setting('app.actor', true), '')::uuid"
    rules = [
        enable(table),
        f"GRANT SELECT, INSERT ON {table} TO survey_translator;",
        f"GRANT SELECT{', INSERT' if operator else ''} ON {table} TO survey_operator;",
        f"CREATE POLICY translator ON {table} FOR SELECT TO survey_translator USING (true);",
        f"CREATE POLICY own ON {table} FOR INSERT TO survey_translator WITH CHECK ({own});",
        f"CREATE POLICY operator ON {table} FOR SELECT TO survey_operator USING (true);",
    ]
    if operator:
        rules.append(f"CREATE POLICY files ON {table} FOR INSERT TO survey_operator WITH CHECK ({operator});")
    return "\n".join(rules)


def upgrade() -> None:
    _sign_in()
    _texts()
    _versions()
    _checks()
    _approving()


def _sign_in() -> None:
    op.execute(f"""
        -- Who translates. They see no personal data; locales NULL is every language.
        CREATE TABLE translators (
            id          uuid PRIMARY KEY,
            hsa_id      text NOT NULL UNIQUE CHECK (hsa_id <> ''),
            name        text NOT NULL CHECK (name <> ''),
            may_review  boolean NOT NULL,
            may_approve boolean NOT NULL,
            locales     text[] CHECK (array_position(locales, NULL) IS NULL),
            valid_from  timestamptz NOT NULL,
            valid_until timestamptz
        );
        {protect("translators", gate="SELECT", translator="SELECT", operator="SELECT, INSERT")}
        GRANT UPDATE (valid_until) ON translators TO survey_operator;

        ALTER TABLE sign_ins
            ADD COLUMN translator_id uuid REFERENCES translators,
            DROP CONSTRAINT sign_ins_kind_check,
            ADD CONSTRAINT sign_ins_kind_check CHECK (kind IN ('patient', 'staff', 'translator')),
            ADD CONSTRAINT sign_ins_translator CHECK ((kind = 'translator') = (translator_id IS NOT NULL));

        ALTER TABLE audit_events
            DROP CONSTRAINT audit_events_actor_kind_check,
            ADD CONSTRAINT audit_events_actor_kind_check CHECK (actor_kind IN
                ('gate', 'staff', 'patient', 'translator', 'register', 'system', 'operator'));
        GRANT INSERT ON audit_events TO survey_translator;
        CREATE POLICY translator ON audit_events FOR INSERT TO survey_translator
            WITH CHECK (actor_kind = 'translator' AND {ACTOR} AND person_id IS NULL AND provider_id IS NULL);

        -- The one place that says what a translator may do in a language now.
        CREATE FUNCTION may_translate(p_translator uuid, p_locale text, p_right text)
        RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT EXISTS (
                SELECT FROM translators t
                WHERE t.id = p_translator AND t.valid_from <= now() AND coalesce(t.valid_until > now(), true)
                  AND (t.locales IS NULL OR p_locale = ANY (t.locales))
                  AND CASE p_right WHEN 'review' THEN t.may_review WHEN 'approve' THEN t.may_approve ELSE true END);
        $$;
        REVOKE EXECUTE ON FUNCTION may_translate FROM PUBLIC;
    """)


def _texts() -> None:
    op.execute(f"""
        -- What is translated. Operators say whose words they are: a translator cannot make demonstration wording own.
        CREATE TABLE translation_subjects (
            subject            text PRIMARY KEY,
            kind               text NOT NULL CHECK (kind IN ('own', 'demonstration', 'interface')),
            instrument         text,
            instrument_version text,
            respondent         text CHECK (respondent IN ('self', 'proxy')),
            CHECK (subject = CASE kind WHEN 'interface' THEN 'interface'
                   ELSE 'instrument:' || instrument || ':' || instrument_version || ':' || respondent END)
        );
        GRANT SELECT ON translation_subjects TO survey_translator, survey_operator;
        GRANT INSERT ON translation_subjects TO survey_operator;

        -- What translations are made from. Append-only: the last of (subject, context) counts, also when it says that
        -- the part is no more.
        CREATE TABLE source_texts (
            id            uuid PRIMARY KEY,
            subject       text NOT NULL REFERENCES translation_subjects,
            context       text NOT NULL CHECK (context <> ''),
            number        integer NOT NULL,
            replaces      uuid UNIQUE,
            position      integer NOT NULL,
            concept       text NOT NULL,
            needed        boolean NOT NULL,
            source_locale text NOT NULL,
            forms         jsonb NOT NULL {FORMS},
            content_hash  text NOT NULL,
            retired       boolean NOT NULL,
            entered_at    timestamptz NOT NULL,
            UNIQUE (subject, context, number),
            UNIQUE (id, subject, context),
            FOREIGN KEY (replaces, subject, context) REFERENCES source_texts (id, subject, context)
        );
        GRANT SELECT ON source_texts TO survey_translator, survey_operator;
        GRANT INSERT ON source_texts TO survey_operator;

        -- One translation of one text. Append-only; each but the first replaces the one that its maker saw, and nothing
        -- is replaced twice: of two translators on a text, the second is refused.
        CREATE TABLE translations (
            id           uuid PRIMARY KEY,
            subject      text NOT NULL,
            context      text NOT NULL,
            locale       text NOT NULL CHECK (locale <> ''),
            number       integer NOT NULL,
            source_id    uuid NOT NULL,
            forms        jsonb NOT NULL {FORMS},
            content_hash text NOT NULL,
            replaces     uuid UNIQUE,
            made_by      uuid REFERENCES translators,  -- NULL: came with the files
            made_at      timestamptz NOT NULL,
            UNIQUE (subject, locale, context, number),
            UNIQUE (id, subject, context, locale),
            FOREIGN KEY (source_id, subject, context) REFERENCES source_texts (id, subject, context),
            FOREIGN KEY (replaces, subject, context, locale) REFERENCES translations (id, subject, context, locale)
        );
        {_made_here("translations", "made_by", operator="made_by IS NULL")}

        -- What a step rests on: interviews, a back-translation, a reconciliation.
        CREATE TABLE evidence_documents (
            digest  text PRIMARY KEY CHECK (digest = 'sha256:' || encode(sha256(content), 'hex')),
            content bytea NOT NULL CHECK (length(content) > 0)
        );
        {protect("evidence_documents", translator="SELECT, INSERT", operator="SELECT")}

        -- From state to state. A translation without a step is a draft.
        CREATE TABLE translation_steps (
            id              uuid PRIMARY KEY,
            translation_id  uuid NOT NULL REFERENCES translations,
            number          integer NOT NULL,
            state           text NOT NULL CHECK (state IN ({STATES})),
            taken_by        uuid REFERENCES translators,  -- NULL: the files' own review
            taken_at        timestamptz NOT NULL,
            note            text NOT NULL,
            evidence_name   text CHECK (evidence_name <> ''),
            evidence_digest text REFERENCES evidence_documents,
            UNIQUE (translation_id, number),
            CONSTRAINT evidence_is_whole CHECK (num_nonnulls(evidence_name, evidence_digest) <> 1),
            CONSTRAINT validation_has_evidence CHECK
                (state <> 'linguistically_validated' OR evidence_digest IS NOT NULL)
        );
        {_made_here("translation_steps", "taken_by", operator="taken_by IS NULL")}

        CREATE TABLE translation_comments (
            id         uuid PRIMARY KEY,
            subject    text NOT NULL REFERENCES translation_subjects,
            context    text NOT NULL CHECK (context <> ''),
            locale     text NOT NULL CHECK (locale <> ''),
            text       text NOT NULL CHECK (text <> ''),
            written_by uuid NOT NULL REFERENCES translators,
            written_at timestamptz NOT NULL
        );
        CREATE INDEX ON translation_comments (subject, context);
        {_made_here("translation_comments", "written_by")}

        -- How a term of the source is said in a language. Append-only: the last of (term, locale) counts, and an empty
        -- one takes the term out.
        CREATE TABLE glossary_terms (
            id          uuid PRIMARY KEY,
            term        text NOT NULL CHECK (term <> ''),
            locale      text NOT NULL CHECK (locale <> ''),
            translation text NOT NULL,
            note        text NOT NULL,
            entered_by  uuid NOT NULL REFERENCES translators,
            entered_at  timestamptz NOT NULL
        );
        CREATE INDEX ON glossary_terms (locale, term);
        {_made_here("glossary_terms", "entered_by")}
    """)


def _versions() -> None:
    op.execute(f"""
        -- Wording approved anew, or taken back. The last of a wording counts; without any, `wordings.approved_at` does.
        -- Written by functions only.
        CREATE TABLE wording_decisions (
            number     bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
            wording_id uuid NOT NULL REFERENCES wordings,
            decision   text NOT NULL CHECK (decision IN ('approved', 'withdrawn')),
            decided_by uuid NOT NULL REFERENCES translators,
            decided_at timestamptz NOT NULL,
            reason     text NOT NULL
        );
        CREATE INDEX ON wording_decisions (wording_id, number);
        GRANT SELECT ON wording_decisions TO {READERS};

        -- Approved texts of the interface in a language, by context; the last is in force. Written by functions only.
        CREATE TABLE interface_versions (
            number       bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
            id           uuid NOT NULL UNIQUE,
            locale       text NOT NULL,
            texts        jsonb NOT NULL,
            content_hash text NOT NULL,
            approved_by  uuid NOT NULL,
            approved_at  timestamptz NOT NULL
        );
        CREATE INDEX ON interface_versions (locale, number);
        GRANT SELECT ON interface_versions TO {READERS};

        -- No new session on wording that was taken back. What has begun may be finished.
        CREATE FUNCTION refuse_session_on_withdrawn_wording() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF 'withdrawn' = (SELECT decision FROM wording_decisions WHERE wording_id = NEW.wording_id
                              ORDER BY number DESC LIMIT 1) THEN
                RAISE EXCEPTION 'this wording has been withdrawn'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'session_needs_wording';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_session_on_withdrawn_wording FROM PUBLIC;
        CREATE TRIGGER refuse_session_on_withdrawn_wording AFTER INSERT ON sessions
            FOR EACH ROW EXECUTE FUNCTION refuse_session_on_withdrawn_wording();
    """)


def _checks() -> None:
    op.execute("""
        -- What tells one text from another; the code computes the same.
        CREATE FUNCTION hash_of_forms(p_forms jsonb) RETURNS text LANGUAGE sql STABLE
        SET search_path = public, pg_temp AS $$
            SELECT 'sha256:' || encode(sha256(convert_to(p_forms::text, 'UTF8')), 'hex');
        $$;
        REVOKE EXECUTE ON FUNCTION hash_of_forms FROM PUBLIC;
        -- Of a whole version: `version_hash` and `InstrumentWording.content_hash` in the code.
        CREATE FUNCTION hash_of_texts(p_origin jsonb, p_texts jsonb) RETURNS text LANGUAGE sql STABLE
        SET search_path = public, pg_temp AS $$
            SELECT 'sha256:' || encode(sha256(convert_to('[' || p_origin::text || ', [' || string_agg(
                '[' || to_json(key)::text || ', ' || value::text || ']', ', ' ORDER BY key COLLATE "C"
                ) || ']]', 'UTF8')), 'hex') FROM jsonb_each(p_texts);
        $$;
        REVOKE EXECUTE ON FUNCTION hash_of_texts FROM PUBLIC;

        CREATE FUNCTION check_source_text() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            NEW.number := coalesce((SELECT number FROM source_texts WHERE id = NEW.replaces), 0) + 1;
            IF NEW.content_hash <> hash_of_forms(NEW.forms) THEN
                RAISE EXCEPTION 'the hash is of another text'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'hash_is_of_forms';
            END IF;
            RETURN NEW;
        END $$;
        REVOKE EXECUTE ON FUNCTION check_source_text FROM PUBLIC;
        CREATE TRIGGER check_source_text BEFORE INSERT ON source_texts
            FOR EACH ROW EXECUTE FUNCTION check_source_text();

        CREATE FUNCTION current_source(p_subject text, p_context text) RETURNS source_texts LANGUAGE sql STABLE
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT s FROM source_texts s WHERE s.subject = p_subject AND s.context = p_context
            ORDER BY s.number DESC LIMIT 1;
        $$;
        REVOKE EXECUTE ON FUNCTION current_source FROM PUBLIC;

        CREATE FUNCTION check_translation() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            source source_texts := current_source(NEW.subject, NEW.context);
        BEGIN
            NEW.number := coalesce((SELECT number FROM translations WHERE id = NEW.replaces), 0) + 1;
            IF NEW.content_hash <> hash_of_forms(NEW.forms) THEN
                RAISE EXCEPTION 'the hash is of another text'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'hash_is_of_forms';
            ELSIF source.id IS DISTINCT FROM NEW.source_id OR source.retired THEN
                RAISE EXCEPTION 'the source has changed or is no more'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'source_is_current';
            ELSIF NEW.made_by IS NOT NULL AND NOT may_translate(NEW.made_by, NEW.locale, 'translate') THEN
                RAISE EXCEPTION 'not a translator of this language'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'language_is_own';
            END IF;
            RETURN NEW;
        END $$;
        REVOKE EXECUTE ON FUNCTION check_translation FROM PUBLIC;
        CREATE TRIGGER check_translation BEFORE INSERT ON translations
            FOR EACH ROW EXECUTE FUNCTION check_translation();

        -- The states and who may take a text to them: survey_service/languages/rules.py has the same. The lock on the
        -- translation lets one step follow another, and keeps a replacement out until the step is taken.
        CREATE FUNCTION check_step() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            text_ translations;
            was   text;
            last  integer;
            own   boolean;
            reviews boolean;
            approves boolean;
            allowed boolean;
        BEGIN
            SELECT * INTO text_ FROM translations WHERE id = NEW.translation_id FOR UPDATE;
            SELECT number, state INTO last, was FROM translation_steps
                WHERE translation_id = NEW.translation_id ORDER BY number DESC LIMIT 1;
            was := coalesce(was, 'draft');
            NEW.number := coalesce(last, 0) + 1;
            IF NEW.taken_by IS NULL THEN
                -- The files' own review: of what came with them, and before anybody else had to do with it.
                allowed := text_.made_by IS NULL AND last IS NULL AND NEW.state IN ('translated', 'approved');
            ELSE
                own := text_.made_by IS NOT DISTINCT FROM NEW.taken_by;
                reviews := may_translate(NEW.taken_by, text_.locale, 'review') AND NOT own;
                approves := may_translate(NEW.taken_by, text_.locale, 'approve');
                allowed := may_translate(NEW.taken_by, text_.locale, 'translate') AND CASE was || ' ' || NEW.state
                    WHEN 'draft translated' THEN own
                    WHEN 'translated reviewed' THEN reviews
                    WHEN 'translated draft' THEN reviews OR own
                    WHEN 'reviewed linguistically_validated' THEN reviews
                    WHEN 'reviewed approved' THEN approves AND NOT own AND 'own' <>
                        (SELECT kind FROM translation_subjects WHERE subject = text_.subject)
                    WHEN 'reviewed draft' THEN reviews OR (approves AND NOT own)
                    WHEN 'linguistically_validated approved' THEN approves AND NOT own
                    WHEN 'linguistically_validated draft' THEN reviews OR (approves AND NOT own)
                    WHEN 'approved withdrawn' THEN approves
                    ELSE false END;
            END IF;
            IF NOT coalesce(allowed, false) THEN
                RAISE EXCEPTION 'not from % to %, or not by this translator', was, NEW.state
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'step_is_allowed';
            ELSIF NEW.state <> 'withdrawn' AND EXISTS (SELECT FROM translations WHERE replaces = text_.id) THEN
                RAISE EXCEPTION 'another translation has replaced this one'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'translation_is_current';
            ELSIF NEW.state NOT IN ('draft', 'withdrawn') AND NOT EXISTS (
                SELECT FROM source_texts s, current_source(text_.subject, text_.context) c
                WHERE s.id = text_.source_id AND s.content_hash = c.content_hash AND NOT c.retired
            ) THEN
                RAISE EXCEPTION 'the source has changed or is no more'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'source_is_current';
            END IF;
            RETURN NEW;
        END $$;
        REVOKE EXECUTE ON FUNCTION check_step FROM PUBLIC;
        CREATE TRIGGER check_step BEFORE INSERT ON translation_steps FOR EACH ROW EXECUTE FUNCTION check_step();

        -- A text that is withdrawn takes with it every approved wording that has it, and leaves the interface.
        CREATE FUNCTION withdraw_versions() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            text_ translations;
            about translation_subjects;
            shown interface_versions;
        BEGIN
            SELECT * INTO text_ FROM translations WHERE id = NEW.translation_id;
            SELECT * INTO about FROM translation_subjects WHERE subject = text_.subject;
            IF about.kind <> 'interface' THEN
                INSERT INTO wording_decisions (wording_id, decision, decided_by, decided_at, reason)
                SELECT w.id, 'withdrawn', NEW.taken_by, NEW.taken_at, text_.context || ': ' || NEW.note FROM wordings w
                WHERE w.instrument = about.instrument AND w.instrument_version = about.instrument_version
                  AND w.respondent = about.respondent AND w.locale = text_.locale AND w.kind <> 'licensed'
                  AND w.texts ->> text_.context = text_.forms ->> 0;
                RETURN NULL;
            END IF;
            SELECT * INTO shown FROM interface_versions WHERE locale = text_.locale ORDER BY number DESC LIMIT 1;
            IF shown.texts -> text_.context = text_.forms THEN
                INSERT INTO interface_versions (id, locale, texts, content_hash, approved_by, approved_at)
                VALUES (NEW.id, text_.locale, shown.texts - text_.context,
                        hash_of_texts(jsonb_build_array('interface', text_.locale), shown.texts - text_.context),
                        NEW.taken_by, NEW.taken_at);
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION withdraw_versions FROM PUBLIC;
        CREATE TRIGGER withdraw_versions AFTER INSERT ON translation_steps
            FOR EACH ROW WHEN (NEW.state = 'withdrawn') EXECUTE FUNCTION withdraw_versions();
    """)


def _approving() -> None:
    op.execute("""
        -- What is approved and true to its source: of each part, the last that was ever approved or withdrawn decides.
        CREATE FUNCTION approved_texts(p_subject text, p_locale text)
        RETURNS TABLE (context text, forms jsonb, translation_id uuid, stale boolean) LANGUAGE sql STABLE
        SET search_path = public, pg_temp AS $$
            SELECT s.context, t.forms, t.id, t.source_hash <> s.content_hash
            FROM (SELECT DISTINCT ON (context) * FROM source_texts WHERE subject = p_subject
                  ORDER BY context, number DESC) s
            JOIN (SELECT DISTINCT ON (t.context) t.*, o.content_hash AS source_hash, step.state
                  FROM translations t JOIN source_texts o ON o.id = t.source_id,
                  LATERAL (SELECT state FROM translation_steps WHERE translation_id = t.id
                           ORDER BY number DESC LIMIT 1) step
                  WHERE t.subject = p_subject AND t.locale = p_locale AND step.state IN ('approved', 'withdrawn')
                  ORDER BY t.context, t.number DESC) t USING (context)
            WHERE NOT s.retired AND t.state = 'approved';
        $$;
        REVOKE EXECUTE ON FUNCTION approved_texts FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION approved_texts TO survey_translator, survey_operator;

        -- The only way to an approved version: made of approved texts, as p_seen says they were when they were looked
        -- at. An instrument's goes into `wordings`, the interface's into `interface_versions`.
        CREATE FUNCTION approve_wording(p_id uuid, p_subject text, p_locale text, p_seen text, p_at timestamptz)
        RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            actor uuid := nullif(current_setting('app.actor', true), '')::uuid;
            about translation_subjects;
            made  uuid := p_id;
            texts jsonb;
            origin jsonb;
            hash  text;
        BEGIN
            SELECT * INTO about FROM translation_subjects WHERE subject = p_subject;
            IF about.kind IS NULL OR NOT may_translate(actor, p_locale, 'approve') THEN
                RAISE EXCEPTION 'not an approver of this language'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'approver_is_allowed';
            ELSIF about.kind = 'demonstration' AND NOT EXISTS (SELECT FROM deployment WHERE demonstration) THEN
                RAISE EXCEPTION 'demonstration wording is for a demonstration'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'approver_is_allowed';
            END IF;
            SELECT jsonb_object_agg(context, CASE about.kind WHEN 'interface' THEN forms ELSE forms -> 0 END)
                INTO texts FROM approved_texts(p_subject, p_locale) WHERE NOT stale;
            origin := CASE about.kind WHEN 'interface' THEN jsonb_build_array('interface', p_locale)
                ELSE jsonb_build_array(about.instrument, about.instrument_version, p_locale, about.kind) END;
            IF about.respondent = 'proxy' THEN
                origin := origin || to_jsonb(about.respondent);
            END IF;
            hash := hash_of_texts(origin, texts);
            IF texts IS NULL OR hash IS DISTINCT FROM p_seen THEN
                RAISE EXCEPTION 'the approved texts are not those that were looked at'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'texts_are_as_seen';
            END IF;
            IF about.kind = 'interface' THEN
                INSERT INTO interface_versions (id, locale, texts, content_hash, approved_by, approved_at)
                VALUES (p_id, p_locale, texts, hash, actor, p_at);
                RETURN p_id;
            END IF;
            INSERT INTO wordings (id, instrument, instrument_version, locale, respondent, kind, content_hash, texts,
                                  approved_at)
            VALUES (p_id, about.instrument, about.instrument_version, p_locale, about.respondent, about.kind, hash,
                    texts, p_at) ON CONFLICT DO NOTHING;
            IF NOT FOUND THEN
                SELECT id INTO made FROM wordings WHERE instrument = about.instrument AND content_hash = hash
                    AND instrument_version = about.instrument_version AND locale = p_locale;
            END IF;
            INSERT INTO wording_decisions (wording_id, decision, decided_by, decided_at, reason)
            VALUES (made, 'approved', actor, p_at, '');
            RETURN made;
        END $$;
        REVOKE EXECUTE ON FUNCTION approve_wording FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION approve_wording TO survey_translator;
    """)


def downgrade() -> None:
    # Translators' work goes; wording that came of it stays, as approved as any. The log keeps what they did, as done by
    # the side of the service that runs it.
    op.execute("""
        DROP TRIGGER refuse_session_on_withdrawn_wording ON sessions;
        DROP FUNCTION approve_wording, approved_texts, refuse_session_on_withdrawn_wording;
        DROP TABLE interface_versions, wording_decisions, glossary_terms, translation_comments, translation_steps,
            evidence_documents, translations;
        DROP FUNCTION withdraw_versions, check_step, check_translation, current_source;
        DROP TABLE source_texts, translation_subjects;
        DROP FUNCTION check_source_text, hash_of_forms, hash_of_texts, may_translate;

        DROP POLICY translator ON audit_events;
        REVOKE INSERT ON audit_events FROM survey_translator;
        UPDATE audit_events SET actor_kind = 'operator' WHERE actor_kind = 'translator';
        ALTER TABLE audit_events
            DROP CONSTRAINT audit_events_actor_kind_check,
            ADD CONSTRAINT audit_events_actor_kind_check CHECK (actor_kind IN
                ('gate', 'staff', 'patient', 'register', 'system', 'operator'));
        DELETE FROM sign_ins WHERE kind = 'translator';
        ALTER TABLE sign_ins
            DROP CONSTRAINT sign_ins_translator, DROP CONSTRAINT sign_ins_kind_check,
            ADD CONSTRAINT sign_ins_kind_check CHECK (kind IN ('patient', 'staff')),
            DROP COLUMN translator_id;
        DROP TABLE translators;
    """)
