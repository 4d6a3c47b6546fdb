#!/usr/bin/env python3
"""Checks what the documentation says exists: every path in backticks, every relative link, every
`./dev` and `picabia` command. Run by ctest; `--self-test` checks the checker.

A path in backticks is checked when it begins with a file or folder of the project's root, or with
`./`. Names with a placeholder (capitals like FILE, <x>, *, ...) and what a build makes are not.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[\s;&|(])(\./dev|(?:build/release/bin/)?picabia) ([a-z][a-z-]*)", re.MULTILINE)
PLACEHOLDER = re.compile(r"[*<>{}$|]|\.\.\.|\b(?!README|CHANGELOG|CONTRIBUTING|LICENSE|VERSION)[A-Z][A-Z_]+\b")
MADE_BY_A_BUILD = ("build/",)
DEV_COMMANDS = re.compile(r"^  ([a-z][a-z-]*) ", re.MULTILINE)
PICABIA_COMMANDS = re.compile(r'add_subcommand\(\s*"([a-z]+)"')


def looks_like_path(text, top):
    if " " in text or PLACEHOLDER.search(text) or text.startswith(MADE_BY_A_BUILD):
        return False
    first = text.removeprefix("./").split("/")[0]
    return ("/" in text and first in top) or text.startswith("./")


def problems(name, folder, text, root, commands):
    """Yields a line for each thing that `text`, a file in `folder`, names and that does not exist."""
    top = {p.name for p in root.iterdir()}
    prose = FENCE.sub("", text)
    for match in CODE.finditer(prose):
        path = match.group(1).split(":")[0]
        if looks_like_path(path, top) and not (root / path).exists() and not (folder / path).exists():
            yield f"{name}: `{path}` does not exist"
    for match in LINK.finditer(prose):
        target = match.group(1)
        if "://" not in target and not target.startswith("mailto:") and not (folder / target).exists():
            yield f"{name}: link to {target}, which does not exist"
    code = "\n".join([m.group(0) for m in FENCE.finditer(text)] + CODE.findall(prose))
    for program, command in COMMAND.findall(code):
        if command not in commands["./dev" if program == "./dev" else "picabia"]:
            yield f"{name}: `{program} {command}` is not a command"


def known_commands():
    usage = subprocess.run([str(ROOT / "dev"), "help"], capture_output=True, text=True, check=True).stdout
    sources = "".join(p.read_text() for p in sorted((ROOT / "apps/cli").glob("*.cc")))
    return {"./dev": set(DEV_COMMANDS.findall(usage)), "picabia": set(PICABIA_COMMANDS.findall(sources))}


def documents():
    """The project's own documents: what git knows or would add; without git, all outside build/."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard", "*.md"]
    try:
        names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        return sorted(p for p in ROOT.rglob("*.md") if "build" not in p.relative_to(ROOT).parts)
    return [p for p in (ROOT / n for n in sorted(names) if n) if p.exists()]


def self_test():
    commands = {"./dev": {"test"}, "picabia": {"run"}}
    good = ("`tools/check_docs.py` `./dev` `dev` `src/FILE.cc` `build/x.so` `a/b` [x](dev) [y](https://x.y/z) "
            "`picabia run MODEL`\n```\n./dev test --asan\nsee tools/none.py\n```\n")
    assert not list(problems("x", ROOT, good, ROOT, commands)), list(problems("x", ROOT, good, ROOT, commands))
    for bad in ["`tools/none.py`", "`./none`", "[x](none.md)", "`./dev fly`", "```\npicabia walk x\n```"]:
        assert len(list(problems("x", ROOT, bad, ROOT, commands))) == 1, bad


def main():
    if "--self-test" in sys.argv:
        self_test()
        return 0
    commands = known_commands()
    files = documents()
    found = [line for path in files for line in problems(
        path.relative_to(ROOT).as_posix(), path.parent, path.read_text(), ROOT, commands)]
    print("\n".join(found) if found else f"{len(files)} documents name only what exists")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
