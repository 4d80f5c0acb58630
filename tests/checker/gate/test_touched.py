"""Functions in C text, and which of them a patch touches."""

from __future__ import annotations

import pytest

from hintproof.gate.ctext import Function, functions
from hintproof.gate.touched import FILE_LEVEL, touched
from hintproof.linux.source import DRIVER, HEADER
from tests.checker.gate.made import FILES, TEXT, changed

NASTY = """\
#define FOR_EACH(x) for (;;) { \\
\tx(); \\
}
static const char text[] = "} not \\" an end {";
static struct table rows[] = {
\t{ .open = '{', .call = first },
};
DEFINE_LOCK(lock)
__printf(1, 2)
static unsigned long
first(int (*callback)(void *), struct rows *b)
\t__must_hold(&lock)
{
#ifdef ONE
\tif (callback(b)) {
#else
\tif (b) {
#endif
\t\treturn '}'; // }
\t}
}

/* static int not_this(void) { } */
static noinline int *second(void) __attribute__((cold))
{
\tdo { } while (0);
\treturn (int *){ 0 };
}
enum { A, B };
"""


def test_functions_of_plain_text() -> None:
    assert functions(TEXT) == (
        Function("send_cmd_id_start", 11, 20),
        Function("send_cmd_id_stop", 22, 27),
        Function("remove_common", 29, 33),
    )


def test_functions_of_nasty_text() -> None:
    found = functions(NASTY)
    assert [item.name for item in found] == ["first", "second"]
    assert [item.last for item in found] == [21, 28]
    assert found[1].first == 24


@pytest.mark.parametrize(
    "text", ["", "}", "}}}{", "{", "/* ", '"', "int f(void)\n{\n", "int f(void) }{ }\n", "(((((", "\\"]
)
def test_text_that_is_no_c_does_no_harm(text: str) -> None:
    functions(text)


def test_every_function_of_the_real_driver_is_found(real_driver: str) -> None:
    """Kernel style begins a function in the first column, so its closing braces can be counted another way."""
    lines = real_driver.split("\n")
    opened = [number for number, line in enumerate(lines, 1) if line == "{"]
    found = functions(real_driver)
    assert len(found) == len(opened)
    for item, start in zip(found, opened, strict=True):
        assert item.first < start < item.last
        assert lines[item.last - 1] == "}"
        assert "}" not in lines[start : item.last - 1]


def names(after: str) -> list[tuple[str, int]]:
    return [(item.function, item.line) for item in touched(FILES, {**FILES, DRIVER: after})]


def test_what_was_changed() -> None:
    assert names(changed("kick(vb);", "wait(vb);")) == [("send_cmd_id_start", 18)]
    assert names(changed("reset(vb);", "stop(vb);", changed("kick(vb);", ""))) == [
        ("send_cmd_id_start", 18),
        ("remove_common", 32),
    ]


def test_what_was_taken_away_is_told_where_it_was() -> None:
    assert names(changed("\tkick(vb);\n", "")) == [("send_cmd_id_start", 18)]
    [gone] = [t for t in touched(FILES, {**FILES, DRIVER: TEXT[: TEXT.index("static void remove")]}) if t.after is None]
    assert (gone.function, gone.before) == ("remove_common", (29, 33))


def test_what_is_outside_of_functions() -> None:
    assert names(changed("#define ENTRIES 4", "#define ENTRIES 5")) == [(FILE_LEVEL, 4)]
    assert names(changed("\tint kept;\n", "\tint kept;\n\tint more;\n")) == [(FILE_LEVEL, 9)]
    [header] = touched(FILES, {**FILES, HEADER: "#define STOP 7\n"})
    assert (header.path, header.function) == (HEADER, FILE_LEVEL)


def test_a_new_function_is_no_change_outside_of_functions() -> None:
    after = changed("static void remove", "static void more(void)\n{\n}\n\nstatic void remove")
    assert names(after) == [("more", 29)]


def test_many_equal_lines_take_no_time_to_speak_of() -> None:
    before, after = "\tx();\n" * 60_000, "\tx();\n" * 59_000 + "\ty();\n"
    assert touched({DRIVER: before}, {DRIVER: after})
