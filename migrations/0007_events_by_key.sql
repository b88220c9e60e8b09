-- History, point-in-time reads.
CREATE INDEX IF NOT EXISTS events_by_key ON events (partition, key, seq DESC);
