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
