-- A known text, sealed at the first start: tells at once whether the key file fits this database.
CREATE TABLE seal (
    id    INTEGER NOT NULL PRIMARY KEY,
    probe BLOB    NOT NULL
) STRICT;
