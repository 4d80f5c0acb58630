"""Which functions of the code make the calls that are a step of the spec: found by running both in lock-step."""

from __future__ import annotations

from hintproof.linux.driver import Driver
from hintproof.linux.lockstep import Pairing, search
from hintproof.linux.symbols import NOWHERE
from hintspec.language.sizes import Sizes

#: Sizes and a number of pairs at which every step of the driver is taken.
SIZES, ENOUGH = Sizes(blocks=2, ring=3, rounds=1, removes=1, freezes=1), 60_000


def functions_of_steps(
    driver: Driver, environment: str, sizes: Sizes = SIZES, most: int = ENOUGH
) -> dict[str, tuple[str, ...]]:
    """The functions behind each step of the environment's driver, by the step's name, in alphabetical order.

    A step that the code takes without a call (it only decides) is not among them. Raises
    :class:`~hintproof.system.errors.BadInput` for an environment without such a driver.
    """
    pairing = Pairing(driver, environment, sizes)
    search(pairing, most)
    found = {}
    for step, sites in pairing.sites.items():
        functions = {place.function for place in driver.symbols.places(sites) if place != NOWHERE}
        if functions:
            found[step] = tuple(sorted(functions))
    return found


def steps_of_functions(steps: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The same table read the other way: the steps that a function takes part in."""
    turned: dict[str, list[str]] = {}
    for step, functions in steps.items():
        for function in functions:
            turned.setdefault(function, []).append(step)
    return {function: tuple(names) for function, names in sorted(turned.items())}
