"""What the reference's two forms share: which statuses a comment names, first sentences, who belongs to whom."""

from __future__ import annotations

import re

from .model import Constant, Enumeration, Function, Interface, one_line


def statuses(interface: Interface) -> dict[str, Constant]:
    """By their short names, such as NOT_FOUND."""
    every = next(each for each in interface.enumerations if each.prefix == "CONCLAVE_E_")
    return {constant.name.removeprefix("CONCLAVE_E_"): constant for constant in every.constants}


def named_statuses(interface: Interface, doc: str) -> list[Constant]:
    """The statuses that a comment names, in its order."""
    known = statuses(interface)
    found: dict[str, Constant] = {}
    for word in re.findall(r"\b(?:CONCLAVE_E_)?([A-Z][A-Z_]+)\b", doc):
        # LEFT and VIEW are events as well: they count as statuses where no event is spoken of.
        if word in known and not re.search(rf"\b{word} (?:event|and ERROR event)", doc):
            found.setdefault(word, known[word])
    return list(found.values())


def brief(doc: str, limit: int = 90) -> str:
    """The first sentence, or as much of it as stands alone."""
    text = one_line(doc).replace("`", "")
    sentence = re.split(r"(?<=\w)[.;:](?:\s|$)", text, maxsplit=1)[0].rstrip(".")
    if len(sentence) > limit:
        ends = [match.start() for match in re.finditer(r", | \(| which ", sentence)]
        ends = [end for end in ends if end <= limit and len(sentence[:end].split()) > 2]
        sentence = sentence[: ends[-1]] if ends else sentence
        if sentence.count("(") > sentence.count(")"):
            sentence = sentence[: sentence.rindex(" (")]
    return sentence


def uncapitalized(text: str) -> str:
    """Begins with a small letter, but for SHA-256 and the like."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def answers_status(function: Function) -> bool:
    return function.result.base == "conclave_status"


def noun(interface: Interface, name: str) -> str:
    """conclave_group of conclave_group_send: the handle that a name begins with, else its first two words."""
    handles = [each.name for each in interface.handles if f"{name}_".startswith(f"{each.name}_")]
    return max(handles, key=len, default="_".join(name.split("_")[:2]))


def relatives(interface: Interface, name: str) -> list[str]:
    """Functions of the same thing."""
    names = [function.name for function in interface.functions]
    return [each for each in names if noun(interface, each) == noun(interface, name) and each != name]


def home(interface: Interface, enumeration: Enumeration) -> str:
    """The page that tells of an enumeration: its structure's, where there is one of that name."""
    name = enumeration.prefix.rstrip("_").lower()
    return "conclave_status" if name == "conclave_e" else name
