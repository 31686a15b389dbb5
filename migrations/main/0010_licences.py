"""Licences, the documents that prove them, and a database that knows whether it is for a demonstration.

What the code promises is refused here too: no session shows the rights-holder's wording without a licence in force, nor
demonstration wording outside a demonstration.
"""

from alembic import op

from migrations.row_security import protect

revision = "main_0010"
down_revision = "main_0009"

READERS = (
    "survey_staff, survey_patient, survey_translator, survey_gate, survey_register, survey_worker, survey_operator"
)


def upgrade() -> None:
    op.execute(f"""
        -- One row, written once by the owner (`survey database migrate`). Without it nothing is a demonstration.
        CREATE TABLE deployment (
            the_only_one  boolean PRIMARY KEY DEFAULT true CHECK (the_only_one),
            demonstration boolean NOT NULL
        );
        GRANT SELECT ON deployment TO {READERS};
        -- Against a slip of the owner's hand: what has been real never becomes a demonstration.
        CREATE FUNCTION keep_real_deployment() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
        BEGIN
            IF EXISTS (SELECT FROM deployment WHERE NOT demonstration) THEN
                RAISE EXCEPTION 'this database is for real use and never becomes a demonstration'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION keep_real_deployment FROM PUBLIC;
        CREATE TRIGGER keep_real_deployment BEFORE UPDATE OR DELETE OR TRUNCATE ON deployment
            FOR EACH STATEMENT EXECUTE FUNCTION keep_real_deployment();

        -- Licence agreements and certificates of translation, by what is in them. Operators only.
        CREATE TABLE rights_documents (
            digest  text PRIMARY KEY CHECK (digest = 'sha256:' || encode(sha256(content), 'hex')),
            content bytea NOT NULL CHECK (length(content) > 0)
        );
        {protect("rights_documents", operator="SELECT, INSERT")}

        -- Who may use which instrument, for what, where, in which languages and ways of answering, and how long. The
        -- licensee is a care provider: a register's agreement licenses nobody [D1].
        CREATE TABLE licences (
            id                 uuid PRIMARY KEY,
            provider_id        uuid NOT NULL REFERENCES providers,
            unit_id            uuid,                -- NULL: every unit of the provider
            instrument         text NOT NULL CHECK (instrument <> ''),
            instrument_version text CHECK (instrument_version <> ''),  -- NULL: every version
            purpose            text NOT NULL CHECK (purpose IN ('care', 'quality_follow_up')),
            locales            text[] NOT NULL CHECK (
                                   cardinality(locales) > 0 AND array_position(locales, NULL) IS NULL),
            modes              text[] NOT NULL CHECK (
                                   cardinality(modes) > 0 AND modes <@ '{{web,tablet,paper,telephone}}'::text[]),
            valid_from         date NOT NULL,
            valid_until        date CHECK (valid_until >= valid_from),  -- the last day, included; NULL: without end
            licensee           text NOT NULL CHECK (licensee <> ''),
            reference          text NOT NULL CHECK (reference <> ''),
            evidence_name      text NOT NULL CHECK (evidence_name <> ''),
            evidence_digest    text NOT NULL REFERENCES rights_documents,
            recorded_by        text NOT NULL CHECK (recorded_by <> ''),
            recorded_at        timestamptz NOT NULL,
            UNIQUE (id, provider_id),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id)
        );
        CREATE INDEX ON licences (provider_id, instrument);
        {protect("licences", staff="SELECT", worker="SELECT", operator="SELECT, INSERT")}

        CREATE TABLE licence_withdrawals (
            licence_id   uuid PRIMARY KEY,
            provider_id  uuid NOT NULL,
            reason       text NOT NULL CHECK (reason <> ''),
            withdrawn_by text NOT NULL CHECK (withdrawn_by <> ''),
            withdrawn_at timestamptz NOT NULL,
            FOREIGN KEY (licence_id, provider_id) REFERENCES licences (id, provider_id)
        );
        {protect("licence_withdrawals", staff="SELECT", worker="SELECT", operator="SELECT, INSERT")}

        -- The rights-holder's wording says which of its versions it is, who accepted it under which licence, and where
        -- the certificate is; no other wording does.
        ALTER TABLE wordings
            ADD COLUMN language_version   text CHECK (language_version <> ''),
            ADD COLUMN licence_id         uuid REFERENCES licences,
            ADD COLUMN accepted_by        text CHECK (accepted_by <> ''),
            ADD COLUMN certificate_name   text CHECK (certificate_name <> ''),
            ADD COLUMN certificate_digest text REFERENCES rights_documents,
            ADD CONSTRAINT wordings_licensed CHECK (
                num_nonnulls(language_version, licence_id, accepted_by, certificate_name, certificate_digest)
                    = CASE kind WHEN 'licensed' THEN 5 ELSE 0 END);

        -- The one place that says what a licence covers. Readable by all who offer or ask, patients too, who see no
        -- licence: it tells languages, nothing else.
        CREATE FUNCTION licensed_locales(p_provider uuid, p_unit uuid, p_instrument text, p_version text,
                                         p_purpose text, p_mode text, p_day date)
        RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT DISTINCT unnest(l.locales) FROM licences l
            WHERE l.provider_id = p_provider AND l.instrument = p_instrument
              AND coalesce(l.instrument_version, p_version) = p_version
              AND coalesce(l.unit_id, p_unit) = p_unit
              AND l.purpose = p_purpose AND p_mode = ANY (l.modes)
              AND p_day BETWEEN l.valid_from AND coalesce(l.valid_until, 'infinity')
              AND NOT EXISTS (SELECT FROM licence_withdrawals w WHERE w.licence_id = l.id);
        $$;
        REVOKE EXECUTE ON FUNCTION licensed_locales FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION licensed_locales TO survey_staff, survey_patient, survey_worker, survey_operator;

        -- After the row, so that row-level security and foreign keys have spoken first. The licence is to be in force
        -- on the day that the session names and on the day that it is: dating a session back revives no licence.
        CREATE FUNCTION refuse_session_without_licence() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            whose text := (SELECT kind FROM wordings WHERE id = NEW.wording_id);
            moment timestamptz;
        BEGIN
            IF whose = 'own' THEN
                RETURN NEW;
            ELSIF whose = 'demonstration' THEN
                IF NOT EXISTS (SELECT FROM deployment WHERE demonstration) THEN
                    RAISE EXCEPTION 'demonstration wording is for a demonstration'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'session_needs_licence';
                END IF;
                RETURN NEW;
            END IF;
            FOREACH moment IN ARRAY ARRAY[NEW.started_at, clock_timestamp()] LOOP
                IF NOT EXISTS (
                    SELECT FROM occasions o JOIN enrolments e ON e.id = o.enrolment_id,
                        licensed_locales(e.provider_id, o.unit_id, NEW.instrument, NEW.instrument_version, e.purpose,
                                         NEW.mode, (moment AT TIME ZONE 'Europe/Stockholm')::date) AS locale
                    WHERE o.id = NEW.occasion_id AND locale = NEW.locale
                ) THEN
                    RAISE EXCEPTION 'no licence in force covers this session'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'session_needs_licence';
                END IF;
            END LOOP;
            RETURN NEW;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_session_without_licence FROM PUBLIC;
        CREATE TRIGGER refuse_session_without_licence AFTER INSERT ON sessions
            FOR EACH ROW EXECUTE FUNCTION refuse_session_without_licence();

        -- And no wording of the rights-holder's comes in but under a licence for it.
        CREATE FUNCTION refuse_wording_without_licence() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT FROM licences l
                WHERE l.id = NEW.licence_id AND l.instrument = NEW.instrument
                  AND coalesce(l.instrument_version, NEW.instrument_version) = NEW.instrument_version
                  AND NEW.locale = ANY (l.locales)
                  AND NOT EXISTS (SELECT FROM licence_withdrawals w WHERE w.licence_id = l.id)
            ) THEN
                RAISE EXCEPTION 'the licence is not for this wording'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'wording_needs_licence';
            END IF;
            RETURN NEW;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_wording_without_licence FROM PUBLIC;
        CREATE TRIGGER refuse_wording_without_licence AFTER INSERT ON wordings
            FOR EACH ROW WHEN (NEW.kind = 'licensed') EXECUTE FUNCTION refuse_wording_without_licence();
    """)


def downgrade() -> None:
    # Licences go, and what was said of wording accepted under them. With such wording there is no way up again.
    op.execute("""
        DROP TRIGGER refuse_session_without_licence ON sessions;
        DROP TRIGGER refuse_wording_without_licence ON wordings;
        DROP FUNCTION refuse_session_without_licence, refuse_wording_without_licence, licensed_locales;
        ALTER TABLE wordings DROP CONSTRAINT wordings_licensed, DROP COLUMN language_version, DROP COLUMN licence_id,
            DROP COLUMN accepted_by, DROP COLUMN certificate_name, DROP COLUMN certificate_digest;
        DROP TABLE licence_withdrawals, licences, rights_documents, deployment;
        DROP FUNCTION keep_real_deployment;
    """)
