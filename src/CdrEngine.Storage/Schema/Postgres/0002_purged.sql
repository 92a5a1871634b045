-- Partitions that rows were removed from for good and that are to be written anew, so that no byte of these is left in the server's files.
CREATE TABLE purged_partitions (
    partition text COLLATE "C" NOT NULL PRIMARY KEY
);
