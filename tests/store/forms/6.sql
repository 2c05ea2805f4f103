CREATE TABLE chance_levels (
	cell INTEGER NOT NULL, 
	metric VARCHAR NOT NULL, 
	domain VARCHAR NOT NULL, 
	level FLOAT NOT NULL, 
	PRIMARY KEY (cell, metric, domain), 
	FOREIGN KEY(cell) REFERENCES cells (id)
);
INSERT INTO chance_levels VALUES (1, 'accuracy', 'overall', 0.5);
