CREATE TABLE asked (
    cell INTEGER NOT NULL, 
    stage INTEGER NOT NULL, 
    role VARCHAR NOT NULL, 
    model VARCHAR NOT NULL, 
    fingerprint VARCHAR NOT NULL, 
    capability VARCHAR NOT NULL, 
    adapters TEXT NOT NULL, 
    listwise BOOLEAN NOT NULL, 
    by_origin BOOLEAN NOT NULL, 
    PRIMARY KEY (cell, stage), 
    FOREIGN KEY(cell) REFERENCES cells (id)
);
CREATE TABLE progress (
    run INTEGER NOT NULL, 
    cell INTEGER NOT NULL, 
    cells INTEGER NOT NULL, 
    model VARCHAR NOT NULL, 
    task VARCHAR NOT NULL, 
    done INTEGER NOT NULL, 
    total INTEGER, 
    updated VARCHAR NOT NULL, 
    PRIMARY KEY (run), 
    FOREIGN KEY(run) REFERENCES runs (id)
);
INSERT INTO asked VALUES (1, 0, 'candidate', 'mine', 'f1', 'score', '[]', 0, 0);
INSERT INTO progress VALUES (1, 1, 1, 'mine', 'own/task', 2, 2, '2026-01-01T00:00:01.000+00:00');
