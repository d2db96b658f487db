-- What is not state: things that are shown once and soon expire, and mail that waits to be sent.
CREATE TABLE ticket (
    kind         TEXT    NOT NULL,
    hash         BLOB    NOT NULL,
    organization BLOB    NOT NULL REFERENCES organization (key),
    owner        BLOB    NOT NULL,
    expires_at   INTEGER NOT NULL,
    data         BLOB    NOT NULL,
    PRIMARY KEY (kind, hash)
) STRICT;

CREATE INDEX ticket_owner ON ticket (organization, kind, owner);

CREATE INDEX ticket_expires_at ON ticket (expires_at);

CREATE TABLE outbox (
    id           INTEGER NOT NULL PRIMARY KEY,
    organization BLOB    NOT NULL REFERENCES organization (key),
    at           INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    data         BLOB    NOT NULL
) STRICT;

CREATE INDEX outbox_next_at ON outbox (next_at);

CREATE INDEX outbox_organization ON outbox (organization);
