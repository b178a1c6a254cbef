"""Lets libraries of a newer Debian load on this system's glibc: lower-glibc.py LIBRARY…

Symbols asked for in a version that glibc here lacks are asked for in its oldest one instead. What glibc lacks
altogether must come from a library loaded beside it.
"""

import os
import struct
import sys

GNU_VERNEED = 0x6FFFFFFE
OLDEST = b"GLIBC_2.2.5"
OLDEST_HASH = 0x09691A75
here = tuple(map(int, os.confstr("CS_GNU_LIBC_VERSION").split()[1].split(".")))


def is_too_new(name):
    if not name.startswith(b"GLIBC_2."):
        return False
    return tuple(map(int, name[6:].split(b"."))) > here


def lower(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    table, = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3A)
    sections = [struct.unpack_from("<IIQQQQII", data, table + i * size) for i in range(count)]
    for _, kind, _, _, need, _, link, records in sections:
        if kind != GNU_VERNEED:
            continue
        strings = sections[link][4]
        oldest = data.find(OLDEST + b"\0", strings) - strings
        for _ in range(records):
            _, versions, _, first, following = struct.unpack_from("<HHIII", data, need)
            at = need + first
            for _ in range(versions):
                _, flags, index, name, step = struct.unpack_from("<IHHII", data, at)
                text = bytes(data[strings + name : data.index(0, strings + name)])
                if is_too_new(text):
                    struct.pack_into("<IHHI", data, at, OLDEST_HASH, flags, index, oldest)
                at += step
            need += following
    with open(path, "wb") as file:
        file.write(data)


for argument in sys.argv[1:]:
    lower(argument)
