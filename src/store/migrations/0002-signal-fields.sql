-- What correlation reads of a signal: the event's own time, and the fields that its rules compare, no whole contexts.
ALTER TABLE signal ADD COLUMN happened_at INTEGER NOT NULL DEFAULT 0;
UPDATE signal SET happened_at = at;
ALTER TABLE signal ADD COLUMN fields TEXT NOT NULL DEFAULT '{}';
ALTER TABLE signal DROP COLUMN context;
CREATE INDEX signal_happened ON signal (detection, happened_at);
