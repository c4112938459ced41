-- Run once by the PostgreSQL image, when its volume is new: log-ins have a database of their own.
CREATE DATABASE rowgate_auth;
