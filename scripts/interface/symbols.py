"""The list of symbols, with the version in which each appeared; and the same as Debian's tools read it."""

from __future__ import annotations

from pathlib import Path

from .model import Interface

NODE = "CONCLAVE_0"
HEAD = "# Function, symbol version, release in which it appeared. Written by scripts/generate; lines are only added.\n"


def known(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = [line.split() for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return {words[0]: words[2] for words in lines}


def listed(interface: Interface, path: Path) -> str:
    """The list as it should be: what is new appeared in the version of the header."""
    version, before = interface.macro("CONCLAVE_VERSION_TEXT").strip('"'), known(path)
    names = sorted(function.name for function in interface.functions)
    return HEAD + "".join(f"{name} {NODE} {before.get(name, version)}\n" for name in names)


def for_debian(interface: Interface, path: Path) -> str:
    """The symbols file of the package libconclave0: dpkg-shlibdeps reads from it which version a program needs."""
    lines = listed(interface, path).splitlines()[1:]
    symbols = [f" {name}@{node} {version}\n" for name, node, version in (line.split() for line in lines)]
    return "libconclave.so.0 libconclave0 #MINVER#\n* Build-Depends-Package: libconclave-dev\n" + "".join(symbols)
