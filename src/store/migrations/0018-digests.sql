-- Digests gather alerts. The key is that of an open digest, or of a delivery that was sent alone before others are gathered.
ALTER TABLE delivery ADD COLUMN gather_key TEXT;
ALTER TABLE delivery ADD COLUMN gather_ms INTEGER;
CREATE INDEX delivery_gather ON delivery (gather_key, created_at) WHERE gather_key IS NOT NULL;
CREATE TRIGGER delivery_digest_closed AFTER UPDATE OF state ON delivery
  WHEN NEW.kind = 'digest' AND NEW.state <> 'pending' AND NEW.gather_key IS NOT NULL BEGIN
  UPDATE delivery SET gather_key = NULL WHERE seq = NEW.seq;
END;
