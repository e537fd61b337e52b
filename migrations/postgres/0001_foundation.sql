-- 0001 foundation. Starts from nothing; no earlier version can live with it.
--
-- Conventions: dates are days since 1970-01-01, instants are microseconds since then (UTC), amounts are minor units,
-- codes are the numbers of the contract's enums. No column holds an identifier or a member's token. "Person: no" means
-- that the column alone says nothing about who somebody is; subject numbers mean nothing outside this database.
--
-- The first column of a table's key is what a distributing engine distributes it by, so every unique key begins with it.
-- Widths are written out (BIGINT, INT4, SMALLINT), because INTEGER is 64 bits wide on some engines. A fill factor below 100
-- leaves room for a changed row beside the old one, so that no index has to be told.

-- Numbers that were never given before: subjects, tokens, accounts, members, grants.
CREATE TABLE number_source (
    singleton SMALLINT NOT NULL PRIMARY KEY CHECK (singleton = 1), -- always 1
    next_number BIGINT NOT NULL                 -- the next number to give. Person: no
);
INSERT INTO number_source (singleton, next_number) VALUES (1, 1);

-- Locked by whoever decides about a subject, until that is committed.
CREATE TABLE subject_lock (
    subject_id BIGINT NOT NULL PRIMARY KEY,     -- whom it concerns
    touched BIGINT NOT NULL                     -- latest instant given to a decision about it; the next one is later, on every server. Person: no
) WITH (fillfactor = 50);

-- What a pseudonym means now. Sealed under a key that is not in the database; one row for each key version in use.
CREATE TABLE subject_token (
    token_id BIGINT NOT NULL,                   -- the token's number, the same through key rotation. Person: no
    sealed BYTEA NOT NULL PRIMARY KEY CHECK (length(sealed) = 48), -- AES-SIV of the pseudonym. Person: only with the sealing key
    key_version INT4 NOT NULL,                  -- version of the token key inside. Person: no
    identifier_type SMALLINT NOT NULL,          -- which kind of identifier. Person: no
    subject_id BIGINT NOT NULL                  -- whom it means; of a mobile, the number's own subject. Changed by merge and split
);
CREATE INDEX subject_token_by_number ON subject_token (token_id);
CREATE INDEX subject_token_by_subject ON subject_token (subject_id);

-- A mobile number that was reported together with a strong identifier.
CREATE TABLE mobile_link (
    mobile_subject BIGINT NOT NULL,             -- the number's own subject. Person: no
    subject_id BIGINT NOT NULL,                 -- the strong subject. Changed by merge
    member_no BIGINT NOT NULL,                  -- who reported it. Person: no
    last_seen INT4 NOT NULL,                    -- date of the latest acceptance. Person: no
    PRIMARY KEY (mobile_subject, subject_id, member_no)
);
CREATE INDEX mobile_link_by_subject ON mobile_link (subject_id);

-- Accounts by their members' names.
CREATE TABLE account (
    member_no BIGINT NOT NULL,                  -- whose account. Person: no
    account_ref TEXT NOT NULL,                  -- the member's name of it; refused if it looks like personal data
    account_no BIGINT NOT NULL,                 -- its number. Person: no
    holder BIGINT NOT NULL,                     -- subject of the primary liability: where its current version is found
    versions_made BIGINT NOT NULL,              -- how many versions it ever had. Person: no
    PRIMARY KEY (member_no, account_ref)
) WITH (fillfactor = 80);
-- A member's accounts, newest first, and the one that a merged position belongs to.
CREATE INDEX account_by_number ON account (member_no, account_no);

-- The current version of an account, once for each liable subject, clustered by subject.
CREATE TABLE position (
    subject_id BIGINT NOT NULL,                 -- whom it concerns
    member_no BIGINT NOT NULL,                  -- who reported it. Person: no
    account_no BIGINT NOT NULL,                 -- the account. Person: no
    role SMALLINT NOT NULL,                     -- how the subject is liable. Person: no
    first_received_at BIGINT,                   -- acceptance of version 1; NULL: that of this version. Person: no
    last_received_at BIGINT,                    -- latest acceptance; NULL: that of this version. Person: no
    deleted SMALLINT,                           -- why it was deleted; NULL: it was not. Person: no
    disputed SMALLINT NOT NULL,                 -- 1 under dispute. Person: no
    suppressed SMALLINT NOT NULL,               -- 1 hidden from answers. Person: no
    missing_batches BIGINT NOT NULL,            -- consecutive full batches without it. Person: no
    version BIGINT NOT NULL,                    -- version number, from 1. Person: no
    event SMALLINT,                             -- what the member declared. Person: no
    received_at BIGINT NOT NULL,                -- first acceptance of this version. Person: no
    correction_reason TEXT,                     -- why it replaces another; refused if it looks like personal data
    liabilities BYTEA NOT NULL,                 -- everyone liable: roles, token numbers, dates of proof
    as_of INT4 NOT NULL,                        -- last date on which this version was true. Person: no
    sequence BIGINT NOT NULL,                   -- the member's counter. Person: no
    account_type SMALLINT NOT NULL,             -- as reported, like all columns below; none says who somebody is
    product_type SMALLINT NOT NULL,             -- what kind of product
    loan_purpose SMALLINT NOT NULL,             -- what the money is for
    guarantee_type SMALLINT NOT NULL,           -- what secures it
    funding_role SMALLINT NOT NULL,             -- the member's part in the funding
    region_code TEXT NOT NULL,                  -- where the borrower lives: province or division. Person: coarse
    currency TEXT NOT NULL,                     -- ISO 4217
    opened_on INT4 NOT NULL,                    -- date of opening
    matures_on INT4,                            -- date of maturity
    closed_on INT4,                             -- date of closure
    original_amount BIGINT NOT NULL,            -- amount lent
    credit_limit BIGINT NOT NULL,               -- limit granted
    outstanding_principal BIGINT NOT NULL,      -- principal owed
    outstanding_total BIGINT NOT NULL,          -- everything owed
    scheduled_payment BIGINT NOT NULL,          -- instalment
    repayment_frequency SMALLINT NOT NULL,      -- how often it falls due
    next_due_on INT4,                           -- date of the next instalment
    remaining_terms BIGINT NOT NULL,            -- instalments left
    annual_percentage_rate_bp BIGINT NOT NULL,  -- basis points a year
    status SMALLINT NOT NULL,                   -- where the account stands
    closure_reason SMALLINT,                    -- why it was closed
    days_past_due BIGINT NOT NULL,              -- contractual days past due
    grace_days BIGINT NOT NULL,                 -- contractual grace
    overdue_principal BIGINT NOT NULL,          -- principal past due
    overdue_interest BIGINT NOT NULL,           -- interest past due
    overdue_penalty BIGINT NOT NULL,            -- penalty interest past due
    overdue_fees BIGINT NOT NULL,               -- fees past due
    first_delinquent_on INT4,                   -- date of first delinquency
    asset_classification SMALLINT,              -- five-tier classification
    collection_stage SMALLINT,                  -- how far collection went
    extension_count BIGINT NOT NULL,            -- extensions so far
    restructure_count BIGINT NOT NULL,          -- restructurings so far
    hardship_code SMALLINT,                     -- kind of hardship, by code only
    last_payment_on INT4,                       -- date of the last payment
    last_payment_amount BIGINT NOT NULL,        -- amount of the last payment
    funding_group_ref TEXT,                     -- same for all members that fund one loan together
    consent_reference TEXT NOT NULL,            -- the member's reference of the consent
    adverse_notice_reference TEXT,              -- the member's reference of the notice before adverse information
    adverse_notice_sent_on INT4,                -- date of that notice
    reservation_id TEXT,                        -- the reservation that the loan consumed
    PRIMARY KEY (subject_id, member_no, account_no)
) WITH (fillfactor = 80);

-- Versions that are no longer current. Columns from version on mean what they mean in position.
CREATE TABLE past_version (
    account_no BIGINT NOT NULL,                 -- the account. Person: no
    member_no BIGINT NOT NULL,                  -- whose account. Person: no
    corrected_by BIGINT,                        -- version that replaced it by correction; NULL: time went on. Person: no
    version BIGINT NOT NULL,                    -- see position
    event SMALLINT,                             -- see position
    received_at BIGINT NOT NULL,                -- see position
    correction_reason TEXT,                     -- see position
    liabilities BYTEA NOT NULL,                 -- see position
    as_of INT4 NOT NULL,                        -- see position
    sequence BIGINT NOT NULL,                   -- see position
    account_type SMALLINT NOT NULL,             -- see position
    product_type SMALLINT NOT NULL,             -- see position
    loan_purpose SMALLINT NOT NULL,             -- see position
    guarantee_type SMALLINT NOT NULL,           -- see position
    funding_role SMALLINT NOT NULL,             -- see position
    region_code TEXT NOT NULL,                  -- see position
    currency TEXT NOT NULL,                     -- see position
    opened_on INT4 NOT NULL,                    -- see position
    matures_on INT4,                            -- see position
    closed_on INT4,                             -- see position
    original_amount BIGINT NOT NULL,            -- see position
    credit_limit BIGINT NOT NULL,               -- see position
    outstanding_principal BIGINT NOT NULL,      -- see position
    outstanding_total BIGINT NOT NULL,          -- see position
    scheduled_payment BIGINT NOT NULL,          -- see position
    repayment_frequency SMALLINT NOT NULL,      -- see position
    next_due_on INT4,                           -- see position
    remaining_terms BIGINT NOT NULL,            -- see position
    annual_percentage_rate_bp BIGINT NOT NULL,  -- see position
    status SMALLINT NOT NULL,                   -- see position
    closure_reason SMALLINT,                    -- see position
    days_past_due BIGINT NOT NULL,              -- see position
    grace_days BIGINT NOT NULL,                 -- see position
    overdue_principal BIGINT NOT NULL,          -- see position
    overdue_interest BIGINT NOT NULL,           -- see position
    overdue_penalty BIGINT NOT NULL,            -- see position
    overdue_fees BIGINT NOT NULL,               -- see position
    first_delinquent_on INT4,                   -- see position
    asset_classification SMALLINT,              -- see position
    collection_stage SMALLINT,                  -- see position
    extension_count BIGINT NOT NULL,            -- see position
    restructure_count BIGINT NOT NULL,          -- see position
    hardship_code SMALLINT,                     -- see position
    last_payment_on INT4,                       -- see position
    last_payment_amount BIGINT NOT NULL,        -- see position
    funding_group_ref TEXT,                     -- see position
    consent_reference TEXT NOT NULL,            -- see position
    adverse_notice_reference TEXT,              -- see position
    adverse_notice_sent_on INT4,                -- see position
    reservation_id TEXT,                        -- see position
    PRIMARY KEY (member_no, account_no, version)
);

-- What uncorrected past versions still tell about a subject: enough for the delinquency look-back.
CREATE TABLE position_history (
    subject_id BIGINT NOT NULL,                 -- whom it concerns
    account_no BIGINT NOT NULL,                 -- the account. Person: no
    version BIGINT NOT NULL,                    -- the version. Person: no
    member_no BIGINT NOT NULL,                  -- who reported it. Person: no
    as_of INT4 NOT NULL,                        -- last date on which it was true. Person: no
    days_past_due BIGINT NOT NULL,              -- as reported. Person: no
    next_due_on INT4,                           -- as reported. Person: no
    PRIMARY KEY (subject_id, account_no, version)
);

-- Every look at a subject.
CREATE TABLE inquiry (
    subject_id BIGINT NOT NULL,                 -- at whom
    inquired_at BIGINT NOT NULL,                -- when. Person: no
    answer_id BYTEA NOT NULL,                   -- UUID of the answer. Person: no
    member_no BIGINT NOT NULL,                  -- by whom. Person: no
    kind SMALLINT NOT NULL,                     -- 1 query, 2 portfolio review. Person: no
    purpose SMALLINT NOT NULL,                  -- why. Person: no
    with_strong SMALLINT NOT NULL,              -- 1 if a strong token was presented. Person: no
    counted SMALLINT NOT NULL,                  -- 0 after an identity conflict. Person: no
    consent_reference TEXT NOT NULL,            -- the member's reference of the consent
    consent_purposes TEXT NOT NULL,             -- what it allows, codes separated by commas. Person: no
    consent_granted_on INT4 NOT NULL,           -- its first day. Person: no
    consent_expires_on INT4 NOT NULL,           -- its last day. Person: no
    consent_text_sha256 BYTEA NOT NULL,         -- hash of the agreed text. Person: no
    PRIMARY KEY (subject_id, inquired_at, answer_id)
);

-- Frozen figures of a day: the first answer is repeated. Past days are removed.
CREATE TABLE frozen_answer (
    subject_id BIGINT NOT NULL,                 -- about whom
    day INT4 NOT NULL,                          -- civil day. Person: no
    member_no BIGINT NOT NULL,                  -- for whom. Person: no
    hard SMALLINT NOT NULL,                     -- 1 hard purpose. Person: no
    with_strong SMALLINT NOT NULL,              -- 1 if a strong token was presented. Person: no
    figures BYTEA NOT NULL,                     -- the figures, versioned encoding
    PRIMARY KEY (subject_id, day, member_no, hard, with_strong)
);
CREATE INDEX frozen_answer_by_day ON frozen_answer (day);

-- Requests that took effect, with what they were answered. Kept for 7 days.
CREATE TABLE request (
    member_no BIGINT NOT NULL,                  -- of whom; 0 for what two operators sign. Person: no
    rpc TEXT NOT NULL,                          -- which rpc. Person: no
    request_id BYTEA NOT NULL,                  -- the caller's UUID. Person: no
    body_sha256 BYTEA NOT NULL,                 -- what it asked. Person: no
    created_at BIGINT NOT NULL,                 -- when it took effect. Person: no
    accepted BYTEA NOT NULL,                    -- what it was answered, versioned encoding
    PRIMARY KEY (member_no, rpc, request_id)
);
CREATE INDEX request_by_age ON request (created_at);

-- Members.
CREATE TABLE member (
    member_no BIGINT NOT NULL PRIMARY KEY,      -- its number. Person: no
    member_id TEXT NOT NULL UNIQUE,             -- its public name. Person: no
    display_name TEXT NOT NULL,                 -- for people; of a company. Person: no
    lender_group SMALLINT NOT NULL,             -- its kind. Person: no
    roles TEXT NOT NULL,                        -- codes separated by commas. Person: no
    state SMALLINT NOT NULL,                    -- where it stands. Person: no
    created_at BIGINT NOT NULL,                 -- when it was registered. Person: no
    rule_packs TEXT NOT NULL,                   -- names separated by commas. Person: no
    evaluations_per_day BIGINT NOT NULL         -- quota of token evaluations. Person: no
);

-- Certificates that speak, or once spoke, for a member.
CREATE TABLE certificate (
    fingerprint BYTEA NOT NULL PRIMARY KEY,     -- SHA-256 of the DER encoding. Person: no
    member_no BIGINT NOT NULL,                  -- for whom. Person: no
    place BIGINT NOT NULL,                      -- order within the member, from 0. Person: no
    not_after BIGINT NOT NULL,                  -- end of validity. Person: no
    revoked_at BIGINT                           -- when it was revoked. Person: no
);

-- Counts the changes of members and certificates, so that servers notice them.
CREATE TABLE registry_generation (
    singleton SMALLINT NOT NULL PRIMARY KEY CHECK (singleton = 1), -- always 1
    generation BIGINT NOT NULL                  -- grows with each change. Person: no
);
INSERT INTO registry_generation (singleton, generation) VALUES (1, 1);

-- What a member did lately.
CREATE TABLE member_activity (
    member_no BIGINT NOT NULL PRIMARY KEY,      -- which member. Person: no
    latest_as_of INT4,                          -- greatest business date of its accepted reports. Person: no
    evaluations_ever BIGINT NOT NULL            -- token evaluations ever. Person: no
);

-- Token evaluations of a day.
CREATE TABLE evaluation_usage (
    member_no BIGINT NOT NULL,                  -- which member. Person: no
    day INT4 NOT NULL,                          -- civil day. Person: no
    evaluations BIGINT NOT NULL,                -- all of them. Person: no
    from_quota BIGINT NOT NULL,                 -- those charged to the daily quota, not to a grant. Person: no
    PRIMARY KEY (member_no, day)
);
CREATE INDEX evaluation_usage_by_day ON evaluation_usage (day, evaluations);

-- Granted bursts of token evaluations.
CREATE TABLE evaluation_grant (
    member_no BIGINT NOT NULL,                  -- to whom. Person: no
    grant_no BIGINT NOT NULL,                   -- its number. Person: no
    remaining BIGINT NOT NULL,                  -- evaluations left. Person: no
    expires_at BIGINT NOT NULL,                 -- until when. Person: no
    PRIMARY KEY (member_no, grant_no)
);

-- Subjects that a member's inquiries created, by day.
CREATE TABLE subject_creation (
    member_no BIGINT NOT NULL,                  -- which member. Person: no
    day INT4 NOT NULL,                          -- civil day. Person: no
    subjects BIGINT NOT NULL,                   -- how many. Person: no
    PRIMARY KEY (member_no, day)
);

-- What one operator proposed and a second has still to repeat.
CREATE TABLE proposal (
    rpc TEXT NOT NULL,                          -- which rpc. Person: no
    request_id BYTEA NOT NULL,                  -- the proposal's UUID. Person: no
    body_sha256 BYTEA NOT NULL,                 -- what it asks. Person: no
    proposed_by BYTEA NOT NULL,                 -- fingerprint of the operator's certificate. Person: no
    proposed_at BIGINT NOT NULL,                -- when. Person: no
    PRIMARY KEY (rpc, request_id)
);

-- Audit entries that are not in the tree yet.
CREATE TABLE audit_waiting (
    entry_id BIGINT NOT NULL PRIMARY KEY,       -- the entry's number, in order of writing. Person: no
    leaf_hash BYTEA NOT NULL                    -- salted hash. Person: no
);

-- Leaves of the tree.
CREATE TABLE audit_leaf (
    leaf_index BIGINT NOT NULL PRIMARY KEY,     -- place, from 0. Person: no
    entry_id BIGINT NOT NULL,                   -- which entry. Person: no
    leaf_hash BYTEA NOT NULL                    -- salted hash. Person: no
);

-- What opens a leaf. Erasable.
CREATE TABLE audit_opening (
    entry_id BIGINT NOT NULL PRIMARY KEY,       -- which entry. Person: no
    salt BYTEA NOT NULL,                        -- makes the leaf unguessable once this row is gone. Person: no
    content BYTEA NOT NULL                      -- who, which rpc, why, about which subject numbers, hash of the answer
);

-- Complete nodes of the tree at the levels 8, 16, 24, ….
CREATE TABLE audit_node (
    level SMALLINT NOT NULL,                    -- height above the leaves. Person: no
    node_index BIGINT NOT NULL,                 -- place within the level. Person: no
    hash BYTEA NOT NULL,                        -- the node. Person: no
    PRIMARY KEY (level, node_index)
);

-- Signed checkpoints.
CREATE TABLE audit_checkpoint (
    tree_size BIGINT NOT NULL PRIMARY KEY,      -- leaves it signs. Person: no
    note TEXT NOT NULL                          -- C2SP signed note. Person: no
);

-- Where the tree stands, and who sequences.
CREATE TABLE audit_head (
    singleton SMALLINT NOT NULL PRIMARY KEY CHECK (singleton = 1), -- always 1
    tree_size BIGINT NOT NULL,                  -- leaves. Person: no
    frontier BYTEA,                             -- complete subtrees; NULL of a new log. Person: no
    next_entry BIGINT NOT NULL,                 -- number of the next audit entry. Person: no
    lease_holder BYTEA,                         -- process that sequences. Person: no
    lease_until BIGINT NOT NULL                 -- end of its lease. Person: no
);
INSERT INTO audit_head (singleton, tree_size, next_entry, lease_until) VALUES (1, 0, 1, 0);
