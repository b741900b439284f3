-- Number of the last group of steps that was written together. A writer that finds out that another one was
-- interrupted reads here whether that group was written.
CREATE TABLE progress (
    id         INTEGER NOT NULL PRIMARY KEY,
    last_group INTEGER NOT NULL
) STRICT;

INSERT INTO progress (id, last_group) VALUES (1, 0);
