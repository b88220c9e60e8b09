-- What the partition's owner sweeps.
CREATE INDEX IF NOT EXISTS kv_even_expiring ON kv_even (partition, expires_at) WHERE expires_at IS NOT NULL;
