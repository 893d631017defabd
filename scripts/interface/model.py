"""Reads conclave.h into lists of constants, types and functions, with what their comments say.

The header is written in one regular form, and its comments are half of what is wanted here, which the C parsers at hand
throw away; so this reader is our own. It refuses whatever it does not know, with the line, and scripts/check-abi has a
C compiler confirm that what was read is what the header says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADER = ROOT / "include" / "conclave.h"


class Unreadable(Exception):
    """The header holds something that this reader does not know."""


@dataclass(frozen=True)
class Variable:
    """A member of a structure or an argument of a function."""

    base: str
    is_const: bool
    pointers: int
    name: str
    #: The text between the brackets of an array, "" for none.
    array: str = ""
    doc: str = ""

    def declaration(self, name: str | None = None) -> str:
        """As C has it, under its own name or another."""
        shown = self.name if name is None else name
        array = f"[{self.array}]" if self.array else ""
        return f"{'const ' if self.is_const else ''}{self.base} {'*' * self.pointers}{shown}{array}".strip()


@dataclass(frozen=True)
class Constant:
    """A macro with a value, or an enumerator."""

    name: str
    text: str
    doc: str = ""


@dataclass(frozen=True)
class Enumeration:
    """Constants that belong together; `groups` divides them by the comments between them."""

    prefix: str
    doc: str
    groups: tuple[tuple[str, tuple[Constant, ...]], ...]

    @property
    def constants(self) -> tuple[Constant, ...]:
        return tuple(constant for _, group in self.groups for constant in group)


@dataclass(frozen=True)
class Alias:
    """A number with a name of its own, such as conclave_status."""

    name: str
    base: str
    doc: str


@dataclass(frozen=True)
class Handle:
    """A structure that nobody sees inside."""

    name: str
    doc: str


@dataclass(frozen=True)
class Structure:
    name: str
    members: tuple[Variable, ...]
    doc: str

    @property
    def is_sized(self) -> bool:
        """Whether it begins with its size, and may therefore grow at the end."""
        first = self.members[0]
        return first.name == "size" and first.base == "size_t"


@dataclass(frozen=True)
class Function:
    """A function, or the type of one that a program hands in."""

    name: str
    result: Variable
    arguments: tuple[Variable, ...]
    doc: str
    is_callback: bool = False

    def declaration(self) -> str:
        arguments = ", ".join(argument.declaration() for argument in self.arguments) or "void"
        result = self.result.declaration("")
        if self.is_callback:
            return f"typedef {result} (*{self.name})({arguments});"
        return f"{result}{'' if result.endswith('*') else ' '}{self.name}({arguments});"


Item = Constant | Enumeration | Alias | Handle | Structure | Function


@dataclass
class Section:
    title: str
    #: Comments that stand for themselves.
    prose: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)


@dataclass
class Interface:
    preface: str
    sections: list[Section]

    def all(self, kind: type[Item]) -> list[Item]:
        return [item for section in self.sections for item in section.items if isinstance(item, kind)]

    @property
    def functions(self) -> list[Function]:
        found = [item for item in self.all(Function) if isinstance(item, Function)]
        return [item for item in found if not item.is_callback]

    @property
    def callbacks(self) -> list[Function]:
        found = [item for item in self.all(Function) if isinstance(item, Function)]
        return [item for item in found if item.is_callback]

    @property
    def structures(self) -> list[Structure]:
        return [item for item in self.all(Structure) if isinstance(item, Structure)]

    @property
    def enumerations(self) -> list[Enumeration]:
        return [item for item in self.all(Enumeration) if isinstance(item, Enumeration)]

    @property
    def macros(self) -> list[Constant]:
        """Those with a value: without the initializers of structures."""
        found = [item for item in self.all(Constant) if isinstance(item, Constant)]
        return [item for item in found if not item.text.startswith("{")]

    @property
    def initializers(self) -> list[Constant]:
        found = [item for item in self.all(Constant) if isinstance(item, Constant)]
        return [item for item in found if item.text.startswith("{")]

    @property
    def aliases(self) -> list[Alias]:
        return [item for item in self.all(Alias) if isinstance(item, Alias)]

    @property
    def handles(self) -> list[Handle]:
        return [item for item in self.all(Handle) if isinstance(item, Handle)]

    def macro(self, name: str) -> str:
        return next(macro.text for macro in self.macros if macro.name == name)


def comment_text(comment: str) -> str:
    """The words of a comment without its frame; lines stay lines."""
    inside = re.sub(r"^/\*+<?|\*+/$", "", comment.strip())
    return "\n".join(re.sub(r"^\s*\*?", "", line).strip() for line in inside.splitlines()).strip()


def one_line(text: str) -> str:
    return " ".join(text.split())


VARIABLE = re.compile(r"(const )?(\w+)\s*(\**)\s*(\w*)(?:\[(\w+)\])?")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
BANNER = re.compile(r"/\* -{20,} (.*?) \*/")
DEFINE = re.compile(r"#define (\w+) ((?:[^\n]*\\\n)*[^\n]*)")
SPACE = re.compile(r"\s+")
HANDLE = re.compile(r"typedef struct (\w+) (\w+);")
STRUCTURE = re.compile(r"typedef struct (\w+) \{(.*?)\n\} (\w+);", re.S)
CALLBACK = re.compile(r"typedef ([\w\s]+\**)\s*\(\*(\w+)\)\(([^()]*)\);")
ALIAS = re.compile(r"typedef (\w+) (\w+);")
ENUMERATION = re.compile(r"enum \{\n(.*?)\n\};", re.S)
FUNCTION = re.compile(r"CONCLAVE_API ([\w\s]+?[\s*]+)(conclave_\w+)\(([^()]*)\);")
ENUMERATOR = re.compile(r"(\w+) = (-?\w+),?")
MEMBER = re.compile(r"([^;/]+);[ \t]*(/\*\*<.*?\*/)?", re.S)


def variable(text: str, doc: str = "") -> Variable:
    match = VARIABLE.fullmatch(one_line(text))
    if not match:
        raise Unreadable(f"not a declaration that is known: {one_line(text)}")
    const, base, stars, name, array = match.groups()
    return Variable(base, bool(const), len(stars), name, array or "", doc)


def arguments(text: str) -> tuple[Variable, ...]:
    if one_line(text) in ("", "void"):
        return ()
    return tuple(variable(part) for part in text.split(","))


def common_prefix(names: list[str]) -> str:
    """CONCLAVE_TOKEN_ of CONCLAVE_TOKEN_UNICAST and CONCLAVE_TOKEN_MULTICAST_AGREED."""
    words = [name.split("_") for name in names]
    shortest = min(len(parts) for parts in words) - 1
    shared = 0
    while shared < shortest and len({parts[shared] for parts in words}) == 1:
        shared += 1
    return "".join(f"{word}_" for word in words[0][:shared])


def enumeration(body: str, doc: str) -> Enumeration:
    groups: list[tuple[str, list[Constant]]] = [("", [])]
    position = 0
    while position < len(body):
        if match := SPACE.match(body, position):
            position = match.end()
            continue
        if match := ENUMERATOR.match(body, position):
            position = match.end()
            trailing = re.compile(r"[ \t]*(/\*\*<.*?\*/)", re.S).match(body, position)
            text = one_line(comment_text(trailing.group(1))) if trailing else ""
            position = trailing.end() if trailing else position
            groups[-1][1].append(Constant(match.group(1), match.group(2), text))
        elif match := COMMENT.match(body, position):
            position = match.end()
            groups.append((one_line(comment_text(match.group())), []))
        else:
            raise Unreadable(f"not an enumerator: {body[position : position + 60]!r}")
    names = [constant.name for _, group in groups for constant in group]
    # CONCLAVE_OK stands beside the errors.
    prefix = "CONCLAVE_E_" if "CONCLAVE_OK" in names else common_prefix(names)
    return Enumeration(prefix, doc, tuple((text, tuple(group)) for text, group in groups if group))


def structure(name: str, body: str, doc: str) -> Structure:
    members, position = [], 0
    while body[position:].strip():
        match = MEMBER.match(body, position)
        if not match:
            raise Unreadable(f"in {name}: {body[position : position + 60]!r}")
        text = one_line(comment_text(match.group(2))) if match.group(2) else ""
        members.append(variable(match.group(1), text))
        position = match.end()
    return Structure(name, tuple(members), doc)


def item(text: str, position: int, doc: str) -> tuple[Item, int] | None:
    """What begins here, and where it ends."""
    if match := DEFINE.match(text, position):
        value = one_line(match.group(2).replace("\\\n", " "))
        return Constant(match.group(1), value, doc), match.end()
    if match := FUNCTION.match(text, position):
        result, name, parts = match.groups()
        return Function(name, variable(result), arguments(parts), doc), match.end()
    if match := HANDLE.match(text, position):
        return Handle(match.group(2), doc), match.end()
    if match := STRUCTURE.match(text, position):
        return structure(match.group(1), match.group(2), doc), match.end()
    if match := CALLBACK.match(text, position):
        result, name, parts = match.groups()
        return Function(name, variable(result), arguments(parts), doc, is_callback=True), match.end()
    if match := ALIAS.match(text, position):
        return Alias(match.group(2), match.group(1), doc), match.end()
    if match := ENUMERATION.match(text, position):
        return enumeration(match.group(1), doc), match.end()
    return None


def read(path: Path = HEADER) -> Interface:
    """Reads the header; raises Unreadable where it is in another form than it always was."""
    text = path.read_text()
    preface_match = COMMENT.match(text)
    if not preface_match:
        raise Unreadable(f"{path} does not begin with a comment")
    begin = text.index('extern "C" {\n#endif\n') + len('extern "C" {\n#endif\n')
    end = text.rindex("#ifdef __cplusplus")
    interface = Interface(comment_text(preface_match.group()), [])
    position, doc = begin, ""
    while position < end:
        if match := SPACE.match(text, position):
            position = match.end()
            continue
        if match := BANNER.match(text, position):
            interface.sections.append(Section(match.group(1)))
            position = match.end()
            continue
        if not interface.sections:
            raise Unreadable(f"{path}:{text.count(chr(10), 0, position) + 1}: before the first section")
        section = interface.sections[-1]
        if match := COMMENT.match(text, position):
            words = comment_text(match.group())
            if match.group().startswith("/**"):
                doc = words
            else:
                section.prose.append(words)
            position = match.end()
            continue
        found = item(text, position, doc)
        if not found:
            line = text.count("\n", 0, position) + 1
            raise Unreadable(f"{path}:{line}: not known here: {text[position : position + 60]!r}")
        section.items.append(found[0])
        position, doc = found[1], ""
    return interface
