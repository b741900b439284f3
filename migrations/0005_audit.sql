-- What people have changed, and when; `entry` says who and what, as JSON without secrets.
CREATE TABLE audit (
    id      INTEGER NOT NULL PRIMARY KEY,
    company TEXT    NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    entry   TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_by_company ON audit (company, id);
