-- Requests to the portal that are decided but not yet settled. Rows go when they are settled; AUTOINCREMENT keeps
-- ids from being used again, so that a late answer can never settle a younger request.
CREATE TABLE outbox (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    company    TEXT    NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    lane       TEXT    NOT NULL,
    call       TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    trouble    TEXT
) STRICT;

CREATE INDEX outbox_by_company ON outbox (company, id);

-- What the CRM calls each lane (our EXTERNAL_CALL_ID); known once it has been registered.
CREATE TABLE lanes (
    id         INTEGER NOT NULL PRIMARY KEY,
    company    TEXT    NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    lane       TEXT    NOT NULL,
    crm_id     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (company, lane)
) STRICT;
