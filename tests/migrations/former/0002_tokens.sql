-- The token pair in force. A refresh token can be used once, so this row is on disk before the new pair is used.
CREATE TABLE tokens (
    company             TEXT    NOT NULL PRIMARY KEY REFERENCES companies (id) ON DELETE CASCADE,
    access              BLOB    NOT NULL,
    refresh             BLOB    NOT NULL,
    expires_at          INTEGER NOT NULL,
    refresh_obtained_at INTEGER NOT NULL,
    user_id             INTEGER,
    server_endpoint     TEXT,
    scope               TEXT    NOT NULL
) STRICT;
