-- Snapshots of the market for the regulator: what is published of them, and what the next one needs of the last.

-- One row for each snapshot that was asked for.
CREATE TABLE snapshot (
    as_of INT4 NOT NULL,                        -- the date that it describes. Person: no
    version BIGINT NOT NULL,                    -- 1, then one more for each new computation of the date. Person: no
    state BIGINT NOT NULL,                      -- how far it is. Person: no
    created_at BIGINT NOT NULL,                 -- when it was asked for. Person: no
    tries BIGINT NOT NULL,                      -- how often its computation was begun. Person: no
    lease_holder BYTEA,                         -- the process that works on it. Person: no
    lease_until BIGINT NOT NULL,                -- until when nobody else does. Person: no
    kept BIGINT NOT NULL,                       -- 1 while snapshot_carry has its positions. Person: no
    subjects BIGINT,                            -- rounded number of subjects; NULL until published. Person: no
    positions BIGINT,                           -- rounded number of positions; likewise. Person: no
    lenders BIGINT,                             -- lenders with active positions; likewise. Person: no
    digest BYTEA,                               -- SHA-256 of what is published; likewise. Person: no
    PRIMARY KEY (as_of, version)
);

-- The tables of published snapshots, after disclosure control.
CREATE TABLE snapshot_table (
    as_of INT4 NOT NULL,                        -- of which snapshot. Person: no
    version BIGINT NOT NULL,                    -- likewise. Person: no
    indicator TEXT NOT NULL,                    -- what it shows. Person: no
    cuts TEXT NOT NULL,                         -- what it is cut by, apart by commas. Person: no
    currency TEXT NOT NULL,                     -- of its amounts; empty where it counts. Person: no
    content BYTEA NOT NULL,                     -- its rows, versioned encoding; nothing that is hidden. Person: no
    PRIMARY KEY (as_of, version, indicator, cuts, currency)
);

-- Where each position stood at a snapshot, for the next one: parts of the market in the order of subjects. Never published.
CREATE TABLE snapshot_carry (
    as_of INT4 NOT NULL,                        -- of which snapshot. Person: no
    version BIGINT NOT NULL,                    -- likewise. Person: no
    part BIGINT NOT NULL,                       -- which part, from 0. Person: no
    entries BYTEA NOT NULL,                     -- positions by the numbers of subject, member and account; versioned encoding
    PRIMARY KEY (as_of, version, part)
);
