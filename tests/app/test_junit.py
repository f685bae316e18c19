"""Results as JUnit XML: read back as a CI server would."""

from xml.etree import ElementTree

from mcpsoar.app import junit
from mcpsoar.app.proving import CaseResult

ODD = "<b>&\"']]>\x00\x1b[31m\u202eevil\ud800"
RESULTS = (
    CaseResult("one_rule", "holds", "positive", "a/one_rule.cases.json:3", ""),
    CaseResult("one_rule", ODD, "variant", "C:/x y/one_rule.cases.json:12", ODD),
    CaseResult("two_rule", "is quiet on benign logs", "corpus", "two_rule.yml:1", ""),
)


def test_each_result_is_a_test_case_with_file_and_line_in_the_suite_of_its_rule() -> None:
    root = ElementTree.fromstring(junit.document(RESULTS))
    assert (root.get("tests"), root.get("failures")) == ("3", "1")
    assert [(one.get("name"), one.get("tests"), one.get("failures")) for one in root] == [
        ("one_rule", "2", "1"),
        ("two_rule", "1", "0"),
    ]
    first = root[0][0]
    assert first.attrib == {
        "classname": "one_rule",
        "name": "positive: holds",
        "file": "a/one_rule.cases.json",
        "line": "3",
    }
    assert root[0][1].get("file") == "C:/x y/one_rule.cases.json"
    assert root[0][1].get("line") == "12"


def test_what_a_case_is_called_can_break_no_document_and_hide_nothing() -> None:
    text = junit.document(RESULTS)
    assert text.isascii()
    (failure,) = ElementTree.fromstring(text).iter("failure")
    assert failure.get("message") == "<b>&\"']]>\\x00\\x1b[31m\\u202eevil\\ud800"
    assert "\\u202e" in (failure.text or "")
