CREATE TABLE reuse (
    cell INTEGER NOT NULL, 
    responses INTEGER NOT NULL, 
    PRIMARY KEY (cell), 
    FOREIGN KEY(cell) REFERENCES cells (id)
);
INSERT INTO reuse VALUES (1, 0);
