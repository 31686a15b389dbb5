-- Roles are cluster-wide and not part of a dump, so they are made before the first migration and before a restore.
-- Idempotent. Passwords are the operator's (ALTER ROLE … PASSWORD); the embedded server trusts its socket.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['survey_staff', 'survey_patient', 'survey_translator', 'survey_gate',
                                  'survey_record_system'] LOOP
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
    IF EXISTS (SELECT FROM pg_roles WHERE rolname LIKE 'survey\_%' AND (rolsuper OR rolbypassrls)) THEN
        RAISE EXCEPTION 'a role of the service is superuser or bypasses row-level security: take that away first';
    END IF;
    -- The administrator of a managed cluster is no superuser, and may give a database only to a role that it can become.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        GRANT survey_owner TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
    END IF;
END
$$;

-- Roles made above have no attribute beyond LOGIN; to name SUPERUSER or BYPASSRLS here would take a superuser.
ALTER ROLE survey_login NOINHERIT;

-- One login for people; what it may do is decided by SET LOCAL ROLE inside each transaction.
GRANT survey_staff, survey_patient, survey_translator, survey_gate, survey_record_system TO survey_login WITH INHERIT FALSE, SET TRUE;
