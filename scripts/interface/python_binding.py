"""The package conclave._abi of the Python binding: constants, structures and prototypes for ctypes."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from .model import Enumeration, Function, Interface, Structure, Variable, one_line

NUMBERS = {
    "bool": "c_bool",
    "int": "c_int",
    "int32_t": "c_int32",
    "int64_t": "c_int64",
    "size_t": "c_size_t",
    "uint8_t": "c_uint8",
    "uint16_t": "c_uint16",
    "uint32_t": "c_uint32",
    "uint64_t": "c_uint64",
}
#: Where the words of the prefix would not say what it is.
ENUMERATIONS = {
    "CONCLAVE_E_": "Status",
    "CONCLAVE_TOKEN_": "TokenKind",
    "CONCLAVE_EVENT_": "EventKind",
    "CONCLAVE_LOG_": "LogLevel",
    "CONCLAVE_TRANSPORT_": "TransportEventKind",
    "CONCLAVE_ADMISSION_": "AdmissionCause",
    "CONCLAVE_ENCRYPT_EVENT_": "EncryptEventKind",
    "CONCLAVE_KEYS_": "KeysFrom",
}
#: Words behind a prefix that the name of the enumeration says already.
SAID = {"CONCLAVE_KEYS_": r"(FROM|BY)_"}
MADE = "Written by scripts/generate from conclave.h; do not edit."


def camel(name: str) -> str:
    """GroupOptions of conclave_group_options or CONCLAVE_GROUP_OPTIONS_."""
    words = name.strip("_").lower().removeprefix("conclave_").split("_")
    return "".join(word.capitalize() for word in words)


def enumeration_name(interface: Interface, enumeration: Enumeration) -> str:
    """The words of the prefix; where a structure or a handle has that name, it is the kind of one."""
    name = camel(enumeration.prefix)
    taken = {camel(each.name) for each in interface.structures} | {camel(each.name) for each in interface.handles}
    return ENUMERATIONS.get(enumeration.prefix) or (f"{name}Kind" if name in taken else name)


def docstring(text: str, indent: str = "    ") -> list[str]:
    """The first paragraph of a comment, within 120 columns."""
    words = one_line(text)
    if len(words) + len(indent) + 6 <= 120:
        return [f'{indent}"""{words}"""', ""]
    lines = textwrap.wrap(words, 120 - len(indent), initial_indent='"""')
    return [f"{indent}{line}" for line in lines] + [f'{indent}"""', ""]


def noted(line: str, doc: str) -> list[str]:
    """A line with what it means behind it, or above where that is too long."""
    if not doc:
        return [line]
    if len(line) + len(doc) + 4 <= 120:
        return [f"{line}  # {doc}"]
    indent = line[: len(line) - len(line.lstrip())]
    return [f"{indent}# {part}" for part in textwrap.wrap(doc, 118 - len(indent))] + [line]


class Binding:
    """Writes the modules; keeps what several of them need of the header."""

    def __init__(self, interface: Interface) -> None:
        self.interface = interface
        self.numbers = NUMBERS | {alias.name: NUMBERS[alias.base] for alias in interface.aliases}
        self.structures = {each.name: camel(each.name) for each in interface.structures}
        self.callbacks = {each.name: camel(each.name) for each in interface.callbacks}
        self.handles = {handle.name for handle in interface.handles}
        #: Macros of the form ((conclave_suite)0x1111), by the type that they name.
        self.typed: dict[str, list[tuple[str, str]]] = {}
        self.sizes: list[tuple[str, str, str]] = []
        for macro in interface.macros:
            match = re.fullmatch(r"\(\((\w+)\)(\w+)\)", macro.text)
            if match:
                self.typed.setdefault(match.group(1), []).append((macro.name, match.group(2)))
            elif re.fullmatch(r"-?\d+", macro.text) and "_VERSION_" not in macro.name:
                self.sizes.append((macro.name.removeprefix("CONCLAVE_"), macro.text, one_line(macro.doc)))

    # ------------------------------------------------------------------------------------------------------- constants

    def enumeration(self, enumeration: Enumeration) -> list[str]:
        doc = enumeration.doc
        if enumeration.prefix == "CONCLAVE_E_":
            doc = next(alias.doc for alias in self.interface.aliases if alias.name == "conclave_status")
        lines = [f"class {enumeration_name(self.interface, enumeration)}(IntEnum):", *docstring(doc)]
        for heading, group in enumeration.groups:
            if heading:
                lines += ["", f"    # {heading}"]
            for constant in group:
                name = constant.name.removeprefix(enumeration.prefix).removeprefix("CONCLAVE_")
                name = re.sub(SAID.get(enumeration.prefix, "^$"), "", name)
                lines += noted(f"    {name} = {constant.text}", constant.doc)
        return [*lines, "", ""]

    def suite(self, alias: str, members: Iterable[tuple[str, str]]) -> list[str]:
        prefix = f"{alias.upper()}_"
        doc = next(each.doc for each in self.interface.aliases if each.name == alias)
        lines = [f"class {camel(alias)}(IntEnum):", *docstring(doc)]
        values = dict(members)
        lines += [f"    {name.removeprefix(prefix)} = {value}" for name, value in values.items()]
        for macro in self.interface.macros:
            if macro.text in values:
                lines += [f"    {macro.name.removeprefix(prefix)} = {values[macro.text]}"]
        return [*lines, "", ""]

    def constants(self) -> str:
        lines = [f'"""Numbers of the C interface. {MADE}"""', "", "from __future__ import annotations", ""]
        lines += ["from enum import IntEnum", ""]
        for name, value, doc in self.sizes:
            lines += noted(f"{name} = {value}", doc)
        lines += ["", ""]
        for alias, members in self.typed.items():
            lines += self.suite(alias, members)
        for enumeration in self.interface.enumerations:
            lines += self.enumeration(enumeration)
        return "\n".join(lines).rstrip() + "\n"

    # ------------------------------------------------------------------------------------------------------------ types

    def member(self, variable: Variable) -> str:
        """The type of a structure's member. Memory is a plain address, for the bytes may hold zeros."""
        if variable.array:
            length = variable.array.removeprefix("CONCLAVE_")
            return f"{self.numbers[variable.base]} * {length}"
        if variable.base in self.callbacks:
            return self.callbacks[variable.base]
        if variable.base in self.structures and variable.pointers == 1:
            return f"POINTER({self.structures[variable.base]})"
        return self.pointed(variable, plain_bytes=True)

    def argument(self, variable: Variable, *, plain_bytes: bool = False) -> str:
        if variable.array:
            return "c_char_p" if variable.is_const and not plain_bytes else "c_void_p"
        if variable.base in self.structures:
            return f"POINTER({self.structures[variable.base]})"
        if variable.base in self.callbacks:
            return self.callbacks[variable.base]
        return self.pointed(variable, plain_bytes=plain_bytes)

    def pointed(self, variable: Variable, *, plain_bytes: bool) -> str:
        base, depth = variable.base, variable.pointers
        if base == "void" or base in self.handles or (base == "uint8_t" and depth > 0):
            if base == "uint8_t" and depth == 1 and variable.is_const and not plain_bytes:
                return "c_char_p"
            return {0: "None", 1: "c_void_p", 2: "POINTER(c_void_p)"}[depth]
        if base == "char":
            return {1: "c_char_p", 2: "POINTER(c_char_p)"}[depth]
        number = self.numbers[base]
        return {0: number, 1: f"POINTER({number})"}[depth]

    def callback(self, function: Function) -> list[str]:
        types = [self.argument(function.result)]
        types += [self.argument(argument, plain_bytes=True) for argument in function.arguments]
        return [f"{self.callbacks[function.name]} = CFUNCTYPE({', '.join(types)})"]

    def types(self) -> str:
        body: list[str] = []
        # In the header's order: what a structure holds stands before it.
        for section in self.interface.sections:
            for item in section.items:
                if isinstance(item, Function) and item.is_callback:
                    body += self.callback(item)
                elif isinstance(item, Structure):
                    body += self.structure(item.name)
        body = spaced(body)
        body += ["#: By the names that they have in C."]
        body += ["STRUCTURES: dict[str, type[Structure]] = {"]
        body += [f'    "{name}": {here},' for name, here in self.structures.items()]
        body += ["}", "CALLBACKS: dict[str, Any] = {"]
        body += [f'    "{name}": {here},' for name, here in self.callbacks.items()]
        body += ["}"]
        text = "\n".join(body)
        used = [name for name, _, _ in self.sizes if re.search(rf"\b{name}\b", text)]
        lines = [f'"""Structures and callbacks of the C interface. {MADE}"""', "", "from __future__ import annotations"]
        lines += ["", *ctypes_import(text), "from typing import Any", ""]
        lines += [f"from .constants import {', '.join(sorted(used))}", ""] if used else []
        return "\n".join(lines) + text + "\n"

    def structure(self, name: str) -> list[str]:
        structure = next(each for each in self.interface.structures if each.name == name)
        lines = ["", "", f"class {self.structures[name]}(Structure):", *docstring(structure.doc), "    _fields_ = ("]
        lines += [f'        ("{member.name}", {self.member(member)}),' for member in structure.members]
        return [*lines, "    )", "", ""]

    # ------------------------------------------------------------------------------------------------------- prototypes

    def prototypes(self) -> str:
        body: list[str] = ["PROTOTYPES: dict[str, tuple[Any, tuple[Any, ...]]] = {"]
        for section in self.interface.sections:
            body += [f"    # {section.title}"]
            for item in section.items:
                if isinstance(item, Function) and not item.is_callback:
                    body += prototype(item.name, self.argument(item.result), [self.argument(a) for a in item.arguments])
        body += ["}"]
        text = "\n".join(body)
        used = [
            here for here in [*self.structures.values(), *self.callbacks.values()] if re.search(rf"\b{here}\b", text)
        ]
        lines = [f'"""Every function of the C interface. {MADE}"""', ""]
        lines += ["from __future__ import annotations", "", *ctypes_import(text), "from typing import Any", ""]
        lines += [*imported("types", used), "", ""]
        return "\n".join(lines) + text + "\n"

    # ---------------------------------------------------------------------------------------------------------- package

    def package(self) -> str:
        constants = [name for name, _, _ in self.sizes]
        classes = [camel(alias) for alias in self.typed]
        classes += [enumeration_name(self.interface, each) for each in self.interface.enumerations]
        types = ["CALLBACKS", "STRUCTURES", *self.structures.values(), *self.callbacks.values()]
        lines = ['"""The C interface in ctypes: constants, structures and a prototype for every function.', ""]
        lines += [*textwrap.wrap(f"{MADE} {CONVENTIONS}", 120), '"""', "", "from __future__ import annotations", ""]
        lines += [*imported("constants", constants + classes), "from .prototypes import PROTOTYPES"]
        lines += [*imported("types", types), "", "__all__ = ["]
        lines += [f'    "{name}",' for name in in_order([*constants, *classes, *types, "PROTOTYPES"])]
        return "\n".join([*lines, "]"]) + "\n"

    def files(self) -> dict[str, str]:
        return {
            "__init__.py": self.package(),
            "constants.py": self.constants(),
            "types.py": self.types(),
            "prototypes.py": self.prototypes(),
        }


CONVENTIONS = (
    "Two conventions keep the callers short. Byte strings that go in are ``c_char_p``, which takes ``bytes`` or"
    " ``None`` without a copy; buffers that are written to are ``c_void_p``, which takes any ctypes array. Handles are"
    " ``c_void_p``."
)


def in_order(names: Iterable[str]) -> list[str]:
    """As import sorters have it: CONSTANTS, Classes, functions."""

    def place(name: str) -> tuple[int, list[tuple[str, int]]]:
        kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
        return kind, [(text, int(digits or 0)) for text, digits in re.findall(r"(\D+)(\d*)", name)]

    return sorted(names, key=place)


def imported(module: str, names: Iterable[str]) -> list[str]:
    ordered = in_order(names)
    line = f"from .{module} import {', '.join(ordered)}"
    if len(line) <= 120:
        return [line]
    return [f"from .{module} import (", *(f"    {name}," for name in ordered), ")"]


def ctypes_import(text: str) -> list[str]:
    names = ["CFUNCTYPE", "POINTER", "Structure", "c_char_p", "c_void_p", *NUMBERS.values()]
    used = in_order(name for name in names if re.search(rf"\b{name}\b", text))
    line = f"from ctypes import {', '.join(used)}"
    if len(line) <= 120:
        return [line]
    return ["from ctypes import (", *(f"    {name}," for name in used), ")"]


def prototype(name: str, result: str, arguments: list[str]) -> list[str]:
    joined = ", ".join(arguments) + ("," if len(arguments) == 1 else "")
    line = f'    "{name}": ({result}, ({joined})),'
    if len(line) <= 120:
        return [line]
    inner = f"        ({joined}),"
    many = ["        (", *(f"            {argument}," for argument in arguments), "        ),"]
    return [f'    "{name}": (', f"        {result},", *([inner] if len(inner) <= 120 else many), "    ),"]


def spaced(lines: list[str]) -> list[str]:
    """Two empty lines around classes, never more."""
    result: list[str] = []
    for line in lines:
        if line or result[-2:] != ["", ""]:
            result.append(line)
    return result


def files(interface: Interface) -> dict[str, str]:
    return Binding(interface).files()
