-- A schema with constraints, views, triggers, partial and expression indexes, virtual tables; then everything it refuses.
PRAGMA foreign_keys = ON;
CREATE TABLE author(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, born INTEGER CHECK (born > 1000));
CREATE TABLE book(
  isbn TEXT PRIMARY KEY, title TEXT NOT NULL, author_id INTEGER NOT NULL REFERENCES author ON DELETE CASCADE,
  price REAL DEFAULT 9.99, words INT GENERATED ALWAYS AS (length(title) - length(replace(title, ' ', '')) + 1) VIRTUAL
) WITHOUT ROWID;
CREATE INDEX book_price ON book(price) WHERE price > 10;
CREATE INDEX book_title ON book(lower(title));
CREATE VIEW shelf AS SELECT name, title, price FROM book JOIN author ON author.id = author_id;
CREATE TABLE journal(entry TEXT, at INTEGER DEFAULT 0);
CREATE TRIGGER book_deleted AFTER DELETE ON book BEGIN INSERT INTO journal(entry) VALUES ('deleted ' || old.title); END;
CREATE TRIGGER shelf_insert INSTEAD OF INSERT ON shelf BEGIN
  INSERT OR IGNORE INTO author(name, born) VALUES (new.name, 1900);
  INSERT INTO book(isbn, title, author_id, price) SELECT hex(new.title), new.title, id, new.price FROM author WHERE name = new.name;
END;
CREATE VIRTUAL TABLE place USING rtree(id, minx, maxx, miny, maxy);
CREATE VIRTUAL TABLE page USING fts5(title, body, tokenize = 'porter');

INSERT INTO author VALUES (1, 'Austen', 1775), (2, 'Borges', 1899);
INSERT INTO shelf VALUES ('Austen', 'Emma', 12.5), ('borges', 'El Aleph', 8), ('Calvino', 'Invisible Cities', 11);
INSERT INTO place SELECT value, value, value + 1.5, -value, value * 2 FROM generate_series(1, 200);
INSERT INTO page VALUES ('One', 'running runners ran quickly'), ('Two', 'a quiet walk, no runs'), ('Three', 'nothing here');

SELECT * FROM shelf ORDER BY title;
SELECT title, words FROM book ORDER BY isbn;
SELECT count(*) FROM place WHERE minx > 50 AND maxx < 60.5 AND miny < -52;
SELECT title, highlight(page, 1, '<', '>'), round(bm25(page), 4) FROM page WHERE page MATCH 'run' ORDER BY rank;
EXPLAIN QUERY PLAN SELECT * FROM book WHERE lower(title) = 'emma';

INSERT INTO author(name, born) VALUES ('AUSTEN', 1800);
INSERT INTO author(name, born) VALUES ('Nobody', 5);
INSERT INTO book(isbn, title, author_id) VALUES ('x', 'Orphan', 99);
INSERT INTO book(isbn, title, author_id, words) VALUES ('y', 'Generated', 1, 3);
SELECT no_such_column FROM book;
SELEC 1;
INSERT INTO author(name, born) VALUES ('austen', 1776) ON CONFLICT(name) DO UPDATE SET born = excluded.born RETURNING id, born;
BEGIN; SAVEPOINT s; DELETE FROM author; SELECT count(*) FROM book; ROLLBACK TO s; SELECT count(*) FROM book; COMMIT;
DELETE FROM author WHERE name = 'Borges';
SELECT * FROM journal;
ALTER TABLE journal RENAME COLUMN entry TO line;
ALTER TABLE journal ADD COLUMN extra DEFAULT 'x';
ALTER TABLE journal DROP COLUMN at;
.schema journal
PRAGMA foreign_key_check;
PRAGMA integrity_check;
.dump
