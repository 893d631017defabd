"""How the shared library is found, and what is said when it cannot be used. Each case needs a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import conclave
from conclave import _library


def run(program: str, **environment: str) -> str:
    """Runs a program in a fresh interpreter, which must succeed, and returns what it printed."""
    source = str(Path(conclave.__file__).parents[1])
    clean = {name: value for name, value in os.environ.items() if name != "CONCLAVE_LIBRARY"}
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={**clean, "PYTHONPATH": source, **environment},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


def built() -> str:
    return _library.library().path


def stub(folder: Path, code: str) -> str:
    """A shared library that is not ours."""
    source, path = folder / "stub.c", folder / "libstub.so"
    source.write_text(code)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", path, source], check=True)
    return str(path)


REFUSED = """
import conclave
try:
    conclave.version()
except conclave.LibraryNotLoaded as failure:
    print(failure)
"""


def test_importing_loads_nothing() -> None:
    run("import conclave", CONCLAVE_LIBRARY="/nowhere/libconclave.so.0")


def test_the_environment_names_a_file() -> None:
    assert run("import conclave; print(conclave.version())", CONCLAVE_LIBRARY=built()) == conclave.version()


def test_load_goes_before_the_environment() -> None:
    program = f"import conclave; conclave.load({built()!r}); print(conclave.version())"
    assert run(program, CONCLAVE_LIBRARY="/nowhere/libconclave.so.0") == conclave.version()


def test_the_dynamic_linker_finds_it_by_name() -> None:
    program = "import conclave; print(conclave.version())"
    assert run(program, LD_LIBRARY_PATH=str(Path(built()).parent)) == conclave.version()


def test_a_missing_library_is_named_with_what_to_do() -> None:
    said = run(REFUSED, CONCLAVE_LIBRARY="/nowhere/libconclave.so.0")
    assert "/nowhere/libconclave.so.0" in said
    assert "CONCLAVE_LIBRARY" in said


def test_an_old_library_is_refused(tmp_path: Path) -> None:
    path = stub(tmp_path, "unsigned conclave_abi_date(void) { return 20200101; }")
    assert "is too old" in run(REFUSED, CONCLAVE_LIBRARY=path)


def test_another_library_is_refused(tmp_path: Path) -> None:
    path = stub(tmp_path, "int something_else(void) { return 0; }")
    assert "is not Conclave's library" in run(REFUSED, CONCLAVE_LIBRARY=path)


def test_a_second_library_is_refused() -> None:
    program = f"""
import conclave
conclave.load({built()!r})
conclave.load({built()!r})
try:
    conclave.load("/elsewhere/libconclave.so.0")
except conclave.Unsupported as failure:
    print(failure)
"""
    assert "loaded already" in run(program)


def test_a_function_that_a_build_leaves_out_is_named(tmp_path: Path) -> None:
    path = stub(tmp_path, "unsigned conclave_abi_date(void) { return 99991231; }")
    program = """
import conclave
try:
    conclave.version()
except conclave.Unsupported as failure:
    print(failure)
"""
    assert "has no function conclave_version" in run(program, CONCLAVE_LIBRARY=path)
