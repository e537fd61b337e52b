-- 0001 foundation. Starts from nothing; no earlier version can live with it.
--
-- Conventions: dates are days since 1970-01-01, instants are microseconds since then (UTC), amounts are minor units,
-- codes are the numbers of the contract's enums. No column holds an identifier or a member's token. "Person: no" means
-- that the column alone says nothing about who somebody is; subject numbers mean nothing outside this database.

-- Numbers that were never given before: subjects, tokens, accounts, members, grants.
CREATE TABLE number_source (
    singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1), -- always 1
    next_number INTEGER NOT NULL                                  -- the next number to give. Person: no
) STRICT;
INSERT INTO number_source (singleton, next_number) VALUES (1, 1);

-- What a pseudonym means now. Sealed under a key that is not in the database; one row for each key version in use.
CREATE TABLE subject_token (
    token_id INTEGER NOT NULL PRIMARY KEY,      -- the token's number, the same through key rotation. Person: no
    sealed BLOB NOT NULL CHECK (length(sealed) = 48), -- AES-SIV of the pseudonym. Person: only with the sealing key
    key_version INTEGER NOT NULL,               -- version of the token key inside. Person: no
    identifier_type INTEGER NOT NULL,           -- which kind of identifier. Person: no
    subject_id INTEGER NOT NULL                 -- whom it means; of a mobile, the number's own subject. Changed by merge and split
) STRICT;
-- The first 16 bytes are the synthetic vector, a MAC of the pseudonym: as unique as the whole, and a third as long.
CREATE UNIQUE INDEX subject_token_by_vector ON subject_token (substr(sealed, 1, 16));
CREATE INDEX subject_token_by_subject ON subject_token (subject_id);

-- A mobile number that was reported together with a strong identifier.
CREATE TABLE mobile_link (
    mobile_subject INTEGER NOT NULL,            -- the number's own subject. Person: no
    subject_id INTEGER NOT NULL,                -- the strong subject. Changed by merge
    member_no INTEGER NOT NULL,                 -- who reported it. Person: no
    last_seen INTEGER NOT NULL,                 -- date of the latest acceptance. Person: no
    PRIMARY KEY (mobile_subject, subject_id, member_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX mobile_link_by_subject ON mobile_link (subject_id);

-- Accounts by their members' names.
CREATE TABLE account (
    member_no INTEGER NOT NULL,                 -- whose account. Person: no
    account_ref TEXT NOT NULL,                  -- the member's name of it; refused if it looks like personal data
    account_no INTEGER NOT NULL,                -- its number. Person: no
    holder INTEGER NOT NULL,                    -- subject of the primary liability: where its current version is found
    versions_made INTEGER NOT NULL,             -- how many versions it ever had. Person: no
    PRIMARY KEY (member_no, account_ref)
) STRICT, WITHOUT ROWID;
-- A member's accounts, newest first, and the one that a merged position belongs to.
CREATE INDEX account_by_number ON account (member_no, account_no);

-- The current version of an account, once for each liable subject, clustered by subject.
CREATE TABLE position (
    subject_id INTEGER NOT NULL,                -- whom it concerns
    member_no INTEGER NOT NULL,                 -- who reported it. Person: no
    account_no INTEGER NOT NULL,                -- the account. Person: no
    role INTEGER NOT NULL,                      -- how the subject is liable. Person: no
    first_received_at INTEGER,                  -- acceptance of version 1; NULL: that of this version. Person: no
    last_received_at INTEGER,                   -- latest acceptance; NULL: that of this version. Person: no
    deleted INTEGER,                            -- why it was deleted; NULL: it was not. Person: no
    disputed INTEGER NOT NULL,                  -- 1 under dispute. Person: no
    suppressed INTEGER NOT NULL,                -- 1 hidden from answers. Person: no
    missing_batches INTEGER NOT NULL,           -- consecutive full batches without it. Person: no
    version INTEGER NOT NULL,                   -- version number, from 1. Person: no
    event INTEGER,                              -- what the member declared. Person: no
    received_at INTEGER NOT NULL,               -- first acceptance of this version. Person: no
    correction_reason TEXT,                     -- why it replaces another; refused if it looks like personal data
    liabilities BLOB NOT NULL,                  -- everyone liable: roles, token numbers, dates of proof
    as_of INTEGER NOT NULL,                     -- last date on which this version was true. Person: no
    sequence INTEGER NOT NULL,                  -- the member's counter. Person: no
    account_type INTEGER NOT NULL,              -- as reported, like all columns below; none says who somebody is
    product_type INTEGER NOT NULL,              -- what kind of product
    loan_purpose INTEGER NOT NULL,              -- what the money is for
    guarantee_type INTEGER NOT NULL,            -- what secures it
    funding_role INTEGER NOT NULL,              -- the member's part in the funding
    region_code TEXT NOT NULL,                  -- where the borrower lives: province or division. Person: coarse
    currency TEXT NOT NULL,                     -- ISO 4217
    opened_on INTEGER NOT NULL,                 -- date of opening
    matures_on INTEGER,                         -- date of maturity
    closed_on INTEGER,                          -- date of closure
    original_amount INTEGER NOT NULL,           -- amount lent
    credit_limit INTEGER NOT NULL,              -- limit granted
    outstanding_principal INTEGER NOT NULL,     -- principal owed
    outstanding_total INTEGER NOT NULL,         -- everything owed
    scheduled_payment INTEGER NOT NULL,         -- instalment
    repayment_frequency INTEGER NOT NULL,       -- how often it falls due
    next_due_on INTEGER,                        -- date of the next instalment
    remaining_terms INTEGER NOT NULL,           -- instalments left
    annual_percentage_rate_bp INTEGER NOT NULL, -- basis points a year
    status INTEGER NOT NULL,                    -- where the account stands
    closure_reason INTEGER,                     -- why it was closed
    days_past_due INTEGER NOT NULL,             -- contractual days past due
    grace_days INTEGER NOT NULL,                -- contractual grace
    overdue_principal INTEGER NOT NULL,         -- principal past due
    overdue_interest INTEGER NOT NULL,          -- interest past due
    overdue_penalty INTEGER NOT NULL,           -- penalty interest past due
    overdue_fees INTEGER NOT NULL,              -- fees past due
    first_delinquent_on INTEGER,                -- date of first delinquency
    asset_classification INTEGER,               -- five-tier classification
    collection_stage INTEGER,                   -- how far collection went
    extension_count INTEGER NOT NULL,           -- extensions so far
    restructure_count INTEGER NOT NULL,         -- restructurings so far
    hardship_code INTEGER,                      -- kind of hardship, by code only
    last_payment_on INTEGER,                    -- date of the last payment
    last_payment_amount INTEGER NOT NULL,       -- amount of the last payment
    funding_group_ref TEXT,                     -- same for all members that fund one loan together
    consent_reference TEXT NOT NULL,            -- the member's reference of the consent
    adverse_notice_reference TEXT,              -- the member's reference of the notice before adverse information
    adverse_notice_sent_on INTEGER,             -- date of that notice
    reservation_id TEXT,                        -- the reservation that the loan consumed
    PRIMARY KEY (subject_id, member_no, account_no)
) STRICT, WITHOUT ROWID;

-- Versions that are no longer current. Columns from version on mean what they mean in position.
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
    PRIMARY KEY (account_no, version)
) STRICT, WITHOUT ROWID;

-- What uncorrected past versions still tell about a subject: enough for the delinquency look-back.
CREATE TABLE position_history (
    subject_id INTEGER NOT NULL,                -- whom it concerns
    account_no INTEGER NOT NULL,                -- the account. Person: no
    version INTEGER NOT NULL,                   -- the version. Person: no
    member_no INTEGER NOT NULL,                 -- who reported it. Person: no
    as_of INTEGER NOT NULL,                     -- last date on which it was true. Person: no
    days_past_due INTEGER NOT NULL,             -- as reported. Person: no
    next_due_on INTEGER,                        -- as reported. Person: no
    PRIMARY KEY (subject_id, account_no, version)
) STRICT, WITHOUT ROWID;

-- Every look at a subject.
CREATE TABLE inquiry (
    subject_id INTEGER NOT NULL,                -- at whom
    inquired_at INTEGER NOT NULL,               -- when. Person: no
    answer_id BLOB NOT NULL,                    -- UUID of the answer. Person: no
    member_no INTEGER NOT NULL,                 -- by whom. Person: no
    kind INTEGER NOT NULL,                      -- 1 query, 2 portfolio review. Person: no
    purpose INTEGER NOT NULL,                   -- why. Person: no
    with_strong INTEGER NOT NULL,               -- 1 if a strong token was presented. Person: no
    counted INTEGER NOT NULL,                   -- 0 after an identity conflict. Person: no
    consent_reference TEXT NOT NULL,            -- the member's reference of the consent
    consent_purposes TEXT NOT NULL,             -- what it allows, codes separated by commas. Person: no
    consent_granted_on INTEGER NOT NULL,        -- its first day. Person: no
    consent_expires_on INTEGER NOT NULL,        -- its last day. Person: no
    consent_text_sha256 BLOB NOT NULL,          -- hash of the agreed text. Person: no
    PRIMARY KEY (subject_id, inquired_at, answer_id)
) STRICT, WITHOUT ROWID;

-- Frozen figures of a day: the first answer is repeated. Past days are removed.
CREATE TABLE frozen_answer (
    subject_id INTEGER NOT NULL,                -- about whom
    day INTEGER NOT NULL,                       -- civil day. Person: no
    member_no INTEGER NOT NULL,                 -- for whom. Person: no
    hard INTEGER NOT NULL,                      -- 1 hard purpose. Person: no
    with_strong INTEGER NOT NULL,               -- 1 if a strong token was presented. Person: no
    figures BLOB NOT NULL,                      -- the figures, versioned encoding
    PRIMARY KEY (subject_id, day, member_no, hard, with_strong)
) STRICT, WITHOUT ROWID;
CREATE INDEX frozen_answer_by_day ON frozen_answer (day);

-- Requests that took effect, with what they were answered. Kept for 7 days.
CREATE TABLE request (
    member_no INTEGER NOT NULL,                 -- of whom; 0 for what two operators sign. Person: no
    rpc TEXT NOT NULL,                          -- which rpc. Person: no
    request_id BLOB NOT NULL,                   -- the caller's UUID. Person: no
    body_sha256 BLOB NOT NULL,                  -- what it asked. Person: no
    created_at INTEGER NOT NULL,                -- when it took effect. Person: no
    accepted BLOB NOT NULL,                     -- what it was answered, versioned encoding
    PRIMARY KEY (member_no, rpc, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_by_age ON request (created_at);

-- Members.
CREATE TABLE member (
    member_no INTEGER NOT NULL PRIMARY KEY,     -- its number. Person: no
    member_id TEXT NOT NULL UNIQUE,             -- its public name. Person: no
    display_name TEXT NOT NULL,                 -- for people; of a company. Person: no
    lender_group INTEGER NOT NULL,              -- its kind. Person: no
    roles TEXT NOT NULL,                        -- codes separated by commas. Person: no
    state INTEGER NOT NULL,                     -- where it stands. Person: no
    created_at INTEGER NOT NULL,                -- when it was registered. Person: no
    rule_packs TEXT NOT NULL,                   -- names separated by commas. Person: no
    evaluations_per_day INTEGER NOT NULL        -- quota of token evaluations. Person: no
) STRICT;

-- Certificates that speak, or once spoke, for a member.
CREATE TABLE certificate (
    fingerprint BLOB NOT NULL PRIMARY KEY,      -- SHA-256 of the DER encoding. Person: no
    member_no INTEGER NOT NULL,                 -- for whom. Person: no
    place INTEGER NOT NULL,                     -- order within the member, from 0. Person: no
    not_after INTEGER NOT NULL,                 -- end of validity. Person: no
    revoked_at INTEGER                          -- when it was revoked. Person: no
) STRICT, WITHOUT ROWID;

-- Counts the changes of members and certificates, so that servers notice them.
CREATE TABLE registry_generation (
    singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1), -- always 1
    generation INTEGER NOT NULL                                   -- grows with each change. Person: no
) STRICT;
INSERT INTO registry_generation (singleton, generation) VALUES (1, 1);

-- What a member did lately.
CREATE TABLE member_activity (
    member_no INTEGER NOT NULL PRIMARY KEY,     -- which member. Person: no
    latest_as_of INTEGER,                       -- greatest business date of its accepted reports. Person: no
    evaluations_ever INTEGER NOT NULL           -- token evaluations ever. Person: no
) STRICT;

-- Token evaluations of a day.
CREATE TABLE evaluation_usage (
    member_no INTEGER NOT NULL,                 -- which member. Person: no
    day INTEGER NOT NULL,                       -- civil day. Person: no
    evaluations INTEGER NOT NULL,               -- all of them. Person: no
    from_quota INTEGER NOT NULL,                -- those charged to the daily quota, not to a grant. Person: no
    PRIMARY KEY (member_no, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX evaluation_usage_by_day ON evaluation_usage (day, evaluations);

-- Granted bursts of token evaluations.
CREATE TABLE evaluation_grant (
    member_no INTEGER NOT NULL,                 -- to whom. Person: no
    grant_no INTEGER NOT NULL,                  -- its number. Person: no
    remaining INTEGER NOT NULL,                 -- evaluations left. Person: no
    expires_at INTEGER NOT NULL,                -- until when. Person: no
    PRIMARY KEY (member_no, grant_no)
) STRICT, WITHOUT ROWID;

-- Subjects that a member's inquiries created, by day.
CREATE TABLE subject_creation (
    member_no INTEGER NOT NULL,                 -- which member. Person: no
    day INTEGER NOT NULL,                       -- civil day. Person: no
    subjects INTEGER NOT NULL,                  -- how many. Person: no
    PRIMARY KEY (member_no, day)
) STRICT, WITHOUT ROWID;

-- What one operator proposed and a second has still to repeat.
CREATE TABLE proposal (
    rpc TEXT NOT NULL,                          -- which rpc. Person: no
    request_id BLOB NOT NULL,                   -- the proposal's UUID. Person: no
    body_sha256 BLOB NOT NULL,                  -- what it asks. Person: no
    proposed_by BLOB NOT NULL,                  -- fingerprint of the operator's certificate. Person: no
    proposed_at INTEGER NOT NULL,               -- when. Person: no
    PRIMARY KEY (rpc, request_id)
) STRICT, WITHOUT ROWID;

-- Audit entries that are not in the tree yet.
CREATE TABLE audit_waiting (
    entry_id INTEGER NOT NULL PRIMARY KEY,      -- the entry's number, in order of writing. Person: no
    leaf_hash BLOB NOT NULL                     -- salted hash. Person: no
) STRICT;

-- Leaves of the tree.
CREATE TABLE audit_leaf (
    leaf_index INTEGER NOT NULL PRIMARY KEY,    -- place, from 0. Person: no
    entry_id INTEGER NOT NULL,                  -- which entry. Person: no
    leaf_hash BLOB NOT NULL                     -- salted hash. Person: no
) STRICT;

-- What opens a leaf. Erasable.
CREATE TABLE audit_opening (
    entry_id INTEGER NOT NULL PRIMARY KEY,      -- which entry. Person: no
    salt BLOB NOT NULL,                         -- makes the leaf unguessable once this row is gone. Person: no
    content BLOB NOT NULL                       -- who, which rpc, why, about which subject numbers, hash of the answer
) STRICT;

-- Complete nodes of the tree at the levels 8, 16, 24, ….
CREATE TABLE audit_node (
    level INTEGER NOT NULL,                     -- height above the leaves. Person: no
    node_index INTEGER NOT NULL,                -- place within the level. Person: no
    hash BLOB NOT NULL,                         -- the node. Person: no
    PRIMARY KEY (level, node_index)
) STRICT, WITHOUT ROWID;

-- Signed checkpoints.
CREATE TABLE audit_checkpoint (
    tree_size INTEGER NOT NULL PRIMARY KEY,     -- leaves it signs. Person: no
    note TEXT NOT NULL                          -- C2SP signed note. Person: no
) STRICT;

-- Where the tree stands, and who sequences.
CREATE TABLE audit_head (
    singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1), -- always 1
    tree_size INTEGER NOT NULL,                 -- leaves. Person: no
    frontier BLOB,                              -- complete subtrees; NULL of a new log. Person: no
    next_entry INTEGER NOT NULL,                -- number of the next audit entry. Person: no
    lease_holder BLOB,                          -- process that sequences. Person: no
    lease_until INTEGER NOT NULL                -- end of its lease. Person: no
) STRICT;
INSERT INTO audit_head (singleton, tree_size, next_entry, lease_until) VALUES (1, 0, 1, 0);
