"""Identities: made, written, read, and refused for the right reason."""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import conclave
from conclave import Identity
from conclave._library import library


def test_a_new_identity_has_a_name_and_a_key_of_its_own() -> None:
    with Identity.new("Anna Ωmega") as anna, Identity.new("Anna Ωmega") as other:
        assert anna.name == "Anna Ωmega"
        assert len(anna.public_key) == conclave.PUBLIC_KEY_SIZE
        assert anna.public_key != other.public_key


def test_the_fingerprint_is_the_sha256_of_the_public_key() -> None:
    with Identity.new("anna") as anna:
        assert anna.fingerprint == hashlib.sha256(anna.public_key).digest()
        assert conclave.fingerprint(bytearray(anna.public_key)) == anna.fingerprint


@pytest.mark.parametrize("name", ["", "x" * 65, "two\nlines", "bell\a", "zero\0", "\udcff"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises((conclave.BadText, conclave.InvalidArgument)):
        Identity.new(name)


def test_the_longest_name() -> None:
    with Identity.new("x" * conclave.NAME_MAX) as identity:
        assert identity.name == "x" * conclave.NAME_MAX


@pytest.mark.parametrize("passphrase", [None, "correct horse", b"\x00\xff bytes"])
def test_what_is_saved_is_loaded(tmp_path: Path, passphrase: str | bytes | None) -> None:
    file = tmp_path / "anna.pem"
    with Identity.new("anna") as anna:
        anna.save(file, passphrase)
        with Identity.load(str(file), passphrase) as again:
            assert (again.name, again.public_key) == (anna.name, anna.public_key)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["anna.pem"]


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_pem_in_memory(passphrase: str | None) -> None:
    with Identity.new("anna") as anna:
        pem = anna.to_pem(passphrase)
        assert (b"ENCRYPTED PRIVATE KEY" in pem) == (passphrase is not None)
        with Identity.from_pem(pem, passphrase) as again, Identity.from_pem(pem.decode(), passphrase) as third:
            assert again.public_key == third.public_key == anna.public_key


def test_a_wrong_passphrase() -> None:
    with Identity.new("anna") as anna:
        pem = anna.to_pem("correct horse")
    with pytest.raises(conclave.BadPassphrase) as caught:
        Identity.from_pem(pem, "battery staple")
    assert caught.value.message
    assert not caught.value.is_fatal


def test_no_passphrase_for_an_encrypted_key(tmp_path: Path) -> None:
    with Identity.new("anna") as anna:
        anna.save(tmp_path / "anna.pem", "correct horse")
    with pytest.raises(conclave.PassphraseRequired):
        Identity.load(tmp_path / "anna.pem")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        Identity.load(tmp_path / "nobody.pem")
    assert isinstance(caught.value, conclave.NotFound)


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_is_no_key(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "anna.pem"
    file.write_bytes(content)
    with pytest.raises(conclave.BadKeyFile):
        Identity.load(file)
    with pytest.raises(conclave.BadKeyFile):
        Identity.from_pem(content)


def test_a_directory_is_no_key(tmp_path: Path) -> None:
    with pytest.raises((conclave.InputOutputFailure, conclave.BadKeyFile)):
        Identity.load(tmp_path)


@contextlib.contextmanager
def an_ordinary_user() -> Iterator[None]:
    """Lets root be nobody for a while, because nothing is unreadable to root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_unreadable_file(tmp_path: Path) -> None:
    file = tmp_path / "anna.pem"
    with Identity.new("anna") as anna:
        anna.save(file)
    file.chmod(0)
    with an_ordinary_user(), pytest.raises(PermissionError) as caught:
        Identity.load(file)
    assert isinstance(caught.value, conclave.PermissionDenied)


def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with Identity.new("anna") as anna, an_ordinary_user(), pytest.raises(conclave.PermissionDenied):
        anna.save(tmp_path / "anna.pem")
    tmp_path.chmod(0o700)
    assert list(tmp_path.iterdir()) == []


FULL_DISK = """
import pathlib, subprocess, sys, conclave
folder = pathlib.Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", folder], check=True)
with conclave.Identity.new("anna") as anna, conclave.Trust() as trust:
    trust.add(anna.public_key, "Anna")
    trust.save(folder / "trusted")
    before = (folder / "trusted").read_text()
    with open(folder / "filler", "wb", buffering=0) as filler:
        try:
            while filler.write(bytes(512)):
                pass
        except OSError:
            pass
    for save in (lambda: anna.save(folder / "anna.pem"), lambda: trust.save(folder / "trusted")):
        try:
            save()
        except conclave.NoSpace as failure:
            print(failure.name)
    assert sorted(entry.name for entry in folder.iterdir()) == ["filler", "trusted"]
    assert (folder / "trusted").read_text() == before
"""


def test_a_full_disk(tmp_path: Path) -> None:
    private_mounts = ["unshare", "--user", "--map-root-user", "--mount"]
    trial = subprocess.run([*private_mounts, "mount", "-t", "tmpfs", "none", tmp_path], capture_output=True)
    if trial.returncode != 0:
        pytest.skip("this machine does not let us mount a small disk")
    environment = {"PYTHONPATH": str(Path(conclave.__file__).parents[1]), "CONCLAVE_LIBRARY": library().path}
    said = subprocess.run(
        [*private_mounts, sys.executable, "-c", FULL_DISK, tmp_path],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert said.stdout.split() == ["NO_SPACE", "NO_SPACE"], said.stderr


def test_a_file_that_may_not_grow_leaves_nothing_behind(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Identity.new("anna") as anna:
        resource.setrlimit(resource.RLIMIT_FSIZE, (16, limits[1]))
        try:
            with pytest.raises((conclave.InputOutputFailure, conclave.NoSpace)):
                anna.save(tmp_path / "anna.pem")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "anna.pem"
    file.write_text("precious")
    with Identity.new("anna") as anna, pytest.raises(FileExistsError) as caught:
        anna.save(file)
    assert isinstance(caught.value, conclave.FileExists)
    assert file.read_text() == "precious"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with Identity.new("anna") as anna, pytest.raises(OSError, match=r".") as caught:
        anna.save(tmp_path / "nowhere" / "anna.pem")
    assert isinstance(caught.value, conclave.ConclaveError)


def test_a_path_with_a_zero_is_refused(tmp_path: Path) -> None:
    with Identity.new("anna") as anna, pytest.raises(conclave.BadText):
        anna.save(str(tmp_path / "anna\0.pem"))


def test_a_key_of_another_size_is_refused() -> None:
    with pytest.raises(conclave.InvalidArgument):
        conclave.fingerprint(bytes(31))


def test_a_closed_identity_says_so() -> None:
    identity = Identity.new("anna")
    identity.close()
    identity.close()
    assert "closed" in repr(identity)
    with pytest.raises(conclave.BadHandle, match="closed"):
        identity.public_key  # noqa: B018
    with pytest.raises(conclave.BadHandle):
        identity.to_pem()


def test_a_forked_process_cannot_use_it() -> None:
    with Identity.new("anna") as identity:
        child = os.fork()
        if child == 0:
            try:
                identity.public_key  # noqa: B018
            except conclave.BadHandle:
                identity.close()
                with Identity.new("child") as own:
                    os._exit(42 if own.name == "child" else 1)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
        assert len(identity.public_key) == conclave.PUBLIC_KEY_SIZE


def test_nothing_secret_shows_in_the_representation() -> None:
    with Identity.new("anna") as identity:
        assert repr(identity) == f"<conclave.Identity 'anna' {identity.fingerprint.hex()[:16]}…>"
