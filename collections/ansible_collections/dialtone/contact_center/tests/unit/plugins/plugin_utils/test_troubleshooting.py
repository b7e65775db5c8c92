# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a text of failure tells: which entry, with which values, and nothing where nothing is wrong."""

from __future__ import annotations

import doctest
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import troubleshooting
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.troubleshooting import (
    LONGEST_CAPTURE,
    by_id,
    explain,
    load,
    parse,
)

ENTRY = {
    "id": "POM-TROUBLE-99",
    "about": "A trouble",
    "match": ['no way to "(?P<place>[^"]+)"', "nowhere to go"],
    "captures": {"place": "the place"},
    "cause": "There is no way to {place}.",
    "remedy": "Build a road to {place} {{unknown}}.",
    "source": ["POM-TROUBLE-99"],
}
GENERAL = {**ENTRY, "id": "POM-TROUBLE-98", "match": ["(?m)^FAILURE"], "captures": {}, "general": True}
LAST = {**GENERAL, "id": "POM-TROUBLE-97", "match": ["FAILURE"]}

# One text for every expression of the file, in the words of the documents or of the programs below.
TEXTS = {
    "POM-TROUBLE-01": ["Primary or auxiliary EPM is not installed on this server."],
    "POM-TROUBLE-02": ["No licenses are available for the auxiliary", "The license is not available"],
    "POM-TROUBLE-03": ["Server error"],
    "POM-TROUBLE-04": ["POM is fully or partially installed on this system."],
    "POM-TROUBLE-05": [
        "Name of database does not exist",
        'FATAL: database "pomdb" does not exist',
        "The database does not exist",
        'Cannot open database "pomdb" requested by the login.',
        "ORA-12505, TNS:listener does not currently know of SID",
    ],
    "POM-TROUBLE-06": [
        "Connection to db1:5432 refused. Check that the hostname and port are correct",
        "The connection attempt failed.",
        "java.net.ConnectException: Connection refused",
        "java.net.UnknownHostException: db9",
    ],
    "POM-TROUBLE-07": ['FATAL: no pg_hba.conf entry for host "192.0.2.7", user "admin",\n  database "VoicePortal", SSL off'],
    "POM-TROUBLE-08": [
        'FATAL: password authentication failed for user "pomuser"',
        "Login failed for user 'pomuser'.",
        "Log in failed",
        "password authentication failed",
        "ORA-01017: invalid username/password; logon denied",
    ],
    "POM-TROUBLE-09": ["Invalid port number: 99999"],
    "POM-TROUBLE-10": ["Enter Oracle, Postgres, or Microsoft SQL Server as dbtype"],
    "POM-TROUBLE-11": ['User "pomuser" does not exist', 'FATAL: role "pomuser" does not exist', "Database user does not exist"],
    "POM-TROUBLE-12": [
        "User does not have sufficient privileges",
        "ORA-01031: insufficient privileges",
        "ERROR: permission denied for schema public",
        "CREATE TABLE permission denied in database 'pomdb'.",
    ],
    "POM-TROUBLE-13": ["Unsupported version of Experience Portal"],
    "POM-TROUBLE-14": ["The installation failed", "Installation was not successful"],
    "POM-TROUBLE-15": [
        "|P_POMCM002|INFO|POMCM|||Out Call Web Service returned fault: javax.net.ssl.SSLHandshakeException: "
        "sun.security.validator.ValidatorException: No trusted certificate found|epm1####",
        "ValidatorException: No trusted certificate found",
    ],
    "POM-TROUBLE-16": ["Test DB Connection\nFAILURE\nsomething that nobody knows"],
    "POM-TROUBLE-17": ["Un-attempted Contacts: 0"],
    "POM-TROUBLE-18": [
        "keytool error: /opt/Avaya/avpom/POManager/config/pomTrustStore (No such file or directory)",
        "Invalid keystore format: config/pomTrustStore",
    ],
    "POM-INST-01": ["*** EP service status [FAILED]***", "vpms service is not running"],
    "POM-INST-04": ["The directory already exists! Are you sure you want to install\nhere and possibly overwrite it?"],
    "POM-CERT-05": ["Return value: 1", "Result of keyfile copy: 1", "./pomCertificateImport.sh: Returning\n1"],
    "POM-CERT-06": ["The certificate /tmp/pom.p12 cannot be imported", "Mac verify error: invalid password?", "invalid password"],
    "POM-CERT-12": [
        "Certificate not imported, alias <site_ca> already exists",
        "This certificate already exists in POM Truststore",
        "keytool error: java.lang.Exception",
        "Input not an X.509 certificate",
    ],
    "POM-DB-14": ["PKIX path building failed", "unable to find valid certification path to requested target"],
    "POM-DB-16": ["ClassNotFoundException: oracle.jdbc.OracleDriver", "No suitable driver found for jdbc:oracle:thin:@db"],
    "POM-DB-17": [
        "java.lang.ClassNotFoundException: com.microsoft.sqlserver.jdbc.SQLServerDriver",
        "No suitable driver found for jdbc:sqlserver://db",
    ],
    "POM-KAFKA-04": ["Kafka HA configuration failed"],
    "POM-MODECHG-01": [
        "Contact Center Configuration mode cannot change from CCElite to None. Re-install POM and reconfigure the POM database."
    ],
    "POM-NONTEL-02": ["Campaign Manager is running. Stop it on all POM servers, then run this script again."],
    "POM-MEM-01": ["Invalid memory value: 1"],
    "POM-UTIL-01": [
        "Custom attribute Agent is not found.",
        "Contact list Spring Sale is not found.",
        "Stop all POM services first: cmpmgr agtmgr",
    ],
    "POM-UTIL-02": ["Font file /usr/share/fonts/Song.otf is not a TrueType font."],
    "POM-APP-08": [
        "Invalid user name or password.",
        "Invalid IP address: app1",
        "The applications are registered only on the primary EPM.",
    ],
    "POM-ID-03": ["The host name could not be written into the database."],
    "POM-VM-01": [
        "Snapshots exist. Delete them before the disk is expanded.",
        "There is nothing to expand: the root file system uses the whole disk.",
    ],
}
CASES = [(trouble, text) for trouble, texts in TEXTS.items() for text in texts]
# What the programs print when all is well: the documented words of success.
SUCCESS = """
*** EP service status [OK]***
Installation was successful.
Application installed on /opt/Avaya/avpom
[ Console installation done ]
Entry for alias pomservercert successfully imported.
Import command completed: 1 entries successfully imported, 0
entries failed or cancelled.
Existing entry alias pomservercert exists, overwrite? [no]:
SSL is NOT enabled in /opt/AppServer/Tomcat/tomcat/conf/server.xml at port 7443, now making POM specific changes.....
mv: '/opt/AppServer/Tomcat/tomcat/conf/server.xml.ssl' and '/opt/AppServer/Tomcat/tomcat/conf/server.xml.ssl' are the same file
Return value: 0
Result of keyfile copy: 0
Result of cert copy 1: 0
/opt/Avaya/avpom/POManager/bin/pomCertificateInstall.sh: Returning
0
MAC verified OK
SUCCESS
Certificate certificate.crt imported successfully in POM Truststore!
POM UNINSTALLATION complete. Please restart the system now!
"""


@pytest.mark.parametrize(("trouble", "text"), CASES)
def test_each_known_text_is_told_as_what_it_is(trouble: str, text: str) -> None:
    assert explain(text)[0]["id"] == trouble


@pytest.mark.parametrize("trouble", load(), ids=lambda trouble: trouble.id)
def test_each_expression_of_the_file_has_a_text_that_it_tells(trouble) -> None:
    texts = TEXTS[trouble.id]
    unmatched = [pattern for pattern in trouble.match if not any(re.search(pattern, text, re.MULTILINE) for text in texts)]

    assert unmatched == []


def test_the_example_in_its_documentation_holds() -> None:
    assert doctest.testmod(troubleshooting).failed == 0


def test_all_documented_troubles_are_there() -> None:
    assert {f"POM-TROUBLE-{number:02}" for number in range(1, 19)} <= set(by_id(load()))


def test_an_id_stands_once() -> None:
    assert len(by_id(load())) == len(load())


def test_words_of_success_are_no_trouble() -> None:
    assert explain(SUCCESS) == []


def test_the_address_to_let_in_stands_in_the_remedy() -> None:
    [told] = explain(TEXTS["POM-TROUBLE-07"][0])

    assert told["captured"] == {"address": "192.0.2.7", "user": "admin", "database": "VoicePortal"}
    assert "host VoicePortal admin 192.0.2.7/32" in told["remedy"]
    assert "host_address of the POM server to 192.0.2.7" in told["remedy"]


@pytest.mark.parametrize("trouble", load(), ids=lambda trouble: trouble.id)
def test_no_placeholder_is_left_for_a_person_to_fill(trouble) -> None:
    for text in TEXTS[trouble.id]:
        for told in explain(text):
            assert "{" not in told["cause"] + told["remedy"]


@pytest.mark.parametrize("trouble", load(), ids=lambda trouble: trouble.id)
def test_what_is_captured_has_words_for_a_text_without_it(trouble) -> None:
    groups = {group for pattern in trouble.match for group in re.compile(pattern).groupindex}
    used = set(re.findall(r"\{(\w+)\}", trouble.cause + trouble.remedy))

    assert used <= groups
    assert groups == set(trouble.captures)


def test_a_captured_value_stands_in_cause_and_remedy() -> None:
    [told] = explain('there is no way\n to "Rome"', parse([ENTRY]))

    assert told["cause"] == "There is no way to Rome."
    assert told["captured"] == {"place": "Rome"}


def test_a_text_that_does_not_tell_the_value_gets_the_words_for_it() -> None:
    [told] = explain("nowhere to go", parse([ENTRY]))

    assert told["cause"] == "There is no way to the place."
    assert told["captured"] == {}


def test_what_a_program_prints_is_never_taken_for_a_placeholder() -> None:
    [told] = explain('no way to "{unknown}"', parse([ENTRY]))

    assert told["cause"] == "There is no way to {unknown}."


def test_a_captured_value_is_one_line_of_bounded_length() -> None:
    [told] = explain('no way to "a\n  b%s"' % ("c" * 999), parse([ENTRY]))

    assert told["captured"]["place"].startswith("a bc")
    assert len(told["captured"]["place"]) == LONGEST_CAPTURE + 1


def test_a_general_entry_gives_way_to_a_precise_one() -> None:
    troubles = parse([GENERAL, ENTRY, LAST])

    assert [told["id"] for told in explain("FAILURE\nnowhere to go", troubles)] == ["POM-TROUBLE-99"]


def test_of_several_general_entries_the_first_is_told() -> None:
    assert [told["id"] for told in explain("FAILURE", parse([ENTRY, GENERAL, LAST]))] == ["POM-TROUBLE-98"]


@given(st.sampled_from(CASES), st.integers(min_value=20, max_value=200), st.sampled_from(["\n", "\r\n", "\n    "]))
def test_a_wrapped_text_tells_the_same(case: tuple[str, str], columns: int, line_end: str) -> None:
    trouble, text = case
    line, lines = "", []
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > columns:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)

    assert explain(line_end.join(lines))[0]["id"] == trouble
