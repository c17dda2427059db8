// SPDX-License-Identifier: GPL-3.0-or-later
//
// The lowest three bits of an instruction's code are its class. Arithmetic and
// jumps have their operation in the upper four and bit 3 for a register as
// operand; loads and stores have a size in bits 3 and 4 and a mode above.
// Registers of which 32 bits count are called w.

#include "arch/bpf.h"

#include <array>

#include <fmt/format.h>

namespace inquest {
namespace {

enum Class : unsigned { ld, ldx, st, stx, alu, jmp, jmp32, alu64 };

constexpr unsigned by_register = 0x08;
constexpr unsigned operation_mask = 0xf0;
constexpr unsigned mode_mask = 0xe0;
constexpr unsigned wide_load = 0x18;

// Of loads and stores; those that may fault are rewritten by the verifier.
enum Mode : unsigned {
  imm = 0x00,
  abs = 0x20,  // of packets; elsewhere a load that may fault
  ind = 0x40,  // the same, with a sign
  mem = 0x60,
  memsx = 0x80,
  mem32 = 0xa0,
  atomic = 0xc0,
  probe_atomic = 0xe0,
};

unsigned class_of(const BpfInstruction& one) {
  return one.code & 7U;
}

unsigned operation_of(const BpfInstruction& one) {
  return one.code & operation_mask;
}

bool has_register(const BpfInstruction& one) {
  return (one.code & by_register) != 0;
}

std::string unknown(const BpfInstruction& one) {
  return fmt::format("BUG_{:02x}", one.code);
}

// "u32", or with a sign.
std::string size_name(const BpfInstruction& one, char sign = 'u') {
  constexpr std::array<unsigned, 4> bits = {32, 16, 8, 64};
  return fmt::format("{}{}", sign, bits.at(one.code >> 3 & 3U));
}

// "(u32 *)(r1 +4)".
std::string place(const BpfInstruction& one, unsigned base, char sign = 'u') {
  return fmt::format("({} *)(r{} {:+})", size_name(one, sign), base,
                     one.offset);
}

// ---- Arithmetic ----

std::string_view arithmetic_sign(unsigned operation) {
  constexpr std::array<std::string_view, 16> signs = {
      "+=", "-=", "*=", "/=", "|=",   "&=", "<<=", ">>=",
      "",   "%=", "^=", "=",  "s>>=", "",   "",    ""};
  return signs.at(operation >> 4);
}

std::string byte_swap(const BpfInstruction& one) {
  std::string_view kind = has_register(one) ? "be" : "le";
  if (class_of(one) == alu64) kind = "bswap";
  return fmt::format("r{0} = {1}{2} r{0}", one.target, kind, one.immediate);
}

// A move that does more, by its offset; "" is a plain one.
std::string special_move(const BpfInstruction& one, char kind) {
  constexpr unsigned move = 0xb0;
  if (operation_of(one) != move || !has_register(one) || one.offset == 0) {
    return "";
  }
  if (one.offset == 1) {
    auto spaces = static_cast<std::uint32_t>(one.immediate);
    return fmt::format("r{} = addr_space_cast(r{}, {}, {})", one.target,
                       one.source, spaces >> 16, spaces & 0xffff);
  }
  if (one.offset == -1) {
    return fmt::format("r{} = &(void __percpu *)(r{})", one.target, one.source);
  }
  return fmt::format("{0}{1} = (s{2}){0}{3}", kind, one.target, one.offset,
                     one.source);
}

std::string arithmetic(const BpfInstruction& one) {
  constexpr unsigned negate = 0x80, end = 0xd0, divide = 0x30, modulo = 0x90;
  char kind = class_of(one) == alu64 ? 'r' : 'w';
  unsigned operation = operation_of(one);
  if (operation == end) return byte_swap(one);
  if (operation == negate) {
    return fmt::format("{0}{1} = -{0}{1}", kind, one.target);
  }
  if (auto special = special_move(one, kind); !special.empty()) return special;
  std::string sign(arithmetic_sign(operation));
  if (sign.empty()) return unknown(one);
  bool is_division = operation == divide || operation == modulo;
  if (is_division && one.offset == 1) sign = "s" + sign;
  if (has_register(one)) {
    return fmt::format("{0}{1} {2} {0}{3}", kind, one.target, sign, one.source);
  }
  return fmt::format("{}{} {} {}", kind, one.target, sign, one.immediate);
}

// ---- Loads and stores ----

std::string_view atomic_name(unsigned operation) {
  switch (operation) {
    case 0x00:
      return "add";
    case 0x40:
      return "or";
    case 0x50:
      return "and";
    case 0xa0:
      return "xor";
    default:
      return "";
  }
}

std::string atomic_operation(const BpfInstruction& one) {
  constexpr int fetch = 1, exchange = 0xe1, compare = 0xf1;
  constexpr int acquire = 0x100, release = 0x110;
  std::string at = place(one, one.target);
  std::string_view width = (one.code & 0x18U) == 0x18U ? "64" : "";
  if (one.immediate == acquire) {
    return fmt::format("r{} = load_acquire({})", one.target,
                       place(one, one.source));
  }
  if (one.immediate == release) {
    return fmt::format("store_release({}, r{})", at, one.source);
  }
  if (one.immediate == exchange) {
    return fmt::format("r{0} = atomic{1}_xchg({2}, r{0})", one.source, width,
                       at);
  }
  if (one.immediate == compare) {
    return fmt::format("r0 = atomic{}_cmpxchg({}, r0, r{})", width, at,
                       one.source);
  }
  auto operation = static_cast<unsigned>(one.immediate & ~fetch) & 0xfffU;
  std::string_view name = atomic_name(operation);
  if (name.empty()) return unknown(one);
  if ((one.immediate & fetch) != 0) {
    return fmt::format("r{0} = atomic{1}_fetch_{2}({3}, r{0})", one.source,
                       width, name, at);
  }
  return fmt::format("lock *{} {} r{}", at, arithmetic_sign(operation),
                     one.source);
}

std::string store(const BpfInstruction& one) {
  bool has_source = class_of(one) == stx;
  unsigned mode = one.code & mode_mask;
  if (mode == atomic || mode == probe_atomic) {
    return has_source ? atomic_operation(one) : "nospec";
  }
  if (mode != mem && mode != mem32) return unknown(one);
  std::string to = "*" + place(one, one.target);
  return has_source ? fmt::format("{} = r{}", to, one.source)
                    : fmt::format("{} = {}", to, one.immediate);
}

std::string load(const BpfInstruction& one) {
  unsigned mode = one.code & mode_mask;
  if (mode == imm || mode >= atomic) return unknown(one);
  bool is_signed = mode == memsx || mode == ind;
  return fmt::format("r{} = *{}", one.target,
                     place(one, one.source, is_signed ? 's' : 'u'));
}

std::string packet_or_constant(const BpfInstruction& one,
                               const BpfNames& names) {
  switch (one.code & mode_mask) {
    case abs:
      return fmt::format("r0 = *({} *)skb[{}]", size_name(one), one.immediate);
    case ind:
      return fmt::format("r0 = *({} *)skb[r{} + {}]", size_name(one),
                         one.source, one.immediate);
    default:
      break;
  }
  if (!one.wide) return unknown(one);
  std::string name = names.constant ? names.constant(*one.wide) : "";
  if (name.empty()) name = fmt::format("{:#x}", *one.wide);
  return fmt::format("r{} = {}", one.target, name);
}

// ---- Jumps ----

std::string call(const BpfInstruction& one, const BpfNames& names) {
  constexpr unsigned of_program = 1;
  if (has_register(one)) return fmt::format("callx r{}", one.target);
  if (one.source == of_program) {
    return fmt::format("call pc{:+}", one.immediate);
  }
  std::string name = names.function ? names.function(one.immediate) : "";
  return fmt::format("call {}#{}", name.empty() ? "unknown" : name,
                     one.immediate);
}

std::string_view comparison(unsigned operation) {
  constexpr std::array<std::string_view, 16> signs = {
      "", "==", ">", ">=", "&",  "!=",  "s>", "s>=",
      "", "",   "<", "<=", "s<", "s<=", "",   ""};
  return signs.at(operation >> 4);
}

std::string conditional(const BpfInstruction& one) {
  std::string_view sign = comparison(operation_of(one));
  if (sign.empty()) return unknown(one);
  char kind = class_of(one) == jmp ? 'r' : 'w';
  std::string operand =
      has_register(one)
          ? fmt::format("{}{}", kind, one.source)
          : fmt::format("{:#x}", static_cast<std::uint32_t>(one.immediate));
  return fmt::format("if {}{} {} {} goto pc{:+}", kind, one.target, sign,
                     operand, one.offset);
}

std::string jump(const BpfInstruction& one, const BpfNames& names) {
  constexpr unsigned always = 0x00, calls = 0x80, leave = 0x90;
  constexpr unsigned sometimes = 0xe0, tail_call = 0xf0;
  bool is_wide = class_of(one) == jmp32;
  switch (operation_of(one)) {
    case always:
      if (has_register(one)) return fmt::format("gotox r{}", one.target);
      return is_wide ? fmt::format("gotol pc{:+}", one.immediate)
                     : fmt::format("goto pc{:+}", one.offset);
    case calls:
      return is_wide ? unknown(one) : call(one, names);
    case leave:
      return is_wide ? unknown(one) : "exit";
    case sometimes:
      return is_wide ? unknown(one)
                     : fmt::format("may_goto pc{:+}", one.offset);
    case tail_call:
      return is_wide ? unknown(one) : "call bpf_tail_call#12";
    default:
      return conditional(one);
  }
}

}  // namespace

Result<BpfInstruction> bpf_instruction(Bytes code, std::endian endian) {
  constexpr std::size_t immediate_at = 4;
  Bytes unit = TRY(slice(code, 0, BpfInstruction::unit, "a BPF instruction"));
  BpfInstruction one;
  one.code = std::to_integer<std::uint8_t>(unit[0]);
  auto registers = std::to_integer<unsigned>(unit[1]);
  bool is_little = endian == std::endian::little;
  one.target = is_little ? registers & 15U : registers >> 4;
  one.source = is_little ? registers >> 4 : registers & 15U;
  one.offset =
      static_cast<std::int16_t>(load_unsigned(unit.subspan(2, 2), endian));
  std::uint64_t low = load_unsigned(unit.subspan(immediate_at, 4), endian);
  one.immediate = static_cast<std::int32_t>(low);
  if (one.code != wide_load) return one;
  Bytes second = TRY(slice(code, BpfInstruction::unit, BpfInstruction::unit,
                           "the second half of a BPF instruction"));
  one.wide = low | load_unsigned(second.subspan(immediate_at, 4), endian) << 32;
  return one;
}

std::string bpf_text(const BpfInstruction& instruction, const BpfNames& names) {
  switch (class_of(instruction)) {
    case ld:
      return packet_or_constant(instruction, names);
    case ldx:
      return load(instruction);
    case st:
    case stx:
      return store(instruction);
    case jmp:
    case jmp32:
      return jump(instruction, names);
    default:
      return arithmetic(instruction);
  }
}

}  // namespace inquest
