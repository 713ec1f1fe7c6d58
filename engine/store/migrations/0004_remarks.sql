-- What people say about versions and runs, and the searches they keep.
CREATE TABLE comments (
    seq BIGINT PRIMARY KEY,
    model VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    "time" TIMESTAMP NOT NULL,
    actor VARCHAR NOT NULL
);

CREATE TABLE saved_views (
    name VARCHAR PRIMARY KEY,
    state VARCHAR NOT NULL,
    "time" TIMESTAMP NOT NULL,
    actor VARCHAR NOT NULL
);

CREATE TABLE favourites (
    run_id VARCHAR PRIMARY KEY,
    "time" TIMESTAMP NOT NULL,
    actor VARCHAR NOT NULL
);
