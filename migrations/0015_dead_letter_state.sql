-- What became of a dead letter: `dead` until somebody decides, `retry` for the partition's owner to apply, `dropped` for good.
ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS state TEXT NOT NULL DEFAULT 'dead';
