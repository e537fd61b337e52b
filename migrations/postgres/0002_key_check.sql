-- 0002 key check. A program of version 0001 cannot live with it: it would serve without looking.
--
-- Servers of one database must hold the same keys, or one person becomes two subjects. What a server finds here tells it
-- that its keys are not those of the others before it does any harm.

-- One row for each key that ever served.
CREATE TABLE key_check (
    key_name TEXT NOT NULL PRIMARY KEY,         -- which key: master-v1, tweak, seal, checkpoint. Person: no
    check_value BYTEA NOT NULL                   -- HMAC-SHA-256 of a label under the key: tells nothing about it. Person: no
);
