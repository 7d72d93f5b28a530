-- One unit of a database's work; {unit} is its number. The last line reports it, past the buffer of the shell's output.
BEGIN;
INSERT INTO log SELECT {unit}, region, round(sum(price), 2) FROM customer JOIN item ON item.customer_id = customer.id
GROUP BY region;
UPDATE item SET price = price + 1 WHERE id % 50 = {unit} % 50;
SELECT kind, count(DISTINCT customer_id), max(note) FROM item WHERE price BETWEEN 100 AND 700 GROUP BY kind
ORDER BY 2 DESC, 1 LIMIT 3;
SELECT c.name, (SELECT round(max(price), 2) FROM item WHERE customer_id = c.id) AS top
FROM customer c WHERE c.credit > 700 ORDER BY top DESC, c.name LIMIT 2;
SELECT id, note FROM item ORDER BY note COLLATE NOCASE DESC, id LIMIT 1 OFFSET {unit} % 1000;
SELECT kind, id FROM (SELECT kind, id, rank() OVER (PARTITION BY kind ORDER BY price DESC, id) AS rank FROM item WHERE id % 3 = 0)
WHERE rank = 1 ORDER BY kind LIMIT 2;
WITH RECURSIVE fibonacci(a, b, k) AS (SELECT 0, 1, 0 UNION ALL SELECT b, (a + b) % 1000000007, k + 1 FROM fibonacci WHERE k < 500)
SELECT max(k), sum(a) FROM fibonacci;
SELECT sum(json_extract(j, '$.price')) FROM (SELECT json_object('id', id, 'price', price, 'tags', json_array(kind, id % 11)) AS j
FROM item WHERE id <= 200);
SELECT sum(length(replace(upper(note), 'LOT', 'parcel'))), sum(instr(note, '9')), sum(note LIKE '%A%7%') FROM item WHERE id <= 500;
DELETE FROM log WHERE unit <= {unit} - 20;
COMMIT;
SELECT writefile('/dev/stderr', 'tick' || char(10));
