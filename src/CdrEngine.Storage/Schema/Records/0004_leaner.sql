-- A call's media sessions are found by its start, which calls_by_id gives: an index of their own cost a page write a call and found nothing more.
DROP INDEX media_sessions_by_call;
