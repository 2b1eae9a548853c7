-- A copy of another store into this schema. Until it is finished, nothing but the copy can open the schema.
CREATE TABLE store_copy (
  one int PRIMARY KEY CHECK (one = 1),
  -- The source has the same id, until it is used again.
  id text NOT NULL,
  source text NOT NULL,
  is_finished boolean NOT NULL
);

-- How far each table is copied. A row changes in the same statement that inserts the rows of a step.
CREATE TABLE copied_table (name text PRIMARY KEY, row_count bigint NOT NULL, last_key text);
