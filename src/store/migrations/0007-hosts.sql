-- The cursor of a file holds the host that reads it: file:HOST:PATH. The next daemon fills in its host. The first statement
-- keeps the new names apart from the old ones.
UPDATE source_cursor SET source = 'earlier ' || source WHERE source GLOB 'file:*';
UPDATE source_cursor SET source = 'file::' || substr(source, 14) WHERE source GLOB 'earlier file:*';
