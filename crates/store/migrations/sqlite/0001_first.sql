-- The first format. Only bytes, text, integers and null, so that PostgreSQL can hold the same tables.
-- 0x526f6c65 spells "Role": how a file is known to be ours.
PRAGMA application_id = 1383033957;

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

CREATE TABLE organization (
    key        BLOB    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    home       INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX organization_home ON organization (home) WHERE home = 1;

-- The log. A body of more than 4 MiB stands in entry_part, and `parts` says in how many pieces.
CREATE TABLE entry (
    organization BLOB    NOT NULL REFERENCES organization (key),
    revision     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    hash         BLOB    NOT NULL,
    size         INTEGER NOT NULL,
    parts        INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, revision)
) STRICT;

CREATE TABLE entry_part (
    organization BLOB    NOT NULL,
    revision     INTEGER NOT NULL,
    part         INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, revision, part)
) STRICT;

-- Whose personal values stand in which entries, so that a person can be erased.
CREATE TABLE mention (
    organization BLOB    NOT NULL,
    subject      BLOB    NOT NULL,
    revision     INTEGER NOT NULL,
    PRIMARY KEY (organization, subject, revision)
) STRICT, WITHOUT ROWID;

-- A checkpoint counts only once its row is here; the parts are written before it.
CREATE TABLE checkpoint (
    organization BLOB    NOT NULL REFERENCES organization (key),
    revision     INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    state_hash   BLOB    NOT NULL,
    parts        INTEGER NOT NULL,
    PRIMARY KEY (organization, revision)
) STRICT;

CREATE TABLE checkpoint_part (
    organization BLOB    NOT NULL,
    revision     INTEGER NOT NULL,
    part         INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, revision, part)
) STRICT;

CREATE TABLE secret (
    organization BLOB NOT NULL REFERENCES organization (key),
    kind         TEXT NOT NULL,
    key          BLOB NOT NULL,
    hash         BLOB,
    data         BLOB,
    PRIMARY KEY (organization, kind, key)
) STRICT;

CREATE UNIQUE INDEX secret_hash ON secret (kind, hash) WHERE hash IS NOT NULL;

CREATE TABLE idempotency (
    organization BLOB    NOT NULL REFERENCES organization (key),
    caller       BLOB    NOT NULL,
    key          TEXT    NOT NULL,
    digest       BLOB    NOT NULL,
    revision     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (organization, caller, key)
) STRICT;

CREATE TABLE event (
    organization BLOB    NOT NULL REFERENCES organization (key),
    position     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    hash         BLOB    NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, position)
) STRICT;

CREATE TABLE last_use (
    organization BLOB    NOT NULL REFERENCES organization (key),
    kind         TEXT    NOT NULL,
    key          BLOB    NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (organization, kind, key)
) STRICT, WITHOUT ROWID;
