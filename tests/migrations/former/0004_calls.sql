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
