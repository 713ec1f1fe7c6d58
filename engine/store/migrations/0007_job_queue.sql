-- The queue's order, and the most memory that a job's worker took.
ALTER TABLE jobs ADD COLUMN priority INTEGER DEFAULT 0;
ALTER TABLE jobs ADD COLUMN memory_mb DOUBLE;
