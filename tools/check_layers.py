#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that every #include respects the layers declared to CMake.

usage: check_layers.py LAYERS SOURCE_DIR

LAYERS has lines "layer: needed needed", bottom layer first. A file in src/<layer>/ may include
its own layer, the layers it needs, and what those need in turn.
"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^#include "([a-z0-9_]+)/')


def read_layers(path):
    layers = {}
    for line in path.read_text().splitlines():
        name, needs = line.split(":")
        direct = set(needs.split())
        if not direct <= layers.keys():
            sys.exit(f"{name} needs a layer declared after it: {line}")
        layers[name] = direct.union({name}, *(layers[need] for need in direct))
    return layers


def main():
    layers = read_layers(pathlib.Path(sys.argv[1]))
    source = pathlib.Path(sys.argv[2])
    bad = 0
    for file in sorted([*source.rglob("*.h"), *source.rglob("*.cc")]):
        layer = file.relative_to(source).parts[0]
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if found and found[1] not in layers.get(layer, layers):
                print(f"{file}:{number}: {layer} must not include {found[1]}")
                bad += 1
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
