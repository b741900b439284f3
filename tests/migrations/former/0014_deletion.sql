-- Since when everything of a company is being deleted; its secrets went in the same transaction that set this. The row
-- itself goes last, so that a deletion that was interrupted is found again.
ALTER TABLE companies ADD COLUMN deletion_began_at INTEGER;
