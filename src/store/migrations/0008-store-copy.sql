-- The copy of this store to another one: begun, or done if `moved_to` names the place where the store is from then on.
CREATE TABLE store_copy (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id TEXT NOT NULL,
  moved_to TEXT
);
