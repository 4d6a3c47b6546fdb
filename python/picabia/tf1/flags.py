"""tf.app: flags as scripts define them, and run()."""
from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

TRUE, FALSE = {"true", "t", "1", "yes", "y"}, {"false", "f", "0", "no", "n"}


def _bool(text: str) -> bool:
    if text.lower() in TRUE | FALSE:
        return text.lower() in TRUE
    raise ValueError(f"{text!r} is neither true nor false")


class _Flag:
    def __init__(self, name: str, value: Any, help: str, parse: Callable[[str], Any]) -> None:
        self.name, self.value, self.default, self.help, self.parse = name, value, value, help, parse
        self.is_bool = parse is _bool


class FlagValues:
    """tf.app.flags.FLAGS: the values by name; the command line is read when the first one is asked for."""

    def __init__(self) -> None:
        object.__setattr__(self, "_flags", {})
        object.__setattr__(self, "_rest", None)

    def define(self, flag: _Flag) -> None:
        self._flags[flag.name] = flag

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self._flags:
            raise AttributeError(f"there is no flag {name!r}; the flags are: {', '.join(sorted(self._flags))}")
        if self._rest is None:
            self(sys.argv)
        return self._flags[name].value

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._flags:
            raise AttributeError(f"there is no flag {name!r}")
        self._flags[name].value = value

    def __iter__(self) -> Any:
        return iter(self._flags)

    def flag_values_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._flags}

    def __call__(self, argv: Sequence[str]) -> list[str]:
        """Reads flags; returns the program's name and what is no flag. Exits with a message where one is wrong."""
        rest, words = [argv[0]], list(argv[1:])
        object.__setattr__(self, "_rest", rest)
        while words:
            word = words.pop(0)
            if word == "--":
                rest += words
                break
            if not word.startswith("-") or word == "-" or word[1:2].isdigit():
                rest.append(word)
                continue
            name, has_value, value = word.lstrip("-").partition("=")
            if name in ("help", "h", "helpshort", "helpfull"):
                print(self.usage(argv[0]))
                sys.exit(1)
            self._set(argv[0], name.replace("-", "_"), value if has_value else None, words)
        return rest

    def _set(self, program: str, name: str, value: str | None, words: list[str]) -> None:
        flag = self._flags.get(name)
        if flag is None and name.startswith("no") and value is None and getattr(self._flags.get(name[2:]), "is_bool", False):
            self._flags[name[2:]].value = False
            return
        if flag is None:
            self._wrong(program, f"Unknown command line flag '{name}'")
        if value is None and flag.is_bool:
            value = "true"
        if value is None:
            if not words:
                self._wrong(program, f"Missing value for flag --{name}")
            value = words.pop(0)
        try:
            flag.value = flag.parse(value)
        except ValueError as error:
            self._wrong(program, f"flag --{name}={value}: {error}")

    def _wrong(self, program: str, message: str) -> Any:
        print(f"FATAL Flags parsing error: {message}\n{self.usage(program)}", file=sys.stderr)
        sys.exit(1)

    def usage(self, program: str) -> str:
        lines = [f"flags of {program}:"]
        lines += [f"  --{flag.name}: {flag.help} (default: {flag.default!r})" for flag in self._flags.values()]
        return "\n".join(lines)


FLAGS = FlagValues()


def _definer(parse: Callable[[str], Any]) -> Any:
    def define(name: str, default: Any, help: str = "", *_: Any, **__: Any) -> None:
        FLAGS.define(_Flag(name, default, help, parse))

    return define


def define_enum(name: str, default: Any, enum_values: Sequence[str], help: str = "", *_: Any, **__: Any) -> None:
    def parse(text: str) -> str:
        if text not in enum_values:
            raise ValueError(f"expected one of {', '.join(enum_values)}")
        return text

    FLAGS.define(_Flag(name, default, help, parse))


def mark_flag_as_required(name: str) -> None:
    """Accepted; a script that needs the value fails by itself."""


def run(main: Callable[[list[str]], Any] | None = None, argv: list[str] | None = None) -> None:
    """tf.app.run: reads the flags and leaves with what main(argv) returns."""
    rest = FLAGS(argv or sys.argv)
    sys.exit((main or sys.modules["__main__"].main)(rest))


def contents() -> dict[str, Any]:
    """What tf.app.flags has."""
    boolean, whole = _definer(_bool), _definer(int)
    return {"FLAGS": FLAGS, "DEFINE_string": _definer(str), "DEFINE_integer": whole, "DEFINE_float": _definer(float),
            "DEFINE_boolean": boolean, "DEFINE_bool": boolean, "DEFINE_enum": define_enum,
            "DEFINE_list": _definer(lambda text: [item.strip() for item in text.split(",")] if text else []),
            "mark_flag_as_required": mark_flag_as_required}
