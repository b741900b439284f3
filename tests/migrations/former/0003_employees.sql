CREATE TABLE employees (
    company TEXT    NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL,
    name    TEXT    NOT NULL,
    active  INTEGER NOT NULL,
    PRIMARY KEY (company, user_id)
) STRICT;

-- `number` is what identifies the subscriber (no leading plus), `written` what the admin typed;
-- `place` keeps the admin's order. A number belongs to one employee only.
CREATE TABLE employee_numbers (
    company TEXT    NOT NULL,
    number  TEXT    NOT NULL,
    written TEXT    NOT NULL,
    user_id INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    PRIMARY KEY (company, number),
    FOREIGN KEY (company, user_id) REFERENCES employees (company, user_id) ON DELETE CASCADE
) STRICT;

CREATE INDEX employee_numbers_by_user ON employee_numbers (company, user_id);
