-- Each file of the journal has a name of its own, and says after which one it was begun: so a database knows the files
-- that go on where it ends from those of another life of it. This is the name of the last file whose contents are in the
-- database; empty before the first one.
ALTER TABLE progress ADD COLUMN journal_id TEXT NOT NULL DEFAULT '';
