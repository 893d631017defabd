"""The binding against the header: every constant, structure and function, by reading the header and by compiling it."""

from __future__ import annotations

import ctypes
import re
import subprocess
from ctypes import POINTER, c_bool, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64
from ctypes import c_void_p as handle
from pathlib import Path
from typing import Any

import pytest

import conclave
import conclave.encrypt
from conclave import _abi

from .conftest import ROOT

# By the names in C; that none is missing or too many is tested below.
STRUCTURES = _abi.STRUCTURES
CALLBACKS = _abi.CALLBACKS
SCALARS: dict[str, Any] = {
    "bool": c_bool,
    "int": c_int,
    "int64_t": c_int64,
    "uint8_t": c_uint8,
    "uint16_t": c_uint16,
    "uint32_t": c_uint32,
    "uint64_t": c_uint64,
    "size_t": c_size_t,
    "conclave_status": c_int32,
    "conclave_suite": c_uint16,
    "void": None,
}
ENUMERATIONS = {
    "CONCLAVE_E_": _abi.Status,
    "CONCLAVE_ALGORITHM_": _abi.Algorithm,
    "CONCLAVE_TOKEN_": _abi.TokenKind,
    "CONCLAVE_SERVICE_": _abi.Service,
    "CONCLAVE_EVENT_": _abi.EventKind,
    "CONCLAVE_LOG_": _abi.LogLevel,
    "CONCLAVE_UNIT_": _abi.Unit,
    "CONCLAVE_TRANSPORT_": _abi.TransportEventKind,
    "CONCLAVE_CERTIFICATE_NAME_": _abi.CertificateName,
    "CONCLAVE_ADMISSION_": _abi.AdmissionCause,
    "CONCLAVE_WRAPPING_": _abi.Wrapping,
    "CONCLAVE_KEYS_": _abi.KeysFrom,
    "CONCLAVE_AUTHENTICITY_": _abi.Authenticity,
    "CONCLAVE_CIPHER_": _abi.Cipher,
    "CONCLAVE_REKEY_": _abi.Rekey,
    "CONCLAVE_ENCRYPT_EVENT_": _abi.EncryptEventKind,
}


@pytest.fixture
def code(header: str) -> str:
    """The header without comments and line breaks inside declarations."""
    return re.sub(r"/\*.*?\*/", " ", header, flags=re.DOTALL)


def enumerators(code: str) -> dict[str, int]:
    bodies = re.findall(r"\benum\s*\{(.*?)\}", code, flags=re.DOTALL)
    pairs = [pair for body in bodies for pair in re.findall(r"(CONCLAVE_\w+)\s*=\s*(-?\d+)", body)]
    assert sum(body.count("=") for body in bodies) == len(pairs)
    return {name: int(value) for name, value in pairs}


def structures(code: str) -> dict[str, list[str]]:
    found = re.findall(r"typedef struct (\w+) \{(.*?)\} (\w+);", code, flags=re.DOTALL)
    return {name: [member.strip() for member in body.split(";") if member.strip()] for name, body, _ in found}


def functions(code: str) -> dict[str, tuple[str, list[str]]]:
    pattern = r"CONCLAVE_API(?:_PLANNED)?\s+([\w\s]+?[\s*]+)(conclave_\w+)\(([^()]*)\)\s*;"
    found = {}
    for result, name, arguments in re.findall(pattern, code):
        parts = [" ".join(part.split()) for part in arguments.split(",")]
        found[name] = (" ".join(result.split()), [] if parts == ["void"] else parts)
    return found


def constants(code: str, pattern: str) -> dict[str, str]:
    return dict(re.findall(rf"#define ({pattern}) (.+)", code))


def split(declaration: str) -> tuple[str, int, str]:
    """A declaration's base type, how many times it is pointed to (an array parameter counts once), and its name."""
    match = re.fullmatch(r"(?:const )?(\w+) ?(\**) ?(\w*)(\[\w+\])?", declaration)
    assert match, declaration
    base, stars, name, array = match.groups()
    return base, len(stars) + (1 if array else 0), name


def expected_argument(declaration: str) -> Any:
    base, depth, _ = split(declaration)
    is_input = declaration.startswith("const")
    if base == "char":
        return {1: c_char_p, 2: POINTER(c_char_p)}[depth]
    if base == "uint8_t" and depth == 1:
        return c_char_p if is_input else handle
    if base in CALLBACKS:
        assert depth == 0
        return CALLBACKS[base]
    if base == "void" and depth == 1:
        return handle
    if base in STRUCTURES:
        assert depth == 1
        return POINTER(STRUCTURES[base])
    if base in SCALARS:
        return SCALARS[base] if depth == 0 else POINTER(SCALARS[base])
    assert base.startswith("conclave_"), declaration
    return {1: handle, 2: POINTER(handle)}[depth]


def test_every_function_has_its_prototype(code: str) -> None:
    declared = functions(code)
    assert len(declared) == len(re.findall(r"\bconclave_\w+\s*\((?=[^()]*\)\s*;)", code))
    assert set(declared) == set(_abi.PROTOTYPES)
    for name, (result, arguments) in declared.items():
        bound_result, bound_arguments = _abi.PROTOTYPES[name]
        assert bound_result == expected_argument(result), name
        assert list(bound_arguments) == [expected_argument(argument) for argument in arguments], name


def test_every_enumerator_has_its_constant(code: str) -> None:
    declared = {re.sub("_KEYS_(FROM|BY)_", "_KEYS_", name): value for name, value in enumerators(code).items()}
    assert declared.pop("CONCLAVE_OK") == conclave.Status.OK
    for prefix, enumeration in ENUMERATIONS.items():
        here = {f"{prefix}{member.name}": int(member) for member in enumeration if member.name != "OK"}
        assert here == {name: value for name, value in declared.items() if name.startswith(prefix)}
    assert all(name.startswith(tuple(ENUMERATIONS)) for name in declared)


def test_every_callback(code: str) -> None:
    declared = re.findall(r"typedef ([\w\s]+?)\s*\(\*(conclave_\w+)\)\(([^()]*)\);", code)
    assert {name for _, name, _ in declared} == set(CALLBACKS)
    for result, name, arguments in declared:
        function = CALLBACKS[name]
        assert function._restype_ == SCALARS[result], name
        expected: list[Any] = []
        for argument in (" ".join(part.split()) for part in arguments.split(",")):
            if argument == "void **member":
                expected.append(POINTER(handle))
            elif argument == "const uint8_t *data":
                expected.append(handle)
            else:
                expected.append(expected_argument(argument))
        assert list(function._argtypes_) == expected, name


def test_suites(code: str) -> None:
    declared = constants(code, r"CONCLAVE_SUITE_\w+")
    standard = declared.pop("CONCLAVE_SUITE_STANDARD")
    numbers = {name: int(re.findall(r"0x\w+", text)[0], 16) for name, text in declared.items()}
    here = {f"CONCLAVE_SUITE_{name}": int(suite) for name, suite in conclave.Suite.__members__.items()}
    assert here.pop("CONCLAVE_SUITE_STANDARD") == numbers[standard]
    assert here == numbers


def test_sizes(code: str) -> None:
    declared = constants(code, r"CONCLAVE_(?:\w+_SIZE|\w+_MAX|ABI_DATE)")
    assert {name: int(value) for name, value in declared.items()} == {
        "CONCLAVE_ABI_DATE": _abi.ABI_DATE,
        "CONCLAVE_PUBLIC_KEY_SIZE": conclave.PUBLIC_KEY_SIZE,
        "CONCLAVE_FINGERPRINT_SIZE": conclave.FINGERPRINT_SIZE,
        "CONCLAVE_NAME_MAX": conclave.NAME_MAX,
        "CONCLAVE_GROUP_NAME_MAX": conclave.GROUP_NAME_MAX,
        "CONCLAVE_MESSAGE_MAX": conclave.MESSAGE_MAX,
        "CONCLAVE_CLUSTER_NAME_MAX": _abi.CLUSTER_NAME_MAX,
        "CONCLAVE_ADDRESS_MAX": conclave.encrypt.ADDRESS_MAX,
        "CONCLAVE_BATCH_MAX": conclave.encrypt.BATCH_MAX,
    }


def test_every_structure_has_its_members_in_order(code: str) -> None:
    declared = structures(code)
    assert set(declared) == set(STRUCTURES)
    for name, members in declared.items():
        fields = list(STRUCTURES[name]._fields_)
        assert [field[0] for field in fields] == [split(member)[2] for member in members], name


def test_a_c_compiler_lays_the_structures_out_in_the_same_way(tmp_path: Path) -> None:
    lines, expected = [], []
    for name, structure in STRUCTURES.items():
        lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
        expected.append(f"{name} {ctypes.sizeof(structure)}")
        for field in structure._fields_:
            member = field[0]
            lines.append(
                f'printf("{name}.{member} %zu %zu\\n", offsetof({name}, {member}), sizeof((({name} *)0)->{member}));'
            )
            descriptor = getattr(structure, member)
            expected.append(f"{name}.{member} {descriptor.offset} {descriptor.size}")
    source, program = tmp_path / "layout.c", tmp_path / "layout"
    source.write_text("#include <stdio.h>\n#include <conclave.h>\nint main(void) {\n" + "\n".join(lines) + "\n}\n")
    subprocess.run(["cc", "-I", ROOT / "include", "-o", program, source], check=True)
    printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    assert printed.splitlines() == expected


def test_the_binding_calls_only_functions_of_the_header(code: str) -> None:
    package = Path(conclave.__file__).parent
    called = {name for file in package.glob("*.py") for name in re.findall(r"\.(conclave_\w+)", file.read_text())}
    assert called <= set(functions(code))
    # The binding waits by itself; all else of the interface is in use.
    waits = {"conclave_group_wait_event", "conclave_group_wake", "conclave_hub_run", "conclave_hub_wake"}
    # The status is the function's result, the names are the enumeration's, and structures are zeroed here.
    others = {"conclave_error_status", "conclave_status_name", "conclave_membership_init"}
    assert set(functions(code)) - called == waits | others


def test_the_version_is_the_headers(code: str) -> None:
    assert conclave.version() == constants(code, "CONCLAVE_VERSION_TEXT")["CONCLAVE_VERSION_TEXT"].strip('"')


def test_features() -> None:
    assert conclave.supports("gdh")
    assert not conclave.supports("no such feature")
    assert not conclave.supports("")
