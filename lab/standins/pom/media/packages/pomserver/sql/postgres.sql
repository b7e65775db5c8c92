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
-- Filled from Experience Portal when POM starts on the primary.
CREATE TABLE pim_organization (
    organization_id integer PRIMARY KEY,
    name varchar(128) NOT NULL UNIQUE
);
-- The defaults of pim_event_setting, which the documents name. The documents read them from PIMEventCodeType.
CREATE TABLE pim_event_code_type (
    event_code varchar(32) PRIMARY KEY,
    event_level varchar(8) NOT NULL,
    throttle_interval integer NOT NULL,
    ep_alarm_severity varchar(16) NOT NULL,
    alarm_on boolean NOT NULL
);
CREATE TABLE pim_event_setting (LIKE pim_event_code_type INCLUDING ALL);
CREATE TABLE standin_master (
    service varchar(32) PRIMARY KEY,
    server varchar(255) NOT NULL,
    beat timestamptz NOT NULL
);
INSERT INTO pim_config (name, value) VALUES ('schema_version', '1');
INSERT INTO pim_organization (organization_id, name) VALUES (1, 'Default');
INSERT INTO pim_event_code_type (event_code, event_level, throttle_interval, ep_alarm_severity, alarm_on) VALUES
    ('P_POMCM001', 'ERROR', 300, 'MAJOR', true),
    ('P_POMCM002', 'INFO', 0, 'MINOR', false),
    ('P_POMCD001', 'ERROR', 300, 'MAJOR', true),
    ('P_POMAM001', 'FATAL', 60, 'CRITICAL', true),
    ('P_POMADM001', 'WARN', 600, 'MINOR', false);
INSERT INTO pim_event_setting SELECT * FROM pim_event_code_type;
