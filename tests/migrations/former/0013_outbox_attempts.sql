-- How often a request was tried in vain is nobody's business after a restart: it is tried at once then.
ALTER TABLE outbox DROP COLUMN attempts;
ALTER TABLE outbox DROP COLUMN trouble;
