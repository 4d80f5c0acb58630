"""The interactive viewer of a trace, in a terminal. It needs textual, which is an extra."""

from __future__ import annotations

from importlib.util import find_spec

from hintproof.story.model import Story
from hintproof.system.errors import BadInput


def open_viewer(story: Story) -> None:
    """Show a trace until the user leaves. Raises :class:`BadInput` if textual is not installed."""
    if find_spec("textual") is None:
        raise BadInput("the viewer needs textual, which is not installed: pip install 'hintproof[viewer]'")
    from hintproof.viewer.app import Viewer

    Viewer(story).run()
