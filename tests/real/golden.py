#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares inquest's answers with those recorded from crash, where they are at hand.

usage: golden.py INQUEST SHARED DUMP

SHARED is the folder with golden/, dumps/ and tools/compare-golden. Every recorded answer must be the same, but for
those that docs/differences.md explains. Exit status: 0 so, 1 not, 77 when SHARED or the dump's vmlinux is not there.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# Of each folder of answers: the kernel, the dump, what docs/differences.md explains, and how many are the same at least.
SHOWN = {
    "x86_64-6.1-tun": ("6.1.0-56-cloud-amd64", "vmcore.zlib", {
        "sym ffffffff81000000", "sym -m tun", "mod -S", "whatis -r 64",
        "search kfree_skb_reason", "vtop ffffffff81000000", "mach",
        "mount /mnt/ext", "kmem -s", "kmem -i", "kmem -V", "kmem init_task",
    }, 196),
    "arm64-6.1-skb": ("6.1.0-56-cloud-arm64", "vmcore.qemu-zlib", {
        # No stack of a CPU that was running is known to crash on this dump.
        "bt", "bt -a", "bt -f", "bt -F", "bt -l", "bt -t", "bt -p", "bt -c 1,3", "foreach RU bt", "foreach bt",
        # Where a kernel thread starts, and %MEM.
        "bt 36", "foreach UN bt", "ps", "ps -u", "ps -A", "ps -G", "ps -H", "foreach UN ps",
        "sys -c", "dis -l sock_ioctl", "mod -S", "whatis -r 64", "mount /mnt/ext", "kmem -s",
        "kmem -i", "kmem -V", "kmem init_task",
    }, 160),
}


def vmlinux(release):
    lab = pathlib.Path.home() / ".cache/inquest/lab/kernels"
    places = [pathlib.Path(f"/usr/lib/debug/boot/vmlinux-{release}")]
    places += lab.glob(f"{release}_*/usr/lib/debug/boot/vmlinux-{release}")
    return next((place for place in places if place.exists()), None)


def main():
    inquest, shared, name = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3]
    dumps = shared / "dumps" / name
    release, vmcore, explained, least = SHOWN[name]
    kernel = vmlinux(release)
    if not dumps.is_dir() or kernel is None:
        print("no recorded answers, or no vmlinux for them, here")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        for file in dumps.iterdir():
            (pathlib.Path(folder) / file.name).symlink_to(file)
        golden = pathlib.Path(folder) / "golden"
        shutil.copytree(shared / "golden" / name, golden)
        for file in golden.glob("*.out"):  # crash had the package's vmlinux, whose path it says
            text = file.read_bytes()
            file.chmod(0o644)
            file.write_bytes(text.replace(f"/usr/lib/debug/boot/{kernel.name} ".encode(), f"{kernel} ".encode()))
        command = [shared / "tools/compare-golden", "-v", golden, "--", inquest, kernel, vmcore]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=600)
    rows = re.findall(r"^ *[01]\.\d{3}  (.*)   \(\d.*\)$", done.stdout, re.MULTILINE)
    rows += re.findall(r"^ *0\.000  (.*)   \(no answer\)$", done.stdout, re.MULTILINE)
    wrong = [row for row in rows if row not in explained]
    same = re.search(r"identical (\d+)/", done.stdout)
    print(done.stdout[-200:])
    for row in wrong[:10]:
        at = done.stdout.index(f"  {row}   (")
        print(done.stdout[at:at + 1500])
    return 1 if wrong or same is None or int(same[1]) < least else 0


if __name__ == "__main__":
    sys.exit(main())
