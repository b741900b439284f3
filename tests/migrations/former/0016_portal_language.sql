-- The language of the portal's own pages, by its code ('ru', 'en', …); unknown until the portal has told it once.
ALTER TABLE companies ADD COLUMN language TEXT;
