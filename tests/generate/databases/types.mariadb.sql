-- Every type of MariaDB that people put in tables.
CREATE TABLE Everything (
    Id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
    Tiny tinyint, Small smallint, Medium mediumint, Whole int NOT NULL DEFAULT 7, Big bigint, `Unsigned` int unsigned, BigUnsigned bigint unsigned,
    Flag boolean NOT NULL DEFAULT false, Exact decimal(12, 2) NOT NULL DEFAULT 0, `Single` float, `Double` double DEFAULT 1.5,
    Short varchar(20) DEFAULT 'it''s', Fixed char(3), Little tinytext, `Text` text, Long_ longtext, Binary_ varchar(20) CHARACTER SET latin1 COLLATE latin1_bin,
    Day date, Moment datetime DEFAULT CURRENT_TIMESTAMP, Fine datetime(6), Stamp timestamp NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
    Hour time, Year_ year, Bytes blob, FixedBytes binary(4), ShortBytes varbinary(8), Document json,
    State enum('new', 'paid', 'it''s') NOT NULL DEFAULT 'new', Parts set('a', 'b', 'c'), Bits bit(8), One bit(1), Kind varchar(9) CHECK (Kind IN ('x', 'y')),
    Twice int GENERATED ALWAYS AS (Whole * 2) VIRTUAL, Thrice int GENERATED ALWAYS AS (Whole * 3) STORED,
    Place point, Address inet6, Key_ uuid
) COMMENT 'One column of each type; it''s a lot.';
INSERT INTO Everything (Tiny, Small, Medium, Big, `Unsigned`, BigUnsigned, `Single`, Fixed, Little, `Text`, Long_, Binary_, Day, Moment, Fine, Stamp, Hour, Year_, Bytes, FixedBytes, ShortBytes, Document, Parts, Bits, One, Kind, Key_)
VALUES (5, 1, 2, 9007199254740993, 4000000000, 9000000000000000000, 0.5, 'abc', 'l', 'text', 'long', 'b', '2024-05-31', '2024-05-31 16:00:00', '2024-05-31 16:00:00.123456', '2024-05-31 16:00:00', '16:00:00', 2024, x'00ff', x'00ff00ff', x'01', '{"a": [1, 2.5, null]}', 'a,c', b'101', b'1', 'x', '11111111-2222-3333-4444-555555555555');
INSERT INTO Everything (Whole) VALUES (8);
CREATE TABLE `order` (`key` int NOT NULL PRIMARY KEY, everything_id int NOT NULL COMMENT 'Which one', other_id int, UNIQUE KEY everything_id (everything_id, other_id),
    CONSTRAINT order_ibfk_1 FOREIGN KEY (everything_id) REFERENCES Everything (Id) ON DELETE CASCADE, CONSTRAINT order_ibfk_2 FOREIGN KEY (other_id) REFERENCES Everything (Id) ON DELETE SET NULL ON UPDATE CASCADE, KEY by_other (other_id));
INSERT INTO `order` VALUES (1, 1, 2);
CREATE TABLE by_text (code varchar(10) NOT NULL PRIMARY KEY, name varchar(20) UNIQUE);
INSERT INTO by_text VALUES ('a', 'x');
CREATE TABLE by_enum (kind enum('p', 'q') NOT NULL, day date NOT NULL, note text, PRIMARY KEY (kind, day));
INSERT INTO by_enum VALUES ('p', '2024-05-31', 'x');
CREATE VIEW paid AS SELECT Id, State, Exact FROM Everything;
