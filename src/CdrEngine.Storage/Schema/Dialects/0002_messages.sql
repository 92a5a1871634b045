-- What is said of voice messages, for lists of them by folder.
CREATE INDEX call_remarks_of_messages ON call_remarks (call, folder, heard, deleted) WHERE folder <> 0 OR heard <> 0 OR deleted <> 0;
