-- Exactly once: a command is in the log or it isn't.
CREATE UNIQUE INDEX IF NOT EXISTS events_by_command ON events (partition, command_id);
