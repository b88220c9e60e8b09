-- What the partition's owner sweeps.
CREATE INDEX IF NOT EXISTS kv_expiring ON kv (partition, expires_at) WHERE expires_at IS NOT NULL;
