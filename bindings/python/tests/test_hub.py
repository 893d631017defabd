"""The hub: where it listens, how it is served, and how serving ends."""

from __future__ import annotations

import os
import signal
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import conclave
from conclave import Hub


@pytest.fixture
def path() -> Iterator[Path]:
    """A path that is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="hub-") as folder:
        yield Path(folder) / "hub"


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def test_it_listens_on_a_private_socket_and_removes_it(path: Path) -> None:
    with Hub(path) as hub:
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert hub.url == f"local:{path}"
        assert hub.counters == conclave.HubCounters(0, 0, 0, 0, 0)
    assert not path.exists()


def test_two_hubs_cannot_share_a_path(path: Path) -> None:
    with Hub(path), pytest.raises(conclave.AddressInUse) as caught:
        Hub(path)
    assert isinstance(caught.value, OSError)


def test_a_socket_that_nobody_listens_on_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    with Hub(path):
        assert path.exists()


def test_a_socket_that_somebody_else_has_made(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        with pytest.raises(conclave.InvalidArgument):
            Hub.adopt(listener)
        listener.listen()
        with Hub.adopt(listener, client_limit=7) as hub:
            assert hub.url == f"local:{path}"
            hub.start()
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                until(lambda: hub.counters.clients == 1)
        assert listener.fileno() >= 0
    assert path.exists()


def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(conclave.ConclaveError) as caught:
        Hub(tmp_path / ("x" * 120))
    assert isinstance(caught.value, conclave.UsageError)


def test_a_folder_that_is_not_there(path: Path) -> None:
    with pytest.raises(OSError, match=r"."):
        Hub(path / "nowhere" / "hub")


@pytest.mark.parametrize("bounds", [{"client_limit": -1}, {"group_limit": 1 << 32}, {"queue_bytes": -1}])
def test_bounds_that_do_not_fit(path: Path, bounds: dict[str, int]) -> None:
    with pytest.raises(conclave.InvalidArgument):
        Hub(path, **bounds)
    assert not path.exists()


def test_run_serves_until_it_is_woken(path: Path) -> None:
    with Hub(path) as hub:
        served = threading.Thread(target=hub.run)
        served.start()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            until(lambda: hub.counters.clients == 1)
        until(lambda: hub.counters.clients == 0)
        hub.wake()
        served.join(10)
        assert not served.is_alive()


def test_a_wake_before_the_run_counts(path: Path) -> None:
    with Hub(path) as hub:
        hub.wake()
        hub.run()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_leaves_the_hub_alone(path: Path) -> None:
    with Hub(path) as hub:
        hub.start()
        for _ in range(20):
            child = os.fork()
            if child == 0:
                try:
                    hub.counters  # noqa: B018
                except conclave.BadHandle:
                    hub.close()
                    os._exit(42)
                finally:
                    os._exit(1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
        assert path.exists()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            until(lambda: hub.counters.clients == 1)


def test_a_signal_handler_may_wake(path: Path) -> None:
    with Hub(path) as hub:
        previous = signal.signal(signal.SIGALRM, lambda *_: hub.wake())
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            hub.run()
        finally:
            signal.signal(signal.SIGALRM, previous)


def test_control_c_ends_a_run_and_leaves_the_hub_usable(path: Path) -> None:
    with Hub(path) as hub:
        for _ in range(3):
            threading.Timer(0.02, signal.pthread_kill, (threading.get_ident(), signal.SIGINT)).start()
            with pytest.raises(KeyboardInterrupt):
                hub.run()
            assert hub.counters.clients == 0


def test_start_and_stop_again_and_again(path: Path) -> None:
    with Hub(path) as hub:
        for _ in range(3):
            hub.start()
            with pytest.raises(conclave.WrongState):
                hub.start()
            with pytest.raises(conclave.WrongState):
                hub.run()
            hub.stop()
        hub.stop()


def test_closing_ends_a_run_in_another_thread(path: Path) -> None:
    hub = Hub(path)
    served = threading.Thread(target=hub.run)
    served.start()
    time.sleep(0.05)
    hub.close()
    served.join(10)
    assert not served.is_alive()
    assert not path.exists()


def test_a_malformed_client_harms_only_itself(path: Path) -> None:
    with Hub(path) as hub:
        hub.start()
        with socket.socket(socket.AF_UNIX) as good, socket.socket(socket.AF_UNIX) as bad:
            good.connect(str(path))
            bad.connect(str(path))
            until(lambda: hub.counters.clients == 2)
            bad.sendall(b"\xff" * 64)
            until(lambda: hub.counters.dropped_clients == 1)
            assert hub.counters.clients == 1


def test_a_closed_hub_says_so(path: Path) -> None:
    hub = Hub(path)
    hub.close()
    hub.close()
    hub.wake()
    for use in (lambda: hub.counters, hub.run, hub.start):
        with pytest.raises(conclave.BadHandle, match="closed"):
            use()


def test_no_descriptor_is_left_open(path: Path) -> None:
    def open_descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    with Hub(path) as hub:
        hub.start()
    before = open_descriptors()
    for _ in range(5):
        with Hub(path) as hub:
            hub.start()
    assert open_descriptors() == before
