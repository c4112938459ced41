-- Tables in several schemas, some of one name.
CREATE SCHEMA sales;
CREATE SCHEMA "HR";
CREATE TYPE sales.stage AS ENUM ('lead', 'won');
CREATE TABLE public.country (code char(2) PRIMARY KEY, name text NOT NULL);
CREATE TABLE sales.customer (id serial PRIMARY KEY, name text NOT NULL, country_code char(2) REFERENCES public.country (code), stage sales.stage DEFAULT 'lead');
CREATE TABLE sales.orders (id serial PRIMARY KEY, customer_id integer NOT NULL REFERENCES sales.customer (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, total numeric(10, 2));
CREATE TABLE "HR"."Employee" ("Id" serial PRIMARY KEY, "Name" text, "BossId" integer REFERENCES "HR"."Employee" ("Id"), country_code char(2) REFERENCES public.country (code));
CREATE TABLE "HR".customer (id serial PRIMARY KEY, employee_id integer REFERENCES "HR"."Employee" ("Id"), customer_id integer REFERENCES sales.customer (id));
CREATE TABLE "HR".team (employee_id integer REFERENCES "HR"."Employee" ("Id"), customer_id integer REFERENCES sales.customer (id), PRIMARY KEY (employee_id, customer_id));
INSERT INTO public.country VALUES ('de', 'Germany');
INSERT INTO sales.customer (name, country_code) VALUES ('one', 'de');
INSERT INTO sales.orders (customer_id, total) VALUES (1, 9.5);
INSERT INTO "HR"."Employee" ("Name", country_code) VALUES ('boss', 'de');
INSERT INTO "HR"."Employee" ("Name", "BossId") VALUES ('ann', 1);
INSERT INTO "HR".customer (employee_id, customer_id) VALUES (2, 1);
INSERT INTO "HR".team VALUES (2, 1);
