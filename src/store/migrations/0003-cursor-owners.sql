-- A commit compares the owner and the version of its source's cursor, so that a run whose source was taken by another
-- run commits nothing. A source that was taken and has committed nothing has no cursor yet.
CREATE TABLE owned_cursor (
  source TEXT PRIMARY KEY,
  cursor TEXT,
  version INTEGER NOT NULL,
  owner TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO owned_cursor (source, cursor, version, owner) SELECT source, cursor, 1, '' FROM source_cursor;
DROP TABLE source_cursor;
ALTER TABLE owned_cursor RENAME TO source_cursor;
