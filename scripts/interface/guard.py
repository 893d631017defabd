"""Compares the interface and a library with what was accepted before, which lies in abi/."""

from __future__ import annotations

import ctypes
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import model, shadow
from .model import HEADER, ROOT, Interface

BASELINE = ROOT / "abi"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
LANGUAGES = [("gcc", "c99"), ("gcc", "c11"), ("gcc", "c17"), ("g++", "c++17")]
#: Nothing of where a library was built, nor of the libraries it needs: scripts/check-library knows those.
ABIDW = ["abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-elf-needed", "--no-show-locs"]


class Failed(Exception):
    """A tool that should have worked did not."""


def run(command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)


def must(command: Sequence[str | Path]) -> str:
    result = run(command)
    if result.returncode != 0:
        raise Failed(f"{' '.join(str(word) for word in command)}\n{result.stdout}{result.stderr}")
    return result.stdout


@dataclass
class Report:
    """What was compared, what broke, and what is new."""

    passed: list[str] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    added: list[str] = field(default_factory=list)

    def note(self, what: str, breaks: str) -> None:
        if breaks:
            self.broken.append((what, breaks))
        else:
            self.passed.append(what)


def build_shadow(header: Path, folder: Path, *, with_constants: bool = True, flags: Sequence[str] = ()) -> Path:
    """Compiles the shadow library of a header. That it compiles says that the header was read rightly."""
    interface = model.read(header)
    source, script, library = folder / "shadow.c", folder / "shadow.version", folder / "libconclave.so.0"
    source.write_text(shadow.library(interface, with_constants))
    script.write_text(shadow.version_script(interface, with_constants))
    shape = ["-std=c11", "-g", "-shared", "-fPIC", *WARNINGS, "-Wno-unused-parameter", "-Wl,-soname,libconclave.so.0"]
    place = [f"-I{header.parent}", f"-Wl,--version-script={script}", "-Wl,-z,now", *flags]
    must(["gcc", *shape, *place, source, "-o", library])
    return library


def describe(library: Path, output: Path) -> None:
    """Writes what abidiff compares: the symbols, and the types where there is debug information."""
    must([*ABIDW, "--out-file", output, library])


SUMMARY = re.compile(r"^(\w[\w ]*) changes? summary: (.*)$", re.M)
COUNTED = re.compile(r"(\d+) (Removed|Changed|Added)")


def compare(before: Path, after: Path, suppressions: Path | None = None) -> tuple[str, list[str]]:
    """What broke ("" for nothing), and what is new. The exit status of abidiff has one bit for every change and another
    for few of the harmful ones only, so the summary decides."""
    options: list[str | Path] = ["--suppressions", suppressions] if suppressions else []
    result = run(["abidiff", *options, before, after])
    if result.returncode & 3:
        raise Failed(f"abidiff {before} {after}: {result.stdout}{result.stderr}")
    summaries = SUMMARY.findall(result.stdout)
    if result.returncode & 12 and not summaries:
        return f"abidiff says what is not understood:\n{result.stdout}", []
    counts = {"Removed": 0, "Changed": 0, "Added": 0}
    for _, text in summaries:
        for number, word in COUNTED.findall(text):
            counts[word] += int(number)
    # What is said besides the summaries, as of another soname, has no count.
    others = re.findall(r"^(?:ELF SONAME changed|SONAME changed).*$", result.stdout, re.M)
    added = re.findall(r"^\s*\[A\] '(?:function |variable )?(.*?)'", result.stdout, re.M)
    added += re.findall(r"^\s*\[A\] ((?!')\S+)", result.stdout, re.M)
    return (result.stdout if counts["Removed"] or counts["Changed"] or others else ""), sorted(set(added))


def layouts(header: Path, folder: Path) -> dict[str, dict[str, tuple[int, int]]]:
    """What a compiler makes of the structures; see shadow.layout_program."""
    source, program = folder / "layout.c", folder / "layout"
    source.write_text(shadow.layout_program(model.read(header)))
    must(["gcc", "-std=c11", f"-I{header.parent}", source, "-o", program])
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for line in must([program]).splitlines():
        structure, member, first, second = line.split()
        found.setdefault(structure, {})["" if member == "." else member] = (int(first), int(second))
    return found


def check_header(
    report: Report, header: Path, baseline: Path, folder: Path, languages: Sequence[tuple[str, str]] = LANGUAGES
) -> None:
    """The header against what was accepted: by a compiler in each language, and by abidiff over the shadows."""
    interface = model.read(header)
    for compiler, standard in languages:
        language = ["-x", "c++"] if compiler == "g++" else []
        command = [compiler, *language, f"-std={standard}", *WARNINGS, f"-I{header.parent}", "-fsyntax-only"]
        result = run([*command, baseline / "interface.c"])
        report.note(f"what older programs were compiled with, in {standard}", result.stderr)
    # New constructs are in no baseline yet: they have to be good C and C++ as well.
    fresh = folder / "interface.c"
    fresh.write_text(shadow.assertions(interface, layouts(header, folder)))
    for compiler, standard in languages:
        language = ["-x", "c++"] if compiler == "g++" else []
        command = [compiler, *language, f"-std={standard}", *WARNINGS, f"-I{header.parent}", "-fsyntax-only"]
        report.note(f"every construct of the header, in {standard}", run([*command, fresh]).stderr)
    suppressions, types = folder / "suppressions", folder / "types.abi"
    suppressions.write_text(shadow.suppressions(interface))
    describe(build_shadow(header, folder), types)
    broken, added = compare(baseline / "types.abi", types, suppressions)
    report.note("types: the shadow library against abi/types.abi", broken)
    report.added += [f"function {name}" for name in added]
    known = (baseline / "interface.c").read_text()
    constants = [constant for each in interface.enumerations for constant in each.constants] + interface.macros
    report.added += [
        f"constant {each.name}"
        for each in constants
        if shadow.stands_still(each) and f"({each.name}" not in known and f"_{each.name}," not in known
    ]
    report.added += [
        f"member {structure.name}.{member.name}"
        for structure in interface.structures
        for member in structure.members
        if f"MEMBER({structure.name}, {member.name}," not in known
    ]
    check_date(report, interface, baseline)


DATE_HEAD = "# CONCLAVE_ABI_DATE of the header that was accepted last. What is added later has a later one.\n"


def check_date(report: Report, interface: Interface, baseline: Path) -> None:
    """Bindings refuse a library by its date: one without the additions must not have the date of one with them."""
    path = baseline / "date"
    if not path.exists():
        raise Failed(f"{path} is not there")
    accepted, now = int(path.read_text().split()[-1]), int(interface.macro("CONCLAVE_ABI_DATE"))
    wrong = ""
    if now < accepted:
        wrong = f"it is {now}, and was {accepted}"
    elif now == accepted and report.added:
        added = "".join(f"  {each}\n" for each in report.added)
        wrong = f"it is still {accepted}, as before these additions:\n{added}"
    report.note("CONCLAVE_ABI_DATE is later when something was added, and never earlier", wrong)


def check_symbols(report: Report, library: Path, baseline: Path, folder: Path) -> None:
    """The library that ships, of which only symbols can be compared."""
    described = folder / "symbols.abi"
    describe(library, described)
    broken, added = compare(baseline / "symbols.abi", described)
    report.note("symbols: the library against abi/symbols.abi", broken)
    report.added += [f"symbol {name}" for name in added]


def check_library(report: Report, library: Path, header: Path) -> None:
    """Exports, what is needed, soname, no RUNPATH, no executable stack."""
    result = run([ROOT / "scripts" / "check-library", library, header])
    report.note(
        "exports, NEEDED, soname, RUNPATH, stack: scripts/check-library", result.stderr if result.returncode else ""
    )


def read_sizes(baseline: Path) -> dict[str, list[int]]:
    """Every size that a structure with an _init function ever had."""
    path = baseline / "sizes"
    lines = (
        [line.split() for line in path.read_text().splitlines() if not line.startswith("#")] if path.exists() else []
    )
    return {words[0]: [int(word) for word in words[1:]] for words in lines}


def initialized(interface: Interface) -> list[str]:
    names = {function.name for function in interface.functions}
    return [each.name for each in interface.structures if f"{each.name}_init" in names]


def check_sizes(report: Report, library: Path, header: Path, baseline: Path, folder: Path) -> None:
    """Every size that an options structure ever had is accepted, its own is, and no other."""
    interface, known = model.read(header), read_sizes(baseline)
    now = {name: members[""][1] for name, members in layouts(header, folder).items()}
    shared = ctypes.CDLL(str(library))
    for name in initialized(interface):
        initialize = getattr(shared, f"{name}_init")
        initialize.restype, initialize.argtypes = ctypes.c_int32, [ctypes.c_void_p, ctypes.c_size_t]
        accepted = [size for size in range(4097) if initialize(ctypes.create_string_buffer(4096), size) == 0]
        expected = sorted({*known.get(name, []), now[name]})
        wrong = "" if accepted == expected else f"accepted sizes are {accepted}, those of all times {expected}"
        report.note(f"sizes of {name}: {', '.join(map(str, expected))}", wrong)


def check_old_program(report: Report, library: Path, baseline: Path, folder: Path) -> None:
    """A program that takes the address of every function that was ever accepted is linked and started."""
    program = folder / "old-program"
    place: list[str | Path] = [f"-I{HEADER.parent}", library, f"-Wl,-rpath,{library.resolve().parent}", "-Wl,-z,now"]
    built = run(["gcc", "-std=c11", baseline / "interface.c", "-o", program, *place])
    ended = run([program]) if built.returncode == 0 else built
    report.note("a program with every accepted function links and starts", ended.stderr if ended.returncode else "")


def check(library: Path, header: Path, baseline: Path, folder: Path) -> Report:
    report = Report()
    check_library(report, library, header)
    check_header(report, header, baseline, folder)
    check_symbols(report, library, baseline, folder)
    check_sizes(report, library, header, baseline, folder)
    check_old_program(report, library, baseline, folder)
    return report


SIZES_HEAD = "# Every size in bytes that an options structure ever had, on 64-bit Linux: accepted for ever.\n"


def accept(library: Path, header: Path, baseline: Path, folder: Path) -> None:
    """Writes the baseline. Whoever calls it has looked for breaks before."""
    baseline.mkdir(exist_ok=True)
    interface, found = model.read(header), layouts(header, folder)
    sizes = read_sizes(baseline)
    lines = []
    for name in initialized(interface):
        every = sorted({*sizes.get(name, []), found[name][""][1]})
        lines.append(f"{name} {' '.join(map(str, every))}\n")
    (baseline / "sizes").write_text(SIZES_HEAD + "".join(lines))
    (baseline / "interface.c").write_text(shadow.assertions(interface, found))
    (baseline / "date").write_text(f"{DATE_HEAD}{interface.macro('CONCLAVE_ABI_DATE')}\n")
    describe(build_shadow(header, folder), baseline / "types.abi")
    describe(library, baseline / "symbols.abi")
