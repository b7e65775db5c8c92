# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tomcat's files, edited as text: what is ours becomes right, and everything else stays as it is to the byte."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import tomcat

WANTED = {"protocol": "HTTP/1.1", "port": "7443", "SSLEnabled": "true", "keystorePass": 'a&b"<c>', "ciphers": "A,B"}
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment with <Connector port="7443"/> in it -->
<Server port="8005" shutdown="SHUTDOWN">
  <Service name="Catalina">
    <Connector port="8080" protocol="HTTP/1.1"
               redirectPort="8443" />
"""
TAIL = """    <!--
    <Connector port="7443" SSLEnabled="true"/>
    -->
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost"><![CDATA[<Connector port="7443"/>]]></Host>
    </Engine>
  </Service>
</Server>
"""
OURS = tomcat.with_connector(HEAD + TAIL, WANTED)


def on_port(text: str, port: str = "7443") -> list[dict[str, str]]:
    """As Tomcat reads it."""
    return [dict(one.attrib) for one in ElementTree.fromstring(text.encode()).iter("Connector") if one.get("port") == port]


def test_a_connector_is_added_before_the_engine_and_nothing_else_changes() -> None:
    assert on_port(OURS) == [WANTED]
    before, _ours, after = OURS.partition("    <Connector protocol=")
    assert before + "    " + after[after.index("<Engine") :] == HEAD + TAIL
    assert on_port(OURS, "8080") == on_port(HEAD + TAIL, "8080")


@pytest.mark.parametrize(
    "there",
    [
        pytest.param('<Connector port="7443" acceptCount="99"/>', id="other attributes"),
        pytest.param("<Connector port='7443' clientAuth='false' />", id="single quotes"),
        pytest.param(
            '<Connector port="7443"><SSLHostConfig><Certificate a="1"/></SSLHostConfig></Connector>', id="with children"
        ),
        pytest.param('<Connector port="7443"/>\n    <Connector port="7443" secure="true"/>', id="two"),
        pytest.param('<Connector port="7443" keystorePass="x > y"/>', id="a bracket in a value"),
    ],
)
def test_another_connector_on_the_port_is_replaced(there: str) -> None:
    text = tomcat.with_connector(f"{HEAD}    {there}\n{TAIL}", WANTED)
    assert on_port(text) == [WANTED]
    assert text.startswith(HEAD)
    assert text.endswith(TAIL)


def test_an_equal_connector_stays_as_it_is_written() -> None:
    written = '<Connector  ciphers="A,B" port="7443" SSLEnabled="true" protocol="HTTP/1.1" keystorePass="a&amp;b&quot;&lt;c>"/>'
    text = f"{HEAD}    {written}\n{TAIL}"
    assert tomcat.with_connector(text, WANTED) == text


def test_an_equal_connector_is_kept_and_others_of_its_port_removed() -> None:
    text = OURS.replace("    <Connector protocol=", '    <Connector port="7443"/>\n    <Connector protocol=', 1)
    text = text.replace("    <Engine", '    <Connector port="7443" scheme="https"></Connector>\n    <Engine', 1)
    assert tomcat.with_connector(text, WANTED) == OURS


def test_a_value_that_was_broken_over_lines_is_repaired() -> None:
    """An XML reader makes a blank of the line end, so the list of ciphers breaks (T-072)."""
    text = tomcat.with_connector(f'{HEAD}    <Connector port="7443" ciphers="A,\n B"/>\n{TAIL}', WANTED)
    assert on_port(text) == [WANTED]


def test_the_connector_as_printed_is_refused_with_its_place() -> None:
    """The stray quote of T-071."""
    with pytest.raises(tomcat.TomcatError, match=r"no well-formed XML .*line 7"):
        tomcat.with_connector(f'{HEAD}    <Connector port="7443" keystoreType="JKS" "keystorePass="x"/>\n{TAIL}', WANTED)


@pytest.mark.parametrize("text", ["<web-app/>", "<Server><Service/></Server>"])
def test_another_document_is_refused(text: str) -> None:
    with pytest.raises(tomcat.TomcatError, match=r"no server\.xml"):
        tomcat.with_connector(text, WANTED)


NAMES = st.sampled_from(["port", "protocol", "scheme", "acceptCount", "keystorePass"])
VALUES = st.one_of(st.sampled_from(["7443", "8080", "true"]), st.text("ab &<>\"'é", max_size=6))


@st.composite
def connector(draw: st.DrawFn) -> str:
    element = ElementTree.Element("Connector", draw(st.dictionaries(NAMES, VALUES)))
    if draw(st.booleans()):
        ElementTree.SubElement(element, "SSLHostConfig", draw(st.dictionaries(NAMES, VALUES)))
    text = ElementTree.tostring(element, encoding="unicode")
    return f"<!-- {text.replace('--', '')} -->" if draw(st.booleans()) else text


@settings(deadline=None)
@given(st.lists(connector(), max_size=5), st.dictionaries(NAMES, VALUES))
def test_any_connectors_end_in_exactly_ours_and_all_of_other_ports(there: list[str], attributes: dict[str, str]) -> None:
    wanted = {**attributes, "port": "7443"}
    text = HEAD + "".join(f"    {one}\n" for one in there) + TAIL
    once = tomcat.with_connector(text, wanted)
    assert on_port(once) == [wanted]
    assert tomcat.with_connector(once, wanted) == once
    others = [one.attrib for one in ElementTree.fromstring(text.encode()).iter("Connector") if one.get("port") != "7443"]
    assert [one.attrib for one in ElementTree.fromstring(once.encode()).iter("Connector") if one.get("port") != "7443"] == others


def test_secrets_are_masked_in_elements_and_comments_alike() -> None:
    shown = tomcat.redacted(OURS.replace("<!--\n", "<!-- keystorePass = 'old'\n"), ["keystorePass"])
    assert "a&amp;b" not in shown
    assert "old" not in shown
    assert shown.count(tomcat.MASK) == 2


# --- libraries --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("present", "supplied", "removed"),
    [
        (["axis2-kernel-1.6.2.jar"], ["axis2-kernel-1.7.9.jar"], ["axis2-kernel-1.6.2.jar"]),
        (["log4j-1.2.17.jar", "log4j-api-2.17.1.jar"], ["log4j-api-2.20.0.jar"], ["log4j-api-2.17.1.jar"]),
        (["log4j-1.2-api-2.17.1.jar"], ["log4j-1.2.17.jar"], []),
        (["guava-31.1-jre.jar"], ["guava-33.0.0-android.jar"], ["guava-31.1-jre.jar"]),
        (["commons-lang-2.6.jar"], ["commons-lang3-3.9.jar"], []),
        (["ecj-4.6.3.jar", "catalina.jar"], ["ecj-4.5.jar", "catalina-9.0.jar"], []),
        (["site-tools-1.0.jar"], ["pomapps-common.jar"], []),
    ],
)
def test_other_versions_of_what_is_supplied_go_and_nothing_else(
    present: list[str], supplied: list[str], removed: list[str]
) -> None:
    assert tomcat.other_versions([*present, *supplied], supplied) == removed


TOMCATS_OWN = (
    *("annotations-api.jar", "catalina.jar", "catalina-tribes.jar", "ecj-4.6.3.jar", "el-api.jar", "jasper-el.jar"),
    *("jaspic-api.jar", "jsp-api.jar", "servlet-api.jar", "tomcat-coyote.jar", "tomcat-i18n-zh-CN.jar", "websocket-api.jar"),
)
JARS = st.one_of(
    st.sampled_from(TOMCATS_OWN),
    st.builds(
        "{}-{}.jar".format,
        st.sampled_from(["axis", "log4j", "tomcat-util", "ecj", "x-1.2-api"]),
        st.from_regex(r"[0-9]{1,2}(\.[0-9]){0,2}", fullmatch=True),
    ),
)


@given(st.sets(JARS), st.sets(JARS))
def test_neither_what_is_supplied_nor_tomcats_own_ever_goes(present: set[str], supplied: set[str]) -> None:
    removed = set(tomcat.other_versions(present, supplied))
    assert removed <= present - supplied
    assert not removed & set(TOMCATS_OWN)
    assert tomcat.other_versions((present - removed) | supplied, supplied) == []


# --- unit -------------------------------------------------------------------------------------------------------------


def test_the_vendors_unit_is_rendered_as_the_guide_does_it() -> None:
    assert (
        tomcat.rendered_unit("ExecStart=%%APPSERVER_HOME%%/bin/x %%APPSERVER_HOME%%\n", "/opt/t")
        == "ExecStart=/opt/t/bin/x /opt/t\n"
    )


@pytest.mark.parametrize(
    ("template", "home", "said"),
    [
        ("x=%%APPSERVER_HOME%%", "opt/t", "no path"),
        ("x=%%APPSERVER_HOME%%", "/opt/my tomcat", "no path"),
        ("x=%%APPSERVER_HOME%%", "/opt/%%VP%%", "no path"),
        ("x=/opt/t", "/opt/t", "holds no %%APPSERVER_HOME%%"),
        ("x=%%APPSERVER_HOME%% %%VP_HOME%%", "/opt/t", "%%VP_HOME"),
    ],
)
def test_what_would_leave_a_placeholder_is_refused(template: str, home: str, said: str) -> None:
    with pytest.raises(tomcat.TomcatError, match=said):
        tomcat.rendered_unit(template, home)
