-- Keys of every shape: composite, to the table itself, several to one parent, one to one, many to many, in circles.
CREATE TABLE "Tenant" ("Id" INTEGER PRIMARY KEY, "Name" TEXT NOT NULL UNIQUE);
CREATE TABLE "Account" (
    "TenantId" INTEGER NOT NULL REFERENCES "Tenant" ("Id") ON DELETE CASCADE,
    "Number" INTEGER NOT NULL,
    "ParentNumber" INTEGER,
    "Name" TEXT,
    PRIMARY KEY ("TenantId", "Number"),
    FOREIGN KEY ("TenantId", "ParentNumber") REFERENCES "Account" ("TenantId", "Number")
);
CREATE TABLE "Transfer" (
    "Id" INTEGER PRIMARY KEY,
    "TenantId" INTEGER NOT NULL REFERENCES "Tenant" ("Id"),
    "FromNumber" INTEGER NOT NULL,
    "ToNumber" INTEGER NOT NULL,
    "Amount" NUMERIC(12, 2) NOT NULL DEFAULT 0,
    "Key" VARCHAR(36) NOT NULL,
    CONSTRAINT "different" CHECK ("FromNumber" <> "ToNumber"),
    FOREIGN KEY ("TenantId", "FromNumber") REFERENCES "Account" ("TenantId", "Number"),
    FOREIGN KEY ("TenantId", "ToNumber") REFERENCES "Account" ("TenantId", "Number"),
    UNIQUE ("TenantId", "Key")
);
CREATE INDEX "ix_Transfer_Amount" ON "Transfer" ("Amount");
CREATE INDEX "by_both" ON "Transfer" ("FromNumber", "ToNumber");
CREATE UNIQUE INDEX "once" ON "Transfer" ("Key") WHERE "Amount" > 0;
CREATE INDEX "lowered" ON "Transfer" (lower("Key"));
CREATE TABLE "person" (
    "id" INTEGER PRIMARY KEY,
    "name" TEXT NOT NULL,
    "parent_id" INTEGER REFERENCES "person" ("id") ON DELETE SET NULL,
    "best_friend_id" INTEGER REFERENCES "person" ("id"),
    "home_address_id" INTEGER REFERENCES "address" ("id"),
    "billing_address_id" INTEGER REFERENCES "address" ("id"),
    "created_by" INTEGER REFERENCES "person" ("id")
);
CREATE TABLE "address" ("id" INTEGER PRIMARY KEY, "street" TEXT, "owner_id" INTEGER REFERENCES "person" ("id"));
CREATE TABLE "passport" ("id" INTEGER PRIMARY KEY, "person_id" INTEGER NOT NULL UNIQUE REFERENCES "person" ("id") ON DELETE CASCADE, "number" TEXT);
CREATE TABLE "profile" ("person_id" INTEGER PRIMARY KEY REFERENCES "person" ("id") ON DELETE CASCADE, "about" TEXT);
CREATE TABLE "tag" ("id" INTEGER PRIMARY KEY, "label" TEXT NOT NULL);
CREATE TABLE "person_tag" (
    "person_id" INTEGER NOT NULL REFERENCES "person" ("id") ON DELETE CASCADE, "tag_id" INTEGER NOT NULL REFERENCES "tag" ("id") ON DELETE CASCADE,
    PRIMARY KEY ("person_id", "tag_id")
);
CREATE TABLE "person_friend" (
    "person_id" INTEGER NOT NULL REFERENCES "person" ("id"), "friend_id" INTEGER NOT NULL REFERENCES "person" ("id"), PRIMARY KEY ("person_id", "friend_id")
);
CREATE TABLE "membership" (
    "person_id" INTEGER NOT NULL REFERENCES "person" ("id"), "tag_id" INTEGER NOT NULL REFERENCES "tag" ("id"), "since" DATE,
    PRIMARY KEY ("person_id", "tag_id")
);
CREATE TABLE "egg" ("id" INTEGER PRIMARY KEY, "hen_id" INTEGER REFERENCES "hen" ("id"));
CREATE TABLE "hen" ("id" INTEGER PRIMARY KEY, "egg_id" INTEGER REFERENCES "egg" ("id"));
CREATE TABLE "by_name" ("id" INTEGER PRIMARY KEY, "tenant" TEXT REFERENCES "Tenant" ("Name"));
CREATE TABLE "orphan" ("id" INTEGER PRIMARY KEY, "lost_id" INTEGER REFERENCES "nowhere" ("id"));
INSERT INTO "Tenant" VALUES (1, 'one'), (2, 'two');
INSERT INTO "Account" VALUES (1, 1, NULL, 'a'), (1, 2, 1, 'b'), (2, 1, NULL, 'c');
INSERT INTO "Transfer" VALUES (1, 1, 1, 2, 9.5, 'k');
INSERT INTO "person" VALUES (1, 'ann', NULL, NULL, NULL, NULL, NULL), (2, 'bob', 1, 1, NULL, NULL, 1);
INSERT INTO "address" VALUES (1, 'street', 1);
INSERT INTO "passport" VALUES (1, 1, 'p');
INSERT INTO "profile" VALUES (1, 'x');
INSERT INTO "tag" VALUES (1, 'red'), (2, 'blue');
INSERT INTO "person_tag" VALUES (1, 1);
INSERT INTO "person_friend" VALUES (1, 2);
INSERT INTO "membership" VALUES (1, 2, '2024-05-31');
INSERT INTO "by_name" VALUES (1, 'one');
