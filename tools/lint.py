#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the source tree to its rules.

usage: lint.py CHECK SOURCE_DIR

CHECK is one of
  printing  only render/, shell/ and main print
  headers   other people's headers stay in the folder that owns them
  names     the kernel's names are quoted only where Linux is known
  globals   nothing outside of functions can change, nor static inside of them
  license   every file names its license
  budgets   files have at most 600 lines (those over 400 are listed)
  format    clang-format has nothing to change (exit status 77: not installed)

Prints file:line: reason; the exit status is 1 when anything was printed that
is not a remark.
"""

import pathlib
import re
import shutil
import subprocess
import sys

SOFT, HARD = 400, 600

# header pattern -> where it may be included; a path, or the start of one
OWNERS = {
    r"(libelf|gelf|dwarf)\.h|elfutils/.*": ("debuginfo/",),
    r"(zlib|libdeflate|zstd|lz4|lzma|snappy(-c)?)\.h|lzo/.*": ("dump/compress.cc", "debuginfo/unpack.cc"),
    r"(dis-asm|bfd|libiberty)\.h": ("arch/",),
    r"readline/.*": ("shell/",),
    r"nlohmann/.*": (),
}

PRINTING = re.compile(
    r"(?<![\w:.>])(?:std::)?(?:f|v|vf)?printf\s*\(|(?<![\w:.>])(?:std::)?f?puts\s*\(|(?<![\w:.>])putchar\s*\(|"
    r"std::(?:cout|cerr|clog)\b|\bfmt::print\b|#include <iostream>")
PRINTERS = ("render/", "shell/", "main.cc")

# Words that mean something only in Linux; the list names the structures and
# variables that layers below kernel/ would be most tempted by.
KERNEL_NAMES = re.compile(
    r'"(?:(?:struct|union|enum) [a-z_]\w*(?: \*)*|task_struct|mm_struct|list_head|hlist_head|pid_namespace|thread_info|'
    r"signal_struct|vm_area_struct|kmem_cache|super_block|net_device|irq_desc|init_task|init_mm|runqueues|init_uts_ns|"
    r"jiffies|panic_cpu|crashing_cpu|__per_cpu_offset|swapper_pg_dir|init_top_pgt|log_buf|prb|orc_entry|"
    r'printk_ringbuffer)"')
KNOW_LINUX = ("kernel/", "command/")

# The few things that may change, each for a reason told where it is.
CHANGING = {"base/interrupt.cc", "base/lost_pages.cc", "shell/editor.cc", "types/type.cc"}
NAMESPACE_VARIABLE = re.compile(
    r"^(?:static |inline |thread_local )*(?!(?:const|constexpr|using|typedef|extern|template|struct|class|enum|union|"
    r"return|namespace|friend|static_assert|public|private|protected|else|goto|case|default|TRY)\b)"
    r"[A-Za-z_][\w:]*(?:<[^;()]*>)?[\s*&]+[a-z_]\w*(?:\[[^\]]*\])?\s*(?:=[^=()]*|\{[^}()]*\})?;")
STATIC_VARIABLE = re.compile(
    r"^\s+(?:static|thread_local)\s+(?:thread_local\s+)?(?!const\b|constexpr\b|inline\b)[\w:<>,*& ]+?\s[*&]?[a-z_]\w*\s*(?:=|;|\{)")


def sources(root, *patterns):
    for pattern in patterns:
        for file in sorted(root.rglob(pattern)):
            if "build" not in file.relative_to(root).parts:
                yield file


def numbered(file):
    return enumerate(file.read_text(errors="replace").splitlines(), 1)


def in_places(name, places):
    return any(name == place or (place.endswith("/") and name.startswith(place)) for place in places)


def code(line):
    """The line without a comment at its end."""
    return line.split("//")[0] if '"' not in line else line


def check_lines(root, find):
    bad = 0
    source = root / "src"
    for file in sources(source, "*.h", "*.cc"):
        name = file.relative_to(source).as_posix()
        for number, line in numbered(file):
            if reason := find(name, line):
                print(f"{file}:{number}: {reason}")
                bad += 1
    return bad


def printing(root):
    def find(name, line):
        if not in_places(name, PRINTERS) and PRINTING.search(code(line)):
            return "only render/, shell/ and main print"
        return None

    return check_lines(root, find)


def headers(root):
    def find(name, line):
        if found := re.match(r"#\s*include [<\"](.*)[>\"]", line):
            for pattern, owners in OWNERS.items():
                if re.fullmatch(pattern, found[1]) and not in_places(name, owners):
                    return f"{found[1]} belongs to {', '.join(owners) or 'tests'}"
        return None

    return check_lines(root, find)


def names(root):
    def find(name, line):
        if in_places(name, KNOW_LINUX) or line.lstrip().startswith("//"):
            return None
        found = KERNEL_NAMES.search(line)
        return found and f"{found[0]} is Linux's: only kernel/ and command/ know it"

    return check_lines(root, find)


def globals_(root):
    def find(name, line):
        if name in CHANGING:
            return None
        if NAMESPACE_VARIABLE.match(code(line)) or STATIC_VARIABLE.match(code(line)):
            return "a variable that outlives its function and can change"
        return None

    return check_lines(root, find)


def yields(root):
    def find(_name, line):
        # g++ 12 destroys such a temporary twice.
        if re.search(r"co_yield\s+[\w:<>]+\s*\{", code(line)):
            return "co_yield of a braced temporary: name it first"
        return None

    return check_lines(root, find)


def license_(root):
    bad = 0
    tracked = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, text=True)
    files = [root / name for name in tracked.stdout.split("\0") if name]
    if tracked.returncode != 0 or not files:
        files = sources(root, "*.h", "*.cc", "*.c", "*.S", "*.py", "*.sh", "*.cmake", "CMakeLists.txt")
    suffixes = {".h", ".cc", ".c", ".S", ".lds", ".py", ".sh", ".cmake", ".in"}
    for file in files:
        if file.is_symlink() or not file.is_file():
            continue
        head = file.read_bytes()[:300]
        is_code = file.suffix in suffixes or file.name == "CMakeLists.txt" or head.startswith(b"#!")
        if is_code and b"SPDX-License-Identifier: GPL-3.0-or-later" not in head:
            print(f"{file}:1: no SPDX-License-Identifier: GPL-3.0-or-later")
            bad += 1
    return bad


def budgets(root):
    bad = 0
    for file in [*sources(root / "src", "*.h", "*.cc"), *sources(root / "tests", "*.h", "*.cc")]:
        count = len(file.read_text(errors="replace").splitlines())
        if count > HARD:
            print(f"{file}:1: {count} lines, at most {HARD} are allowed")
            bad += 1
        elif count > SOFT:
            print(f"remark: {file.relative_to(root)} has {count} lines")
    return bad


def format_(root):
    program = shutil.which("clang-format-14") or shutil.which("clang-format")
    if program is None:
        print("clang-format is not installed")
        sys.exit(77)
    files = [*sources(root / "src", "*.h", "*.cc"), *sources(root / "tests", "*.h", "*.cc")]
    done = subprocess.run([program, "--dry-run", "-Werror", *files], capture_output=True, text=True)
    places = [line for line in done.stderr.splitlines() if "error:" in line]
    for line in places[:50]:
        print(line)
    return done.returncode != 0


CHECKS = {
    "printing": printing,
    "headers": headers,
    "names": names,
    "globals": globals_,
    "yields": yields,
    "license": license_,
    "budgets": budgets,
    "format": format_,
}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    return CHECKS[sys.argv[1]](pathlib.Path(sys.argv[2]).resolve()) > 0


if __name__ == "__main__":
    sys.exit(main())
