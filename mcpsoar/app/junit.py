"""Results as JUnit XML, as CI servers read it: a suite a rule, a test case a result, with file and line."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from mcpsoar.app.proving import CaseResult
from mcpsoar.kit.plain import shown


def document(results: Sequence[CaseResult]) -> str:
    """One document, in ASCII: what hides is escaped, and what XML cannot hold with it."""
    root = Element("testsuites", {"name": "mcpsoar rules test", **_counts(results)})
    for of in dict.fromkeys(one.of for one in results):
        own = [one for one in results if one.of == of]
        suite = SubElement(root, "testsuite", {"name": shown(of), **_counts(own)})
        for one in own:
            file, _, line = one.where.rpartition(":")
            named = {"classname": of, "name": f"{one.kind}: {one.name}", "file": file, "line": line}
            case = SubElement(suite, "testcase", {key: shown(value) for key, value in named.items()})
            if one.why:
                failure = SubElement(case, "failure", {"message": shown(one.why), "type": str(one.kind)})
                failure.text = shown(f"{one.where}: {one.of}: {one.name}: {one.why}")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="us-ascii").decode()}'


def _counts(results: Sequence[CaseResult]) -> dict[str, str]:
    failed = sum(bool(one.why) for one in results)
    return {"tests": str(len(results)), "failures": str(failed), "errors": "0"}
