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
