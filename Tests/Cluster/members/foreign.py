"""A process that is no member: joins a CPG group, and sends noise, and what it hears, as it is, cut and changed.

foreign.py GROUP COUNT
"""

from __future__ import annotations

import ctypes
import random
import sys
import time

OK, TRY_AGAIN = 1, 6
AGREED = 2


class Name(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint32), ("value", ctypes.c_char * 128)]


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]


DELIVER = ctypes.CFUNCTYPE(
    None, ctypes.c_uint64, ctypes.POINTER(Name), ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_size_t
)
CHANGE = ctypes.CFUNCTYPE(
    None,
    ctypes.c_uint64,
    ctypes.POINTER(Name),
    *(kind for _ in range(3) for kind in (ctypes.c_void_p, ctypes.c_size_t)),
)


class Callbacks(ctypes.Structure):
    _fields_ = [("deliver", DELIVER), ("change", CHANGE)]


def invent(random_bits: random.Random, heard: list[bytes]) -> bytes:
    """Noise, or a message that a member sent: as it was, cut short, with something behind it, or with a bit changed."""
    kind = random_bits.randrange(6)
    if kind < 2 or not heard:
        return random_bits.randbytes(random_bits.randrange(1, 3000))
    message = bytearray(random_bits.choice(heard))
    if kind == 2:
        del message[random_bits.randrange(1, len(message) + 1) :]
    elif kind == 3:
        message += random_bits.randbytes(8)
    elif kind == 4:
        message[random_bits.randrange(len(message))] ^= 1 << random_bits.randrange(8)
    return bytes(message)


def main() -> int:
    group, count = sys.argv[1].encode(), int(sys.argv[2])
    random_bits = random.Random(5)
    heard: list[bytes] = []

    def deliver(_handle: int, _group: object, _node: int, _pid: int, message: int, size: int) -> None:
        if size > 0:
            heard.append(ctypes.string_at(message, size))
        del heard[:-50]

    callbacks = Callbacks(DELIVER(deliver), CHANGE(lambda *_: None))
    library = ctypes.CDLL("libcpg.so.4")
    handle = ctypes.c_uint64()
    assert library.cpg_initialize(ctypes.byref(handle), ctypes.byref(callbacks)) == OK
    name = Name(len(group), group)
    assert library.cpg_join(handle, ctypes.byref(name)) == OK
    sent, end = 0, time.monotonic() + 50
    while sent < count and time.monotonic() < end:
        library.cpg_dispatch(handle, 2)
        message = invent(random_bits, heard)
        status = library.cpg_mcast_joined(handle, AGREED, ctypes.byref(Vector(message, len(message))), 1)
        assert status in (OK, TRY_AGAIN), status
        sent += status == OK
        time.sleep(0.001 if status == OK else 0.01)
    print(f"sent {sent}")
    return 0


sys.exit(main())
