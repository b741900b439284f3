-- Install notices of portals that are not registered yet: they wait for the admin's log-in, which proves them.
-- The portal is not a company yet, so there is nothing to refer to.
CREATE TABLE parked_installs (
    member_id TEXT    NOT NULL PRIMARY KEY,
    body      BLOB    NOT NULL,
    parked_at INTEGER NOT NULL
) STRICT;

CREATE INDEX parked_installs_by_age ON parked_installs (parked_at);
