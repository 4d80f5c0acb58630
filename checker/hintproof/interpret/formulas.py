"""Z3's *and* and *or* of what are formulas already.

``z3.And`` and ``z3.Or`` look for a sort that all arguments have in common, by which a symbolic state takes a third
longer to make.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import z3


def all_of(*formulas: Any) -> Any:
    """The conjunction of formulas; true if there are none."""
    return _joined(z3.Z3_mk_and, formulas)


def any_of(*formulas: Any) -> Any:
    """The disjunction of formulas; false if there are none."""
    return _joined(z3.Z3_mk_or, formulas)


def _joined(make: Callable[..., Any], formulas: tuple[Any, ...]) -> Any:
    context = z3.main_ctx()
    parts = (z3.Ast * len(formulas))(*(formula.as_ast() for formula in formulas))
    return z3.BoolRef(make(context.ref(), len(formulas), parts), context)
