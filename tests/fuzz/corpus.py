#!/usr/bin/env python3
"""A fuzzer's corpus as one file: each input behind its size (4 bytes, little endian), in the order of their bytes.

usage: corpus.py pack FOLDER FILE
       corpus.py unpack FILE FOLDER
"""
import hashlib
import os
import struct
import sys


def pack(folder, path):
    inputs = sorted(open(os.path.join(folder, name), "rb").read() for name in os.listdir(folder))
    with open(path, "wb") as f:
        for data in inputs:
            f.write(struct.pack("<I", len(data)) + data)
    print(f"{path}: {len(inputs)} inputs")


def unpack(path, folder):
    packed, at = open(path, "rb").read(), 0
    while at < len(packed):
        (size,) = struct.unpack_from("<I", packed, at)
        data = packed[at + 4:at + 4 + size]
        at += 4 + size
        with open(os.path.join(folder, hashlib.sha1(data).hexdigest()), "wb") as f:
            f.write(data)


{"pack": pack, "unpack": unpack}[sys.argv[1]](*sys.argv[2:])
