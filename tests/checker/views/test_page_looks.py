"""How the page of a trace looks and is heard, in a real browser; and that no text of a story can act in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hintproof.story.model import Link
from hintproof.views.trace import page
from tests.chromium import Browser, PageError
from tests.reader import Show, slide, text
from tests.stories import ON_A_PAGE, hostile_story, known

LOST = "shared-start-cell"


# -- how it looks ----------------------------------------------------------------------------------


def test_light_and_dark(opened: Show) -> None:
    tab = opened(known(LOST))
    paper = "getComputedStyle(document.body).backgroundColor"
    seen = {}
    for scheme in ("light", "dark"):
        tab.prefer(scheme)
        seen[scheme] = tab.ask(paper)
        picture = tab.picture()
        assert picture.startswith(b"\x89PNG\r\n\x1a\n")
        assert len(picture) > 50_000
    assert seen["light"] != seen["dark"]
    tab.press("t")
    assert tab.ask(paper) == seen["light"]
    assert text(tab, "#theme") == "Dark"


#: The least contrast of any text that is shown, as WCAG counts it, and where that is.
CONTRAST = """(() => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const paint = (colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => (e ? [...behind(e.parentElement), getComputedStyle(e).backgroundColor] : []);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let least = [99, ""];
  for (let node; (node = walker.nextNode()); ) {
    const e = node.parentElement;
    if (!node.data.trim() || !e.checkVisibility() || e.closest("button:disabled, script, style")) continue;
    const style = getComputedStyle(e);
    const ground = behind(e);
    const ink = e.namespaceURI.endsWith("svg") ? style.fill : style.color;
    const [a, b] = [paint(ground), paint([...ground, ink])].map(light);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < least[0]) least = [contrast, `${e.className.baseVal ?? e.className} ${node.data.slice(0, 40)}`];
  }
  return least;
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(opened: Show, scheme: str) -> None:
    tab = opened(known(LOST))
    tab.prefer(scheme)
    for k in (0, 12, 22, 38):
        slide(tab, k)
        contrast, where = tab.ask(CONTRAST)
        assert 4.5 <= contrast <= 21.1, where


def test_what_is_there_has_roles_and_names(opened: Show) -> None:
    tab = opened(known(LOST))
    nodes = [n for n in tab.send("Accessibility.getFullAXTree")["nodes"] if not n["ignored"]]
    roles = {n["role"]["value"] for n in nodes}
    assert roles >= {
        "banner",
        "main",
        "contentinfo",
        "region",
        "search",
        "listbox",
        "option",
        "slider",
        "status",
        "table",
    }
    for node in nodes:
        if node["role"]["value"] in (
            "button",
            "slider",
            "checkbox",
            "textbox",
            "searchbox",
            "listbox",
            "option",
            "link",
        ):
            assert node["name"]["value"].strip(), node
    options = [n["name"]["value"] for n in nodes if n["role"]["value"] == "option"]
    assert "38, device, honour_hint, cause, pops h1, breaks a promise" in options
    levels = tab.ask("[...document.querySelectorAll('h1, h2, h3')].map((h) => h.tagName)")
    assert levels[0] == "H1"
    assert levels.count("H1") == 1


def test_the_tab_key_goes_through_in_order(opened: Show) -> None:
    tab = opened(known(LOST))
    order = []
    for _ in range(9):
        tab.press("Tab")
        order.append(tab.ask("document.activeElement.id || document.activeElement.className"))
    assert order == ["skip", "help-button", "theme", *["goto"] * 5, "first"]


def test_a_narrow_window_has_room(opened: Show) -> None:
    tab = opened(known(LOST), width=390, height=844)
    assert tab.ask("document.documentElement.scrollWidth") <= 390
    assert "honour_hint" in tab.ask("document.querySelector('.row[aria-selected=true]').innerText")


def test_without_scripts_the_explanation_is_there(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "plain.html"
    path.write_text(page.render(known(LOST)), encoding="utf-8")
    tab = chromium.open("about:blank")
    tab.send("Emulation.setScriptExecutionDisabled", value=True)
    tab.load(path.as_uri())
    tab.send("Emulation.setScriptExecutionDisabled", value=False)
    assert "its last place" in text(tab, ".why")
    assert "hintproof show" in text(tab, "noscript")


# -- hostile content -------------------------------------------------------------------------------

#: What is seen of the hostile text; the first part says that markup is text, the last that nothing is hidden.
SEEN = ON_A_PAGE.partition("\u202e")[0]
WRITTEN = r"\u202etxet\u2028\x00\x07\x1b[31m\ufffe\ud800\U000e0041"


def test_hostile_texts_are_texts(opened: Show) -> None:
    story = hostile_story("full-ring-spin", ON_A_PAGE)
    bad = tuple(replace(m, links=(Link("x", "javascript:window.ran=1"),)) for m in story.moments)
    tab = opened(replace(story, moments=bad))
    for k in (0, 1, 12, 24):
        slide(tab, k)
        assert tab.ask("document.querySelectorAll('img, iframe, object, main script').length") == 0
        assert tab.ask("document.querySelectorAll('a[href^=\"javascript\"]').length") == 0
    tab.press("m", "/", *"txet")
    for selector in (".claim", ".facts", ".chain", ".stopped", "#step", "#map", "#lanes"):
        shown = tab.ask(f"document.querySelector({selector!r}).textContent")
        assert SEEN + WRITTEN in shown, selector
    assert tab.ask("typeof window.ran") == "undefined"
    assert tab.ask("document.querySelectorAll('script').length") == 2


def test_huge_texts_are_cut(opened: Show) -> None:
    story = known(LOST)
    huge = replace(
        story, says="x" * 3_000_000, moments=(replace(story.moments[0], says="y" * 3_000_000), *story.moments[1:])
    )
    assert len(page.render(huge)) < 200_000
    tab = opened(huge)
    tab.press("Home", "j")
    assert "(2996000 more characters)" in text(tab, ".says")
    assert "(2996000 more characters)" in text(tab, "#step")
    assert tab.ask("document.documentElement.scrollWidth") <= 1440


def test_nothing_else_runs_and_nothing_is_fetched(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "policy.html"
    path.write_text(page.render(known(LOST)), encoding="utf-8")
    tab = chromium.open(path.as_uri())
    policy = tab.ask("document.querySelector('meta[http-equiv=Content-Security-Policy]').content")
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    with pytest.raises(PageError, match="Failed to fetch"):
        tab.ask("fetch('https://example.invalid/')")
    tab.ask("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))")
    assert tab.ask("typeof window.ran") == "undefined"
    assert len(tab.complaints) >= 2
