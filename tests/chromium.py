"""A real browser for tests: headless Chromium, driven through a pipe in the DevTools protocol.

Two pipes and JSON are all that it takes, so no driver and no library is needed beside the browser.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Names under which distributions have it.
_NAMES = ("chromium", "chromium-browser", "google-chrome")

#: No sandbox: it needs a kernel that lets users make namespaces, and tests may run as root in a container.
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)

#: Seconds to wait for an answer. It is no measure of anything: a loaded machine is slow.
PATIENCE = 60.0


def missing() -> str:
    """The program to install for these tests; "" if all is there."""
    return "" if _program() else "needs Chromium (Debian: apt-get install chromium)"


def _program() -> str:
    return next((found for name in _NAMES if (found := shutil.which(name))), "")


class PageError(AssertionError):
    """A script on the page, or one of ours that asked it, failed."""


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A browser with a profile of its own, both gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="hintproof-chromium-", ignore_cleanup_errors=True) as profile:
        running = Browser(Path(profile))
        try:
            yield running
        finally:
            running.close()


class Browser:
    """The process, and the messages that go to and fro."""

    def __init__(self, profile: Path) -> None:
        theirs_in, self._out = _pipe()
        self._in, theirs_out = _pipe()
        command = [_program(), *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        null = os.open(os.devnull, os.O_RDWR)
        self._process = os.posix_spawn(
            command[0],
            command,
            {**os.environ, "HOME": str(profile)},
            file_actions=[
                *((os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)),
                (os.POSIX_SPAWN_DUP2, theirs_in, 3),
                (os.POSIX_SPAWN_DUP2, theirs_out, 4),
            ],
            setpgroup=0,
        )
        for descriptor in (theirs_in, theirs_out, null):
            os.close(descriptor)
        self._rest = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def close(self) -> None:
        """End it, with all processes that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._in)
        os.close(self._out)

    def send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Ask for something and wait for the answer; ``events`` has what happens meanwhile."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise PageError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def receive(self) -> dict[str, Any]:
        """The next message."""
        ends = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, ends - time.monotonic()))
            read = os.read(self._in, 1 << 20) if ready else b""
            if not read:
                raise PageError("Chromium ended" if ready else f"Chromium said nothing for {PATIENCE:g} seconds")
            self._rest += read
        text, self._rest = self._rest.split(b"\0", 1)
        message: dict[str, Any] = json.loads(text)
        return message

    def open(self, address: str, width: int = 1440, height: int = 900) -> Tab:
        """A new tab that shows a page, once it has loaded."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session, target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.send(f"{domain}.enable")
        tab.resize(width, height)
        tab.load(address)
        return tab


class Tab:
    """One page in the browser."""

    def __init__(self, running: Browser, session: str, target: str) -> None:
        self._browser = running
        self._session = session
        self._target = target

    def close(self) -> None:
        """Close the tab, and forget what happened in it."""
        self._browser.send("Target.closeTarget", targetId=self._target)
        self._browser.events = [e for e in self._browser.events if e.get("sessionId") != self._session]

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask something of this page."""
        return self._browser.send(method, self._session, **parameters)

    def load(self, address: str) -> None:
        """Go to an address and wait until all of it has loaded."""
        before = len(self._events_of("Page.loadEventFired"))
        failed = self.send("Page.navigate", url=address).get("errorText")
        if failed:
            raise PageError(f"{address}: {failed}")
        while len(self._events_of("Page.loadEventFired")) == before:
            self._browser.events.append(self._browser.receive())

    def resize(self, width: int, height: int) -> None:
        """The size of the window, in CSS pixels."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def prefer(self, scheme: str) -> None:
        """Set the preference of the reader's system: "light" or "dark"."""
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression; of a promise, what it promises."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise PageError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def press(self, *keys: str) -> None:
        """Press keys, as a keyboard would: a letter or a sign, or a key's name (ArrowDown, Enter)."""
        for key in keys:
            text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
            code = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowRight": 39, "ArrowLeft": 37}.get(key, 0)
            self.send("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
            self.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def picture(self) -> bytes:
        """A picture of the window, as PNG."""
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])

    @property
    def requests(self) -> list[str]:
        """The addresses of all that the page asked for."""
        return [event["params"]["request"]["url"] for event in self._events_of("Network.requestWillBeSent")]

    @property
    def complaints(self) -> list[str]:
        """The page's output on its console, its failures, and the browser's log about it."""
        seen = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [json.dumps(event["params"]) for name in seen for event in self._events_of(name)]

    def _events_of(self, method: str) -> list[dict[str, Any]]:
        events = self._browser.events
        return [e for e in events if e.get("method") == method and e.get("sessionId") == self._session]


def _pipe() -> tuple[int, int]:
    """A pipe whose ends have numbers that are out of the way of the child's own."""
    ends = []
    for end in os.pipe():
        ends.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10))
        os.close(end)
    return ends[0], ends[1]
