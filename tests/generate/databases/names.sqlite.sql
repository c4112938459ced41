-- Names that Python, SQLAlchemy, JSON:API or rowgate want for themselves, and names that are no identifiers.
CREATE TABLE "class" (
    "id" INTEGER PRIMARY KEY, "def" TEXT, "import" TEXT, "type" TEXT NOT NULL DEFAULT 'x', "metadata" TEXT, "registry" TEXT,
    "None" TEXT, "match" TEXT, "self" TEXT, "int" INTEGER, "str" TEXT, "list" TEXT, "dt" TEXT, "Decimal" NUMERIC(4, 1),
    "Mapped" TEXT, "relationship" TEXT, "S_CheckSum" TEXT, "query" TEXT, "session" TEXT
);
INSERT INTO "class" ("id", "def", "type", "int") VALUES (1, 'one', 'kind', 3);
CREATE TABLE "order details" (
    "order id" INTEGER NOT NULL REFERENCES "Order" ("Id"), "line-no" INTEGER NOT NULL, "unit price ($)" NUMERIC(10, 2) NOT NULL DEFAULT 0,
    "1st" TEXT, "a b" TEXT, "a_b" TEXT, "a-b" TEXT, "__hidden" TEXT, "_x" TEXT, "%" TEXT, "quote""d" TEXT, "tick'd" TEXT, "co:lon" TEXT,
    PRIMARY KEY ("order id", "line-no")
);
CREATE TABLE "Order" ("Id" INTEGER PRIMARY KEY, "String" VARCHAR(9), "Date" DATE, "text" TEXT DEFAULT (lower('X')), "Index" TEXT);
INSERT INTO "Order" ("Id", "Date") VALUES (1, '2024-05-31');
INSERT INTO "order details" ("order id", "line-no", "a b") VALUES (1, 1, 'x'), (1, 2, NULL);
CREATE TABLE "order_details" ("Id" INTEGER PRIMARY KEY, "id_" TEXT, "OrderId" INTEGER REFERENCES "Order" ("Id"), "Order" TEXT);
INSERT INTO "order_details" VALUES (1, 'x', 1, 'y');
CREATE TABLE "Größe" ("Schlüssel" INTEGER PRIMARY KEY, "naïve" TEXT, "ﬁx" TEXT, "日本" TEXT, "😀" TEXT, "Ⅷ" TEXT);
INSERT INTO "Größe" VALUES (1, 'a', 'b', 'c', 'd', 'e');
CREATE TABLE "日本語" ("キー" TEXT PRIMARY KEY, "親" INTEGER REFERENCES "Größe" ("Schlüssel"));
INSERT INTO "日本語" VALUES ('ä ö?#%', 1);
CREATE TABLE "2024 sales" ("id" INTEGER PRIMARY KEY, "user" TEXT);
CREATE TABLE "!!!" ("???" INTEGER PRIMARY KEY);
CREATE TABLE "Base" ("id" INTEGER PRIMARY KEY, "name" TEXT);
CREATE TABLE "Date" ("id" INTEGER PRIMARY KEY, "Day" DATE NOT NULL, "Numeric" NUMERIC(5, 1));
INSERT INTO "Date" VALUES (1, '2024-05-31', 1.5);
CREATE TABLE "int" ("id" INTEGER PRIMARY KEY, "value" INTEGER);
CREATE TABLE "operations" ("id" INTEGER PRIMARY KEY, "value" INTEGER);
CREATE TABLE "dotted.name" ("id" INTEGER PRIMARY KEY, "value" INTEGER);
CREATE TABLE "points" ("id" INTEGER PRIMARY KEY, "dotted" INTEGER REFERENCES "dotted.name" ("id"));
