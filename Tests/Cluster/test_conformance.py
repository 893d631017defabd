"""Corosync keeps the contract of docs/transports.md, as far as one node can try: the same check that the hub passes."""

from __future__ import annotations

import subprocess
import sys

from harness import URL, Cluster, environment

PROGRAM = """
import sys, conclave
failed = [result for result in conclave.check_transport(sys.argv[1]) if not result.held]
print(failed or "every check held")
"""


def test_every_check_holds(cluster: Cluster) -> None:
    done = subprocess.run(
        cluster.run(1, sys.executable, "-c", PROGRAM, URL),
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(),
    )
    assert done.stdout.strip() == "every check held", done.stdout + done.stderr
