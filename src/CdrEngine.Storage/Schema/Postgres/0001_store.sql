-- Everything that is kept of calls, messages, registrations and reports. Tables that grow are partitioned by UTC day, named for example calls_20261120;
-- dropping a day is dropping its partitions. Texts sort by their bytes. Times are microseconds since 1970, UTC; documents are JSON in UTF-8, kept byte for byte.

-- Numbers documents in order of storing: whoever writes records holds one lock from the first number to the commit.
CREATE SEQUENCE documents;

-- One row for each day that has records: what of it is asked so often that counting would be too slow.
CREATE TABLE record_days (
    day           date    NOT NULL PRIMARY KEY,
    last_document bigint  NOT NULL DEFAULT 0,
    version       bigint  NOT NULL DEFAULT 0, -- one more with every change
    hidden        bigint  NOT NULL DEFAULT 0, -- deleted calls of the day that are named one by one
    is_sealed     boolean NOT NULL DEFAULT false
);

CREATE TABLE calls (
    day           date     NOT NULL, -- the day the id names
    started_at    bigint   NOT NULL,
    id            bytea    NOT NULL, -- the 12 bytes behind the hyphen of the record's id
    document      bigint   NOT NULL,
    revision      smallint NOT NULL, -- 0 final, 1 updated
    duration_us   bigint   NOT NULL,
    billsec_us    bigint   NOT NULL,
    disposition   smallint NOT NULL,
    direction     smallint,
    flags         bigint   NOT NULL,
    mos           double precision,  -- of the worst stream
    caller_number text COLLATE "C",
    callee_number text COLLATE "C",
    dialled       text COLLATE "C",
    caller_ip     bytea,             -- 4 or 16 bytes
    callee_ip     bytea,
    codecs        text COLLATE "C" NOT NULL, -- |pcmu/8000|opus/48000|, lower case
    sip_call_hash bigint   NOT NULL,
    session_id    text COLLATE "C",  -- null where the call is its own session
    tenant        text COLLATE "C",
    context       smallint,
    caller_e164   text COLLATE "C",
    callee_e164   text COLLATE "C",
    caller_user   bigint,
    callee_user   bigint,
    pdd_us        bigint,            -- post-dial delay; null for none
    sip_status    smallint NOT NULL, -- 0 for none
    cause         smallint,          -- Q.850
    hangup_by     smallint NOT NULL,
    reroute       smallint NOT NULL, -- RerouteReason
    traits        integer  NOT NULL, -- CallTraits
    trunk         text COLLATE "C",
    PRIMARY KEY (day, started_at, id)
) PARTITION BY RANGE (day);

CREATE UNIQUE INDEX calls_by_id ON calls (day, id);
CREATE INDEX calls_by_sip_call ON calls (sip_call_hash);
CREATE INDEX calls_by_session ON calls (session_id) WHERE session_id IS NOT NULL;

-- Any number of a call leads to it: one row for each different number.
CREATE TABLE call_numbers (
    day        date     NOT NULL,
    number     text COLLATE "C" NOT NULL,
    started_at bigint   NOT NULL,
    id         bytea    NOT NULL,
    roles      smallint NOT NULL, -- 1 caller, 2 callee, 4 dialled, added up
    PRIMARY KEY (number, day, started_at, id)
) PARTITION BY RANGE (day);

CREATE TABLE call_documents (
    day         date   NOT NULL,
    document    bigint NOT NULL,
    sip_call_id text COLLATE "C" NOT NULL,
    search      text COLLATE "C" NOT NULL, -- what a text search looks at, lower case, one item a line
    json        bytea  NOT NULL,           -- the native record
    chunks      bytea,                     -- where the call's packets lie, as the packet log encodes it
    PRIMARY KEY (day, document)
) PARTITION BY RANGE (day);

CREATE TABLE media_sessions (
    day        date     NOT NULL,
    started_at bigint   NOT NULL, -- of the call
    id         bytea    NOT NULL, -- of the call
    session    integer  NOT NULL, -- position of the m-line
    document   bigint   NOT NULL,
    type       smallint NOT NULL,
    flags      bigint   NOT NULL,
    mos        double precision,  -- worst ten seconds of either side
    codecs     text COLLATE "C" NOT NULL,
    addresses  text COLLATE "C" NOT NULL, -- |192.0.2.1|2001:db8::1|, announced or seen
    tenant     text COLLATE "C",
    PRIMARY KEY (day, started_at, id, session)
) PARTITION BY RANGE (day);

CREATE TABLE recordings (
    day         date     NOT NULL,
    document    bigint   NOT NULL,
    started_at  bigint   NOT NULL, -- of the call
    id          bytea    NOT NULL, -- of the call
    state       smallint NOT NULL,
    reason      text,
    bytes       bigint   NOT NULL,
    duration_ms bigint   NOT NULL,
    sample_rate integer  NOT NULL, -- Hz
    channels    integer  NOT NULL,
    attempts    integer  NOT NULL,
    created_at  bigint   NOT NULL, -- wall time
    tenant      text COLLATE "C",
    part_reason text,
    PRIMARY KEY (day, document)
) PARTITION BY RANGE (day);

CREATE UNIQUE INDEX recordings_by_time ON recordings (day, started_at, id);
CREATE INDEX recordings_open ON recordings (day, started_at, id) WHERE state = 1;

-- Sums by tenant, outcome and direction, kept right by whoever writes.
CREATE TABLE call_counts (
    day         date     NOT NULL,
    tenant      text COLLATE "C" NOT NULL, -- '' for none
    disposition smallint NOT NULL,
    direction   smallint NOT NULL,         -- 9 for none
    calls       bigint   NOT NULL,
    PRIMARY KEY (day, tenant, disposition, direction)
);

-- Calls that were deleted and not purged yet.
CREATE TABLE hidden_calls (
    day       date   NOT NULL,
    id        bytea  NOT NULL,
    hidden_at bigint NOT NULL,
    hidden_by text   NOT NULL,
    PRIMARY KEY (day, id)
);

CREATE INDEX hidden_calls_by_time ON hidden_calls (hidden_at);

-- Everything that was stored by then: one row for each tenant, instead of one for each call.
CREATE TABLE hidden_marks (
    tenant    text COLLATE "C" NOT NULL PRIMARY KEY, -- '' for all
    document  bigint NOT NULL,                       -- calls up to this one
    hidden_at bigint NOT NULL,
    hidden_by text   NOT NULL
);

CREATE SEQUENCE message_numbers;

CREATE TABLE message_days (
    day date NOT NULL PRIMARY KEY
);

CREATE TABLE messages (
    day           date     NOT NULL,
    started_at    bigint   NOT NULL,
    id            bytea    NOT NULL, -- the 12 bytes behind the hyphen of the id
    document      bigint   NOT NULL,
    kind          smallint NOT NULL,
    outcome       smallint NOT NULL,
    from_number   text COLLATE "C",
    to_number     text COLLATE "C",
    conversation  text COLLATE "C" NOT NULL,
    sip_call_hash bigint   NOT NULL,
    in_call       smallint NOT NULL,
    tenant        text COLLATE "C",
    PRIMARY KEY (day, started_at, id)
) PARTITION BY RANGE (day);

CREATE UNIQUE INDEX messages_by_id ON messages (day, id);
CREATE INDEX messages_by_conversation ON messages (conversation, day, started_at, id);
CREATE INDEX messages_by_sip_call ON messages (sip_call_hash);
CREATE INDEX messages_by_from ON messages (from_number, day, started_at, id);
CREATE INDEX messages_by_to ON messages (to_number, day, started_at, id);

CREATE TABLE message_documents (
    day      date   NOT NULL,
    document bigint NOT NULL,
    search   text COLLATE "C" NOT NULL, -- text and URIs, lower case
    chunks   bytea  NOT NULL,
    json     bytea  NOT NULL,
    PRIMARY KEY (day, document)
) PARTITION BY RANGE (day);

-- Conversations that began on this day.
CREATE TABLE conversations (
    day        date   NOT NULL,
    started_at bigint NOT NULL,
    id         text COLLATE "C" NOT NULL,
    first      text COLLATE "C" NOT NULL,
    second     text COLLATE "C" NOT NULL,
    tenant     text COLLATE "C",
    PRIMARY KEY (day, started_at, id)
) PARTITION BY RANGE (day);

CREATE UNIQUE INDEX conversations_by_id ON conversations (day, id);
CREATE INDEX conversations_by_first ON conversations (first, day, started_at, id);
CREATE INDEX conversations_by_second ON conversations (second, day, started_at, id);

CREATE TABLE registrations (
    id              text COLLATE "C" NOT NULL PRIMARY KEY,
    aor             text COLLATE "C" NOT NULL,
    "user"          text COLLATE "C",
    state           smallint NOT NULL,
    contact         text COLLATE "C",
    source          bytea,            -- address as seen, 4 or 16 bytes
    user_agent      text COLLATE "C", -- lower case, for the filter
    instance        text COLLATE "C",
    mac             text COLLATE "C",
    realm           text COLLATE "C",
    expires_at      bigint NOT NULL,  -- 0 where it is not bound
    last_seen_at    bigint NOT NULL,
    tenant          text COLLATE "C",
    contact_key     text COLLATE "C" NOT NULL,
    contact_user    text COLLATE "C",
    contact_address bytea,
    chunks          bytea  NOT NULL,  -- packets of its last exchange
    json            bytea  NOT NULL
);

CREATE INDEX registrations_by_last_seen ON registrations (last_seen_at, id);
CREATE INDEX registrations_by_aor ON registrations (aor, id);
CREATE INDEX registrations_by_user ON registrations ("user");
CREATE INDEX registrations_by_expiry ON registrations (expires_at, id);
CREATE INDEX registrations_by_source ON registrations (source);
CREATE INDEX registrations_by_mac ON registrations (mac) WHERE mac IS NOT NULL;
CREATE INDEX registrations_by_tenant ON registrations (tenant, aor, id) WHERE tenant IS NOT NULL;

CREATE TABLE registration_events (
    registration text COLLATE "C" NOT NULL,
    sequence     bigint NOT NULL,
    json         bytea  NOT NULL,
    PRIMARY KEY (registration, sequence)
);

CREATE TABLE peers (
    id               text COLLATE "C" NOT NULL PRIMARY KEY,
    address          bytea    NOT NULL,
    direction        smallint NOT NULL,
    method           text COLLATE "C" NOT NULL,
    event            text COLLATE "C" NOT NULL,
    last_at          bigint   NOT NULL,
    unanswered_since bigint,
    tenant           text COLLATE "C",
    json             bytea    NOT NULL
);

CREATE INDEX peers_by_last ON peers (last_at, id);

CREATE TABLE mailboxes (
    account text COLLATE "C" NOT NULL PRIMARY KEY,
    at      bigint   NOT NULL,
    waiting smallint NOT NULL,
    tenant  text COLLATE "C",
    json    bytea    NOT NULL
);

-- Conversations that may go on: what the desk begins with.
CREATE TABLE open_conversations (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    started_at bigint NOT NULL,
    ended_at   bigint NOT NULL,
    first      text   NOT NULL,
    second     text   NOT NULL
);

CREATE INDEX open_conversations_by_end ON open_conversations (ended_at);

-- What clients of the dialects wrote about calls. Ids begin with their day, so what belongs to days that are gone is a range.
CREATE TABLE call_remarks (
    call                text COLLATE "C" NOT NULL PRIMARY KEY, -- id of the record
    info                text,
    notes               text,
    transcript          text,
    transcript_speakers text,
    summary             text,
    sentiment           text,
    score               bigint,
    metadata            text,
    folder              bigint   NOT NULL, -- 0 inbox, 1 old, 2 trash
    heard               smallint NOT NULL,
    deleted             smallint NOT NULL, -- the voice message, not the call
    changed_at          bigint   NOT NULL,
    changed_by          text     NOT NULL
);

CREATE TABLE recording_links (
    call    text COLLATE "C" NOT NULL PRIMARY KEY,
    secret  text COLLATE "C" NOT NULL,
    expires bigint NOT NULL
);

CREATE UNIQUE INDEX recording_links_by_secret ON recording_links (secret);
CREATE INDEX recording_links_by_expiry ON recording_links (expires);

CREATE TABLE cleared_lists (
    list       smallint NOT NULL,
    tenant     text COLLATE "C" NOT NULL, -- '' for all
    at         bigint   NOT NULL,
    cleared_by text     NOT NULL,
    PRIMARY KEY (list, tenant)
);

CREATE TABLE hidden_messages (
    id           text COLLATE "C" NOT NULL PRIMARY KEY,
    started_at   bigint   NOT NULL,
    kind         smallint NOT NULL,
    outcome      smallint NOT NULL,
    conversation text COLLATE "C" NOT NULL,
    from_number  text COLLATE "C",
    to_number    text COLLATE "C",
    tenant       text COLLATE "C",
    hidden_at    bigint   NOT NULL,
    hidden_by    text     NOT NULL
);

CREATE INDEX hidden_messages_by_conversation ON hidden_messages (conversation);

-- Reports that clients defined, and what came of them.
CREATE TABLE reports (
    id            bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    tenant        text COLLATE "C", -- null where it counts everybody's calls
    name          text   NOT NULL,
    type          text   NOT NULL,
    email         text,
    format        text   NOT NULL,
    range         text   NOT NULL,
    range_from    bigint,
    range_to      bigint,
    cron          text,
    filter        text   NOT NULL,  -- JSON
    status        text   NOT NULL,
    created_at    bigint NOT NULL,
    revision      bigint NOT NULL,  -- one more with each change
    next_run_at   bigint,           -- null where nothing is to be done
    running_until bigint            -- whoever makes it has until then; null where nobody does
);

CREATE INDEX reports_by_next_run ON reports (next_run_at) WHERE next_run_at IS NOT NULL;
CREATE INDEX reports_by_tenant ON reports (tenant);

CREATE TABLE results (
    id           bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    report       bigint NOT NULL,
    tenant       text COLLATE "C",
    name         text   NOT NULL,
    type         text   NOT NULL,
    format       text   NOT NULL,
    completed_at bigint NOT NULL,
    file_name    text   NOT NULL,
    file_size    bigint NOT NULL,
    key          text COLLATE "C" NOT NULL,
    email        text,              -- who is to be sent it
    mail_at      bigint,            -- when to try to send it; null where nothing is to be sent any more
    mail_tries   bigint NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX results_by_key ON results (key);
CREATE INDEX results_by_tenant ON results (tenant);
CREATE INDEX results_by_time ON results (completed_at);
CREATE INDEX results_by_mail ON results (mail_at) WHERE mail_at IS NOT NULL;

CREATE TABLE files (
    result  bigint PRIMARY KEY,
    content bytea NOT NULL
);

-- Imports, by data folder: the packets that belong to them lie there.
CREATE TABLE catalog_settings (
    folder text COLLATE "C" NOT NULL,
    name   text COLLATE "C" NOT NULL,
    value  text NOT NULL,
    PRIMARY KEY (folder, name)
);

CREATE TABLE imports (
    import     bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    folder     text COLLATE "C" NOT NULL,
    conditions text   NOT NULL,
    packet_run bigint NOT NULL,
    segments   bigint NOT NULL,
    days       text   NOT NULL
);

CREATE TABLE imported_files (
    folder      text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    path        text   NOT NULL,
    bytes       bigint NOT NULL,
    packets     bigint NOT NULL,
    calls       bigint NOT NULL,
    import      bigint NOT NULL,
    PRIMARY KEY (folder, fingerprint)
);

-- Documents are read far more often than the processor is idle: the quicker compression, where the server has it.
DO $$
BEGIN
    ALTER TABLE call_documents ALTER COLUMN json SET COMPRESSION lz4;
    ALTER TABLE call_documents ALTER COLUMN search SET COMPRESSION lz4;
    ALTER TABLE message_documents ALTER COLUMN json SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN
    NULL;
END
$$;

-- Makes the partition of a day. By attaching, which readers and backups of the whole need not be waited for.
CREATE FUNCTION make_partition(parent text, day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    child text := parent || to_char(day, '_YYYYMMDD');
BEGIN
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', child, parent);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, child, day, day + 1);
END
$$;
