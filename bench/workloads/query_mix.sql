-- A mix of what a database engine does, in memory, about 0.35 s with the shell built at -O2: bulk inserts, index
-- creation, joins, grouping, sorting, recursive queries, window functions, JSON, full-text search, updates and triggers.
CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT, region TEXT, credit REAL);
CREATE TABLE item(id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer, kind TEXT, price REAL, note TEXT);

WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
INSERT INTO customer
SELECT i, 'customer ' || i, trim(substr('northsoutheast west ', 1 + (i % 4) * 5, 5)), (i * 7919 % 10007) / 7.0 FROM n;

WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 85000)
INSERT INTO item
SELECT i, 1 + (i * 31 % 2000), printf('kind-%02d', i * 17 % 50), (i * 104729 % 99991) / 100.0,
       printf('%08X lot ', i * 2654435761 % 4294967296) || (i % 97)
FROM n;

CREATE INDEX item_customer ON item(customer_id, price);
CREATE INDEX item_kind ON item(kind);

SELECT region, count(*), round(sum(price), 2), round(avg(price), 4), max(note)
FROM customer JOIN item ON item.customer_id = customer.id
GROUP BY region ORDER BY region;

SELECT kind, count(DISTINCT customer_id), group_concat(DISTINCT substr(note, 1, 1))
FROM item WHERE price BETWEEN 100 AND 700 GROUP BY kind HAVING count(*) > 100 ORDER BY 2 DESC, 1 LIMIT 8;

SELECT c.name, (SELECT round(max(price), 2) FROM item WHERE customer_id = c.id) AS top
FROM customer c WHERE c.credit > 1000 ORDER BY top DESC, c.name LIMIT 10;

SELECT id, note FROM item ORDER BY note COLLATE NOCASE DESC, id LIMIT 5 OFFSET 42000;

SELECT kind, id, rank FROM (
  SELECT kind, id, rank() OVER (PARTITION BY kind ORDER BY price DESC, id) AS rank FROM item WHERE id % 3 = 0
) WHERE rank = 1 ORDER BY kind LIMIT 10;

WITH RECURSIVE fibonacci(a, b, k) AS (SELECT 0, 1, 0 UNION ALL SELECT b, (a + b) % 1000000007, k + 1 FROM fibonacci WHERE k < 20000)
SELECT max(k), sum(a) FROM fibonacci;

WITH RECURSIVE
  xaxis(x) AS (VALUES (-2.0) UNION ALL SELECT x + 0.1 FROM xaxis WHERE x < 1.2),
  yaxis(y) AS (VALUES (-1.0) UNION ALL SELECT y + 0.2 FROM yaxis WHERE y < 1.0),
  m(iter, cx, cy, x, y) AS (
    SELECT 0, x, y, 0.0, 0.0 FROM xaxis, yaxis
    UNION ALL
    SELECT iter + 1, cx, cy, x * x - y * y + cx, 2.0 * x * y + cy FROM m WHERE (x * x + y * y) < 4.0 AND iter < 28)
SELECT count(*), max(iter) FROM m;

SELECT sum(json_extract(j, '$.price')), count(DISTINCT json_extract(j, '$.tags[1]'))
FROM (SELECT json_object('id', id, 'price', price, 'tags', json_array(kind, id % 11)) AS j FROM item WHERE id <= 4000);
SELECT count(*), sum(value) FROM json_each((SELECT json_group_array(id * 3) FROM item WHERE id <= 5000));

CREATE VIRTUAL TABLE document USING fts5(body);
INSERT INTO document SELECT 'the ' || kind || ' item numbered ' || id || ' of lot ' || (id % 97) FROM item WHERE id <= 1500;
SELECT count(*) FROM document WHERE document MATCH 'lot AND 42';
SELECT rowid, snippet(document, 0, '[', ']', '...', 6) FROM document WHERE document MATCH '"lot 13"' ORDER BY rowid LIMIT 3;

SELECT sum(length(replace(upper(note), 'LOT', 'parcel'))), sum(instr(note, '9')), sum(note LIKE '%A%7%'), sum(note GLOB '*F?0*')
FROM item;

CREATE TABLE audit(what TEXT, id INTEGER);
CREATE TRIGGER item_update AFTER UPDATE OF price ON item BEGIN INSERT INTO audit VALUES ('price', new.id); END;
BEGIN;
UPDATE item SET price = price * 1.1 WHERE id % 10 = 0;
DELETE FROM item WHERE id % 13 = 5;
COMMIT;
SELECT count(*), round(total(price), 2) FROM item;
SELECT count(*), min(id), max(id) FROM audit;
PRAGMA integrity_check;
