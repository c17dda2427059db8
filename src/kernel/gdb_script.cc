// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/gdb_script.h"

namespace inquest {
namespace {

constexpr std::string_view script = R"PYTHON(
import gdb
from gdb.unwinder import Unwinder, register_unwinder

MASK = (1 << 64) - 1
KERNEL = 1 << 63


class EntryFrame:
    def __init__(self, sp, pc):
        self.sp, self.pc = gdb.Value(sp), gdb.Value(pc)


class EntryUnwinder(Unwinder):
    def __init__(self, start, end, pt_regs):
        super().__init__('linux-entry')
        self.start, self.end = start, end
        self.pt_regs = pt_regs.pointer()
        self.is_x86 = 'ip' in {field.name for field in pt_regs.fields()}

    def saved(self, regs):
        if self.is_x86:
            for name in ('bx', 'bp', 'ax', 'cx', 'dx', 'si', 'di', 'sp', 'ip'):
                yield 'r' + name, regs[name]
            for i in range(8, 16):
                yield 'r%d' % i, regs['r%d' % i]
        else:
            for i in range(31):
                yield 'x%d' % i, regs['regs'][i]
            yield 'sp', regs['sp']
            yield 'pc', regs['pc']

    def __call__(self, frame):
        pc = int(frame.read_register('pc')) & MASK
        sp = int(frame.read_register('sp')) & MASK
        if self.start <= pc < self.end:
            info = frame.create_unwind_info(EntryFrame(sp, pc))
            try:
                regs = gdb.Value(sp).cast(self.pt_regs).dereference()
                for name, value in list(self.saved(regs)):
                    value.fetch_lazy()
                    info.add_saved_register(name, value)
            except gdb.error:
                return None
            return info
        if pc < KERNEL and not gdb.find_pc_line(pc).symtab:
            info = frame.create_unwind_info(EntryFrame(sp, pc))
            word = gdb.lookup_type('unsigned long long')
            prefix, pc_name = ('r', 'ip') if self.is_x86 else ('', 'pc')
            info.add_saved_register(prefix + pc_name, gdb.Value(0).cast(word))
            info.add_saved_register(prefix + 'sp', gdb.Value(sp).cast(word))
            return info
        return None


def address(name):
    return int(gdb.parse_and_eval('(unsigned long long)&' + name)) & MASK


try:
    register_unwinder(None, EntryUnwinder(address('__entry_text_start'),
                                          address('__entry_text_end'),
                                          gdb.lookup_type('struct pt_regs')),
                      replace=True)
except gdb.error:
    pass
)PYTHON";

}  // namespace

std::string_view gdb_script() {
  return script;
}

}  // namespace inquest
