"""The drawing of a trace: well-formed whatever the story says, with every step, or those that matter."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from hintproof.story.model import Story, Weight, entry
from hintproof.views.sanitize import LONGEST, harmless
from hintproof.views.trace import drawing
from hintproof.views.trace.rows import Gap, Loop, rows
from hintproof.views.trace.sequence import traffic
from tests.stories import NAMES, ON_A_PAGE, hostile_story, known, long_walk

SVG = "{http://www.w3.org/2000/svg}"


def drawn(story: Story) -> Element:
    return ElementTree.fromstring(drawing.render(story).encode())


def groups(root: Element) -> list[Element]:
    """The steps that are drawn."""
    return root.findall(f"{SVG}g")


def texts(root: Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("name", NAMES)
def test_every_known_trace_is_drawn_with_all_its_steps(name: str) -> None:
    story = known(name)
    root = drawn(story)
    titles = [group.findtext(f"{SVG}title") for group in groups(root)]
    assert titles == [f"{m.number}, {story.lanes[m.lane].name}: {m.says}" for m in story.moments]
    assert root.findtext(f"{SVG}title") == f"{story.claim}: {story.verdict}"
    assert (root.findtext(f"{SVG}desc") or "").startswith(story.explanation.chain[0].says)
    radii = [float(group.find(f"{SVG}circle").get("r")) for group in groups(root)]  # type: ignore[union-attr, arg-type]
    sizes = {Weight.CAUSE: 6, Weight.FEEDS: 4.5, Weight.ENABLES: 3.5}
    assert radii == [sizes[m.weight] for m in story.moments]


@pytest.mark.parametrize("name", NAMES)
def test_ring_traffic_is_what_the_ring_did(name: str) -> None:
    story = known(name)
    for moment in story.moments:
        moved = traffic(story, moment)
        if moved is None:
            assert all(change.variable != story.ring for change in moment.changes)
            continue
        before, after = (story.state(moment.number - past)[story.ring] for past in (1, 0))
        entries = [entry(e) for e in before["entries"]]
        assert list(moved.popped) == entries[: len(moved.popped)]
        assert [entry(e) for e in after["entries"]] == entries[len(moved.popped) :] + list(moved.posted)
        assert after["used"] == before["used"] + len(moved.popped) - moved.taken


def test_posts_and_pops_are_told() -> None:
    ring = [text for text in texts(drawn(known("shared-start-cell"))) if text in ("S1", "h1", "T")]
    assert ring == ["S1", "h1", "T", "S1", "h1"]


def test_a_loop_is_marked() -> None:
    shown = texts(drawn(known("full-ring-spin")))
    assert shown.index("20") < shown.index("from here for ever") < shown.index("21")
    assert "and again from step 21" in shown
    assert "and so it stays for ever" in texts(drawn(known("lost-kick")))


def test_a_loop_is_marked_where_its_first_steps_are_left_out() -> None:
    story = known("full-ring-spin")
    first, loop, second, *steps = rows(story, range(23, 25))
    assert (first, loop, second) == (Gap(20), Loop(True, "from here for ever"), Gap(2))
    assert steps[:2] == list(story.moments[22:24])


def test_steps_that_are_left_out_are_counted() -> None:
    story = known("shared-start-cell")
    assert list(rows(story, range(36, 40))) == [Gap(35), *story.moments[35:39], Gap(5)]


def test_of_a_long_trace_what_matters_last_is_drawn() -> None:
    story = long_walk()
    root = drawn(story)
    matter = [m.number for m in story.moments if m.weight != Weight.ENABLES]
    numbers = [int((group.findtext(f"{SVG}title") or "").split(",")[0]) for group in groups(root)]
    assert numbers == matter[-drawing.LIMIT :]
    assert sum(text.endswith(" not drawn") for text in texts(root)) > 10
    assert any(f"the last {drawing.LIMIT} of {len(matter)} steps that matter" in text for text in texts(root))


def test_hostile_texts_are_texts() -> None:
    story = hostile_story("full-ring-spin", ON_A_PAGE)
    document = drawing.render(replace(story, says=ON_A_PAGE))
    root = ElementTree.fromstring(document.encode())
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags == {"svg", "title", "desc", "rect", "text", "line", "g", "circle", "path"}
    assert (root.findtext(f"{SVG}title") or "").startswith(story.claim.partition("\u202e")[0] + r"\u202etxet\u2028\x00")
    assert not any(ord(c) < 32 and c != "\n" for c in document)


def test_harmless_keeps_what_is_harmless() -> None:
    plain = "R\u00e9sum\u00e9 \u4e2d\u6587 \U0001f427 <b> & 'x'"
    assert harmless(plain) == plain
    assert harmless({"a\x00": ["\x1b", ("\u202e", 3, None)]}) == {"a\\x00": ["\\x1b", ["\\u202e", 3, None]]}
    assert harmless("\U0001ffff\ud83d") == r"\U0001ffff\ud83d"
    assert harmless("x" * (LONGEST + 5)) == "x" * LONGEST + "... (5 more characters)"
