"""The table for reading reports: whoever looks a code up finds one answer (POM-MAP-01)."""

from __future__ import annotations

from collections import Counter

import yaml

from lab.state import REPOSITORY

ROWS = yaml.safe_load((REPOSITORY / "docs/call_results.yml").read_text(encoding="utf-8"))["call_results"]


def test_each_code_of_sip_mpp_and_ccxml_stands_in_one_row():
    sip = Counter(code for row in ROWS for code in row["sip"])
    assert len(sip) == 35
    for counted in (sip, Counter(row["mpp"] for row in ROWS), Counter(row["ccxml"] for row in ROWS)):
        assert [code for code, number in counted.items() if number > 1] == []


def test_every_row_is_whole_and_every_code_is_spelt_as_its_kind_is():
    for row in ROWS:
        assert row["sip"]
        assert row["mpp"].startswith("VP_")
        assert row["ccxml"] == row["ccxml"].lower()
        assert all(code.startswith("UA_") for code in row["sip"])
        assert all("_" in code and " " not in code for code in row["completion"])


def test_a_code_of_each_kind_leads_to_the_completion_code_of_the_document():
    """Held against a second writing of the table, by one code of each row of the document."""
    rows = {code: (row["mpp"], row["ccxml"], row["completion"]) for row in ROWS for code in row["sip"]}
    assert rows["UA_Gone"] == ("VP_NOROUTE", "noroute", ["Sys_Call_Forbidden", "Invalid_Number"])
    assert rows["UA_Unauthorized"] == rows["UA_NotImplemented"] == rows["UA_Gone"]
    assert rows["UA_ByeAck"][1:] == ("nearenddisconnect", ["Disconnected_By_System_NuisanceApp", "Disconnected_By_System_CCA"])
    assert rows["UA_ByeResp"][1:] == ("farenddisconnect", ["Disconnected_By_User_NuisanceApp", "Disconnected_By_User_CCA"])
    assert rows["UA_ServiceUnavailable"] == ("VP_NORESOURCE", "noresource", [])
    assert rows["UA_ServerTimeout"] == ("VP_NOANSWER", "noanswer", ["No_Answer", "Ring_No_Answer"])
    assert rows["UA_BusyHere"] == ("VP_BUSY", "busy", ["Call_Busy"])
    assert rows["UA_TransportErr"] == rows["UA_BusyEverywhere"] == rows["UA_BadGateway"] == ("VP_NETWORK_BUSY", "networkbusy", [])
    assert rows["UA_BadRequest"] == rows["UA_MessageTooLarge"] == ("VP_UNKNOWN_DISCONNECT_REASON", "unknown", [])
