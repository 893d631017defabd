"""Man pages of section 3: one for each function, structure, handle, callback and set of numbers, and an overview."""

from __future__ import annotations

import re

from . import wording
from .model import Alias, Enumeration, Function, Handle, Interface, Structure, one_line


def escaped(text: str) -> str:
    """Text as roff takes it."""
    result = text.replace("\\", "\\(rs").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    result = result.replace("\N{MINUS SIGN}", "\\-").replace("…", "...").replace("§", "\\(sc")
    return f"\\&{result}" if result.startswith(".") else result


def prose(text: str) -> list[str]:
    """A comment as running text, with what stands in backticks in italics."""
    words = escaped(one_line(text))
    words = re.sub(r"\\\(ga(.*?)\\\(ga", r"\\fI\1\\fP", words)
    words = re.sub(r"(?<!sizeof\()\b(conclave_\w+)(?!\w)", r"\\fB\1\\fP(3)", words)
    # One sentence a line, as is the custom.
    return [line if not line.startswith(".") else f"\\&{line}" for line in re.split(r"(?<=[.;]) (?=[A-Z`\\])", words)]


def synopsis(function: Function) -> list[str]:
    begin = function.result.declaration("")
    begin += "" if begin.endswith("*") else " "
    begin += f"(*{function.name})(" if function.is_callback else f"{function.name}("
    begin = f"typedef {begin}" if function.is_callback else begin
    arguments = []
    for argument in function.arguments:
        before, after = argument.declaration("\0").split("\0")
        arguments.append(f"{escaped(before)}\\fI{argument.name}\\fP{escaped(after)}")
    indent = " " * min(len(begin), 48)
    text = f",\n\\fB{indent}".join(f"{argument}\\fB" for argument in arguments) or "void"
    return f"\\fB{escaped(begin)}{text});\\fP".split("\n")


class Manual:
    def __init__(self, interface: Interface, since: dict[str, str]) -> None:
        self.interface = interface
        self.since = since
        self.version = interface.macro("CONCLAVE_VERSION_TEXT").strip('"')
        day = interface.macro("CONCLAVE_ABI_DATE")
        self.date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        self.pages: dict[str, list[str]] = {}

    def page(self, name: str, summary: str, shown: list[str]) -> list[str]:
        """A page with its first sections; whoever asks adds the rest."""
        head = [f'.TH {name} 3 {self.date} "Conclave {self.version}" "Conclave"', ".nh", ".ad l", ".SH NAME"]
        head += [f"{escaped(name)} \\- {escaped(summary)}", ".SH LIBRARY"]
        head += ["Conclave", "(\\fIlibconclave\\fP, \\fI\\-lconclave\\fP)", ".SH SYNOPSIS", ".nf"]
        head += ["\\fB#include <conclave.h>\\fP", "", *shown, ".fi"]
        self.pages[name] = head
        return head

    def see_also(self, page: list[str], names: list[str]) -> None:
        unique = list(dict.fromkeys(["conclave", *names]))
        page.append(".SH SEE ALSO")
        page += [f".BR {name} (3){',' if index < len(unique) - 1 else ''}" for index, name in enumerate(unique)]

    def function(self, function: Function) -> None:
        summary = wording.brief(function.doc)
        page = self.page(function.name, wording.uncapitalized(summary), synopsis(function))
        page += [".SH DESCRIPTION", *prose(function.doc)]
        failures = wording.named_statuses(self.interface, function.doc)
        if wording.answers_status(function):
            page += [".SH RETURN VALUE", "\\fBCONCLAVE_OK\\fP, or a negative", ".BR conclave_status (3)."]
        if failures:
            page.append(".SH ERRORS")
            for each in failures:
                page += [".TP", f".B {each.name}", *prose(each.doc)]
        if function.name in self.since:
            page += [".SH HISTORY", f"Appeared in Conclave {self.since[function.name]}."]
        types = [each.base for each in function.arguments if each.base.startswith("conclave_")]
        self.see_also(page, [*types, *wording.relatives(self.interface, function.name)])

    def structure(self, structure: Structure) -> None:
        shown = [f"\\fBtypedef struct {structure.name} {{"]
        shown += [f"    {escaped(member.declaration())};" for member in structure.members]
        page = self.page(
            structure.name, wording.uncapitalized(wording.brief(structure.doc)), [*shown, f"}} {structure.name};\\fP"]
        )
        page += [".SH DESCRIPTION", *prose(structure.doc)]
        for member in structure.members:
            page += [".TP", f".I {member.name}", *(prose(member.doc) if member.doc else ["\\&"])]
        if structure.is_sized:
            page += [".PP", "The structure begins with its size and may grow at its end; older sizes stay accepted."]
        self.enumerations(page, structure.name)
        users = [
            each.name for each in self.interface.functions if any(a.base == structure.name for a in each.arguments)
        ]
        self.see_also(page, users)

    def enumerations(self, page: list[str], name: str) -> None:
        for each in self.interface.enumerations:
            if wording.home(self.interface, each) == name:
                page += [".SH CONSTANTS", *prose(each.doc)] if each.doc else [".SH CONSTANTS"]
                self.constants(page, each)

    def constants(self, page: list[str], enumeration: Enumeration) -> None:
        for heading, group in enumeration.groups:
            page += [".PP", *prose(heading)] if heading else []
            for constant in group:
                page += [".TP", f"\\fB{constant.name}\\fP = {escaped(constant.text)}"]
                page += prose(constant.doc) if constant.doc else ["\\&"]

    def named_type(self, item: Alias | Handle) -> None:
        base = f"struct {item.name}" if isinstance(item, Handle) else item.base
        page = self.page(
            item.name, wording.uncapitalized(wording.brief(item.doc)), [f"\\fBtypedef {base} {item.name};\\fP"]
        )
        page += [".SH DESCRIPTION", *prose(item.doc)]
        self.enumerations(page, item.name)
        macros = [each for each in self.interface.macros if each.text.startswith(f"(({item.name})")]
        if macros:
            page += [".SH CONSTANTS", ".nf", *(f"{each.name} = {each.text.split(')')[1]}" for each in macros), ".fi"]
        self.see_also(
            page,
            [each.name for each in self.interface.functions if wording.noun(self.interface, each.name) == item.name],
        )

    def alone(self, enumeration: Enumeration) -> None:
        """Numbers that no type has the name of."""
        name = wording.home(self.interface, enumeration)
        page = self.page(name, wording.uncapitalized(wording.brief(enumeration.doc)), ["\\fBenum { ... };\\fP"])
        self.enumerations(page, name)
        self.see_also(page, [])

    def overview(self) -> None:
        page = self.page("conclave", "secure group communication", [])
        page[-1:] = ["cc ... $(pkg\\-config \\-\\-cflags \\-\\-libs conclave)", ".fi"]
        page.append(".SH DESCRIPTION")
        for paragraph in self.interface.preface.split("\n\n")[1:]:
            for index, part in enumerate(re.split(r"^- ", paragraph, flags=re.M)):
                page += [".PP" if index == 0 else ".IP \\(bu 2", *prose(part)]
        for section in self.interface.sections:
            functions = [each for each in section.items if isinstance(each, Function) and not each.is_callback]
            page.append(f".SH {section.title.upper()}")
            for text in section.prose:
                page += [".PP", *prose(text)]
            for each in functions:
                page += [".TP", f".BR {each.name} (3)", escaped(wording.brief(each.doc))]
        page += [".SH BOUNDS"]
        for macro in self.interface.macros:
            if re.fullmatch(r"\d+", macro.text) and "_VERSION_" not in macro.name:
                page += [".TP", f"\\fB{macro.name}\\fP = {macro.text}", *prose(macro.doc)]
        self.pages["conclave"] = page

    def written(self) -> dict[str, str]:
        self.overview()
        for section in self.interface.sections:
            for item in section.items:
                if isinstance(item, Function):
                    self.function(item)
                elif isinstance(item, Structure):
                    self.structure(item)
                elif isinstance(item, Alias | Handle):
                    self.named_type(item)
        for each in self.interface.enumerations:
            if wording.home(self.interface, each) not in self.pages:
                self.alone(each)
        return {f"{name}.3": "\n".join(line for line in lines) + "\n" for name, lines in self.pages.items()}


def pages(interface: Interface, since: dict[str, str]) -> dict[str, str]:
    return Manual(interface, since).written()
