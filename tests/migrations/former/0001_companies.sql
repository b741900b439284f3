-- One row per Bitrix24 portal. `id` is the portal's member_id; `domain` is not unique, because a domain can
-- move to another portal: the newest registration wins. Columns of type BLOB are sealed. Times are Unix
-- milliseconds UTC.
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
    uninstalled_at    INTEGER
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
