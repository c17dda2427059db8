#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes an ELF crash dump of the mini kernel.

usage: make_dump.py VMLINUX DUMP

The loadable segments of VMLINUX become the memory of the dump; VMCOREINFO and
one NT_PRSTATUS note are made from its symbols.
"""

import pathlib
import struct
import sys

IMAGE_MAP = 0xFFFFFFFF80000000
PAGE = 4096
PT_LOAD, PT_NOTE, SHT_SYMTAB, SHT_NOTE = 1, 4, 2, 7


class Elf:
    def __init__(self, image):
        self.image = image
        (phoff, shoff) = struct.unpack_from("<QQ", image, 32)
        (phsize, phnum, shsize, shnum) = struct.unpack_from("<HHHH", image, 54)
        self.segments = [struct.unpack_from("<IIQQQQQQ", image, phoff + i * phsize) for i in range(phnum)]
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", image, shoff + i * shsize) for i in range(shnum)]

    def symbols(self):
        found = {}
        for _, kind, _, _, offset, size, link, *_ in self.sections:
            if kind != SHT_SYMTAB:
                continue
            names = self.sections[link][4]
            for at in range(offset, offset + size, 24):
                name, _, _, _, value, _ = struct.unpack_from("<IBBHQQ", self.image, at)
                end = self.image.index(b"\0", names + name)
                found[self.image[names + name:end].decode()] = value
        return found

    def build_id(self):
        for _, kind, _, _, offset, size, *_ in self.sections:
            if kind == SHT_NOTE:
                return self.image[offset + 16:offset + size].hex()
        sys.exit("the kernel has no build-id")

    def memory(self):
        """[(physical, bytes)], zero-filled to whole pages."""
        ranges = []
        for kind, _, offset, virtual, _, filesz, memsz, _ in self.segments:
            if kind != PT_LOAD:
                continue
            start = (virtual - IMAGE_MAP) & ~(PAGE - 1)
            lead = (virtual - IMAGE_MAP) - start
            content = bytes(lead) + self.image[offset:offset + filesz]
            size = (lead + memsz + PAGE - 1) // PAGE * PAGE
            ranges.append((start, content + bytes(size - len(content))))
        return ranges


def note(name, kind, content):
    name = name.encode() + b"\0"
    pad = lambda data: data + bytes(-len(data) % 4)
    return struct.pack("<III", len(name), len(content), kind) + pad(name) + pad(content)


def word(elf, at):
    for _, _, offset, virtual, _, filesz, _, _ in elf.segments:
        if virtual <= at < virtual + filesz:
            return struct.unpack_from("<Q", elf.image, offset + at - virtual)[0]
    sys.exit(f"nothing at {at:x}")


def prstatus(elf, symbols):
    registers = [0] * 27
    registers[16] = word(elf, symbols["crash_pc"])
    registers[17] = 0x10  # cs
    registers[18] = 0x10002
    registers[19] = word(elf, symbols["crash_sp"])
    registers[20] = 0x18  # ss
    head = bytearray(112)
    struct.pack_into("<I", head, 32, 10)  # pid
    return note("CORE", 1, bytes(head) + struct.pack("<27Q", *registers) + bytes(8))


def vmcoreinfo(elf, symbols):
    lines = ["OSRELEASE=6.6.0-mini", "BUILD-ID=" + elf.build_id(), "PAGESIZE=4096", "KERNELOFFSET=0",
             "NUMBER(phys_base)=0", "NUMBER(pgtable_l5_enabled)=0", "CRASHTIME=1700000100"]
    lines += [f"SYMBOL({name})={symbols[name]:x}" for name in ("_stext", "init_top_pgt", "init_uts_ns")]
    return note("VMCOREINFO", 0, ("\n".join(lines) + "\n").encode())


def device_dump(name, content):
    return note("LINUX", 0x700, name.encode().ljust(44, b"\0") + content)


def write_ram(memory, path):
    """The same memory as raw RAM, from physical address 1000000 on."""
    start = 0x1000000
    ram = bytearray(max(at + len(content) for at, content in memory) - start)
    for at, content in memory:
        ram[at - start:at - start + len(content)] = content
    path.write_bytes(ram)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    elf = Elf(pathlib.Path(sys.argv[1]).read_bytes())
    symbols = elf.symbols()
    notes = prstatus(elf, symbols) + vmcoreinfo(elf, symbols)
    notes += device_dump("card_0000:01:00.0", b"registers of card\x01\x02\x03")
    notes += device_dump("empty_0000:00:01.0", b"")
    memory = elf.memory()
    count = 1 + len(memory)
    offset = 64 + 56 * count
    headers = struct.pack("<IIQQQQQQ", PT_NOTE, 0, offset, 0, 0, len(notes), len(notes), 4)
    offset = (offset + len(notes) + PAGE - 1) // PAGE * PAGE
    body = b""
    for start, content in memory:
        headers += struct.pack("<IIQQQQQQ", PT_LOAD, 7, offset + len(body), start + IMAGE_MAP, start,
                               len(content), len(content), PAGE)
        body += content
    ident = b"\x7fELF\2\1\1" + bytes(9)
    header = ident + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
    head = header + headers + notes
    pathlib.Path(sys.argv[2]).write_bytes(head + bytes(offset - len(head)) + body)
    write_ram(memory, pathlib.Path(sys.argv[2]).with_name("mini_ram"))


if __name__ == "__main__":
    main()
