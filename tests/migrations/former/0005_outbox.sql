-- Requests to the portal that are decided but not yet settled; rows go when they are settled. The daemon gives the
-- ids: requests of a company are sent in their order.
CREATE TABLE outbox (
    company    TEXT    NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    id         INTEGER NOT NULL,
    lane       TEXT    NOT NULL,
    call       TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    trouble    TEXT,
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
