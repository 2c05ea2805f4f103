CREATE TABLE about (
    "key" VARCHAR NOT NULL, 
    value VARCHAR NOT NULL, 
    PRIMARY KEY ("key")
);
CREATE TABLE models (
    id INTEGER NOT NULL, 
    fingerprint VARCHAR NOT NULL, 
    description TEXT NOT NULL, 
    PRIMARY KEY (id), 
    UNIQUE (fingerprint)
);
CREATE TABLE capabilities (
    id INTEGER NOT NULL, 
    name VARCHAR NOT NULL, 
    PRIMARY KEY (id), 
    UNIQUE (name)
);
CREATE TABLE responses (
    model INTEGER NOT NULL, 
    capability INTEGER NOT NULL, 
    "key" BLOB NOT NULL, 
    number FLOAT, 
    record TEXT, 
    error TEXT, 
    PRIMARY KEY (model, capability, "key")
)
 WITHOUT ROWID;
CREATE TABLE runs (
    id INTEGER NOT NULL, 
    started VARCHAR NOT NULL, 
    finished VARCHAR, 
    status VARCHAR NOT NULL, 
    description TEXT NOT NULL, 
    PRIMARY KEY (id)
);
CREATE TABLE cells (
    id INTEGER NOT NULL, 
    run INTEGER NOT NULL, 
    label VARCHAR NOT NULL, 
    fingerprint VARCHAR NOT NULL, 
    task VARCHAR NOT NULL, 
    task_digest VARCHAR NOT NULL, 
    settings TEXT NOT NULL, 
    adapters TEXT NOT NULL, 
    status VARCHAR NOT NULL, 
    problem TEXT, 
    items INTEGER, 
    failed_requests INTEGER, 
    requests INTEGER, 
    computed INTEGER, 
    seconds FLOAT, 
    columns VARCHAR, 
    PRIMARY KEY (id), 
    FOREIGN KEY(run) REFERENCES runs (id)
);
CREATE TABLE estimates (
    cell INTEGER NOT NULL, 
    metric VARCHAR NOT NULL, 
    domain VARCHAR NOT NULL, 
    value FLOAT, 
    stderr FLOAT, 
    low FLOAT, 
    high FLOAT, 
    n INTEGER NOT NULL, 
    n_failed INTEGER NOT NULL, 
    unit VARCHAR NOT NULL, 
    higher_is_better BOOLEAN NOT NULL, 
    headline BOOLEAN NOT NULL, 
    detail TEXT NOT NULL, 
    PRIMARY KEY (cell, metric, domain), 
    FOREIGN KEY(cell) REFERENCES cells (id)
);
CREATE TABLE failures (
    cell INTEGER NOT NULL, 
    number INTEGER NOT NULL, 
    item VARCHAR NOT NULL, 
    reason TEXT NOT NULL, 
    PRIMARY KEY (cell, number), 
    FOREIGN KEY(cell) REFERENCES cells (id)
);
CREATE TABLE curves (
    model VARCHAR NOT NULL, 
    step INTEGER NOT NULL, 
    name VARCHAR NOT NULL, 
    value FLOAT, 
    PRIMARY KEY (model, step, name)
);
CREATE INDEX cells_by_task ON cells (task, label);
INSERT INTO about VALUES ('schema_version', '1');
INSERT INTO models VALUES (1, 'f1', '{"reference": "mine:Model"}');
INSERT INTO capabilities VALUES (1, 'score');
INSERT INTO responses VALUES (1, 1, x'00112233445566778899aabbccddeeff', 0.25, NULL, NULL);
INSERT INTO responses VALUES (1, 1, x'ffeeddccbbaa99887766554433221100', NULL, NULL, 'too long');
INSERT INTO runs VALUES (1, '2026-01-01T00:00:00.000+00:00', '2026-01-01T00:00:01.000+00:00', 'done', '{"models": ["mine"]}');
INSERT INTO cells VALUES (1, 1, 'mine', 'f1', 'own/task', 'd1', '{"limit": null, "seed": 0, "split": "test"}', '[]', 'done', '', 2, 1, 2, 2, 0.5, 'columns/c.npz');
INSERT INTO estimates VALUES (1, 'accuracy', 'overall', 0.5, 0.25, 0.125, 0.875, 2, 1, 'fraction', 1, 1, '{}');
INSERT INTO failures VALUES (1, 0, 'a', 'too long');
INSERT INTO curves VALUES ('made', 1, 'loss', 0.5);
