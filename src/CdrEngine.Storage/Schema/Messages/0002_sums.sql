-- How many messages and conversations a day has of each kind: lists are counted, and their pages found by number, without looking at their rows.
CREATE TABLE message_sums (
    tenant   TEXT    NOT NULL, -- '' for none
    kind     INTEGER NOT NULL,
    outcome  INTEGER NOT NULL,
    in_call  INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind, outcome, in_call)
) WITHOUT ROWID;

CREATE TABLE conversation_sums (
    tenant        TEXT    NOT NULL PRIMARY KEY, -- '' for none
    conversations INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO message_sums SELECT ifnull(tenant, ''), kind, outcome, in_call, count(*) FROM messages GROUP BY 1, 2, 3, 4;
INSERT INTO conversation_sums SELECT ifnull(tenant, ''), count(*) FROM conversations GROUP BY 1;

CREATE TRIGGER message_sums_insert AFTER INSERT ON messages BEGIN
    INSERT INTO message_sums VALUES (ifnull(NEW.tenant, ''), NEW.kind, NEW.outcome, NEW.in_call, 1)
    ON CONFLICT (tenant, kind, outcome, in_call) DO UPDATE SET messages = messages + 1;
END;

CREATE TRIGGER message_sums_delete AFTER DELETE ON messages BEGIN
    UPDATE message_sums SET messages = messages - 1 WHERE tenant = ifnull(OLD.tenant, '') AND kind = OLD.kind AND outcome = OLD.outcome AND in_call = OLD.in_call;
END;

CREATE TRIGGER message_sums_update AFTER UPDATE OF kind, outcome, in_call, tenant ON messages BEGIN
    UPDATE message_sums SET messages = messages - 1 WHERE tenant = ifnull(OLD.tenant, '') AND kind = OLD.kind AND outcome = OLD.outcome AND in_call = OLD.in_call;
    INSERT INTO message_sums VALUES (ifnull(NEW.tenant, ''), NEW.kind, NEW.outcome, NEW.in_call, 1)
    ON CONFLICT (tenant, kind, outcome, in_call) DO UPDATE SET messages = messages + 1;
END;

CREATE TRIGGER conversation_sums_insert AFTER INSERT ON conversations BEGIN
    INSERT INTO conversation_sums VALUES (ifnull(NEW.tenant, ''), 1) ON CONFLICT (tenant) DO UPDATE SET conversations = conversations + 1;
END;

CREATE TRIGGER conversation_sums_delete AFTER DELETE ON conversations BEGIN
    UPDATE conversation_sums SET conversations = conversations - 1 WHERE tenant = ifnull(OLD.tenant, '');
END;
