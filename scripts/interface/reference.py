"""The reference of the C interface as Markdown: a page for each section of the header, and an overview."""

from __future__ import annotations

import re
from collections.abc import Sequence

from . import wording
from .model import Alias, Constant, Enumeration, Function, Handle, Interface, Item, Section, Structure, one_line


def file_name(title: str) -> str:
    return f"{title.replace(' ', '-')}.md"


class Reference:
    def __init__(self, interface: Interface, since: dict[str, str]) -> None:
        self.interface = interface
        self.since = since
        self.statuses = wording.statuses(interface)
        #: Where each name is explained.
        self.places: dict[str, str] = {}
        for section in interface.sections:
            for item in section.items:
                if not isinstance(item, Constant | Enumeration):
                    self.places[item.name] = file_name(section.title)
            for item in section.items:
                if isinstance(item, Enumeration):
                    self.places.update({each.name: file_name(section.title) for each in item.constants})

    def link(self, name: str, shown: str | None = None) -> str:
        return f"[`{shown or name}`]({self.places[name]}#{name.lower()})"

    def prose(self, text: str, own: str = "") -> str:
        """A comment as Markdown: names become links, what looks like code becomes code."""
        words = one_line(text).replace("<", "&lt;").replace("*", "\\*")

        def linked(match: re.Match[str]) -> str:
            word = match.group()
            if word.startswith("`"):
                return self.link(word[1:-1]) if word[1:-1] in self.places else word
            if word in self.places and word != own:
                return self.link(word)
            if word in self.statuses and not re.match(r" (?:event|and ERROR)", words[match.end() :]):
                return self.link(f"CONCLAVE_E_{word}", word)
            return f"`{word}`" if "_" in word else word

        return re.sub(r"`[^`]*`|\b[A-Za-z]\w*\b|_\w+\b", linked, words)

    def anchored(self, name: str) -> str:
        return f'<span id="{name.lower()}"></span>`{name}`'

    def table(self, head: str, rows: Sequence[tuple[str, ...]]) -> list[str]:
        columns = head.count("|") + 1
        return [f"| {head} |", "|" + " --- |" * columns, *(f"| {' | '.join(row)} |" for row in rows), ""]

    def enumeration(self, each: Enumeration) -> list[str]:
        lines = [self.prose(each.doc), ""] if each.doc else []
        for heading, group in each.groups:
            lines += [f"**{heading}**", ""] if heading else []
            lines += self.table(
                "constant | value | meaning",
                [
                    (self.anchored(constant.name), f"`{constant.text}`", self.prose(constant.doc, constant.name))
                    for constant in group
                ],
            )
        return lines

    def structure(self, each: Structure) -> list[str]:
        rows = [
            (f"`{member.name}`", f"`{member.declaration('').strip()}`", self.prose(member.doc))
            for member in each.members
        ]
        return [self.prose(each.doc, each.name), "", *self.table("member | type | meaning", rows)]

    def function(self, each: Function) -> list[str]:
        declaration = each.declaration()
        if len(declaration) > 80:
            begin, rest = declaration.split("(" if not each.is_callback else ")(", 1)
            joint = "(" if not each.is_callback else ")("
            inside, end = rest.rsplit(")", 1)
            arguments = ",\n".join(f"    {part.strip()}" for part in inside.split(","))
            declaration = f"{begin}{joint}\n{arguments}){end}"
        lines = ["```text", declaration, "```", "", self.prose(each.doc, each.name), ""]
        if each.name in self.since:
            lines += [f"Since {self.since[each.name]}.", ""]
        return lines

    def item(self, each: Item, section: Section) -> list[str]:
        if isinstance(each, Enumeration):
            return [
                f"### {each.prefix}… {{: #{each.prefix.strip('_').lower().replace('_', '-')}-numbers }}",
                "",
                *self.enumeration(each),
            ]
        if isinstance(each, Constant):
            return []
        lines = [f"### {each.name} {{: #{each.name} }}", ""]
        if isinstance(each, Function):
            return [*lines, *self.function(each)]
        if isinstance(each, Structure):
            return [*lines, *self.structure(each)]
        if isinstance(each, Handle):
            return [*lines, self.prose(each.doc, each.name), ""]
        return [*lines, *self.alias(each)]

    def alias(self, each: Alias) -> list[str]:
        lines = [f"A `{each.base}`. {self.prose(each.doc, each.name)}", ""]
        macros = [macro for macro in self.interface.macros if macro.text.startswith(f"(({each.name})")]
        if macros:
            rows = [(f"`{macro.name}`", f"`{macro.text.split(')')[1]}`") for macro in macros]
            lines += ['??? note "All numbers"', "", *(f"    {row}" for row in self.table("constant | value", rows))]
        return lines

    def macros(self, section: Section) -> list[str]:
        shown = [
            each for each in section.items if isinstance(each, Constant) and re.fullmatch(r'\d+|"[^"]*"', each.text)
        ]
        rows = [(f"`{each.name}`", f"`{each.text}`", self.prose(each.doc, each.name)) for each in shown]
        return self.table("constant | value | meaning", rows) if rows else []

    def page(self, section: Section) -> str:
        title = section.title[:1].upper() + section.title[1:]
        lines = [f"# {title}", ""]
        for text in section.prose:
            lines += [self.prose(text), ""]
        lines += self.macros(section)
        for each in section.items:
            lines += self.item(each, section)
        return "\n".join(lines).rstrip() + "\n"

    def overview(self) -> str:
        lines = ["# C interface", ""]
        for paragraph in self.interface.preface.split("\n\n")[1:]:
            parts = re.split(r"^- ", paragraph, flags=re.M)
            lines += [self.prose(parts[0]), "", *(f"- {self.prose(part)}" for part in parts[1:]), ""]
        lines += [
            "Every function and type has a man page too: `man 3 conclave_group_send`. The guides tell of the same"
            " interface in Python and in Go.",
            "",
        ]
        for section in self.interface.sections:
            title = section.title[:1].upper() + section.title[1:]
            functions = [each for each in section.items if isinstance(each, Function) and not each.is_callback]
            lines += [f"## [{title}]({file_name(section.title)})", ""]
            lines += self.table(
                "function | what it does", [(self.link(each.name), wording.brief(each.doc)) for each in functions]
            )
        return "\n".join(lines).rstrip() + "\n"

    def written(self) -> dict[str, str]:
        files = {file_name(section.title): self.page(section) for section in self.interface.sections}
        return {"index.md": self.overview(), **files}


def pages(interface: Interface, since: dict[str, str]) -> dict[str, str]:
    return Reference(interface, since).written()
