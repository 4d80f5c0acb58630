"""The page of a trace, in a real browser: it steps, finds, and shows the states that the story has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hintproof.story.model import PreventingRule, Weight, marks, plain
from tests.reader import Show, change, number, slide, text, values
from tests.stories import known, long_walk

LOST = "shared-start-cell"


# -- what it shows ---------------------------------------------------------------------------------


def test_the_head_says_what_the_trace_is_about(opened: Show) -> None:
    story = known(LOST)
    tab = opened(story)
    assert text(tab, "h1").split() == ["REFUTED", "no_lost_write"]
    facts = text(tab, ".facts")
    for fact in (story.environment, story.sizes, "exhaustive engine, 44 steps", LOST, story.clause):
        assert fact in facts
    chain = tab.ask("[...document.querySelectorAll('.chain li')].map((li) => li.innerText.replace(/\\s+/g, ' '))")
    assert [line.split(" ", 1)[0] for line in chain] == [str(cause.step) for cause in story.explanation.chain]
    assert "Step 38 (honour_hint) took it out of log.bitmap, its last place." in chain[-1]


def test_worlds_that_stop_the_trace_are_told(opened: Show) -> None:
    fixing = PreventingRule("driver.start_cell", "SHARED", "PER_ROUND", "mended", 36, "it has another cell", True, 1234)
    other = PreventingRule("device.honours", "ALWAYS", "NEVER", "", 0, "", None)
    tab = opened(replace(known(LOST), preventing_rules=(fixing, other)))
    assert "stopped by driver.start_cell: PER_ROUND (2 tried)" in text(tab, "summary")
    tab.ask("document.querySelector('details').open = true")
    assert "yes, in all 1,234 states" in text(tab, ".stopped tbody tr:first-child")
    assert "not asked, or not decided" in text(tab, ".stopped tbody tr:last-child")
    tab.ask("document.querySelector('.stopped .goto').click()")
    assert number(tab) == 36


@pytest.mark.parametrize("name", [LOST, "full-ring-spin", "early-release-by-send"])
def test_states_are_those_of_the_story(opened: Show, name: str) -> None:
    story = known(name)
    tab, last = opened(story), len(story.moments)
    for k in (0, 1, 7, last // 2, last - 1, last, 3):
        slide(tab, k)
        state, before = story.state(k), story.state(max(0, k - 1))
        assert values(tab, "value") == {name: plain(value) for name, value in state.items()}
        changed = {name: plain(before[name]) if before[name] != state[name] else "" for name in state}
        assert values(tab, "before") == changed


def test_the_page_map_and_the_ring_are_those_of_the_state(opened: Show) -> None:
    story = known("early-release-by-send")
    tab = opened(story)
    for k in range(len(story.moments) + 1):
        slide(tab, k)
        letters = "[...b.querySelectorAll('.chip')].map((c) => c.textContent)"
        shown = tab.ask(f"[...document.querySelectorAll('.block')].map((b) => {letters})")
        assert ["".join(sorted(s)) for s in shown] == ["".join(sorted(marks(story, story.state(k), b))) for b in (1, 2)]
        entries = tab.ask("[...document.querySelectorAll('#entries li:not(.gone, .none) b')].map((b) => b.textContent)")
        ring = plain(story.state(k)[story.ring])
        assert entries == ring.replace("]", " ").replace("[", " ").split()
    assert text(tab, ".block.is-lost").startswith("block 1")


def test_a_step_is_told_with_its_source(opened: Show) -> None:
    story = known(LOST)
    tab = opened(story)
    moment = story.moments[37]
    shown = text(tab, "#step")
    for part in ("step 38 of 44", "device", moment.label, moment.says, moment.where, moment.text, moment.breaks[0]):
        assert part in shown
    links = tab.ask("[...document.querySelectorAll('#step a')].map((a) => [a.textContent, a.href, a.rel])")
    assert links == [[link.text, link.address, "noreferrer noopener"] for link in moment.links]


def test_traces_of_all_kinds_open_at_their_cause(opened: Show) -> None:
    chosen = "document.querySelector('.row[aria-selected=true]')"
    for name in ("poison-not-restored", "clear-unseen", "id-read-twice", "lost-kick", "no-done-on-failure", LOST):
        story = known(name)
        tab = opened(story)
        last_cause = story.explanation.last_cause
        assert number(tab) == (len(story.moments) if last_cause is None else last_cause)
        assert tab.ask(f"{chosen}.getBoundingClientRect().bottom") <= 900


# -- moving about ----------------------------------------------------------------------------------


def test_keys_step_forth_and_back(opened: Show) -> None:
    tab = opened(known(LOST))
    for key, lands in [
        ("Home", 0), ("k", 0), ("j", 1), ("ArrowDown", 2), ("ArrowRight", 3), ("ArrowUp", 2), ("ArrowLeft", 1),
        ("PageDown", 11), ("End", 44), ("j", 44), ("PageUp", 34), ("c", 38),
    ]:  # fmt: skip
        tab.press(key)
        assert number(tab) == lands, key
        assert tab.ask("document.querySelector('.row[aria-selected=true]').dataset.step") == str(lands)
        assert tab.ask("document.getElementById('steps').getAttribute('aria-activedescendant')") == f"row{lands}"


def test_clicks_step_too(opened: Show) -> None:
    tab = opened(known(LOST))
    for button, lands in [("first", 0), ("forth", 1), ("last", 44), ("back", 43), ("cause", 38)]:
        tab.ask(f"document.getElementById('{button}').click()")
        assert number(tab) == lands
    tab.ask("document.getElementById('row37').click()")
    assert number(tab) == 37
    tab.ask("document.querySelector('.chain .goto').click()")
    assert number(tab) == 22


def test_the_address_names_the_step(opened: Show) -> None:
    tab = opened(known(LOST), at="#7")
    assert number(tab) == 7
    tab.press("j")
    assert tab.ask("new Promise((done) => setTimeout(() => done(location.hash), 600))") == "#8"


def test_search_finds_steps(opened: Show) -> None:
    story = known(LOST)
    hits = [m.number for m in story.moments if m.action == "test_read_bit"]
    tab = opened(story)
    tab.press("Home", "/", *"test_read_bit")
    assert text(tab, "#found") == f"1 of {len(hits)}"
    assert number(tab) == hits[0]
    tab.press("Enter")
    assert number(tab) == hits[1]
    tab.press("Escape", "n")
    assert number(tab) == hits[2]
    tab.press("N", "N")
    assert number(tab) == hits[0]
    tab.press("N")
    assert number(tab) == hits[-1]
    tab.press("n")
    assert number(tab) == hits[0]
    tab.press("/", *"no such step")
    assert text(tab, "#found") == "none"
    assert number(tab) == hits[0]


def test_search_finds_what_a_step_changes(opened: Show) -> None:
    tab = opened(known(LOST))
    tab.press("Home", "/", *"device.cmd_id=id2")
    assert number(tab) == 28


def test_only_what_matters(opened: Show) -> None:
    story = known(LOST)
    tab = opened(story)
    tab.press("Home", "m")
    matter = [m.number for m in story.moments if m.weight != Weight.ENABLES]
    for lands in matter:
        tab.press("j")
        assert number(tab) == lands
    tab.press("m", "Home", "j", "j")
    assert number(tab) == 2


def test_a_loop_goes_round(opened: Show) -> None:
    story = known("full-ring-spin")
    assert story.loop == 20
    tab = opened(story)
    tab.press("End", "j")
    assert number(tab) == 21
    assert "and again from step 21" in text(tab, "#steps")
    assert "from here for ever" in text(tab, "#steps")


def test_watched_variables_alone_are_shown(opened: Show) -> None:
    tab = opened(known(LOST))
    rows = "[...document.querySelectorAll('#values [data-variable]')]"
    shown = f"{rows}.filter((r) => r.offsetParent).map((r) => r.dataset.variable)"
    assert "left.dma" not in tab.ask(shown)
    change(tab, "watch", "cmd_ left.dma")
    assert tab.ask(shown) == ["device.cmd_id", "left.dma"]


def test_keys_help_and_can_be_turned_off(opened: Show) -> None:
    tab = opened(known(LOST))
    tab.press("?")
    assert tab.ask("document.getElementById('help').open")
    assert "the cause" in text(tab, "#help")
    tab.ask("document.getElementById('letters').click()")
    tab.press("Escape")
    assert not tab.ask("document.getElementById('help').open")
    tab.press("c", "j")
    assert number(tab) == 38
    tab.press("ArrowDown")
    assert number(tab) == 39


# -- ten thousand steps ----------------------------------------------------------------------------


def test_a_long_trace_is_drawn_in_part_and_can_be_stepped(opened: Show) -> None:
    story = long_walk()
    last = len(story.moments)
    assert last >= 10_000
    tab = opened(story)
    assert number(tab) == last
    for k in (5000, last - 1):
        slide(tab, k)
        assert values(tab, "value") == {name: plain(value) for name, value in story.state(k).items()}
        assert tab.ask("document.querySelectorAll('.row').length") < 100
        assert tab.ask("document.querySelector('.row[aria-selected=true]').dataset.step") == str(k)
    tab.press("k", "k")
    assert number(tab) == last - 3
    tab.press("Home", "m", "j")
    assert number(tab) == next(m.number for m in story.moments if m.weight != Weight.ENABLES)
