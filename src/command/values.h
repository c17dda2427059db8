// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands that show C values share: where names come from, how
// values are laid out, CPU lists, addresses, and values as data.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/command.h"
#include "types/expression.h"
#include "types/value_text.h"

namespace inquest {

// The kernel's variables, functions and per-CPU templates, and the session's
// value history. |space| is where pointers lead: the kernel's, or a task's.
class SessionScope : public Scope {
 public:
  SessionScope(const Session& session, const AddressSpace& space)
      : session_(session), space_(space) {}

  const AddressSpace& space() const override { return space_; }
  Types& types() const override { return session_.kernel.types(); }
  Object variable(std::string_view name) const override;
  Object history(int number, bool from_end) const override;

 private:
  const Session& session_;
  const AddressSpace& space_;
};

// As the session's settings say; |radix| of an option goes first.
ValueStyle value_style(const Session& session, std::optional<unsigned> radix);

// The user memory of the task that commands mean.
Result<std::unique_ptr<AddressSpace>> user_space(const Session& session);

// The dump's first file, byte by byte: addresses are offsets in it.
Result<std::unique_ptr<AddressSpace>> file_space(const Kernel& kernel);

// Whether |at| is the template of a per-CPU variable of vmlinux.
bool is_per_cpu(const Kernel& kernel, Address at);
// "a", "all", "0,2-3", "" (|own|). |not_found| in crash's words.
Result<std::vector<unsigned>> cpu_spec(const Kernel& kernel,
                                       std::string_view text, unsigned own);
// The CPU of the task that commands mean; 0 where that is unknown.
unsigned own_cpu(const Session& session);

// |word| is an address in hexadecimal, a symbol, or a sum in parentheses.
Result<Address> address_of(const Kernel& kernel, std::string_view word);

// The same, or a C expression in parentheses or behind a '&': the value of a
// pointer or number, the place of anything else.
Result<Address> start_address(const Session& session, const std::string& word);

// A distance in a structure: a number, or the offset of "struct.member".
Result<std::uint64_t> member_distance(Types& types, std::string_view text);

// The message of a failed read as gdb has it, with our reason behind it.
Error as_gdb_error(const Error& error);

// The same in crash's words: |space| is "kernel virtual address" or the like,
// |what| was to be read.
Error failed_read(std::string_view space, Address at, std::string_view what,
                  const Error& error);

// A value as data: structures are records, char arrays text, pointers
// addresses, enumerations names; what cannot be read is an error in its place.
report::Value to_value(const Object& object);

}  // namespace inquest
