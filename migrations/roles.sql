-- Roles are cluster-wide and not part of a dump, so they are made before the first migration and before a restore.
-- Idempotent. Passwords are the operator's (ALTER ROLE … PASSWORD); the embedded server trusts its socket.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['survey_staff', 'survey_patient', 'survey_translator', 'survey_gate'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
    FOREACH wanted IN ARRAY ARRAY['survey_owner', 'survey_login', 'survey_register', 'survey_worker',
                                  'survey_operator', 'survey_keys'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', wanted);
        END IF;
    END LOOP;
END
$$;

ALTER ROLE survey_login NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE survey_register NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE survey_worker NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE survey_operator NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE survey_keys NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;

-- One login for people; what it may do is decided by SET LOCAL ROLE inside each transaction.
GRANT survey_staff, survey_patient, survey_translator, survey_gate TO survey_login WITH INHERIT FALSE, SET TRUE;
