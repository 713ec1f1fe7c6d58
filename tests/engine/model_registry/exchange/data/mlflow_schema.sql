CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL, 
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE "runs" (
    run_uuid VARCHAR(32) NOT NULL, 
    name VARCHAR(250), 
    source_type VARCHAR(20), 
    source_name VARCHAR(500), 
    entry_point_name VARCHAR(50), 
    user_id VARCHAR(256), 
    status VARCHAR(9), 
    start_time BIGINT, 
    end_time BIGINT, 
    source_version VARCHAR(50), 
    lifecycle_stage VARCHAR(20), 
    artifact_uri VARCHAR(200), 
    experiment_id INTEGER, deleted_time BIGINT, 
    CONSTRAINT run_pk PRIMARY KEY (run_uuid), 
    CONSTRAINT runs_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')), 
    CONSTRAINT source_type CHECK (source_type IN ('NOTEBOOK', 'JOB', 'LOCAL', 'UNKNOWN', 'PROJECT')), 
    FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id), 
    CHECK (status IN ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED'))
);
CREATE TABLE "latest_metrics" (
    "key" VARCHAR(250) NOT NULL, 
    value FLOAT NOT NULL, 
    timestamp BIGINT, 
    step BIGINT NOT NULL, 
    is_nan BOOLEAN NOT NULL, 
    run_uuid VARCHAR(32) NOT NULL, 
    CONSTRAINT latest_metric_pk PRIMARY KEY ("key", run_uuid), 
    FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid), 
    CHECK (is_nan IN (0, 1))
);
CREATE TABLE "metrics" (
    "key" VARCHAR(250) NOT NULL, 
    value FLOAT NOT NULL, 
    timestamp BIGINT NOT NULL, 
    run_uuid VARCHAR(32) NOT NULL, 
    step BIGINT DEFAULT '0' NOT NULL, 
    is_nan BOOLEAN DEFAULT '0' NOT NULL, 
    CONSTRAINT metric_pk PRIMARY KEY ("key", timestamp, step, run_uuid, value, is_nan), 
    FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid), 
    CHECK (is_nan IN (0, 1))
);
CREATE TABLE "params" (
    "key" VARCHAR(250) NOT NULL, 
    value VARCHAR(8000) NOT NULL, 
    run_uuid VARCHAR(32) NOT NULL, 
    CONSTRAINT param_pk PRIMARY KEY ("key", run_uuid), 
    FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
CREATE TABLE "tags" (
    "key" VARCHAR(250) NOT NULL, 
    value VARCHAR(8000), 
    run_uuid VARCHAR(32) NOT NULL, 
    CONSTRAINT tag_pk PRIMARY KEY ("key", run_uuid), 
    FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
CREATE TABLE logged_models (
    model_id VARCHAR(36) NOT NULL, 
    experiment_id INTEGER NOT NULL, 
    name VARCHAR(500) NOT NULL, 
    artifact_location VARCHAR(1000) NOT NULL, 
    creation_timestamp_ms BIGINT NOT NULL, 
    last_updated_timestamp_ms BIGINT NOT NULL, 
    status INTEGER NOT NULL, 
    lifecycle_stage VARCHAR(32), 
    model_type VARCHAR(500), 
    source_run_id VARCHAR(32), 
    status_message VARCHAR(1000), 
    CONSTRAINT logged_models_pk PRIMARY KEY (model_id), 
    CONSTRAINT logged_models_lifecycle_stage_check CHECK (lifecycle_stage IN ('active', 'deleted')), 
    CONSTRAINT fk_logged_models_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE
);
CREATE TABLE "experiments" (
    experiment_id INTEGER NOT NULL, 
    name VARCHAR(256) NOT NULL, 
    artifact_location VARCHAR(256), 
    lifecycle_stage VARCHAR(32), 
    creation_time BIGINT, 
    last_update_time BIGINT, 
    workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
    CONSTRAINT experiment_pk PRIMARY KEY (experiment_id), 
    CONSTRAINT experiments_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')), 
    CONSTRAINT uq_experiments_workspace_name UNIQUE (workspace, name)
);
CREATE TABLE "registered_models" (
    name VARCHAR(256) NOT NULL, 
    creation_time BIGINT, 
    last_updated_time BIGINT, 
    description VARCHAR(5000), 
    workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
    CONSTRAINT registered_model_pk PRIMARY KEY (workspace, name)
);
CREATE TABLE "model_versions" (
    name VARCHAR(256) NOT NULL, 
    version INTEGER NOT NULL, 
    creation_time BIGINT, 
    last_updated_time BIGINT, 
    description VARCHAR(5000), 
    user_id VARCHAR(256), 
    current_stage VARCHAR(20), 
    source VARCHAR(500), 
    run_id VARCHAR(32), 
    status VARCHAR(20), 
    status_message VARCHAR(500), 
    run_link VARCHAR(500), 
    storage_location VARCHAR(500), 
    workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
    CONSTRAINT model_version_pk PRIMARY KEY (workspace, name, version), 
    CONSTRAINT fk_model_versions_registered_models FOREIGN KEY(workspace, name) REFERENCES registered_models (workspace, name) ON UPDATE CASCADE
);
CREATE TABLE "registered_model_tags" (
    "key" VARCHAR(250) NOT NULL, 
    value VARCHAR(5000), 
    name VARCHAR(256) NOT NULL, 
    workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
    CONSTRAINT registered_model_tag_pk PRIMARY KEY (workspace, "key", name), 
    CONSTRAINT fk_registered_model_tags_registered_models FOREIGN KEY(workspace, name) REFERENCES registered_models (workspace, name) ON UPDATE CASCADE
);
CREATE TABLE "model_version_tags" (
    "key" VARCHAR(250) NOT NULL, 
    value TEXT, 
    name VARCHAR(256) NOT NULL, 
    version INTEGER NOT NULL, 
    workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
    CONSTRAINT model_version_tag_pk PRIMARY KEY (workspace, "key", name, version), 
    CONSTRAINT fk_model_version_tags_model_versions FOREIGN KEY(workspace, name, version) REFERENCES model_versions (workspace, name, version) ON UPDATE CASCADE
);
CREATE TABLE "registered_model_aliases" (
    alias VARCHAR(256) NOT NULL, 
    version INTEGER NOT NULL, 
    name VARCHAR(256) NOT NULL, 
    workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
    CONSTRAINT registered_model_alias_pk PRIMARY KEY (workspace, name, alias), 
    CONSTRAINT fk_registered_model_aliases_registered_models FOREIGN KEY(workspace, name) REFERENCES registered_models (workspace, name) ON DELETE CASCADE ON UPDATE CASCADE
);
