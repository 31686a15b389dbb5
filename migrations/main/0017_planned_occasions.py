"""What is planned can change until it is begun: occasions are moved and withdrawn, enrolments paused and ended."""

from alembic import op

from migrations.row_security import PROVIDER, protect

revision = "main_0017"
down_revision = "main_0016"


def upgrade() -> None:
    _occasions()
    _enrolments()
    _gate()


def _occasions() -> None:
    op.execute("""
        ALTER TABLE occasions
            ADD COLUMN reminds_at timestamptz[] NOT NULL DEFAULT '{}',
            ADD COLUMN withdrawn_at timestamptz,
            ADD COLUMN withdrawn_reason text CHECK (withdrawn_reason IN
                ('protocol_changed', 'event_moved', 'paused', 'ended', 'transferred', 'died', 'wrong_patient',
                 'excluded')),
            ADD CONSTRAINT occasions_withdrawn CHECK ((withdrawn_at IS NULL) = (withdrawn_reason IS NULL));
        GRANT UPDATE (unit_id, titles, reasons, opens_at, due_at, closes_at, reminds_at, withdrawn_at,
                      withdrawn_reason) ON occasions TO survey_staff;

        -- What somebody has begun to answer stays as it was when they began. Nothing that is answered is asked again.
        CREATE FUNCTION refuse_change_of_begun_occasion() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF EXISTS (SELECT FROM sessions WHERE occasion_id = OLD.id) THEN
                RAISE EXCEPTION 'what has been begun is neither moved nor withdrawn'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'occasions_begun';
            END IF;
            RETURN NEW;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_change_of_begun_occasion FROM PUBLIC;
        CREATE TRIGGER refuse_change_of_begun_occasion BEFORE UPDATE ON occasions
            FOR EACH ROW EXECUTE FUNCTION refuse_change_of_begun_occasion();
    """)


def _enrolments() -> None:
    op.execute(f"""
        -- Where the enrolment stands now; how it came there is in its events.
        ALTER TABLE enrolments
            ADD COLUMN state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'ended', 'voided'));
        GRANT UPDATE (unit_id, protocol_version_id, anchor_date, procedure_id, side, state) ON enrolments
            TO survey_staff;

        CREATE TABLE enrolment_events (
            id           uuid PRIMARY KEY,
            provider_id  uuid NOT NULL,
            person_id    uuid NOT NULL,
            enrolment_id uuid NOT NULL,
            kind         text NOT NULL CHECK (kind IN
                ('event_moved', 'protocol_changed', 'paused', 'resumed', 'ended', 'transferred', 'died', 'voided',
                 'death_withdrawn')),
            -- The unit's own words where they are asked for: why it ended, why the entry is void.
            reason       text CHECK (reason <> ''),
            -- What changed, in codes, dates and ids: from and to.
            detail       jsonb NOT NULL DEFAULT '{{}}',
            staff_id     uuid NOT NULL,
            at           timestamptz NOT NULL,
            CHECK (kind <> 'voided' OR reason IS NOT NULL),
            FOREIGN KEY (enrolment_id, provider_id, person_id) REFERENCES enrolments (id, provider_id, person_id),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id)
        );
        CREATE INDEX ON enrolment_events (enrolment_id, at);
        {protect("enrolment_events", patient="SELECT", worker="SELECT")}
        GRANT SELECT, INSERT ON enrolment_events TO survey_staff;
        CREATE POLICY staff_reads ON enrolment_events FOR SELECT TO survey_staff USING ({PROVIDER});
        CREATE POLICY staff ON enrolment_events FOR INSERT TO survey_staff
            WITH CHECK ({PROVIDER} AND staff_id = nullif(current_setting('app.actor', true), '')::uuid);

        -- An enrolment that is void stays void, and one that is over is not taken up again: a new one is made.
        CREATE FUNCTION refuse_revival_of_enrolment() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
        BEGIN
            IF OLD.state = 'voided' OR (OLD.state = 'ended' AND NEW.state NOT IN ('ended', 'voided')) THEN
                RAISE EXCEPTION 'this enrolment is over'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'enrolments_over';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER refuse_revival_of_enrolment BEFORE UPDATE ON enrolments
            FOR EACH ROW EXECUTE FUNCTION refuse_revival_of_enrolment();
    """)


def _gate() -> None:
    op.execute("""
        -- Nothing begins that was withdrawn, nor for an enrolment that is not under way.
        CREATE FUNCTION refuse_session_that_is_not_planned() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF EXISTS (
                SELECT FROM occasions o JOIN enrolments e ON e.id = o.enrolment_id
                WHERE o.id = NEW.occasion_id AND (o.withdrawn_at IS NOT NULL OR e.state <> 'active')
            ) THEN
                RAISE EXCEPTION 'this is no longer asked'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'session_needs_plan';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_session_that_is_not_planned FROM PUBLIC;
        CREATE TRIGGER refuse_session_that_is_not_planned AFTER INSERT ON sessions
            FOR EACH ROW EXECUTE FUNCTION refuse_session_that_is_not_planned();

        -- And nothing is completed for somebody who was the wrong patient.
        CREATE FUNCTION refuse_response_of_void_enrolment() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF EXISTS (
                SELECT FROM sessions s JOIN occasions o ON o.id = s.occasion_id
                    JOIN enrolments e ON e.id = o.enrolment_id
                WHERE s.id = NEW.session_id AND e.state = 'voided'
            ) THEN
                RAISE EXCEPTION 'this enrolment is void'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'session_needs_plan';
            END IF;
            RETURN NULL;
        END $$;
        REVOKE EXECUTE ON FUNCTION refuse_response_of_void_enrolment FROM PUBLIC;
        CREATE TRIGGER refuse_response_of_void_enrolment AFTER INSERT ON responses
            FOR EACH ROW EXECUTE FUNCTION refuse_response_of_void_enrolment();
    """)


def downgrade() -> None:
    op.execute("""
        DROP TRIGGER refuse_response_of_void_enrolment ON responses;
        DROP TRIGGER refuse_session_that_is_not_planned ON sessions;
        DROP TRIGGER refuse_revival_of_enrolment ON enrolments;
        DROP TRIGGER refuse_change_of_begun_occasion ON occasions;
        DROP FUNCTION refuse_response_of_void_enrolment, refuse_session_that_is_not_planned,
            refuse_revival_of_enrolment, refuse_change_of_begun_occasion;
        DROP TABLE enrolment_events;
        REVOKE UPDATE (unit_id, protocol_version_id, anchor_date, procedure_id, side, state) ON enrolments
            FROM survey_staff;
        ALTER TABLE enrolments DROP COLUMN state;
        REVOKE UPDATE (unit_id, titles, reasons, opens_at, due_at, closes_at, reminds_at, withdrawn_at,
                       withdrawn_reason) ON occasions FROM survey_staff;
        ALTER TABLE occasions DROP COLUMN reminds_at, DROP COLUMN withdrawn_at, DROP COLUMN withdrawn_reason;
    """)
