#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sources can be compiled as one, since no two define the same name for themselves.

usage: groups.py FILE...

Prints a line for each group: its files, with commas between them.
"""

import pathlib
import re
import sys

TEMPLATE = re.compile(r"template <[^{};]*?>\s+(?=[a-z])")
DEFINITION = re.compile(r"^(?!namespace|extern|public|private|protected)[A-Za-z_][^;{]*[;{]", re.MULTILINE)
NAMED = re.compile(r"(?:struct|class|enum class|enum|union|concept) (\w+)|using (?:\w+::)*(\w+)")


def definitions(text):
    """What a file defines at namespace scope, where nothing is indented: plain names, functions with their parameters,
    and these functions' names."""
    names, functions = set(), set()
    text = re.sub(r"//.*|#.*", "", TEMPLATE.sub("", text))
    for match in DEFINITION.finditer(text):
        definition = " ".join(match[0].split())
        head = definition.split(" = ")[0]
        named = NAMED.match(definition)
        function = re.search(r"([\w:~]+)\((.*)", head)
        if named:
            names.add(named[1] or named[2])
        elif function:
            if "::" not in function[1]:
                functions.add((function[1], function[2]))
        elif variable := re.search(r"(\w+)[\[;{ ]*$", head):
            names.add(variable[1])
            names.update(re.findall(r", (\w+) = ", definition))
    return names, functions, {name for name, _ in functions}


class Names:
    """What the files of a group define."""

    def __init__(self, text=""):
        self.names, self.functions, self.called = definitions(text)

    def clashes(self, other):
        return bool(
            self.names & other.names
            or self.functions & other.functions
            or self.names & other.called
            or self.called & other.names
        )

    def add(self, other):
        self.names |= other.names
        self.functions |= other.functions
        self.called |= other.called


def of(files):
    """The files in groups, as few as there can be."""
    names = {file: Names(file.read_text()) for file in files}

    def clashes(file):
        return sum(names[file].clashes(other) for other in names.values())

    found = []
    for file in sorted(names, key=lambda file: (-clashes(file), file)):
        fits = [group for group in found if not group[0].clashes(names[file])]
        if fits:
            group = min(fits, key=lambda group: len(group[1]))
        else:
            group = (Names(), [])
            found.append(group)
        group[0].add(names[file])
        group[1].append(file)
    return [files for _, files in found]


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for group in of([pathlib.Path(name) for name in sys.argv[1:]]):
        print(",".join(map(str, group)))
