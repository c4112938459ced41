-- Every type that SQLite knows by name, some it does not, and what goes with columns.
CREATE TABLE "Everything" (
    "Id" INTEGER PRIMARY KEY,
    "Whole" INTEGER NOT NULL DEFAULT 7,
    "Small" SMALLINT,
    "Big" BIGINT,
    "Text" TEXT NOT NULL DEFAULT 'it''s',
    "Short" VARCHAR(20),
    "Fixed" CHAR(3),
    "National" NVARCHAR(10),
    "Clob" CLOB,
    "Flag" BOOLEAN NOT NULL DEFAULT 0,
    "Money" NUMERIC(12, 2) NOT NULL DEFAULT 0,
    "Exact" DECIMAL(20, 6),
    "Loose" NUMERIC,
    "Real" REAL,
    "Float" FLOAT DEFAULT 1.5,
    "Double" DOUBLE PRECISION,
    "Day" DATE,
    "Moment" DATETIME DEFAULT CURRENT_TIMESTAMP,
    "Stamp" TIMESTAMP,
    "Hour" TIME,
    "Bytes" BLOB,
    "Document" JSON,
    "State" TEXT NOT NULL DEFAULT 'new' CHECK ("State" IN ('new', 'paid', 'it''s late')),
    "Twice" INTEGER GENERATED ALWAYS AS ("Whole" * 2) STORED,
    "Label" TEXT AS ("Short" || '!') VIRTUAL,
    "Unknown" MONEY,
    "Untyped",
    "Empty",
    "Mixed",
    "OddDay" DATE,
    "UnixTime" TIMESTAMP
);
INSERT INTO "Everything" ("Id", "Short", "Day", "Moment", "Hour", "Bytes", "Document", "Unknown", "Untyped", "Mixed", "OddDay", "UnixTime", "Exact", "Big", "Stamp")
VALUES (1, 'one', '2024-05-31', '2024-05-31 16:00:00', '16:00:00', x'00ff', '{"a": [1, 2.5, null]}', 12.5, 'free', 1, '31.05.2024', 1717171717, 1234567.123456, 9007199254740993, '2024-05-31T16:00:00'),
       (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'two', NULL, NULL, NULL, NULL, NULL);
CREATE TABLE "Code" ("Code" VARCHAR(5) PRIMARY KEY, "Name" TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "Code" VALUES ('a_b', 'under'), ('c', 'plain');
CREATE TABLE "Counted" ("Number" INT PRIMARY KEY NOT NULL, "Name" TEXT);
INSERT INTO "Counted" VALUES (1, 'one');
CREATE TABLE "ByDay" ("Day" DATE NOT NULL, "Slot" TIME NOT NULL, "Note" TEXT, PRIMARY KEY ("Day", "Slot"));
INSERT INTO "ByDay" VALUES ('2024-05-31', '16:00:00.000000', 'x');
