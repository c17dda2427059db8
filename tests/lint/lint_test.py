#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaks each rule of lint.py and check_layers.py in a tree of its own, and has groups.py join files.

usage: lint_test.py TOOLS_DIR
"""

import pathlib
import subprocess
import sys
import tempfile

GOOD = """// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

namespace inquest {

const std::string name = "x";
constexpr int many = 3;
extern const int other;

int twice(int value) {
  static const int factor = 2;
  std::snprintf(nullptr, 0, "%d", value);
  return factor * value;
}

}  // namespace inquest
"""

# Definitions, and others that cannot be compiled with them as one file.
CLASHES = [
    ("int first = 0;", "int first = 1;"),
    ("using test::at;", "constexpr int at = 1;"),
    ("constexpr int one = 1, two = 2;", "struct two {};"),
    ("int two() { return 2; }", "int two() { return 3; }"),
]
FITTING = [("using test::at;", "using test::beside;"), ("int two(int);", "int two(long);")]

# check -> a line that breaks it, in src/memory/x.cc
BAD = {
    "printing": ['  std::cout << "x";', '  printf("x");', '  fmt::print("x");', "#include <iostream>"],
    "headers": ["#include <zlib.h>", "#include <readline/history.h>", "#include <elfutils/libdw.h>"],
    "names": ['  kernel.structure("task_struct");', '  f("struct page");'],
    "globals": ["int counter = 0;", "std::map<int, int> cache;", "  static int calls = 0;",
                "  static std::string last;", "thread_local bool is_busy = false;"],
    "yields": ["  co_yield Entry{.fault = error};"],
    "license": [None],
    "budgets": ["\n" * 600],
}


def run(*command):
    return subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True)


def main():
    tools = pathlib.Path(sys.argv[1])
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        file = root / "src" / "memory" / "x.cc"
        file.parent.mkdir(parents=True)
        for check, breaches in BAD.items():
            file.write_text(GOOD)
            clean = run(tools / "lint.py", check, root)
            if clean.returncode != 0:
                print(f"{check} complains about nothing: {clean.stdout}{clean.stderr}")
                bad += 1
            for breach in breaches:
                text = GOOD.split("\n", 1)[1] if breach is None else GOOD + breach + "\n"
                file.write_text(text)
                if run(tools / "lint.py", check, root).returncode != 1:
                    print(f"{check} does not see {breach!r}")
                    bad += 1
        layers = root / "layers.txt"
        layers.write_text("base: \nmemory: base\n")
        file.write_text('#include "base/text.h"\n')
        if run(tools / "check_layers.py", layers, root / "src").returncode != 0:
            print("check_layers.py refuses what is allowed")
            bad += 1
        (root / "src" / "base").mkdir()
        (root / "src" / "base" / "y.h").write_text('#include "memory/z.h"\n')
        if run(tools / "check_layers.py", layers, root / "src").returncode != 1:
            print("check_layers.py allows what is not")
            bad += 1
        bad += check_groups(tools, root)
    return bad > 0


def check_groups(tools, root):
    """groups.py joins those files that can be."""
    bad = 0
    for count, pairs in ((2, CLASHES), (1, FITTING)):
        for pair in pairs:
            for name, text in zip("ab", pair):
                (root / f"{name}.cc").write_text(text + "\n")
            done = run(tools / "groups.py", root / "a.cc", root / "b.cc")
            if len(done.stdout.split()) != count:
                print(f"groups.py makes not {count} of {pair}: {done.stdout}")
                bad += 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
