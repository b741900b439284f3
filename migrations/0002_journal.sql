-- Steps are written down in numbered files beside the database first. The number is that of the last of these files
-- whose contents are in the database; it is written in the same transaction as they are.
ALTER TABLE progress RENAME COLUMN last_group TO journal_file;
