-- Which generation of the projection is served: odd ones are in kv, even ones in kv_even. Only a rebuild changes it. While
-- mirrored, the table of the generation before is written too, so that one can go back to it.
ALTER TABLE partitions
    ADD COLUMN IF NOT EXISTS generation INT8 NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS mirrored BOOL NOT NULL DEFAULT false;
