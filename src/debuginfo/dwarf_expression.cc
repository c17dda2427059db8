// SPDX-License-Identifier: GPL-3.0-or-later
#include <dwarf.h>
#include <fmt/format.h>

#include "debuginfo/cfi.h"
#include "debuginfo/dwarf_cursor.h"

namespace inquest {
namespace {

// What unwinding needs is a handful; a loop may not go on for ever.
constexpr unsigned most_steps = 1000;
constexpr std::size_t deepest_stack = 64;

class Machine {
 public:
  Machine(Bytes expression, const CfiFrame& frame, std::endian endian,
          unsigned pointer_size)
      : frame_(frame),
        cursor_(expression, 0, endian),
        pointer_size_(pointer_size) {}

  Result<std::uint64_t> run(std::optional<std::uint64_t> start) {
    if (start) push(*start);
    for (unsigned i = 0; cursor_.is_good() && !cursor_.at_end(); ++i) {
      if (i == most_steps) return corrupt("does not end");
      TRY(step(static_cast<unsigned>(cursor_.fixed(1))));
      if (is_underflow_) return corrupt("takes from an empty stack");
      if (stack_.size() > deepest_stack) return corrupt("stack too deep");
    }
    if (!cursor_.is_good()) return corrupt("cut off");
    if (stack_.empty()) return corrupt("yields nothing");
    return stack_.back();
  }

 private:
  Result<void> step(unsigned operation) {
    if (operation >= DW_OP_lit0 && operation <= DW_OP_lit31) {
      push(operation - DW_OP_lit0);
      return {};
    }
    if (operation >= DW_OP_breg0 && operation <= DW_OP_breg31) {
      return push_register(operation - DW_OP_breg0);
    }
    if (operation == DW_OP_bregx) {
      return push_register(static_cast<unsigned>(cursor_.uleb()));
    }
    if (run_constant(operation) || run_move(operation) ||
        run_unary(operation) || run_jump(operation) || run_binary(operation)) {
      return {};
    }
    if (operation == DW_OP_deref) return load(pointer_size_);
    if (operation == DW_OP_deref_size) {
      return load(static_cast<unsigned>(cursor_.fixed(1)));
    }
    if (operation == DW_OP_nop || operation == DW_OP_stack_value) return {};
    return Error(ErrorKind::unsupported,
                 fmt::format("DWARF operation {:#x}", operation));
  }

  // Each of these runs |operation| when it is one of its kind.
  bool run_constant(unsigned operation) {
    auto sign = [](std::uint64_t value, unsigned bits) {
      return static_cast<std::uint64_t>(sign_extend(value, bits));
    };
    switch (operation) {
      case DW_OP_addr:
        push(cursor_.fixed(pointer_size_));
        break;
      case DW_OP_const1u:
        push(cursor_.fixed(1));
        break;
      case DW_OP_const1s:
        push(sign(cursor_.fixed(1), 8));
        break;
      case DW_OP_const2u:
        push(cursor_.fixed(2));
        break;
      case DW_OP_const2s:
        push(sign(cursor_.fixed(2), 16));
        break;
      case DW_OP_const4u:
        push(cursor_.fixed(4));
        break;
      case DW_OP_const4s:
        push(sign(cursor_.fixed(4), 32));
        break;
      case DW_OP_const8u:
      case DW_OP_const8s:
        push(cursor_.fixed(8));
        break;
      case DW_OP_constu:
        push(cursor_.uleb());
        break;
      case DW_OP_consts:
        push(static_cast<std::uint64_t>(cursor_.sleb()));
        break;
      default:
        return false;
    }
    return true;
  }

  bool run_move(unsigned operation) {
    switch (operation) {
      case DW_OP_dup:
        pick(0);
        break;
      case DW_OP_over:
        pick(1);
        break;
      case DW_OP_pick:
        pick(cursor_.fixed(1));
        break;
      case DW_OP_drop:
        pop();
        break;
      case DW_OP_swap: {
        std::uint64_t top = pop();
        std::uint64_t second = pop();
        push(top);
        push(second);
        break;
      }
      case DW_OP_rot: {
        std::uint64_t top = pop();
        std::uint64_t second = pop();
        std::uint64_t third = pop();
        push(top);
        push(third);
        push(second);
        break;
      }
      default:
        return false;
    }
    return true;
  }

  bool run_unary(unsigned operation) {
    switch (operation) {
      case DW_OP_abs: {
        std::uint64_t value = pop();
        push(static_cast<std::int64_t>(value) < 0 ? -value : value);
        break;
      }
      case DW_OP_neg:
        push(-pop());
        break;
      case DW_OP_not:
        push(~pop());
        break;
      case DW_OP_plus_uconst:
        push(pop() + cursor_.uleb());
        break;
      default:
        return false;
    }
    return true;
  }

  bool run_jump(unsigned operation) {
    if (operation != DW_OP_skip && operation != DW_OP_bra) return false;
    auto distance = sign_extend(cursor_.fixed(2), 16);
    if (operation == DW_OP_bra && pop() == 0) return true;
    cursor_.seek(cursor_.offset() + static_cast<std::uint64_t>(distance));
    return true;
  }

  bool run_binary(unsigned operation) {
    if (operation < DW_OP_and || operation > DW_OP_ne) return false;
    std::uint64_t right = pop();
    std::uint64_t left = pop();
    push(binary(operation, left, right));
    return true;
  }

  static std::uint64_t binary(unsigned operation, std::uint64_t left,
                              std::uint64_t right) {
    auto a = static_cast<std::int64_t>(left);
    auto b = static_cast<std::int64_t>(right);
    bool is_wide = right >= 64;
    switch (operation) {
      case DW_OP_and:
        return left & right;
      case DW_OP_div:
        if (b == 0 || b == -1) return b == 0 ? 0 : -left;
        return static_cast<std::uint64_t>(a / b);
      case DW_OP_minus:
        return left - right;
      case DW_OP_mod:
        return right == 0 ? 0 : left % right;
      case DW_OP_mul:
        return left * right;
      case DW_OP_or:
        return left | right;
      case DW_OP_plus:
        return left + right;
      case DW_OP_shl:
        return is_wide ? 0 : left << right;
      case DW_OP_shr:
        return is_wide ? 0 : left >> right;
      case DW_OP_shra:
        return static_cast<std::uint64_t>(a >> (is_wide ? 63 : right));
      case DW_OP_xor:
        return left ^ right;
      case DW_OP_eq:
        return left == right;
      case DW_OP_ge:
        return a >= b;
      case DW_OP_gt:
        return a > b;
      case DW_OP_le:
        return a <= b;
      case DW_OP_lt:
        return a < b;
      case DW_OP_ne:
        return left != right;
      default:
        return 0;
    }
  }

  Result<void> push_register(unsigned number) {
    std::int64_t offset = cursor_.sleb();
    auto value = frame_.reg(number);
    if (!value) {
      return Error(ErrorKind::fault,
                   fmt::format("register {} is not known", number));
    }
    push(*value + static_cast<std::uint64_t>(offset));
    return {};
  }

  Result<void> load(unsigned size) {
    if (size == 0 || size > 8) return corrupt("reads an impossible size");
    push(TRY(frame_.memory(Address{pop()}, size)));
    return {};
  }

  void push(std::uint64_t value) { stack_.push_back(value); }
  std::uint64_t pop() {
    if (stack_.empty()) {
      is_underflow_ = true;
      return 0;
    }
    std::uint64_t top = stack_.back();
    stack_.pop_back();
    return top;
  }
  void pick(std::uint64_t depth) {
    if (depth >= stack_.size()) {
      is_underflow_ = true;
    } else {
      push(stack_[stack_.size() - 1 - depth]);
    }
  }

  static Error corrupt(std::string_view what) {
    return Error(ErrorKind::corrupt,
                 fmt::format("a DWARF expression {}", what));
  }

  const CfiFrame& frame_;
  DwarfCursor cursor_;
  unsigned pointer_size_;
  std::vector<std::uint64_t> stack_;
  bool is_underflow_ = false;
};

}  // namespace

Result<std::uint64_t> evaluate_dwarf(Bytes expression,
                                     std::optional<std::uint64_t> start,
                                     const CfiFrame& frame, std::endian endian,
                                     unsigned pointer_size) {
  return Machine(expression, frame, endian, pointer_size).run(start);
}

}  // namespace inquest
