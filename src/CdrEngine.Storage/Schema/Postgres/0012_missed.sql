-- Seals tell which calls nobody took that a machine had passed on (docs/decisions/0056); those of earlier versions do not, and are made anew.
UPDATE record_days SET seal = 0;
