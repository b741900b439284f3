-- Written now and then to find out whether the database can be written at all.
CREATE TABLE heartbeat (
    id INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;

INSERT INTO heartbeat (id, at) VALUES (1, 0);
