-- Events are the truth; every other table is a projection of them and can be rebuilt.
CREATE TABLE events (
    seq BIGINT PRIMARY KEY,
    "time" TIMESTAMP NOT NULL,
    actor VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    payload VARCHAR NOT NULL,
    previous VARCHAR NOT NULL,
    hash VARCHAR NOT NULL
);

CREATE TABLE shops (
    shop VARCHAR PRIMARY KEY,
    title VARCHAR NOT NULL,
    synthetic BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE snapshots (
    number BIGINT PRIMARY KEY,
    shop VARCHAR NOT NULL,
    parent BIGINT,
    import_id VARCHAR NOT NULL,
    importer VARCHAR NOT NULL,
    mode VARCHAR NOT NULL,
    sources VARCHAR NOT NULL,
    manifest VARCHAR NOT NULL,
    summary VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by VARCHAR NOT NULL
);

CREATE TABLE models (
    model VARCHAR PRIMARY KEY,
    kind VARCHAR NOT NULL,
    shop VARCHAR,
    description VARCHAR NOT NULL,
    tags VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE versions (
    model VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    sort_key VARCHAR NOT NULL,
    framework VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    description VARCHAR NOT NULL,
    tags VARCHAR NOT NULL,
    params VARCHAR NOT NULL,
    signature VARCHAR,
    artifact VARCHAR,
    lineage VARCHAR NOT NULL,
    evaluation VARCHAR,
    card VARCHAR,
    run_id VARCHAR,
    created_at TIMESTAMP NOT NULL,
    created_by VARCHAR NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (model, version)
);

CREATE TABLE version_metrics (
    model VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,
    value DOUBLE NOT NULL
);

CREATE TABLE aliases (
    model VARCHAR NOT NULL,
    alias VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (model, alias)
);

CREATE TABLE alias_history (
    seq BIGINT PRIMARY KEY,
    "time" TIMESTAMP NOT NULL,
    model VARCHAR NOT NULL,
    alias VARCHAR NOT NULL,
    previous VARCHAR,
    version VARCHAR,
    action VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    actor VARCHAR NOT NULL,
    verdict VARCHAR
);

CREATE TABLE verdicts (
    seq BIGINT PRIMARY KEY,
    "time" TIMESTAMP NOT NULL,
    model VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    against VARCHAR,
    passed BOOLEAN NOT NULL,
    verdict VARCHAR NOT NULL
);

CREATE TABLE runs (
    run_id VARCHAR PRIMARY KEY,
    experiment VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    params VARCHAR NOT NULL,
    tags VARCHAR NOT NULL,
    notes VARCHAR NOT NULL,
    job_id VARCHAR,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    created_by VARCHAR NOT NULL
);

CREATE TABLE run_metrics (
    run_id VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,
    step BIGINT NOT NULL,
    value DOUBLE NOT NULL,
    "time" TIMESTAMP NOT NULL
);

CREATE TABLE run_artifacts (
    run_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    artifact VARCHAR NOT NULL
);

CREATE TABLE jobs (
    job_id VARCHAR PRIMARY KEY,
    kind VARCHAR NOT NULL,
    shop VARCHAR,
    model VARCHAR,
    idempotency_key VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    spec VARCHAR NOT NULL,
    worker VARCHAR,
    result VARCHAR,
    error VARCHAR,
    created_at TIMESTAMP NOT NULL,
    created_by VARCHAR NOT NULL,
    started_at TIMESTAMP,
    ended_at TIMESTAMP
);

CREATE TABLE releases (
    shop VARCHAR NOT NULL,
    number BIGINT NOT NULL,
    manifest VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (shop, number)
);
