"""The file constants.go of the Go binding: every number of the header, and an error for every status."""

from __future__ import annotations

from dataclasses import dataclass

from .model import Constant, Enumeration, Interface, one_line
from .python_binding import Binding, camel, enumeration_name

#: Words that Go writes in another way than with one capital.
WORDS = {
    "IO": "IO",
    "URL": "URL",
    "FIFO": "FIFO",
    "AES": "AES",
    "GCM": "GCM",
    "RSA": "RSA",
    "DNS": "DNS",
    "URI": "URI",
    "CHACHA20": "ChaCha20",
    "ED25519": "Ed25519",
    "CHACHA20POLY1305": "ChaCha20Poly1305",
    "CPU": "CPU",
    "ID": "ID",
}


@dataclass(frozen=True)
class Style:
    """How an enumeration is called in Go: the type, and what stands before each name. A type that is not declared by
    hand is declared here."""

    type_name: str
    prefix: str
    comment: str
    declare: bool = False


STYLES = {
    "CONCLAVE_E_": Style("Status", "Status", "The statuses, grouped by cause."),
    "CONCLAVE_TOKEN_": Style("TokenKind", "Token", "The kinds of tokens."),
    "CONCLAVE_ALGORITHM_": Style(
        "Algorithm", "Algorithm", "The robust algorithms; all members of a group choose the same."
    ),
    "CONCLAVE_SERVICE_": Style("Service", "", "The services (properties 9 to 12 of the paper)."),
    "CONCLAVE_EVENT_": Style("", "event", "The kinds of events."),
    "CONCLAVE_UNIT_": Style("Unit", "Unit", "What the value of a metric counts."),
    "CONCLAVE_LOG_": Style("LogLevel", "Log", "The levels of a log; each includes those before it."),
    "CONCLAVE_ADMISSION_": Style("AdmissionCause", "Cause", "Why somebody is not admitted to a cluster.", declare=True),
    "CONCLAVE_KEYS_": Style(
        "KeysFrom", "Keys", "Where the keys of a cluster come from; the same at all its members.", declare=True
    ),
    "CONCLAVE_ENCRYPT_EVENT_": Style("", "encryptEvent", "The kinds of events of an encrypted cluster."),
}
#: Own transports are not bound: a Go program that has an engine of its own calls it from C.
LEFT_OUT = {"CONCLAVE_TRANSPORT_"}
CLASSES = {
    1: "ErrUsage",
    2: "ErrNotNow",
    3: "ErrIdentity",
    4: "ErrProtocol",
    5: "ErrTransport",
    6: "ErrEnded",
    9: "ErrInternal",
}


def word(text: str) -> str:
    return WORDS.get(text, text.capitalize())


def name(text: str) -> str:
    """WrongSender of WRONG_SENDER."""
    return "".join(word(part) for part in text.split("_"))


def suite_name(text: str) -> str:
    """GDHMODP2048_256Ed25519AES256GCM of GDH_MODP2048_256_ED25519_AES256GCM: acronyms stay as they are."""
    result = ""
    for part in text.split("_"):
        result += f"_{part}" if part[0].isdigit() else WORDS.get(part, part)
    return result


def size_name(text: str) -> str:
    return f"Max{name(text.removesuffix('_MAX'))}" if text.endswith("_MAX") else name(text)


def block(keyword: str, rows: list[tuple[str, str, str]]) -> list[str]:
    """Lines of name, value and comment, aligned as gofmt does it; a row without a name is a comment of its own."""
    lines: list[str] = [f"{keyword} ("]
    start = 0
    while start < len(rows):
        if not rows[start][0]:
            lines += ([""] if len(lines) > 1 else []) + [f"\t// {rows[start][2]}"]
            start += 1
            continue
        end = start
        while end < len(rows) and rows[end][0]:
            end += 1
        lines += aligned(rows[start:end])
        start = end
    return [*lines, ")", ""]


def aligned(rows: list[tuple[str, str, str]]) -> list[str]:
    wide = max(len(row[0]) for row in rows)
    lines: list[str] = []
    start = 0
    while start < len(rows):
        # Comments are aligned over neighbours that have one.
        end = start + 1
        while end < len(rows) and bool(rows[end][2]) == bool(rows[start][2]):
            end += 1
        values = max(len(row[1]) for row in rows[start:end])
        for label, value, comment in rows[start:end]:
            line = f"\t{label:<{wide}} {value:<{values}} // {comment}" if comment else f"\t{label:<{wide}} {value}"
            lines.append(line.rstrip())
        start = end
    return lines


def enumeration(interface: Interface, each: Enumeration) -> list[str]:
    kind_name = enumeration_name(interface, each)
    default = Style(kind_name, camel(each.prefix), one_line(each.doc), declare=True)
    style = STYLES.get(each.prefix, default)
    lines = [f"// {style.type_name} is one of the numbers below.", f"type {style.type_name} uint32", ""]
    lines = lines if style.declare else []
    rows: list[tuple[str, str, str]] = []
    for heading, group in each.groups:
        if heading:
            kind = CLASSES.get(int(group[0].text) // -100) if each.prefix == "CONCLAVE_E_" else None
            rows.append(("", "", heading + (f" Class [{kind}]." if kind else "")))
        for constant in group:
            plain = constant.name.removeprefix(each.prefix).removeprefix("CONCLAVE_")
            value = f"{style.type_name} = {constant.text}" if style.type_name else f"= {constant.text}"
            rows.append((f"{style.prefix}{name(plain)}", value, constant.doc))
    return [*lines, f"// {style.comment}", *block("const", rows)]


def sentinels(each: Enumeration) -> list[str]:
    failures = [constant for constant in each.constants if constant.name.startswith("CONCLAVE_E_")]
    plain = [name(constant.name.removeprefix("CONCLAVE_E_")) for constant in failures]
    rows = [(f"Err{text}", f"error = &Error{{Status: Status{text}}}", "") for text in plain]
    return ["// The sentinels, one for each status.", *block("var", rows)]


def suites(interface: Interface, binding: Binding) -> list[str]:
    lines: list[str] = []
    for alias, members in binding.typed.items():
        kind, prefix = camel(alias), f"{alias.upper()}_"
        rows = [(f"{kind}{suite_name(each.removeprefix(prefix))}", f"{kind} = {value}", "") for each, value in members]
        references: list[Constant] = [macro for macro in interface.macros if macro.text in dict(members)]
        for macro in references:
            target = f"{kind}{suite_name(macro.text.removeprefix(prefix))}"
            rows.append((f"{kind}{name(macro.name.removeprefix(prefix))}", f"{kind} = {target}", ""))
        lines += [
            f"// The {kind.lower()}s. [{kind}Standard] is used when nothing else is asked for.",
            *block("const", rows),
        ]
    return lines


def constants(interface: Interface) -> str:
    binding = Binding(interface)
    lines = ["// Code generated by scripts/generate from conclave.h. DO NOT EDIT.", "", "package conclave", ""]
    rows = [(size_name(each), f"= {value}", doc) for each, value, doc in binding.sizes if each != "ABI_DATE"]
    lines += ["// Sizes in bytes.", *block("const", rows), *suites(interface, binding)]
    for each in interface.enumerations:
        if each.prefix not in LEFT_OUT:
            lines += enumeration(interface, each)
    for each in interface.enumerations:
        if each.prefix == "CONCLAVE_E_":
            lines += sentinels(each)
    return "\n".join(lines).rstrip() + "\n"
