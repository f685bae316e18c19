"""Results as JUnit XML, as CI servers read it: a suite a rule, a test case a result, with file and line."""

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from mcpsoar.app.proving import CaseResult
from mcpsoar.kit.plain import escaped, is_hidden


def document(results: Sequence[CaseResult]) -> str:
    """One document, in ASCII: what hides is escaped, and what XML cannot hold with it."""
    root = Element("testsuites", {"name": "mcpsoar rules test", **_counts(results)})
    for of in dict.fromkeys(one.of for one in results):
        own = [one for one in results if one.of == of]
        suite = SubElement(root, "testsuite", {"name": _plain(of), **_counts(own)})
        for one in own:
            file, _, line = one.where.rpartition(":")
            named = {"classname": of, "name": f"{one.kind}: {one.name}", "file": file, "line": line}
            case = SubElement(suite, "testcase", {key: _plain(value) for key, value in named.items()})
            if one.why:
                failure = SubElement(case, "failure", {"message": _plain(one.why), "type": str(one.kind)})
                failure.text = _plain(f"{one.where}: {one.of}: {one.name}: {one.why}")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="us-ascii").decode()}'


def _counts(results: Sequence[CaseResult]) -> dict[str, str]:
    failed = sum(bool(one.why) for one in results)
    return {"tests": str(len(results)), "failures": str(failed), "errors": "0"}


def _plain(text: str) -> str:
    return "".join(_shown(text))


def _shown(text: str) -> Iterator[str]:
    for char in text:
        yield escaped(char) if is_hidden(char) else char
