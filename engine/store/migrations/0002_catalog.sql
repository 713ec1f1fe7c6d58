-- Data that stays alive: rows taken in from quarantines, and feeds that import on a schedule.
CREATE TABLE mended_rows (
    number BIGINT NOT NULL, -- the snapshot whose import set the row aside
    row_index BIGINT NOT NULL,
    snapshot BIGINT NOT NULL, -- the snapshot that took it in
    PRIMARY KEY (number, row_index)
);

CREATE TABLE feeds (
    feed VARCHAR PRIMARY KEY,
    shop VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    importer VARCHAR,
    mapping VARCHAR,
    mode VARCHAR NOT NULL,
    every_minutes BIGINT NOT NULL,
    paused BOOLEAN NOT NULL,
    occurrence BIGINT NOT NULL, -- the last one that was claimed
    running BOOLEAN NOT NULL,
    content VARCHAR, -- digest of what was last taken in
    result VARCHAR,
    snapshot BIGINT,
    error VARCHAR,
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    created_by VARCHAR NOT NULL
);
