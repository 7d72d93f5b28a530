-- Tables for unit.sql.
CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT, region TEXT, credit REAL);
CREATE TABLE item(id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer, kind TEXT, price REAL, note TEXT);
CREATE TABLE log(unit INTEGER, what TEXT, value REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
INSERT INTO customer
SELECT i, 'customer ' || i, trim(substr('northsoutheast west ', 1 + (i % 4) * 5, 5)), (i * 7919 % 10007) / 7.0 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
INSERT INTO item
SELECT i, 1 + (i * 31 % 200), printf('kind-%02d', i * 17 % 50), (i * 104729 % 99991) / 100.0,
       printf('%08X lot ', i * 2654435761 % 4294967296) || (i % 97)
FROM n;
CREATE INDEX item_customer ON item(customer_id, price);
