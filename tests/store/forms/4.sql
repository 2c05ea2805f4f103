CREATE INDEX cells_by_run ON cells (run, status);
