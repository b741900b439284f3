-- The refresh token before the present one, sealed; kept until the portal has accepted the new pair.
ALTER TABLE tokens ADD COLUMN previous BLOB;
