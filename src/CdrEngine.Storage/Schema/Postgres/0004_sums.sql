-- How many messages, conversations and media sessions a day has of each kind, kept right by whoever writes: lists are counted, and their pages found by number, without looking
-- at their rows.
CREATE TABLE message_counts (
    day      date     NOT NULL,
    tenant   text COLLATE "C" NOT NULL, -- '' for none
    kind     smallint NOT NULL,
    outcome  smallint NOT NULL,
    in_call  smallint NOT NULL,
    messages bigint   NOT NULL,
    PRIMARY KEY (day, tenant, kind, outcome, in_call)
);

CREATE TABLE conversation_counts (
    day           date   NOT NULL,
    tenant        text COLLATE "C" NOT NULL,
    conversations bigint NOT NULL,
    PRIMARY KEY (day, tenant)
);

CREATE TABLE media_counts (
    day      date     NOT NULL,
    tenant   text COLLATE "C" NOT NULL,
    type     smallint NOT NULL,
    sessions bigint   NOT NULL,
    PRIMARY KEY (day, tenant, type)
);

INSERT INTO message_counts SELECT day, coalesce(tenant, ''), kind, outcome, in_call, count(*) FROM messages GROUP BY 1, 2, 3, 4, 5;
INSERT INTO conversation_counts SELECT day, coalesce(tenant, ''), count(*) FROM conversations GROUP BY 1, 2;
INSERT INTO media_counts SELECT day, coalesce(tenant, ''), type, count(*) FROM media_sessions GROUP BY 1, 2, 3;
