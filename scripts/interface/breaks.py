"""Breaks the interface on purpose, in copies, to show that the guard notices."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import guard, model
from .guard import BASELINE, Report
from .model import HEADER


@dataclass(frozen=True)
class Patch:
    """One replacement in the header, and whether programs survive it."""

    what: str
    old: str
    new: str
    is_break: bool = True
    #: A second replacement that belongs to the first.
    also: tuple[str, str] = ("", "")


PATCHES = [
    Patch("a function removed", "CONCLAVE_API bool conclave_supports_feature(const char *name);", ""),
    Patch("a function renamed", "conclave_hub_run(conclave_hub *hub)", "conclave_hub_serve(conclave_hub *hub)"),
    Patch(
        "a parameter's type changed",
        "bool conclave_status_is_fatal(conclave_status status)",
        "bool conclave_status_is_fatal(int64_t status)",
    ),
    Patch(
        "a parameter added",
        "conclave_group_flush(conclave_group *group)",
        "conclave_group_flush(conclave_group *group, bool now)",
    ),
    Patch(
        "a parameter no longer const",
        "size_t conclave_trust_count(const conclave_trust *trust)",
        "size_t conclave_trust_count(conclave_trust *trust)",
    ),
    Patch(
        "a result's type changed", "CONCLAVE_API uint32_t conclave_abi_date", "CONCLAVE_API uint64_t conclave_abi_date"
    ),
    Patch(
        "a callback's parameter changed",
        "(*conclave_log_callback)(void *user_data, uint32_t level,",
        "(*conclave_log_callback)(void *user_data, uint64_t level,",
    ),
    Patch(
        "an engine's function type changed",
        "(*conclave_transport_leave_fn)(void *member)",
        "(*conclave_transport_leave_fn)(void *member, int reason)",
    ),
    Patch("a member widened", "uint32_t restart_limit; ", "uint64_t restart_limit; "),
    Patch(
        "a member of another sign",
        "uint32_t service;        /**< of a message",
        "int32_t service;        /**< of a message",
    ),
    Patch(
        "a member removed from the end", "uint64_t inversions;        /**< of shares, modulo the group's order */", ""
    ),
    Patch(
        "a member inserted in the middle",
        "    uint64_t signatures;\n",
        "    uint64_t hashes;\n    uint64_t signatures;\n",
    ),
    Patch(
        "members exchanged",
        "    uint64_t unicasts;\n    uint64_t multicasts;\n",
        "    uint64_t multicasts;\n    uint64_t unicasts;\n",
    ),
    Patch(
        "a member added where no size stands first",
        "/**< verifies its tokens */",
        "/**< verifies its tokens */\n    uint64_t weight;",
    ),
    Patch("an array lengthened", "uint8_t run[32]; ", "uint8_t run[48]; "),
    Patch("an enumerator's value changed", "CONCLAVE_E_NAME_TAKEN = -307", "CONCLAVE_E_NAME_TAKEN = -308"),
    Patch("an enumerator removed", "    CONCLAVE_E_ENTROPY = -902,      /**< the system gave no random bytes */\n", ""),
    Patch("a macro's value changed", "#define CONCLAVE_NAME_MAX 64", "#define CONCLAVE_NAME_MAX 128"),
    Patch("a suite's number changed", "AES256GCM ((conclave_suite)0x1511)", "AES256GCM ((conclave_suite)0x1611)"),
    Patch("a number's type changed", "typedef int32_t conclave_status;", "typedef int64_t conclave_status;"),
    Patch("a name that C++ reserves", "const char *group;  ", "const char *class;  "),
    Patch(
        "a construct that ISO C does not have",
        "    size_t byte_count;\n",
        "    size_t byte_count;\n    uint8_t rest[0];\n",
    ),
    Patch(
        "a form that nobody can read", "typedef uint16_t conclave_suite;", "typedef unsigned short int conclave_suite;"
    ),
    Patch(
        "a function added",
        "CONCLAVE_API uint32_t conclave_abi_date(void);",
        "CONCLAVE_API uint32_t conclave_abi_date(void);\nCONCLAVE_API conclave_status conclave_more(const char *name);",
        is_break=False,
    ),
    Patch(
        "an enumerator added",
        "CONCLAVE_SERVICE_SAFE = 4    /**<",
        "CONCLAVE_SERVICE_MORE = 5,\n    CONCLAVE_SERVICE_SAFE = 4    /**<",
        is_break=False,
    ),
    Patch(
        "a macro added",
        "#define CONCLAVE_NAME_MAX 64",
        "#define CONCLAVE_NAME_MAX 64\n#define CONCLAVE_NAME_MIN 1",
        is_break=False,
    ),
    Patch(
        "an options structure grown at its end",
        "    uint32_t stuck_timeout_ms; /**<",
        "    uint32_t stuck_timeout_ms;\n    uint64_t grown; /**<",
        is_break=False,
        also=("1000, 1000, 8388608, 5000 }", "1000, 1000, 8388608, 5000, 0 }"),
    ),
    Patch(
        "a structure added",
        "/** A hub's bounds.",
        "typedef struct conclave_more {\n    size_t size;\n} conclave_more;\n/** A hub's bounds.",
        is_break=False,
    ),
]


#: Of every addition the day is part; without it, none passes.
DAY = re.compile(r"(?<=^#define CONCLAVE_ABI_DATE )\d+$", re.M)
LATER, EARLIER = "20991231", "20260101"


#: The languages between them tell nothing that these do not.
LANGUAGES = (guard.LANGUAGES[0], guard.LANGUAGES[-1])


@dataclass(frozen=True)
class Build:
    """A library linked in a way that ours must not be."""

    what: str
    flags: Sequence[str] = ()
    drop: str = ""
    extra: str = ""


BUILDS = [
    Build("a symbol dropped", drop="    conclave_hub_run;\n"),
    Build("a symbol too many", extra="    conclave_hidden;\n"),
    Build("another soname", ["-Wl,-soname,libconclave.so.1"]),
    Build("a RUNPATH", ["-Wl,-rpath,/opt/lib"]),
    Build("an executable stack", ["-Wl,-z,execstack"]),
    Build("a library needed that nobody expects", ["-Wl,--no-as-needed", "-lresolv"]),
    Build("not bound at load", ["-Wl,-z,lazy"]),
]


def prove(library: Path, folder: Path) -> Report:
    """Each break as a check that passes when the break was noticed; each addition when it was let through."""
    proof = Report()
    untouched = Report()
    guard.check_header(untouched, HEADER, BASELINE, folder)
    guard.check_symbols(untouched, library, BASELINE, folder)
    proof.note("the header and the library as they are pass", "".join(why for _, why in untouched.broken))
    for patch in PATCHES:
        prove_patch(proof, patch, folder)
    prove_date(proof, folder)
    plain = build(Build("as ours"), folder)
    fine = Report()
    guard.check_library(fine, plain, HEADER)
    proof.note("a shadow library linked as ours passes", "".join(why for _, why in fine.broken))
    for wanted in BUILDS:
        report = Report()
        guard.check_library(report, build(wanted, folder), HEADER)
        proof.note(f"noticed: {wanted.what}", "" if report.broken else "nobody noticed")
    # Symbols alone are what is compared of a library without debug information.
    report = Report()
    guard.check_symbols(report, build(BUILDS[0], folder), BASELINE, folder)
    proof.note("noticed by abidiff: a symbol dropped from the library", "" if report.broken else "nobody noticed")
    return proof


def check_text(text: str, folder: Path) -> Report:
    """What the guard says of a header with this text."""
    shutil.rmtree(folder / "patched", ignore_errors=True)
    (folder / "patched").mkdir()
    header = folder / "patched" / "conclave.h"
    header.write_text(text)
    report = Report()
    try:
        guard.check_header(report, header, BASELINE, folder, LANGUAGES)
    except (guard.Failed, model.Unreadable) as failure:
        report.note("the header can be read and compiled", str(failure))
    return report


def prove_patch(proof: Report, patch: Patch, folder: Path) -> None:
    text = HEADER.read_text()
    for old in filter(None, (patch.old, patch.also[0])):
        if old not in text:
            proof.note(patch.what, f"the header does not hold {old!r}")
            return
    text = text.replace(patch.old, patch.new, 1)
    text = text.replace(*patch.also, 1) if patch.also[0] else text
    # With a later date in each, so that no break is noticed by the date alone.
    report = check_text(DAY.sub(LATER, text), folder)
    if patch.is_break:
        tools = {"abidiff" if what.startswith("types") else "the compiler" for what, _ in report.broken}
        proof.note(f"noticed: {patch.what} ({' and '.join(sorted(tools))})", "" if report.broken else "nobody noticed")
        return
    wrong = "".join(why for _, why in report.broken)
    proof.note(f"let through and reported: {patch.what}", wrong or ("" if report.added else "nobody reported it"))
    noticed = by_date_alone(check_text(text, folder))
    proof.note(f"noticed: {patch.what} without a later date", "" if noticed else "nobody noticed")


def prove_date(proof: Report, folder: Path) -> None:
    text = HEADER.read_text()
    noticed = by_date_alone(check_text(DAY.sub(EARLIER, text), folder))
    proof.note("noticed: an earlier date", "" if noticed else "nobody noticed")
    report = check_text(DAY.sub(LATER, text), folder)
    proof.note("let through: a later date alone", "".join(why for _, why in report.broken))


def by_date_alone(report: Report) -> bool:
    return [what.split(maxsplit=1)[0] for what, _ in report.broken] == ["CONCLAVE_ABI_DATE"]


def build(wanted: Build, folder: Path) -> Path:
    """The shadow library without what carries constants, linked as the build says."""
    place = folder / "built"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    library = guard.build_shadow(HEADER, place, with_constants=False)
    if not (wanted.flags or wanted.drop or wanted.extra):
        return library
    source, script = place / "shadow.c", place / "shadow.version"
    if wanted.extra:
        source.write_text(source.read_text() + "void conclave_hidden(void);\nvoid conclave_hidden(void) {}\n")
    text = script.read_text().replace(wanted.drop, "") if wanted.drop else script.read_text()
    script.write_text(text.replace("  local:", f"{wanted.extra}  local:"))
    return link(source, script, library, wanted.flags)


def link(source: Path, script: Path, library: Path, flags: Sequence[str]) -> Path:
    shape = ["-std=c11", "-g", "-shared", "-fPIC", "-Wl,-soname,libconclave.so.0", "-Wl,-z,now"]
    guard.must(["gcc", *shape, f"-I{HEADER.parent}", f"-Wl,--version-script={script}", source, "-o", library, *flags])
    return library
