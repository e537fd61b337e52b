-- 0003 batch. A program of version 0002 cannot live with it: it would leave the new columns of accounts behind.
--
-- What members upload in one go, what became of each record, and what accounts must know for it.

-- Whether the account is active and not deleted: the open book of a member without a look at positions.
ALTER TABLE account ADD COLUMN is_open SMALLINT NOT NULL DEFAULT 1; -- 1 active and not deleted. Person: no
ALTER TABLE account ADD COLUMN carried_by BIGINT NOT NULL DEFAULT 0; -- latest FULL batch that carried it; 0: none. Person: no
ALTER TABLE account ADD COLUMN token_digests BYTEA; -- keyed hashes of the tokens of its current version. Person: only with the ledger key
WITH closed AS MATERIALIZED (
    SELECT DISTINCT member_no, account_no
    FROM position
    WHERE deleted IS NOT NULL OR status NOT IN (1, 2, 3, 4))
UPDATE account a
SET is_open = 0
FROM closed c
WHERE a.member_no = c.member_no AND a.account_no = c.account_no;

-- The first date for which a version was reported: as_of moves on while nothing else changes.
ALTER TABLE position ADD COLUMN first_as_of INT4; -- first date of this version; NULL: its as_of. Person: no
ALTER TABLE past_version ADD COLUMN first_as_of INT4; -- see position

-- What a member completed last.
ALTER TABLE member_activity ADD COLUMN batch_as_of INT4; -- greatest business date of its completed batches. Person: no
ALTER TABLE member_activity ADD COLUMN batch_on INT4; -- civil day on which that one was completed. Person: no

-- Batches.
CREATE TABLE batch (
    member_no BIGINT NOT NULL,                  -- whose. Person: no
    batch_id TEXT NOT NULL,                     -- the member's name of it; refused if it looks like personal data
    batch_no BIGINT NOT NULL,                   -- its number. Person: no
    epoch BIGINT NOT NULL,                      -- how many streams carried it; older ones are refused. Person: no
    batch_type SMALLINT NOT NULL,               -- full or incremental. Person: no
    as_of INT4 NOT NULL,                        -- the business date that it describes. Person: no
    dry_run SMALLINT NOT NULL,                  -- 1 only a rehearsal. Person: no
    resends TEXT,                               -- the batch whose rejects it sends again; NULL: none
    resends_no BIGINT,                          -- its number. Person: no
    content_sha256 BYTEA NOT NULL,              -- SHA-256 of the source. Person: no
    state SMALLINT NOT NULL,                    -- where it stands. Person: no
    phase SMALLINT NOT NULL,                    -- 1 records, 2 listing what is missing, 3 marking it, 4 judged. Person: no
    listed_to TEXT,                             -- last account that the phase is through with; NULL: none
    received BIGINT NOT NULL,                   -- records read. Person: no
    accepted BIGINT NOT NULL,                   -- records on file. Person: no
    rejected BIGINT NOT NULL,                   -- records that broke a rule. Person: no
    unchanged BIGINT NOT NULL,                  -- accepted, equal to what was on file. Person: no
    superseded BIGINT NOT NULL,                 -- older than what was on file. Person: no
    warnings BIGINT NOT NULL,                   -- accepted with a warning. Person: no
    active BIGINT NOT NULL,                     -- positions with an active status. Person: no
    missing BIGINT NOT NULL,                    -- open positions that a full batch did not carry. Person: no
    totals BYTEA NOT NULL,                      -- sums by currency, versioned encoding. Person: no
    failures BYTEA NOT NULL,                    -- why it failed or is held, versioned encoding. Person: no
    started_at BIGINT NOT NULL,                 -- first header. Person: no
    finished_at BIGINT,                         -- judgement; NULL: not yet. Person: no
    PRIMARY KEY (member_no, batch_id)
) WITH (fillfactor = 50);
-- A member's batches, newest first.
CREATE INDEX batch_by_number ON batch (member_no, batch_no);

-- Records that were rejected, or accepted with warnings.
CREATE TABLE batch_result (
    member_no BIGINT NOT NULL,                  -- whose. Person: no
    batch_no BIGINT NOT NULL,                   -- of which batch. Person: no
    record_number BIGINT NOT NULL,              -- place within the batch, from 1. Person: no
    account_ref TEXT,                           -- the record's account; NULL: could not be read
    violations BYTEA NOT NULL,                  -- broken rules, versioned encoding; no value of the record
    warnings BYTEA NOT NULL,                    -- what is odd, versioned encoding; no value of the record
    rejected SMALLINT NOT NULL,                 -- 1 rejected. Person: no
    created_at BIGINT NOT NULL,                 -- when. Person: no
    mended_at BIGINT,                           -- when the account was accepted in a batch that sends it again. Person: no
    PRIMARY KEY (member_no, batch_no, record_number)
);
-- The rejects that a later batch mends, of however many batches before it.
CREATE INDEX batch_result_by_account ON batch_result (member_no, account_ref, batch_no);

-- Open positions on file that a full batch did not carry.
CREATE TABLE batch_missing (
    member_no BIGINT NOT NULL,                  -- whose. Person: no
    batch_no BIGINT NOT NULL,                   -- of which batch. Person: no
    account_ref TEXT COLLATE "C" NOT NULL,      -- which account
    PRIMARY KEY (member_no, batch_no, account_ref)
);

-- What a member reported on a civil day, by either way: how well. The sum of all slots counts.
CREATE TABLE report_day (
    member_no BIGINT NOT NULL,                  -- which member. Person: no
    day INT4 NOT NULL,                          -- civil day of receipt. Person: no
    slot SMALLINT NOT NULL,                     -- spreads groups that are written at once. Person: no
    reports BIGINT NOT NULL,                    -- accepted positions. Person: no
    late BIGINT NOT NULL,                       -- of these, received later than they should be. Person: no
    optional_fields BIGINT NOT NULL,            -- optional fields that applied. Person: no
    optional_filled BIGINT NOT NULL,            -- of these, filled in. Person: no
    contradictions BIGINT NOT NULL,             -- of the reports, accepted with a warning that something contradicts. Person: no
    contradictions_rejected BIGINT NOT NULL,    -- records of batches that contradict what is on file. Person: no
    PRIMARY KEY (member_no, day, slot)
) WITH (fillfactor = 50);
