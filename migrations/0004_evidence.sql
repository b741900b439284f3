-- What was seen to work of a company, and when; written now and then, so that a restart does not forget it.
-- `kind` is a word of the program; `body` holds what belongs to it beside the moment, as JSON.
CREATE TABLE evidence (
    company TEXT    NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    kind    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    body    TEXT,
    PRIMARY KEY (company, kind)
) STRICT, WITHOUT ROWID;

-- Own numbers of calls' legs, and when the switch named each last.
CREATE TABLE seen_numbers (
    company TEXT    NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    number  TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (company, number)
) STRICT, WITHOUT ROWID;
