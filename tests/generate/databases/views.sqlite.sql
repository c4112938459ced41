-- Views, with and without a key, and tables without one.
CREATE TABLE "Item" ("Id" INTEGER PRIMARY KEY, "Name" TEXT NOT NULL, "Price" NUMERIC(8, 2), "Kind" TEXT);
INSERT INTO "Item" VALUES (1, 'a', 1.5, 'x'), (2, 'b', 2.5, 'x'), (3, 'c', NULL, 'y');
CREATE VIEW "DearItem" AS SELECT "Id", "Name", "Price" FROM "Item" WHERE "Price" > 1;
CREATE VIEW "PerKind" AS SELECT "Kind", count(*) AS "Items", avg("Price") AS "Mean", NULL AS "Nothing" FROM "Item" GROUP BY "Kind";
CREATE VIEW "Doubled" AS SELECT 1 AS "A" UNION ALL SELECT 1;
CREATE VIEW "Broken" AS SELECT * FROM "Gone";
CREATE TABLE "Log" ("At" DATETIME, "Text" TEXT);
INSERT INTO "Log" VALUES ('2024-05-31 16:00:00', 'x');
CREATE TABLE "Rate" ("Currency" CHAR(3) NOT NULL, "Day" DATE NOT NULL, "Rate" NUMERIC(12, 6), UNIQUE ("Currency", "Day"));
INSERT INTO "Rate" VALUES ('EUR', '2024-05-31', 1.084500);
CREATE TABLE "Loose" ("Code" TEXT UNIQUE, "Name" TEXT);
