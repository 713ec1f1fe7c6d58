-- Merchandising plans: what was published over a shop's model, and drafts that were saved under a name.
CREATE TABLE plans (
    shop VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    plan VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    undoes INTEGER,
    "time" TIMESTAMP NOT NULL,
    actor VARCHAR NOT NULL,
    PRIMARY KEY (shop, number)
);

CREATE TABLE scenarios (
    shop VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    draft VARCHAR NOT NULL,
    view VARCHAR NOT NULL,
    "time" TIMESTAMP NOT NULL,
    actor VARCHAR NOT NULL,
    PRIMARY KEY (shop, name)
);
