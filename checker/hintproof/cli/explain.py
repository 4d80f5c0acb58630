"""The commands that explain, export and compare traces: thin over the Python API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from hintproof.cli.console import live_runner, print_json, require_positive, write
from hintproof.cli.options import AsJson, Jobs, Number, TraceFile
from hintproof.engines.limits import Limits
from hintproof.story.build import build_story
from hintproof.system.errors import BadInput
from hintproof.tasks.attribution import LIMITS
from hintproof.tasks.explain import explain as explain_with_rules
from hintproof.tasks.verdict import Exit
from hintproof.trace.diff import between, in_world
from hintproof.trace.document import load
from hintproof.trace.reduce import can_be_left_out, reduce
from hintproof.views.trace import differences, explanation
from hintproof.views.trace.formats import FORMATS, format_for


def explain(
    trace: TraceFile,
    rules: Annotated[bool, Option(help="Find the rules that the trace needs, too.")] = True,
    limit_states: Annotated[
        Number, Option(help="States at which the search of a changed world gives up.")
    ] = LIMITS.states,
    limit_seconds: Annotated[
        float | None, Option(help="Seconds after which the search of a changed world gives up.")
    ] = LIMITS.seconds,
    jobs: Jobs = None,
    as_json: AsJson = False,
) -> None:
    """Explain why a trace ends as it does: the causal chain, the steps that matter, the rules that it needs."""
    require_positive(limit_states=limit_states, limit_seconds=limit_seconds, jobs=jobs)
    loaded = load(trace)
    limits = Limits(states=limit_states, seconds=limit_seconds)
    runner = live_runner(jobs, quiet=as_json)
    story = explain_with_rules(loaded, limits=limits, runner=runner) if rules else build_story(loaded)
    left_out = can_be_left_out(loaded)
    if as_json:
        print_json(explanation.explanation_document(story, left_out))
        return
    print(explanation.render(story), end="")
    if left_out:
        print(f"\n{len(left_out)} steps can be left out, each by itself: hintproof export --reduce writes it without.")


def export(
    trace: TraceFile,
    format: Annotated[str | None, Option(help=f"{', '.join(FORMATS)} (default: by the suffix of --output).")] = None,
    output: Annotated[Path | None, Option("--output", "-o", help="The file (default: standard output).")] = None,
    reduced: Annotated[bool, Option("--reduce", help="Leave out the steps that can be left out.")] = False,
) -> None:
    """Write a trace in another format: for a mail, a forge, a browser, another viewer."""
    chosen = format_for(format, output)
    loaded = load(trace)
    write(chosen.render(reduce(loaded) if reduced else loaded), output)


def diff(
    trace: TraceFile,
    other: Annotated[Path | None, Argument(metavar="[OTHER]", help="Another trace file.")] = None,
    world: Annotated[
        str | None, Option("--in", metavar="ENVIRONMENT", help="Follow the trace's steps in that environment.")
    ] = None,
) -> None:
    """Compare two traces, or follow the steps of one in another environment. Exit 1 if they differ."""
    if (other is None) == (world is None):
        raise BadInput("hintproof diff takes a second trace file, or --in ENVIRONMENT: one of the two")
    loaded = load(trace)
    if world is not None:
        found = in_world(loaded, world)
    else:
        assert other is not None
        found = between(loaded, load(other))
    print(differences.render(found), end="")
    raise typer.Exit(Exit.AS_EXPECTED if found.same else Exit.REFUTED)
