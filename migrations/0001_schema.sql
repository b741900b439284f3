-- The whole schema. A later change is a file of its own beside this one.
--
-- Times are Unix milliseconds UTC. Columns of type BLOB are sealed unless they are said to be hashes. `company` is the
-- id of a company, and everything that has one goes with it when it is deleted.

-- COMPANIES

-- One row per Bitrix24 portal. `id` is the portal's member_id; `domain` is not unique, because a domain can move to
-- another portal: the newest registration wins.
--   language           the language of the portal's own pages, by its code ('ru', 'en', …); null until the portal has
--                      told it once
--   removal_told_at    since when the removal of the application waits for the portal's confirmation, and
--   removal_clean      whether it asked for the data to be deleted; both null where none waits
--   deletion_began_at  since when everything of the company is being deleted: its secrets went in the same transaction
--                      that set this, the row itself goes last, so that a deletion that was interrupted is found again
CREATE TABLE companies (
    id                TEXT    NOT NULL PRIMARY KEY,
    name              TEXT    NOT NULL DEFAULT '',
    domain            TEXT    NOT NULL,
    client_endpoint   TEXT    NOT NULL,
    client_id         TEXT    NOT NULL,
    client_secret     BLOB    NOT NULL,
    application_token BLOB,
    call_settings     TEXT    NOT NULL DEFAULT '{}',
    created_at        INTEGER NOT NULL,
    registered_at     INTEGER NOT NULL,
    uninstalled_at    INTEGER,
    deletion_began_at INTEGER,
    language          TEXT,
    removal_told_at   INTEGER,
    removal_clean     INTEGER
) STRICT;

CREATE INDEX companies_by_domain ON companies (domain, registered_at);

-- How a company's switch is reached; no row until the admin has typed it in.
-- `addresses` is a JSON array of texts, `trust` a JSON object.
CREATE TABLE switches (
    company   TEXT NOT NULL PRIMARY KEY REFERENCES companies (id) ON DELETE CASCADE,
    backend   TEXT NOT NULL,
    client_id TEXT NOT NULL,
    api_key   BLOB NOT NULL,
    addresses TEXT NOT NULL,
    domain    TEXT NOT NULL,
    trust     TEXT NOT NULL
) STRICT;

-- The token pair in force. A refresh token can be used once, so this row is on disk before the new pair is used.
-- `previous` is the refresh token before the present one; kept until the portal has accepted the new pair.
CREATE TABLE tokens (
    company             TEXT    NOT NULL PRIMARY KEY REFERENCES companies (id) ON DELETE CASCADE,
    access              BLOB    NOT NULL,
    refresh             BLOB    NOT NULL,
    expires_at          INTEGER NOT NULL,
    refresh_obtained_at INTEGER NOT NULL,
    user_id             INTEGER,
    server_endpoint     TEXT,
    scope               TEXT    NOT NULL,
    previous            BLOB
) STRICT;

-- `profile` is the internal number as it stands in the portal's profile, null until the portal has told it;
-- `profile_settled` is that text as it stood when the admin last saved this employee's numbers.
CREATE TABLE employees (
    company         TEXT    NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    user_id         INTEGER NOT NULL,
    name            TEXT    NOT NULL,
    active          INTEGER NOT NULL,
    profile         TEXT,
    profile_settled TEXT,
    PRIMARY KEY (company, user_id)
) STRICT;

-- `number` is what identifies the subscriber (no leading plus), `written` what the admin typed;
-- `place` keeps the admin's order. A number belongs to one employee only.
CREATE TABLE employee_numbers (
    company TEXT    NOT NULL,
    number  TEXT    NOT NULL,
    written TEXT    NOT NULL,
    user_id INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    PRIMARY KEY (company, number),
    FOREIGN KEY (company, user_id) REFERENCES employees (company, user_id) ON DELETE CASCADE
) STRICT;

CREATE INDEX employee_numbers_by_user ON employee_numbers (company, user_id);

-- CALLS

-- State of each call as the call logic left it (`body`, JSON). `ended_at` is empty while the call is open.
CREATE TABLE calls (
    id         INTEGER NOT NULL PRIMARY KEY,
    company    TEXT    NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    ended_at   INTEGER,
    UNIQUE (company, key)
) STRICT;

CREATE INDEX calls_by_company ON calls (company, id);
CREATE INDEX calls_open ON calls (company) WHERE ended_at IS NULL;
CREATE INDEX calls_ended ON calls (ended_at) WHERE ended_at IS NOT NULL;

-- The readable story of calls. One row holds the lines of one call that were written together:
-- `lines` is a JSON array of [milliseconds, text]. Ids grow with time, which is how old rows are found.
CREATE TABLE trace (
    id      INTEGER NOT NULL PRIMARY KEY,
    company TEXT    NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    call    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    lines   TEXT    NOT NULL
) STRICT;

CREATE INDEX trace_by_call ON trace (company, call);

-- BETWEEN THE PORTAL AND US

-- Requests to the portal that are decided but not yet settled; rows go when they are settled. The daemon gives the
-- ids: requests of a company are sent in their order. How often one was tried in vain is nobody's business after a
-- restart: it is tried at once then.
CREATE TABLE outbox (
    company    TEXT    NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    id         INTEGER NOT NULL,
    lane       TEXT    NOT NULL,
    call       TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (company, id)
) STRICT, WITHOUT ROWID;

-- What the CRM calls each lane (our EXTERNAL_CALL_ID); known once it has been registered.
CREATE TABLE lanes (
    id         INTEGER NOT NULL PRIMARY KEY,
    company    TEXT    NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    lane       TEXT    NOT NULL,
    crm_id     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (company, lane)
) STRICT;

-- Events of the portal, stored before they are answered. Handled ones stay until retention, so that a repeated
-- delivery is recognised by `key`.
CREATE TABLE inbox (
    id          INTEGER NOT NULL PRIMARY KEY,
    company     TEXT    NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    key         TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    handled_at  INTEGER,
    UNIQUE (company, key)
) STRICT;

CREATE INDEX inbox_pending ON inbox (company, id) WHERE handled_at IS NULL;

-- Install notices of portals that are not registered yet: they wait for the admin's log-in, which proves them.
-- The portal is not a company yet, so there is nothing to refer to.
CREATE TABLE parked_installs (
    member_id TEXT    NOT NULL PRIMARY KEY,
    body      BLOB    NOT NULL,
    parked_at INTEGER NOT NULL
) STRICT;

CREATE INDEX parked_installs_by_age ON parked_installs (parked_at);

-- ADMINISTRATORS

-- Sessions of the admin pages, by the SHA-256 of the cookie's token.
CREATE TABLE admin_sessions (
    token_hash BLOB    NOT NULL PRIMARY KEY,
    company    TEXT    NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    user_id    INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX admin_sessions_by_end ON admin_sessions (expires_at);

-- Log-ins that have left for the portal's authorize page, by the SHA-256 of the nonce in `state`.
CREATE TABLE login_attempts (
    nonce_hash    BLOB    NOT NULL PRIMARY KEY,
    domain        TEXT    NOT NULL,
    client_id     TEXT    NOT NULL,
    client_secret BLOB    NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX login_attempts_by_end ON login_attempts (expires_at);

-- THE DATABASE ITSELF

-- A known text, sealed at the first start: tells at once whether the key file fits this database.
CREATE TABLE seal (
    id    INTEGER NOT NULL PRIMARY KEY,
    probe BLOB    NOT NULL
) STRICT;

-- Number of the last group of steps that was written together. A writer that finds out that another one was
-- interrupted reads here whether that group was written.
CREATE TABLE progress (
    id         INTEGER NOT NULL PRIMARY KEY,
    last_group INTEGER NOT NULL
) STRICT;

INSERT INTO progress (id, last_group) VALUES (1, 0);

-- Written now and then to find out whether the database can be written at all.
CREATE TABLE heartbeat (
    id INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;

INSERT INTO heartbeat (id, at) VALUES (1, 0);
