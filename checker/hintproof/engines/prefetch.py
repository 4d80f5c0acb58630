"""Asking the processor for memory that will be needed soon, without waiting for it: for compiled loops."""

# mypy: disable-error-code="no-untyped-def,misc"

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def prefetch(typingctx, array, index):
    """``prefetch(array, i)`` asks for the cache line in which the array's row ``i`` begins; any ``i`` is harmless."""

    def generate(context, builder, signature, arguments):
        kind = signature.args[0]
        view = context.make_array(kind)(context, builder, arguments[0])
        indices = [arguments[1]] + [context.get_constant(types.intp, 0)] * (kind.ndim - 1)
        place = builder.bitcast(cgutils.get_item_pointer(context, builder, kind, view, indices), cgutils.voidptr_t)
        word = ir.IntType(32)
        shape = ir.FunctionType(ir.VoidType(), [place.type, word, word, word])
        to_read, keep, data = word(0), word(3), word(1)
        builder.call(
            builder.module.declare_intrinsic("llvm.prefetch", [place.type], shape), [place, to_read, keep, data]
        )
        return context.get_dummy_value()

    return types.void(array, index), generate
