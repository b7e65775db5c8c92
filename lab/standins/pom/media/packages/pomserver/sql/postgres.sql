-- Lab only. The tables of the stand-in. The documents name pim_server; its columns, and every other table, are a stand-in assumption.
CREATE TABLE pim_config (
    name varchar(128) PRIMARY KEY,
    value text NOT NULL
);
CREATE TABLE pim_server (
    server_id serial PRIMARY KEY,
    server_name varchar(64) NOT NULL UNIQUE,
    server_address varchar(255) NOT NULL UNIQUE,
    host_name varchar(255),
    server_kind varchar(16),
    added_on timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE pim_campaign (
    campaign_id serial PRIMARY KEY,
    name varchar(128) NOT NULL UNIQUE
);
CREATE TABLE standin_master (
    service varchar(32) PRIMARY KEY,
    server varchar(255) NOT NULL,
    beat timestamptz NOT NULL
);
INSERT INTO pim_config (name, value) VALUES ('schema_version', '1');
