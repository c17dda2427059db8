// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/audit.h"

#include <algorithm>
#include <set>

#include "base/interrupt.h"

namespace inquest {
namespace {

constexpr std::size_t most_records = 1 << 20;
constexpr std::uint64_t longest_record = 64 << 10;

// The data of a socket buffer: a netlink header (length, type, ...) of 16
// bytes, then the text. The header's length is without itself in some kernels,
// the buffer's is that of both.
Result<AuditRecord> audit_record(const Object& buffer) {
  constexpr std::uint64_t header_size = 16;
  Address data = TRY(buffer["data"].to_address());
  const AddressSpace& memory = buffer.space();
  AuditRecord record;
  std::uint64_t length = TRY(buffer["len"].to_unsigned());
  record.type = static_cast<unsigned>(TRY(memory.load(data + 4, 2)));
  length = std::clamp(length, header_size, longest_record) - header_size;
  record.text = TRY(memory.c_string(data + header_size, length));
  return record;
}

// What was found before the queue breaks off is kept.
Result<void> add_queue(const Kernel& kernel, std::string_view name,
                       std::vector<Result<AuditRecord>>& records) {
  Object head = kernel.variable(name, "struct sk_buff_head");
  const Type* type = TRY(kernel.structure("sk_buff"));
  Address next = TRY(head["next"].to_address());
  std::set<Address> seen;
  while (next != head.address() && next.value != 0 && !interrupted()) {
    if (!seen.insert(next).second || seen.size() > most_records) {
      return Error(ErrorKind::corrupt, std::string(name) + " does not end");
    }
    Object buffer(kernel.memory(), *type, next);
    records.push_back(audit_record(buffer));
    next = TRY(buffer["next"].to_address());
  }
  return {};
}

Result<SafeBuffer> safe_buffer(const Object& buffer) {
  SafeBuffer found;
  found.address = buffer.address();
  found.length = TRY(buffer["len"]["counter"].to_unsigned());
  found.lost = TRY(buffer["message_lost"]["counter"].to_unsigned());
  Object text = buffer["buffer"];
  if (text.fault() != nullptr) return *text.fault();
  std::uint64_t size = std::min(found.length, text.type().size());
  auto bytes = TRY(buffer.space().bytes(text.address(), size));
  found.text = as_text(bytes);
  return found;
}

}  // namespace

// audit_queue and two more since 4.10 (3197542482df); before audit_skb_queue.
Result<std::vector<Result<AuditRecord>>> audit_records(const Kernel& kernel) {
  std::vector<Result<AuditRecord>> records;
  bool is_any = false;
  for (std::string_view name :
       {"audit_hold_queue", "audit_retry_queue", "audit_queue",
        "audit_skb_hold_queue", "audit_skb_queue"}) {
    if (!kernel.has_symbol(name)) continue;
    is_any = true;
    auto added = add_queue(kernel, name, records);
    if (!added) records.emplace_back(added.error());
  }
  if (!is_any) {
    return Error(ErrorKind::not_found, "this kernel has no audit queue");
  }
  return records;
}

Result<std::vector<Result<SafeBuffer>>> safe_buffers(const Kernel& kernel) {
  std::vector<Result<SafeBuffer>> found;
  bool is_any = false;
  for (std::string_view name : {"nmi_print_seq", "safe_print_seq"}) {
    if (!kernel.has_symbol(name)) continue;
    is_any = true;
    for (unsigned cpu : kernel.possible_cpus()) {
      auto buffer =
          safe_buffer(kernel.per_cpu(name, "struct printk_safe_seq_buf", cpu));
      if (buffer) {
        SafeBuffer named = std::move(buffer).value();
        named.name = name;
        named.cpu = cpu;
        found.emplace_back(std::move(named));
      } else {
        found.emplace_back(std::move(buffer).error());
      }
    }
  }
  if (!is_any) {
    return Error(ErrorKind::unsupported,
                 "this kernel has no buffers for what printk could not log "
                 "at once (nmi_print_seq, safe_print_seq: 4.10 to 5.14)");
  }
  return found;
}

}  // namespace inquest
