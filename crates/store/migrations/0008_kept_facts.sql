-- What is kept of contacts lies otherwise than before (app::reports::packed): all of it is to be worked out again.
UPDATE event_families SET state = 0;
