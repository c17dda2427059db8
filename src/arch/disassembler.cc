// SPDX-License-Identifier: GPL-3.0-or-later
//
// libopcodes is found at build time and opened by its soname when the first
// instruction is decoded: the structure that carries everything in and out
// changes between its releases, so no other release will do. The library with
// all architectures is preferred; the host's own is the second choice.
#include "arch/disassembler.h"

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <optional>
#include <utility>

#include <dis-asm.h>
#include <dlfcn.h>
#include <elf.h>
#include <fmt/format.h>

namespace inquest {
namespace {

struct Target {
  bfd_architecture arch;
  unsigned long machine;
};

std::optional<Target> target_of(unsigned elf_machine) {
  switch (elf_machine) {
    case EM_X86_64:
      return Target{bfd_arch_i386, bfd_mach_x86_64};
    case EM_386:
      return Target{bfd_arch_i386, bfd_mach_i386_i386};
    case EM_AARCH64:
      return Target{bfd_arch_aarch64, bfd_mach_aarch64};
    case EM_S390:
      return Target{bfd_arch_s390, bfd_mach_s390_64};
    case EM_PPC64:
      return Target{bfd_arch_powerpc, bfd_mach_ppc64};
    case EM_RISCV:
      return Target{bfd_arch_riscv, bfd_mach_riscv64};
    default:
      return std::nullopt;
  }
}

struct Close {
  void operator()(void* library) const { dlclose(library); }
};
using Library = std::unique_ptr<void, Close>;

// What is used of libopcodes.
struct Opcodes {
  decltype(&::disassembler) disassembler = nullptr;
  decltype(&::init_disassemble_info) init = nullptr;
  decltype(&::disassemble_init_for_target) init_target = nullptr;
  decltype(&::disassemble_free_target) free_target = nullptr;

  bool find_in(void* library) {
    return find(library, "disassembler", disassembler) &&
           find(library, "init_disassemble_info", init) &&
           find(library, "disassemble_init_for_target", init_target) &&
           find(library, "disassemble_free_target", free_target);
  }

 private:
  template <typename Function>
  static bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
  }
};

// One instruction on its way through libopcodes' callbacks.
struct Decoding {
  Bytes code;
  Address at;
  const Disassembler::AddressText* address_text = nullptr;
  std::string text;
  std::optional<Address> unread;
};

Decoding& decoding(disassemble_info* info) {
  return *static_cast<Decoding*>(info->stream);
}

void add_formatted(Decoding& to, const char* format, va_list values) {
  std::array<char, 256> text;
  // clang-tidy 14 does not see that the callers started |values|.
  // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized)
  int size = std::vsnprintf(text.data(), text.size(), format, values);
  if (size <= 0) return;
  to.text.append(text.data(),
                 std::min(static_cast<std::size_t>(size), text.size() - 1));
}

int print(void* stream, const char* format, ...) {
  va_list values;
  va_start(values, format);
  add_formatted(*static_cast<Decoding*>(stream), format, values);
  va_end(values);
  return 0;
}

int print_styled(void* stream, disassembler_style, const char* format, ...) {
  va_list values;
  va_start(values, format);
  add_formatted(*static_cast<Decoding*>(stream), format, values);
  va_end(values);
  return 0;
}

int read_code(bfd_vma from, bfd_byte* out, unsigned size,
              disassemble_info* info) {
  const Decoding& now = decoding(info);
  std::uint64_t offset = from - now.at.value;
  if (offset > now.code.size() || size > now.code.size() - offset) return EIO;
  std::memcpy(out, now.code.data() + offset, size);
  return 0;
}

void note_unread(int, bfd_vma at, disassemble_info* info) {
  decoding(info).unread = Address{at};
}

void print_address(bfd_vma at, disassemble_info* info) {
  Decoding& now = decoding(info);
  now.text += (*now.address_text)(Address{at});
}

class OpcodesDisassembler : public Disassembler {
 public:
  OpcodesDisassembler(Library library, const Opcodes& opcodes,
                      const Target& target, std::endian endian,
                      AddressText address_text)
      : library_(std::move(library)),
        opcodes_(opcodes),
        address_text_(std::move(address_text)) {
    opcodes_.init(&info_, nullptr, print, print_styled);
    info_.arch = target.arch;
    info_.mach = target.machine;
    info_.endian =
        endian == std::endian::little ? BFD_ENDIAN_LITTLE : BFD_ENDIAN_BIG;
    info_.endian_code = info_.endian;
    info_.read_memory_func = read_code;
    info_.memory_error_func = note_unread;
    info_.print_address_func = print_address;
    opcodes_.init_target(&info_);
    decode_ = opcodes_.disassembler(target.arch, endian == std::endian::big,
                                    target.machine, nullptr);
  }
  OpcodesDisassembler(const OpcodesDisassembler&) = delete;
  OpcodesDisassembler& operator=(const OpcodesDisassembler&) = delete;
  ~OpcodesDisassembler() override { opcodes_.free_target(&info_); }

  bool is_usable() const { return decode_ != nullptr; }
  Result<Instruction> decode(Bytes code, Address at) override;

 private:
  Library library_;
  Opcodes opcodes_;
  AddressText address_text_;
  disassemble_info info_ = {};
  disassembler_ftype decode_ = nullptr;
};

Result<Instruction> OpcodesDisassembler::decode(Bytes code, Address at) {
  Decoding now{code, at, &address_text_, {}, {}};
  info_.stream = &now;
  int size = decode_(at.value, &info_);
  info_.stream = nullptr;
  if (size <= 0) {
    return Error(ErrorKind::fault,
                 fmt::format("no whole instruction at {:#x}", at.value),
                 now.unread.value_or(at).value);
  }
  return Instruction{static_cast<unsigned>(size), std::move(now.text)};
}

}  // namespace

Result<std::unique_ptr<Disassembler>> Disassembler::open(
    const Arch& arch, const AddressText& address_text) {
  std::optional<Target> target = target_of(arch.elf_machine());
  if (!target) {
    return Error(ErrorKind::unsupported,
                 fmt::format("no disassembler for {}", arch.name()));
  }
  std::string tried;
  for (const char* name : {INQUEST_LIBOPCODES}) {
    Library library(dlopen(name, RTLD_NOW | RTLD_LOCAL));
    Opcodes opcodes;
    tried += fmt::format(" {}", name);
    if (!library || !opcodes.find_in(library.get())) continue;
    auto found = std::make_unique<OpcodesDisassembler>(
        std::move(library), opcodes, *target, arch.endian(), address_text);
    if (found->is_usable())
      return std::unique_ptr<Disassembler>(std::move(found));
  }
  return Error(
      ErrorKind::unsupported,
      fmt::format("no libopcodes for {}; tried{}", arch.name(), tried));
}

}  // namespace inquest
