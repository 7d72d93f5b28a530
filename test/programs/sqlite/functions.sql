-- Built-in functions, types, collations, dates, and the many ways to print a result.
.mode list
SELECT typeof(1), typeof(1.0), typeof('x'), typeof(x'00'), typeof(NULL), 5 / 2, 5 / 2.0, -7 % 3, 1 << 40, ~5, 0x1F;
SELECT abs(-9223372036854775807), round(2.5), round(-2.567, 2), max(1, 'a', 2.5), min(3, NULL), coalesce(NULL, NULL, 7), nullif(1, 1);
SELECT upper('äbc'), lower('ABC'), length('äöü'), length(x'0102'), substr('hello', -3, 2), trim('..x..', '.'), replace('aXbX', 'X', '--');
SELECT printf('%5d|%-5s|%05.1f|%,d|%x|%e|%g|%q|%Q|%c|%%', 42, 'ab', 3.14159, 1234567, 255, 12345.678, 1e-5, 'it''s', 'it''s', 'xyz');
SELECT hex('abc'), unicode('€'), char(72, 105), instr('haystack', 'st'), quote(x'AB'), quote('a''b'), soundex('Robert'), likelihood(1, 0.5);
SELECT 'abc' LIKE 'A_C', 'abc' GLOB 'a*', 'a%c' LIKE 'a\%c' ESCAPE '\', 'B' BETWEEN 'a' AND 'c' COLLATE NOCASE, 'a' IN ('b', 'a');
SELECT date('2024-02-29', '+1 year'), time('12:34:56', '-90 minutes'), datetime(0, 'unixepoch'), julianday('2000-01-01'), strftime('%j %W %s', '2023-12-31');
SELECT sin(1), atan2(1, 2), pow(2, 0.5), ln(10), log(2, 8), ceil(1.2), floor(-1.2), mod(7, 3), radians(180), exp(1), sqrt(2);
SELECT cast('12abc' AS INTEGER), cast(1.9 AS INTEGER), cast('1e3' AS REAL), cast(65 AS TEXT) || 'x', 9223372036854775807 + 1, 0.1 + 0.2, 1e308 * 10, 1 / 0;
SELECT json('{"a" : [1, 2.5, "x", null, true]}'), json_extract('{"a":{"b":[10,20]}}', '$.a.b[1]'), '{"k":"v"}' ->> 'k', json_type('[1]', '$[0]');
SELECT json_set('{"a":1}', '$.b', json('[2]')), json_remove('[0,1,2]', '$[1]'), json_patch('{"a":1,"b":2}', '{"b":null}'), json_valid('{bad'), json_array_length('[1,2,3]');
SELECT key, value, type, path FROM json_tree('{"x":[1,{"y":"z"}]}') WHERE atom IS NOT NULL;
SELECT group_concat(value, '+'), sum(value), total(value), avg(value), count(*) FILTER (WHERE value > 2) FROM (SELECT 1 AS value UNION ALL VALUES (2), (3));
SELECT value, row_number() OVER w, lag(value, 1, 'none') OVER w, sum(value) OVER (ORDER BY value ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING), ntile(2) OVER w
FROM (SELECT value FROM json_each('[5,3,9,1,7]')) WINDOW w AS (ORDER BY value);
.headers on
.mode csv
SELECT 1 AS plain, 'with, comma' AS "a name", 'with "quotes"' AS c, NULL AS d;
.mode column
SELECT 'left' AS a, 12345 AS b UNION ALL SELECT 'longer text', 6;
.mode box
SELECT 'é' AS unicode, 1.5 AS real UNION ALL SELECT 'two', NULL;
.mode json
SELECT 1 AS i, 2.5 AS r, 'a"b' AS t, NULL AS n, x'00ff' AS blob;
.mode insert sample
SELECT 1, 'it''s', NULL, x'01', 1e10;
.mode markdown
SELECT 1 AS one, '|' AS bar;
.mode line
SELECT 1 AS first, 'two' AS second;
