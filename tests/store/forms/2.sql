CREATE TABLE remarks (
    cell INTEGER NOT NULL, 
    number INTEGER NOT NULL, 
    text TEXT NOT NULL, 
    PRIMARY KEY (cell, number), 
    FOREIGN KEY(cell) REFERENCES cells (id)
);
INSERT INTO remarks VALUES (1, 0, 'one text was cut');
