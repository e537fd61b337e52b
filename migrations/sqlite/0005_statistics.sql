-- Snapshots of the market for the regulator: what is published of them, and what the next one needs of the last.

-- One row for each snapshot that was asked for.
CREATE TABLE snapshot (
    as_of INTEGER NOT NULL,                     -- the date that it describes. Person: no
    version INTEGER NOT NULL,                   -- 1, then one more for each new computation of the date. Person: no
    state INTEGER NOT NULL,                     -- how far it is. Person: no
    created_at INTEGER NOT NULL,                -- when it was asked for. Person: no
    tries INTEGER NOT NULL,                     -- how often its computation was begun. Person: no
    lease_holder BLOB,                          -- the process that works on it. Person: no
    lease_until INTEGER NOT NULL,               -- until when nobody else does. Person: no
    kept INTEGER NOT NULL,                      -- 1 while snapshot_carry has its positions. Person: no
    subjects INTEGER,                           -- rounded number of subjects; NULL until published. Person: no
    positions INTEGER,                          -- rounded number of positions; likewise. Person: no
    lenders INTEGER,                            -- lenders with active positions; likewise. Person: no
    digest BLOB,                                -- SHA-256 of what is published; likewise. Person: no
    PRIMARY KEY (as_of, version)
) STRICT, WITHOUT ROWID;

-- The tables of published snapshots, after disclosure control.
CREATE TABLE snapshot_table (
    as_of INTEGER NOT NULL,                     -- of which snapshot. Person: no
    version INTEGER NOT NULL,                   -- likewise. Person: no
    indicator TEXT NOT NULL,                    -- what it shows. Person: no
    cuts TEXT NOT NULL,                         -- what it is cut by, apart by commas. Person: no
    currency TEXT NOT NULL,                     -- of its amounts; empty where it counts. Person: no
    content BLOB NOT NULL,                      -- its rows, versioned encoding; nothing that is hidden. Person: no
    PRIMARY KEY (as_of, version, indicator, cuts, currency)
) STRICT, WITHOUT ROWID;

-- Where each position stood at a snapshot, for the next one: parts of the market in the order of subjects. Never published.
CREATE TABLE snapshot_carry (
    as_of INTEGER NOT NULL,                     -- of which snapshot. Person: no
    version INTEGER NOT NULL,                   -- likewise. Person: no
    part INTEGER NOT NULL,                      -- which part, from 0. Person: no
    entries BLOB NOT NULL,                      -- positions by the numbers of subject, member and account; versioned encoding
    PRIMARY KEY (as_of, version, part)
) STRICT, WITHOUT ROWID;
