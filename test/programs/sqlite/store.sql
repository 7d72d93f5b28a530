-- A database file: write-ahead logging and back, vacuum, attach, backup, import and export of CSV.
PRAGMA page_size = 1024;
PRAGMA journal_mode = WAL;
CREATE TABLE reading(sensor INTEGER, at INTEGER, value REAL, PRIMARY KEY (sensor, at));
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)
INSERT INTO reading SELECT i % 7, i, (i * 37 % 1000) / 8.0 FROM n;
COMMIT;
PRAGMA wal_checkpoint(TRUNCATE);
PRAGMA journal_mode = DELETE;
DELETE FROM reading WHERE at % 3 = 0;
VACUUM;
SELECT sensor, count(*), sum(value) FROM reading GROUP BY sensor;
ATTACH 'other.db' AS other;
CREATE TABLE other.summary AS SELECT sensor, max(value) AS top FROM reading GROUP BY sensor;
SELECT count(*) FROM other.summary;
.mode csv
.output summary.csv
SELECT * FROM other.summary ORDER BY sensor;
.output stdout
.import summary.csv imported
SELECT count(*), typeof(max("0")) FROM imported;
.backup copy.db
PRAGMA page_count;
.exit 3
