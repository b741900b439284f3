-- `profile` is the internal number as it stands in the portal's profile, NULL until the portal has told it;
-- `profile_settled` is that text as it stood when the admin last saved this employee's numbers.
ALTER TABLE employees ADD COLUMN profile TEXT;
ALTER TABLE employees ADD COLUMN profile_settled TEXT;
