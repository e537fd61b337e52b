-- 0003 batch. A program of version 0002 cannot live with it: it would leave the new columns of accounts behind.
--
-- What members upload in one go, what became of each record, and what accounts must know for it.

-- Whether the account is active and not deleted: the open book of a member without a look at positions.
ALTER TABLE account ADD COLUMN is_open INTEGER NOT NULL DEFAULT 1; -- 1 active and not deleted. Person: no
ALTER TABLE account ADD COLUMN carried_by INTEGER NOT NULL DEFAULT 0; -- latest FULL batch that carried it; 0: none. Person: no
ALTER TABLE account ADD COLUMN token_digests BLOB; -- keyed hashes of the tokens of its current version. Person: only with the ledger key
UPDATE account
SET is_open = (
    SELECT p.deleted IS NULL AND p.status IN (1, 2, 3, 4)
    FROM position p
    WHERE p.subject_id = account.holder AND p.member_no = account.member_no AND p.account_no = account.account_no);

-- The first date for which a version was reported: as_of moves on while nothing else changes.
ALTER TABLE position ADD COLUMN first_as_of INTEGER; -- first date of this version; NULL: its as_of. Person: no

ALTER TABLE past_version RENAME TO past_version_in_order;
-- Versions of the past, one behind the other and found by an index: they are written by every report and read by few, and rows
-- as wide as these, each put in its place, split a page with every tenth of them.
CREATE TABLE past_version (
    account_no INTEGER NOT NULL,                -- the account. Person: no
    member_no INTEGER NOT NULL,                 -- whose account. Person: no
    corrected_by INTEGER,                       -- version that replaced it by correction; NULL: time went on. Person: no
    version INTEGER NOT NULL,                   -- see position
    event INTEGER,                              -- see position
    received_at INTEGER NOT NULL,               -- see position
    correction_reason TEXT,                     -- see position
    liabilities BLOB NOT NULL,                  -- see position
    as_of INTEGER NOT NULL,                     -- see position
    sequence INTEGER NOT NULL,                  -- see position
    account_type INTEGER NOT NULL,              -- see position
    product_type INTEGER NOT NULL,              -- see position
    loan_purpose INTEGER NOT NULL,              -- see position
    guarantee_type INTEGER NOT NULL,            -- see position
    funding_role INTEGER NOT NULL,              -- see position
    region_code TEXT NOT NULL,                  -- see position
    currency TEXT NOT NULL,                     -- see position
    opened_on INTEGER NOT NULL,                 -- see position
    matures_on INTEGER,                         -- see position
    closed_on INTEGER,                          -- see position
    original_amount INTEGER NOT NULL,           -- see position
    credit_limit INTEGER NOT NULL,              -- see position
    outstanding_principal INTEGER NOT NULL,     -- see position
    outstanding_total INTEGER NOT NULL,         -- see position
    scheduled_payment INTEGER NOT NULL,         -- see position
    repayment_frequency INTEGER NOT NULL,       -- see position
    next_due_on INTEGER,                        -- see position
    remaining_terms INTEGER NOT NULL,           -- see position
    annual_percentage_rate_bp INTEGER NOT NULL, -- see position
    status INTEGER NOT NULL,                    -- see position
    closure_reason INTEGER,                     -- see position
    days_past_due INTEGER NOT NULL,             -- see position
    grace_days INTEGER NOT NULL,                -- see position
    overdue_principal INTEGER NOT NULL,         -- see position
    overdue_interest INTEGER NOT NULL,          -- see position
    overdue_penalty INTEGER NOT NULL,           -- see position
    overdue_fees INTEGER NOT NULL,              -- see position
    first_delinquent_on INTEGER,                -- see position
    asset_classification INTEGER,               -- see position
    collection_stage INTEGER,                   -- see position
    extension_count INTEGER NOT NULL,           -- see position
    restructure_count INTEGER NOT NULL,         -- see position
    hardship_code INTEGER,                      -- see position
    last_payment_on INTEGER,                    -- see position
    last_payment_amount INTEGER NOT NULL,       -- see position
    funding_group_ref TEXT,                     -- see position
    consent_reference TEXT NOT NULL,            -- see position
    adverse_notice_reference TEXT,              -- see position
    adverse_notice_sent_on INTEGER,             -- see position
    reservation_id TEXT,                        -- see position
    first_as_of INTEGER,                        -- first date of this version; NULL: its as_of. Person: no
    PRIMARY KEY (account_no, version)
) STRICT;
INSERT INTO past_version SELECT *, NULL FROM past_version_in_order;
DROP TABLE past_version_in_order;

-- What a member completed last.
ALTER TABLE member_activity ADD COLUMN batch_as_of INTEGER; -- greatest business date of its completed batches. Person: no
ALTER TABLE member_activity ADD COLUMN batch_on INTEGER; -- civil day on which that one was completed. Person: no

-- Batches.
CREATE TABLE batch (
    member_no INTEGER NOT NULL,                 -- whose. Person: no
    batch_id TEXT NOT NULL,                     -- the member's name of it; refused if it looks like personal data
    batch_no INTEGER NOT NULL,                  -- its number. Person: no
    epoch INTEGER NOT NULL,                     -- how many streams carried it; older ones are refused. Person: no
    batch_type INTEGER NOT NULL,                -- full or incremental. Person: no
    as_of INTEGER NOT NULL,                     -- the business date that it describes. Person: no
    dry_run INTEGER NOT NULL,                   -- 1 only a rehearsal. Person: no
    resends TEXT,                               -- the batch whose rejects it sends again; NULL: none
    resends_no INTEGER,                         -- its number. Person: no
    content_sha256 BLOB NOT NULL,               -- SHA-256 of the source. Person: no
    state INTEGER NOT NULL,                     -- where it stands. Person: no
    phase INTEGER NOT NULL,                     -- 1 records, 2 listing what is missing, 3 marking it, 4 judged. Person: no
    listed_to TEXT,                             -- last account that the phase is through with; NULL: none
    received INTEGER NOT NULL,                  -- records read. Person: no
    accepted INTEGER NOT NULL,                  -- records on file. Person: no
    rejected INTEGER NOT NULL,                  -- records that broke a rule. Person: no
    unchanged INTEGER NOT NULL,                 -- accepted, equal to what was on file. Person: no
    superseded INTEGER NOT NULL,                -- older than what was on file. Person: no
    warnings INTEGER NOT NULL,                  -- accepted with a warning. Person: no
    active INTEGER NOT NULL,                    -- positions with an active status. Person: no
    missing INTEGER NOT NULL,                   -- open positions that a full batch did not carry. Person: no
    totals BLOB NOT NULL,                       -- sums by currency, versioned encoding. Person: no
    failures BLOB NOT NULL,                     -- why it failed or is held, versioned encoding. Person: no
    started_at INTEGER NOT NULL,                -- first header. Person: no
    finished_at INTEGER,                        -- judgement; NULL: not yet. Person: no
    PRIMARY KEY (member_no, batch_id)
) STRICT, WITHOUT ROWID;
-- A member's batches, newest first.
CREATE INDEX batch_by_number ON batch (member_no, batch_no);

-- Records that were rejected, or accepted with warnings.
CREATE TABLE batch_result (
    member_no INTEGER NOT NULL,                 -- whose. Person: no
    batch_no INTEGER NOT NULL,                  -- of which batch. Person: no
    record_number INTEGER NOT NULL,             -- place within the batch, from 1. Person: no
    account_ref TEXT,                           -- the record's account; NULL: could not be read
    violations BLOB NOT NULL,                   -- broken rules, versioned encoding; no value of the record
    warnings BLOB NOT NULL,                     -- what is odd, versioned encoding; no value of the record
    rejected INTEGER NOT NULL,                  -- 1 rejected. Person: no
    created_at INTEGER NOT NULL,                -- when. Person: no
    mended_at INTEGER,                          -- when the account was accepted in a batch that sends it again. Person: no
    PRIMARY KEY (member_no, batch_no, record_number)
) STRICT, WITHOUT ROWID;
-- The rejects that a later batch mends, of however many batches before it.
CREATE INDEX batch_result_by_account ON batch_result (member_no, account_ref, batch_no);

-- Open positions on file that a full batch did not carry.
CREATE TABLE batch_missing (
    member_no INTEGER NOT NULL,                 -- whose. Person: no
    batch_no INTEGER NOT NULL,                  -- of which batch. Person: no
    account_ref TEXT NOT NULL,                  -- which account
    PRIMARY KEY (member_no, batch_no, account_ref)
) STRICT, WITHOUT ROWID;

-- What a member reported on a civil day, by either way: how well. The sum of all slots counts.
CREATE TABLE report_day (
    member_no INTEGER NOT NULL,                 -- which member. Person: no
    day INTEGER NOT NULL,                       -- civil day of receipt. Person: no
    slot INTEGER NOT NULL,                      -- spreads groups that are written at once. Person: no
    reports INTEGER NOT NULL,                   -- accepted positions. Person: no
    late INTEGER NOT NULL,                      -- of these, received later than they should be. Person: no
    optional_fields INTEGER NOT NULL,           -- optional fields that applied. Person: no
    optional_filled INTEGER NOT NULL,           -- of these, filled in. Person: no
    contradictions INTEGER NOT NULL,            -- of the reports, accepted with a warning that something contradicts. Person: no
    contradictions_rejected INTEGER NOT NULL,   -- records of batches that contradict what is on file. Person: no
    PRIMARY KEY (member_no, day, slot)
) STRICT, WITHOUT ROWID;
