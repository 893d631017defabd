"""Members of one process that fetch their keys over TLS on the loopback interface."""

from __future__ import annotations

import contextlib
import select
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import conclave
from conclave import Identity, Trust
from conclave.encrypt import Admission, CertificateName, Credential, Encryption, KeysFrom, KeyWanted, Options, View
from conclave.key_exchange import KeyFetch, KeyServer

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def certify(folder: Path, credentials: dict[str, Credential]) -> Admission:
    """Makes an authority and the members' certificates; returns who believes them."""
    usage = "keyUsage=critical,keyCertSign,cRLSign"
    made = ("-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority", "-addext", usage)
    openssl(folder, "req", "-x509", *CURVE, *made)
    (folder / "member.ext").write_text("basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n")
    for name, credential in credentials.items():
        openssl(folder, "req", "-new", *CURVE, "-keyout", "m.key", "-out", "m.csr", "-subj", f"/CN={name}")
        authority = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "member.ext")
        openssl(folder, "x509", "-req", "-in", "m.csr", *authority, "-out", "m.pem")
        credential.set_certificate((folder / "m.pem").read_bytes(), (folder / "m.key").read_bytes())
    return Admission.certificates((folder / "ca.pem").read_bytes(), {CertificateName.MEMBER: None}, depth=0)


class Pair:
    """Anna coordinates, and Bert lacks the key."""

    def __init__(self, folder: Path) -> None:
        identities = [Identity.new("anna"), Identity.new("bert")]
        trust = Trust()
        for identity in identities:
            trust.add(identity.public_key, identity.name)
        policy, options = Admission.keys(trust), Options(keys_from=KeysFrom.EXCHANGE)
        self.credentials = {identity.name: Credential(identity) for identity in identities}
        self.certificates = certify(folder, self.credentials)
        self.anna, self.bert = (
            Encryption("kitchen", name.encode(), credential, policy, options=options)
            for name, credential in self.credentials.items()
        )
        self.wanted: KeyWanted | None = None
        self.views: list[View] = []
        for member in (self.anna, self.bert):
            member.start()
            member.host_view([b"anna", b"bert"])
        self.until(lambda: self.wanted is not None)

    def carry(self) -> None:
        for member, other in [(self.anna, self.bert), (self.bert, self.anna)] * 4:
            if (member.deadline or 2**64) <= time.monotonic() * 1000:
                member.tick()
            for output in member.outputs():
                with contextlib.suppress(conclave.ProtocolError):
                    other.receive(output.data)
        for event in self.bert.events():
            if isinstance(event, KeyWanted):
                self.wanted = event
            elif isinstance(event, View):
                self.views.append(event)

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < end
            self.carry()
            time.sleep(0.001)


def can_seal(member: Encryption) -> bool:
    return member.can_seal


def test_a_member_fetches_the_key(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    wanted = pair.wanted
    assert wanted is not None
    assert wanted.coordinator.name == "anna"
    assert not can_seal(pair.bert)
    own, other = pair.credentials["anna"], pair.credentials["bert"]
    with KeyServer(pair.anna, "127.0.0.1", 0, own, pair.certificates) as server:
        assert server.port != 0
        assert server.deadline is None
        with pytest.raises(conclave.WrongState):
            KeyFetch(pair.bert, wanted.view_counter + 1, "127.0.0.1", server.port, other, pair.certificates)
        with pytest.raises(conclave.InvalidArgument):
            KeyFetch(pair.bert, wanted.view_counter, "localhost", server.port, other, pair.certificates)
        fetch = KeyFetch(pair.bert, wanted.view_counter, "127.0.0.1", server.port, other, pair.certificates)
        with fetch:
            end = time.monotonic() + 20
            while not fetch.process():
                assert time.monotonic() < end
                assert fetch.deadline is not None
                select.select([server.descriptor, fetch.descriptor], [], [], 0.05)
                server.process()
        pair.until(lambda: len(pair.views) > 0)
        assert pair.anna.view is not None
        assert pair.anna.view.epoch == pair.views[-1].epoch
        assert can_seal(pair.bert)
        server.renew(own, pair.certificates)
        with pytest.raises(conclave.InvalidArgument):
            server.renew(other, pair.certificates)
    with pytest.raises(conclave.BadHandle):
        server.process()
