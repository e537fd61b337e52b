-- 0004 reservation. A program of version 0003 cannot live with it: it would lend what is reserved.
--
-- Applications for loans that members check, the room they hold for them, and what rule packs said.

-- What a member checks for somebody who would owe: with the first check it fixes its terms, so that nobody can search by them.
CREATE TABLE application (
    subject_id BIGINT NOT NULL,                 -- whom it concerns
    member_no BIGINT NOT NULL,                  -- whose. Person: no
    application_id TEXT NOT NULL,               -- the member's name of it; refused if it looks like personal data
    opened_at BIGINT NOT NULL,                  -- first check. Person: no
    checked_at BIGINT NOT NULL,                 -- latest check. Person: no
    product_type SMALLINT NOT NULL,             -- what is applied for
    term_days INT4 NOT NULL,                    -- days from payout to the last payment
    currency TEXT NOT NULL,                     -- ISO 4217
    rule_pack TEXT NOT NULL,                    -- which rules. Person: no
    income_digest BYTEA,                        -- keyed hash of the stated income; NULL: none stated. Person: only with the ledger key
    tries BYTEA NOT NULL,                       -- amounts and payments checked, versioned encoding
    PRIMARY KEY (subject_id, member_no, application_id)
);
-- All whom an application concerns.
CREATE INDEX application_by_name ON application (member_no, application_id);
-- Those past their time.
CREATE INDEX application_by_age ON application (checked_at);

-- Room held for a loan about to be paid out, once for each subject who would owe. Kept for 400 days after its end.
CREATE TABLE reservation (
    subject_id BIGINT NOT NULL,                 -- whom it concerns
    member_no BIGINT NOT NULL,                  -- who reserved. Person: no
    reservation_id BYTEA NOT NULL,              -- UUID. Person: no
    application_id TEXT NOT NULL,               -- for which application; refused if it looks like personal data
    state SMALLINT NOT NULL,                    -- 1 active until it runs out, 2 confirmed, 3 released. Person: no
    currency TEXT NOT NULL,                     -- ISO 4217
    amount BIGINT NOT NULL,                     -- amount held
    monthly_payment BIGINT NOT NULL,            -- what would be due in a month
    product_type SMALLINT NOT NULL,             -- what is applied for
    borrowers SMALLINT NOT NULL,                -- how many subjects it concerned when it was made. Person: no
    created_at BIGINT NOT NULL,                 -- when it was made. Person: no
    expires_at BIGINT NOT NULL,                 -- when it runs out. Person: no
    expires_at_most BIGINT NOT NULL,            -- however often it is extended. Person: no
    extensions SMALLINT NOT NULL,               -- how often it was. Person: no
    ended_at BIGINT,                            -- when it was confirmed or released; NULL: it was not. Person: no
    release_reason SMALLINT,                    -- why it was released; NULL: it was not, or was replaced. Person: no
    account_no BIGINT,                          -- the account that it became; NULL: none. Person: no
    late SMALLINT NOT NULL,                     -- 1 confirmed after it had run out. Person: no
    tokens BYTEA NOT NULL,                      -- numbers of the tokens it was made with, versioned encoding. Person: no
    PRIMARY KEY (subject_id, member_no, reservation_id)
);
-- All whom a reservation concerns.
CREATE INDEX reservation_by_name ON reservation (member_no, reservation_id);
-- Those past their time.
CREATE INDEX reservation_by_age ON reservation (expires_at);

-- What rule packs said about applications, to be explained. Kept for 25 months.
CREATE TABLE ruling (
    member_no BIGINT NOT NULL,                  -- to whom it was said. Person: no
    answer_id BYTEA NOT NULL,                   -- UUID of the answer. Person: no
    decided_at BIGINT NOT NULL,                 -- when. Person: no
    ruling BYTEA NOT NULL,                      -- what, versioned encoding; names nobody. Person: no
    PRIMARY KEY (member_no, answer_id)
);
-- Those past their time.
CREATE INDEX ruling_by_age ON ruling (decided_at);

-- What rules said at a look, in a word, with one of those whom it concerns: statistics count it once. Never the income.
ALTER TABLE inquiry ADD COLUMN finding SMALLINT; -- what a check or back-fill came to; NULL: told with another subject, or no rules were asked
ALTER TABLE inquiry ADD COLUMN burden SMALLINT; -- band of what falls due in a month of the stated income; NULL: none stated or nothing judged

-- Offline codes that one call issued. Kept for 400 days after they expire.
CREATE TABLE offline_series (
    member_no BIGINT NOT NULL,                  -- whose. Person: no
    series_id BYTEA NOT NULL,                   -- UUID, part of each code. Person: no
    codes BIGINT NOT NULL,                      -- how many. Person: no
    issued_at BIGINT NOT NULL,                  -- when. Person: no
    expires_at BIGINT NOT NULL,                 -- from when on they cannot be used. Person: no
    PRIMARY KEY (member_no, series_id)
);
-- Those past their time.
CREATE INDEX offline_series_by_age ON offline_series (expires_at);

-- Loans that were made under offline codes: a code serves one. Kept for 431 days.
CREATE TABLE offline_use (
    member_no BIGINT NOT NULL,                  -- who made it. Person: no
    series_id BYTEA NOT NULL,                   -- under a code of which series. Person: no
    place BIGINT NOT NULL,                      -- which of the series. Person: no
    used_at BIGINT NOT NULL,                    -- when it was granted. Person: no
    backfilled_at BIGINT NOT NULL,              -- when it was back-filled. Person: no
    account_ref TEXT NOT NULL,                  -- the member's account; refused if it looks like personal data
    late BIGINT NOT NULL,                       -- 1 back-filled more than 24 hours after it was granted. Person: no
    over_limit BIGINT NOT NULL,                 -- 1 it broke a limit. Person: no
    over_told BIGINT NOT NULL,                  -- 1 its member was told that it broke one. Person: no
    broken BYTEA NOT NULL,                      -- by which rule pack, and which; versioned encoding, names nobody. Person: no
    PRIMARY KEY (member_no, series_id, place)
);
-- An account is back-filled once.
CREATE UNIQUE INDEX offline_use_of_account ON offline_use (member_no, account_ref);
-- A member's, newest first.
CREATE INDEX offline_use_of_member ON offline_use (member_no, backfilled_at);
-- Those past their time.
CREATE INDEX offline_use_by_age ON offline_use (backfilled_at);

-- What a member did on a civil day that is limited by the day. The sum of all slots counts.
CREATE TABLE conduct_day (
    member_no BIGINT NOT NULL,                  -- which member. Person: no
    day INT4 NOT NULL,                          -- civil day. Person: no
    slot SMALLINT NOT NULL,                     -- spreads groups that are written at once. Person: no
    hard_looks BIGINT NOT NULL,                 -- people looked at with a hard purpose. Person: no
    reserved BIGINT NOT NULL,                   -- reservations made. Person: no
    confirmed BIGINT NOT NULL,                  -- reservations that became loans. Person: no
    PRIMARY KEY (member_no, day, slot)
) WITH (fillfactor = 50);
