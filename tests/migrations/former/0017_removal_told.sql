-- Since when the removal of the application waits for the portal's confirmation, and whether it asked for the data to be
-- deleted; null where none waits.
ALTER TABLE companies ADD COLUMN removal_told_at INTEGER;
ALTER TABLE companies ADD COLUMN removal_clean INTEGER;
