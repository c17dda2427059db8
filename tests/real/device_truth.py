# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks for truth.py: devices, disks, the network."""
import ipaddress
import json
import re


def records(lines):
    """What JSON lines say, but for errors and notes."""
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return [record for record in found if not {"error", "note"} & set(record)]


def check_devices(dump):
    """Major numbers, as /proc/devices and /proc/diskstats have them."""
    (lines,) = dump.ask("dev")
    ours, kind = {"CHRDEV": [], "BLKDEV": []}, None
    for words in (line.split() for line in lines):
        if words and words[0] in ours:
            kind = words[0]
        elif words:
            ours[kind].append((words[0], words[1], words[2:]))
    theirs, kind = {"Character": [], "Block": []}, None
    for words in (line.split() for line in dump.said("proc/devices")):
        if words and words[-1] == "devices:":
            kind = words[0]
        elif words:
            theirs[kind].append(tuple(words))
    for own, other in (("CHRDEV", "Character"), ("BLKDEV", "Block")):
        found = sorted(row[:2] for row in ours[own])
        dump.expect(found == sorted(theirs[other]), f"dev says {found}, the kernel {theirs[other]}")
    disks = {line.split()[0] for line in dump.said("proc/diskstats")}
    for major, name, rest in ours["BLKDEV"]:
        dump.expect((rest[0] != "(none)") == (major in disks), f"{name} has the disk {rest}")
    for kind, name, wanted in (("CHRDEV", "mem", "memory_fops"), ("CHRDEV", "ttyS", "tty_fops"),
                               ("CHRDEV", "rtc", "rtc_dev_fops"), ("BLKDEV", "virtblk", "virtblk_fops")):
        # Of a module without symbols for its data, only a place behind its functions is known.
        functions = [rest[-1] for _, known, rest in ours[kind] if known == name]
        dump.expect(functions and (functions[0] == wanted or "+" in functions[0]), f"{name} has {functions}")


def check_resources(dump):
    """The trees of ports and addresses, and the PCI devices that dmesg names."""
    _, rows, pci = dump.ask("set json on", "dev -i", "dev -p")
    rows = records(rows)
    for space, file in (("ports", "ioports"), ("memory", "iomem")):
        ours = [(row["depth"] - 1, row["start"], row["end"], row["name"])
                for row in rows if row["space"] == space and row["depth"] > 0]
        wanted = []
        for line in dump.said(f"proc/{file}"):
            indent, start, end, name = re.match(r"( *)([0-9a-f]+)-([0-9a-f]+) : (.*)$", line.rstrip()).groups()
            wanted.append((len(indent) // 2, int(start, 16), int(end, 16), name))
        dump.expect(ours == wanted, f"{file}: {sorted(set(ours) ^ set(wanted))}")
        dump.expect(wanted, f"the truth has no {file}")
    ours = {row["name"]: (row["vendor"], row["device"], row["class"]) for row in records(pci) if "pci_dev" in row}
    theirs = {}
    for line in dump.said("dmesg"):
        match = re.search(r"pci (\S+): \[([0-9a-f]+):([0-9a-f]+)\] type .* class 0x([0-9a-f]+)", line)
        if match:
            theirs[match[1]] = tuple(int(word, 16) for word in match.groups()[1:])
    dump.expect(ours == theirs and len(theirs) > 2, f"dev -p says {ours}, dmesg {theirs}")


def check_disks(dump):
    """Requests completed and on their way: little is read or written between the snapshot and the crash."""
    _, lines, busy = dump.ask("set json on", "dev -d", "dev -D")
    ours = {row["name"]: row for row in records(lines)}
    wanted = {words[2]: words for words in map(str.split, dump.said("proc/diskstats"))}
    spare = {name for name in wanted if name.startswith(("loop", "ram"))}
    dump.expect(set(ours) - spare == set(wanted) - spare, f"dev -d knows {set(ours)}, the kernel {set(wanted)}")
    dump.expect({row["name"] for row in records(busy)} <= set(ours), f"dev -D: {busy}")
    for name, row in ours.items():
        words = wanted.get(name, ["0"] * 14)
        dump.expect(row["major"] == int(words[0]), f"{name}: {row}, was {words}")
        for kind, was in (("reads", int(words[3])), ("writes", int(words[7]))):
            number = row["completed"][kind]
            dump.expect(was <= number <= was + 2000, f"{name}: {number} {kind}, were {was}")
        dump.expect(sum(row["in_progress"].values()) <= 64, f"{name}: {row}")


def said_interfaces(dump):
    """name -> {index, mtu, hardware address, addresses} of what "ip addr" printed."""
    found, current = {}, None
    for line in dump.said("ip-addr"):
        if match := re.match(r"(\d+): ([^:@]+)[@:].* mtu (\d+) ", line):
            current = found[match[2]] = {"index": int(match[1]), "mtu": int(match[3]), "addresses": set()}
        elif match := re.match(r" +link/\S+ ([0-9a-f:]+) ", line):
            current["hardware_address"] = match[1]
        elif match := re.match(r" +inet6? ([0-9a-f.:]+)(?: peer \S+)?/(\d+) ", line):
            current["addresses"].add((match[1], int(match[2])))
    return found


def check_network(dump):
    """Devices with their addresses, and the neighbours."""
    _, devices, arp, all_known = dump.ask("set json on", "net", "net -a", "net -A")
    ours = {row["name"]: row for row in records(devices)}
    theirs = said_interfaces(dump)
    for name, wanted in theirs.items():
        row = ours.get(name, {})
        found = {key: row.get(key) for key in wanted}
        found["addresses"] = {(each["address"], each["prefix"]) for each in row.get("addresses", [])}
        dump.expect(found == wanted, f"{name}: {found}, was {wanted}")
    dump.expect(len(theirs) > 2 and sum(len(each["addresses"]) for each in theirs.values()) > 5, f"only {theirs}")
    check_contained(dump, {row["net_device"] for row in ours.values()})
    known = {row["ip_address"]: row for row in records(arp)}
    for line in dump.said("proc/net/arp")[1:]:
        ip, _, _, hardware, _, device = line.split()
        row = known.get(ip, {})
        found = (row.get("hardware_address"), row.get("device"))
        dump.expect(found == (hardware, device), f"{ip}: {found}, was {line}")
    everyone = {row["ip_address"]: row for row in records(all_known)}
    dump.expect(set(known) <= set(everyone) and any(":" in ip for ip in everyone), f"net -A knows {set(everyone)}")
    for words in map(str.split, dump.said("ip-neigh")):
        row = everyone.get(words[0], {})
        found = (row.get("device"), row.get("hardware_address"))
        dump.expect(found == (words[2], words[4]), f"{words[0]}: {found}, was {words}")


def check_contained(dump, outside):
    """A process in a name space of its own has a loopback device of its own, and no other."""
    pid = next(pid for pid, process in dump.processes().items() if process[0] == "contained-1")
    _, lines = dump.ask("set json on", f"net -n {pid}")
    rows = records(lines)
    dump.expect([row["name"] for row in rows] == ["lo"], f"net -n {pid} says {rows}")
    dump.expect(not {row["net_device"] for row in rows} & outside, f"{rows} are devices of all")


def plain_endpoint(text):
    """/proc's "0100007F:1F90": words of the machine, and a number."""
    address, port = text.split(":")
    words = [bytes.fromhex(address[i:i + 8])[::-1] for i in range(0, len(address), 8)]
    return str(ipaddress.ip_address(b"".join(words))), int(port, 16)


STATES = "- ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING".split()


def check_sockets(dump):
    """The sockets of steady processes: file descriptors, both ends, states, queues."""
    _, lines = dump.ask("set json on", "foreach gleader net -s")
    ours = {row["pid"]: {str(each["fd"]): each for each in row["sockets"]} for row in records(lines)}
    by_inode = {each["inode"]: each for sockets in ours.values() for each in sockets.values()}
    opened = 0
    for pid in dump.processes():
        path = dump.truth / f"proc/pids/{pid}/fd"
        if pid == 1 or not path.exists() or pid not in ours:
            continue
        text = path.read_text(errors="replace")
        wanted = dict(re.findall(r"^(\d+) -> socket:\[(\d+)\]$", text, re.MULTILINE))
        found = {descriptor: str(each["inode"]) for descriptor, each in ours[pid].items()}
        dump.expect(found == wanted, f"process {pid}: sockets {found}, was {wanted}")
        opened += len(wanted)
    compared = 0
    for file in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        for words in (line.split() for line in dump.said(f"proc/net/{file}")[1:]):
            each = by_inode.get(int(words[9]))
            if each is None:
                continue
            compared += 1
            found = [(each[end]["address"], each[end]["port"]) for end in ("source", "destination")]
            found += [each["state"], each["send_queue"], each["receive_queue"]]
            queues = [int(word, 16) for word in words[4].split(":")]
            wanted = [plain_endpoint(words[1]), plain_endpoint(words[2]), STATES[int(words[3], 16)], *queues]
            dump.expect(found == wanted, f"{file}, inode {words[9]}: {found}, was {wanted}")
    types = {"0001": "UNIX:STREAM", "0002": "UNIX:DGRAM", "0005": "UNIX:SEQPACKET"}
    for words in (line.split() for line in dump.said("proc/net/unix")[1:]):
        each = by_inode.get(int(words[6]))
        if each is None:
            continue
        compared += 1
        found = (each["kind"], each["name"])
        dump.expect(found == (types[words[4]], (words[7:] or [""])[0]), f"UNIX, inode {words[6]}: {found}, was {words}")
    dump.expect(opened > 5 and compared > 5, f"only {opened} sockets, {compared} of them compared")
