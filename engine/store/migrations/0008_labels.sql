-- Labels that a person gave a product: the latest one counts, and each is learned from.
CREATE TABLE label_corrections (
    shop VARCHAR NOT NULL,
    target VARCHAR NOT NULL,
    item_id VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    "time" TIMESTAMP NOT NULL,
    actor VARCHAR NOT NULL,
    PRIMARY KEY (shop, target, item_id)
);
