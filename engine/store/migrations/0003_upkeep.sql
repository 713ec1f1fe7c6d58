-- What keeps the registry in order: retention, removed versions, what came from elsewhere, webhooks.
CREATE TABLE retention_rules (
    model VARCHAR PRIMARY KEY, -- '*' is the rule of models without one of their own
    rule VARCHAR NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    changed_by VARCHAR NOT NULL
);

CREATE TABLE removed_versions (
    model VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    artifact VARCHAR,
    reason VARCHAR NOT NULL,
    removed_at TIMESTAMP NOT NULL,
    removed_by VARCHAR NOT NULL,
    PRIMARY KEY (model, version)
);

CREATE TABLE imported_runs (
    source VARCHAR NOT NULL,
    source_run VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    PRIMARY KEY (source, source_run)
);

CREATE TABLE imported_versions (
    source VARCHAR NOT NULL,
    source_model VARCHAR NOT NULL,
    source_version VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    PRIMARY KEY (source, source_model, source_version)
);

CREATE TABLE webhooks (
    hook_id VARCHAR PRIMARY KEY,
    url VARCHAR NOT NULL,
    kinds VARCHAR NOT NULL,
    model VARCHAR,
    created_at TIMESTAMP NOT NULL,
    created_by VARCHAR NOT NULL,
    seq BIGINT NOT NULL
);
