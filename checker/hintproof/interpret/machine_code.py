"""Machine code of plain Python functions over whole numbers and arrays of them, made by LLVM.

The compiled steps of a world are thousands of additions, shifts and comparisons of words, and nothing else. A compiler
of all of Python looks for the type of each of them, which takes it several seconds a world; here each is a word of
64 bits, so that LLVM gets them at once. What may stand in a text is what :class:`_Function` has a method for; it means
in machine code what it means in Python as long as no number needs more than 64 bits, and ``and`` and ``or`` are asked
for their truth alone.
"""

from __future__ import annotations

import ast
import ctypes
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import llvmlite
import numpy as np
from llvmlite import binding, ir

_WORD = ir.IntType(64)

_OPERATORS: Mapping[type[ast.operator], Callable[..., Any]] = {
    ast.Add: ir.IRBuilder.add,
    ast.Sub: ir.IRBuilder.sub,
    ast.Mult: ir.IRBuilder.mul,
    ast.LShift: ir.IRBuilder.shl,
    ast.RShift: ir.IRBuilder.ashr,
    ast.BitAnd: ir.IRBuilder.and_,
    ast.BitOr: ir.IRBuilder.or_,
    ast.BitXor: ir.IRBuilder.xor,
    ast.FloorDiv: ir.IRBuilder.sdiv,  # of numbers that are not negative
}
_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


@dataclass(frozen=True)
class Array:
    """A parameter that is an array: the bits of an element, and how many columns it has."""

    bits: int = 64
    columns: int = 1

    @property
    def argument(self) -> Any:
        """What ctypes asks of an array that is passed: elements of this size, one after the other."""
        return np.ctypeslib.ndpointer(np.int64 if self.bits == 64 else np.dtype(f"u{self.bits // 8}"), flags="C")


def _machine() -> binding.TargetMachine:
    """This processor. An engine takes the one that it is given away with it, so each gets its own."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    features = binding.get_host_cpu_features().flatten()
    target = binding.Target.from_default_triple()
    return target.create_target_machine(cpu=binding.get_host_cpu_name(), features=features, opt=3, jit=True)


def fingerprint() -> str:
    """Names the processor and the compiler that machine code is made for and by."""
    machine = (binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten(), llvmlite.__version__)
    return hashlib.sha256(" ".join(machine).encode()).hexdigest()[:12]


def compile_text(text: str, arrays: Mapping[str, Array]) -> bytes:
    """Object code of the functions of a text, whose parameters of these names are arrays and the others numbers."""
    machine = _machine()
    module = binding.parse_assembly(str(_translate(text, arrays)))
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    module.verify()
    options = binding.create_pipeline_tuning_options(speed_level=3)
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return bytes(machine.emit_object(module))


class MachineCode:
    """The functions of a text, to be called with numbers and NumPy arrays, without Python's lock."""

    def __init__(self, code: bytes, text: str, arrays: Mapping[str, Array]) -> None:
        empty = binding.parse_assembly("")
        self._engine = binding.create_mcjit_compiler(empty, _machine())  # lives as long as its functions
        self._engine.add_object_file(binding.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        for function in _functions(text):
            kinds = [arrays.get(a.arg) for a in function.args.args]
            shape = ctypes.CFUNCTYPE(ctypes.c_int64, *(k.argument if k else ctypes.c_int64 for k in kinds))
            setattr(self, function.name, shape(self._engine.get_function_address(function.name)))

    def __getattr__(self, name: str) -> Callable[..., int]:
        raise AttributeError(f"the compiled text has no function {name}")


def _functions(text: str) -> list[ast.FunctionDef]:
    return [part for part in ast.parse(text).body if isinstance(part, ast.FunctionDef)]


def _translate(text: str, arrays: Mapping[str, Array]) -> ir.Module:
    module = ir.Module("steps")
    constants = {
        target.id: ast.literal_eval(part.value)
        for part in ast.parse(text).body
        if isinstance(part, ast.Assign)
        for target in part.targets
        if isinstance(target, ast.Name)
    }
    for function in _functions(text):
        _Function(module, function, arrays, constants)
    return module


class _Function:
    """One function in LLVM's words: locals in memory at first, which LLVM puts into registers."""

    def __init__(
        self, module: ir.Module, text: ast.FunctionDef, arrays: Mapping[str, Array], constants: Mapping[str, int]
    ) -> None:
        self._module, self._constants = module, constants
        names = [argument.arg for argument in text.args.args]
        self._arrays = {name: arrays[name] for name in names if name in arrays}
        pointers = {name: ir.IntType(kind.bits).as_pointer() for name, kind in self._arrays.items()}
        shape = ir.FunctionType(_WORD, [pointers.get(name, _WORD) for name in names])
        self._function = ir.Function(module, shape, text.name)
        self._entry = ir.IRBuilder(self._function.append_basic_block("entry"))
        first = self._function.append_basic_block("first")
        self._locals: dict[str, Any] = {}
        self._pointers: dict[str, Any] = {}
        for name, value in zip(names, self._function.args, strict=True):
            if name in self._arrays:
                value.add_attribute("noalias")
                self._pointers[name] = value
            else:
                self._entry.store(value, self._local(name))
        self._to = ir.IRBuilder(first)
        self._body(text.body)
        if not self._to.block.is_terminated:
            self._to.ret(_WORD(0))
        self._entry.branch(first)

    def _local(self, name: str) -> Any:
        if name not in self._locals:
            self._locals[name] = self._entry.alloca(_WORD, name=name)
        return self._locals[name]

    # -- statements ------------------------------------------------------------------------
    def _body(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            getattr(self, f"_do_{type(statement).__name__.lower()}")(statement)

    def _do_expr(self, statement: ast.Expr) -> None:
        if not isinstance(statement.value, ast.Constant):  # a docstring
            self._value(statement.value)

    def _do_assign(self, statement: ast.Assign) -> None:
        (target,) = statement.targets
        if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
            values = [self._value(value) for value in statement.value.elts]
            for part, value in zip(target.elts, values, strict=True):
                self._store(part, value)
        else:
            self._store(target, self._value(statement.value))

    def _do_augassign(self, statement: ast.AugAssign) -> None:
        changed = ast.BinOp(statement.target, statement.op, statement.value)
        self._store(statement.target, self._value(changed))

    def _store(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Subscript):
            place, kind = self._element(target)
            self._to.store(value if kind.bits == 64 else self._to.trunc(value, ir.IntType(kind.bits)), place)
        else:
            assert isinstance(target, ast.Name)
            self._to.store(value, self._local(target.id))

    def _do_if(self, statement: ast.If) -> None:
        condition = self._truth(statement.test)
        then, after = self._block("then"), self._block("after")
        otherwise = self._block("else") if statement.orelse else after
        self._to.cbranch(condition, then, otherwise)
        self._within(then, statement.body, after)
        if statement.orelse:
            self._within(otherwise, statement.orelse, after)
        self._to.position_at_end(after)

    def _do_for(self, statement: ast.For) -> None:
        assert isinstance(statement.target, ast.Name)
        assert isinstance(statement.iter, ast.Call)
        bounds = [self._value(bound) for bound in statement.iter.args]
        low, high = bounds if len(bounds) == 2 else (_WORD(0), *bounds)
        test, body, after = self._block("test"), self._block("body"), self._block("after")
        counter = self._entry.alloca(_WORD)
        self._to.store(low, counter)
        self._to.branch(test)
        self._to.position_at_end(test)
        here = self._to.load(counter)
        self._to.cbranch(self._to.icmp_signed("<", here, high), body, after)
        self._to.position_at_end(body)
        self._to.store(here, self._local(statement.target.id))
        self._to.store(self._to.add(here, _WORD(1)), counter)
        self._within(body, statement.body, test)
        self._to.position_at_end(after)

    def _do_return(self, statement: ast.Return) -> None:
        self._to.ret(self._value(statement.value) if statement.value else _WORD(0))
        self._to.position_at_end(self._block("unreached"))

    def _block(self, name: str) -> ir.Block:
        return self._function.append_basic_block(name)

    def _within(self, block: ir.Block, statements: list[ast.stmt], after: ir.Block) -> None:
        """Statements in a block of their own, then on to another one."""
        self._to.position_at_end(block)
        self._body(statements)
        self._to.branch(after)

    # -- values ----------------------------------------------------------------------------
    def _value(self, expression: ast.expr) -> Any:
        return getattr(self, f"_of_{type(expression).__name__.lower()}")(expression)

    def _truth(self, expression: ast.expr) -> Any:
        """A bit: whether a value is not zero."""
        return self._to.icmp_signed("!=", self._value(expression), _WORD(0))

    def _number(self, bit: Any) -> Any:
        return self._to.zext(bit, _WORD)

    def _of_constant(self, expression: ast.Constant) -> Any:
        return _WORD(int(expression.value))  # type: ignore[arg-type]

    def _of_name(self, expression: ast.Name) -> Any:
        if expression.id in self._constants:
            return _WORD(self._constants[expression.id])
        return self._to.load(self._locals[expression.id])

    def _of_binop(self, expression: ast.BinOp) -> Any:
        left, right = self._value(expression.left), self._value(expression.right)
        return _OPERATORS[type(expression.op)](self._to, left, right)

    def _of_unaryop(self, expression: ast.UnaryOp) -> Any:
        if isinstance(expression.op, ast.Not):
            return self._number(self._to.not_(self._truth(expression.operand)))
        value = self._value(expression.operand)
        return self._to.not_(value) if isinstance(expression.op, ast.Invert) else self._to.neg(value)

    def _of_compare(self, expression: ast.Compare) -> Any:
        parts = [self._value(part) for part in (expression.left, *expression.comparators)]
        signs = [_COMPARISONS[type(sign)] for sign in expression.ops]
        bits = [self._to.icmp_signed(sign, a, b) for sign, a, b in zip(signs, parts[:-1], parts[1:], strict=True)]
        all_hold = bits[0]
        for bit in bits[1:]:
            all_hold = self._to.and_(all_hold, bit)
        return self._number(all_hold)

    def _of_boolop(self, expression: ast.BoolOp) -> Any:
        """Each part is worked out; what it is where Python would not have asked for it, is not looked at."""
        decided = ir.Constant(ir.IntType(1), int(isinstance(expression.op, ast.Or)))
        *before, so_far = map(self._truth, expression.values)
        for bit in reversed(before):
            so_far = (
                self._to.select(bit, decided, so_far) if decided.constant else self._to.select(bit, so_far, decided)
            )
        return self._number(so_far)

    def _of_ifexp(self, expression: ast.IfExp) -> Any:
        return self._to.select(
            self._truth(expression.test), self._value(expression.body), self._value(expression.orelse)
        )

    def _of_subscript(self, expression: ast.Subscript) -> Any:
        place, kind = self._element(expression)
        value = self._to.load(place)
        return value if kind.bits == 64 else self._number(value)

    def _element(self, expression: ast.Subscript) -> tuple[Any, Array]:
        """Where an element is: of ``array[i]``, or of ``array[row, column]``."""
        assert isinstance(expression.value, ast.Name)
        kind = self._arrays[expression.value.id]
        index = expression.slice
        row, *column = index.elts if isinstance(index, ast.Tuple) else [index]
        at = self._value(row)
        if column:
            at = self._to.add(self._to.mul(at, _WORD(kind.columns)), self._value(column[0]))
        return self._to.gep(self._pointers[expression.value.id], [at]), kind

    def _of_call(self, expression: ast.Call) -> Any:
        assert isinstance(expression.func, ast.Name)
        if expression.func.id == "int":
            return self._value(expression.args[0])
        arguments = [
            self._pointers[part.id] if isinstance(part, ast.Name) and part.id in self._pointers else self._value(part)
            for part in expression.args
        ]
        return self._to.call(self._module.get_global(expression.func.id), arguments)
