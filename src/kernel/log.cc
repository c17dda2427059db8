// SPDX-License-Identifier: GPL-3.0-or-later
// printk's log has had three forms.
//
// Since 5.10 (896fbe20b4e2) a lockless ring of descriptors, each with an
// index id. Descriptors, their infos and the ring of text blocks are three
// arrays whose sizes are powers of two; ids and text positions only grow, their
// low bits are the place in the array. The two top bits of a descriptor's
// state say how far its record has come.
//
// From 3.5 (7ff9554bb578) on a buffer of records of varying length, which
// begin with a header; a header of length 0 means: go on at the start.
//
// Before that a ring of bare text.

#include "kernel/log.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace inquest {
namespace {

constexpr std::uint64_t longest_text = 64 << 10;
constexpr unsigned most_ring_bits = 32;

// The caller as printk writes it (CONFIG_PRINTK_CALLER, 5.1).
std::string caller_text(std::uint64_t id) {
  constexpr std::uint64_t is_cpu = 0x80000000;
  return (id & is_cpu) != 0 ? fmt::format("C{}", id & ~is_cpu)
                            : fmt::format("T{}", id);
}

// ---- Since 5.10: printk_ringbuffer ----

class PrintkRing {
 public:
  static Result<PrintkRing> open(const Kernel& kernel);

  std::uint64_t first() const { return first_; }
  // How many ids there are to ask for.
  std::uint64_t count() const { return count_; }
  // Nothing where the record is not (or no longer) complete.
  Result<std::optional<LogRecord>> record(std::uint64_t id) const;

 private:
  explicit PrintkRing(Object ring) : ring_(std::move(ring)) {}

  Result<std::string> text(const Object& descriptor,
                           std::uint64_t length) const;
  std::uint64_t id_mask() const { return (std::uint64_t{1} << id_bits_) - 1; }

  Object ring_;
  unsigned id_bits_ = 62;
  std::uint64_t slots_ = 0;
  std::uint64_t first_ = 0, count_ = 0;
  std::uint64_t text_size_ = 0;
  Address text_;
};

Result<PrintkRing> PrintkRing::open(const Kernel& kernel) {
  PrintkRing ring(
      kernel.variable("prb", "struct printk_ringbuffer *").dereference());
  Object descriptors = ring.ring_["desc_ring"];
  Object text = ring.ring_["text_data_ring"];
  std::uint64_t slot_bits = TRY(descriptors["count_bits"].to_unsigned());
  std::uint64_t text_bits = TRY(text["size_bits"].to_unsigned());
  if (slot_bits > most_ring_bits || text_bits > most_ring_bits) {
    return Error(ErrorKind::corrupt,
                 fmt::format("the printk ring claims 2^{} records, 2^{} bytes",
                             slot_bits, text_bits));
  }
  ring.id_bits_ = kernel.arch().pointer_size() * 8 - 2;
  ring.slots_ = std::uint64_t{1} << slot_bits;
  ring.text_size_ = std::uint64_t{1} << text_bits;
  ring.text_ = TRY(text["data"].to_address());
  ring.first_ = TRY(descriptors["tail_id"]["counter"].to_unsigned());
  std::uint64_t last = TRY(descriptors["head_id"]["counter"].to_unsigned());
  ring.count_ = ((last - ring.first_) & ring.id_mask()) + 1;
  if (ring.count_ > ring.slots_) {
    // Only the newest can be there still.
    ring.count_ = ring.slots_;
    ring.first_ = last - ring.slots_ + 1;
  }
  return ring;
}

// A block of text: its descriptor's id, then the text. One that would cross
// the end of the ring lies at its start instead.
Result<std::string> PrintkRing::text(const Object& descriptor,
                                     std::uint64_t length) const {
  Object block = descriptor["text_blk_lpos"];
  std::uint64_t begin = TRY(block["begin"].to_unsigned());
  std::uint64_t next = TRY(block["next"].to_unsigned());
  constexpr std::uint64_t no_data = 1;  // odd positions: there is no text
  if ((begin & no_data) != 0) return std::string();
  std::uint64_t mask = text_size_ - 1;
  std::uint64_t id_size = (id_bits_ + 2) / 8;
  bool is_wrapped = (begin & ~mask) != (next & ~mask) && (next & mask) != 0;
  std::uint64_t start = is_wrapped ? 0 : begin & mask;
  std::uint64_t size = is_wrapped ? next & mask : next - begin;
  bool is_too_long = next - begin > text_size_;
  if (is_too_long || size < id_size || size > text_size_ - start) {
    return Error(ErrorKind::corrupt,
                 fmt::format("printk text block {:#x} to {:#x} makes no sense",
                             begin, next));
  }
  std::string text(std::min({length, size - id_size, longest_text}), '\0');
  TRY(ring_.space().read(text_ + start + id_size,
                         std::as_writable_bytes(std::span(text))));
  return text;
}

// The name of a device, as /dev/kmsg shows it.
void add_device(const Object& info, LogRecord& record) {
  if (!info.has_member("dev_info")) return;
  auto subsystem = info["dev_info"]["subsystem"].to_string();
  auto device = info["dev_info"]["device"].to_string();
  if (subsystem && !subsystem->empty()) {
    record.properties.push_back("SUBSYSTEM=" + *subsystem);
  }
  if (device && !device->empty()) {
    record.properties.push_back("DEVICE=" + *device);
  }
}

// The parts that all records with a header have.
Result<void> fill(const Object& header, LogRecord& record) {
  record.nanoseconds = TRY(header["ts_nsec"].to_unsigned());
  record.level = static_cast<unsigned>(TRY(header["level"].to_unsigned()));
  record.facility =
      static_cast<unsigned>(TRY(header["facility"].to_unsigned()));
  if (header.has_member("caller_id")) {
    record.caller = caller_text(TRY(header["caller_id"].to_unsigned()));
  }
  return {};
}

Result<std::optional<LogRecord>> PrintkRing::record(std::uint64_t id) const {
  constexpr std::uint64_t committed = 1, finalized = 2;
  std::uint64_t slot = id & (slots_ - 1);
  Object descriptor = ring_["desc_ring"]["descs"].at(slot);
  std::uint64_t state = TRY(descriptor["state_var"]["counter"].to_unsigned());
  std::uint64_t stage = state >> id_bits_ & 3;
  bool is_other = (state & id_mask()) != (id & id_mask());
  if (is_other || (stage != committed && stage != finalized)) {
    return std::optional<LogRecord>();
  }
  Object info = ring_["desc_ring"]["infos"].at(slot);
  LogRecord record;
  record.sequence = TRY(info["seq"].to_unsigned());
  TRY(fill(info, record));
  std::uint64_t length = TRY(info["text_len"].to_unsigned());
  record.text = TRY(text(descriptor, length));
  add_device(info, record);
  return std::optional(std::move(record));
}

// ---- 3.5 to 5.9: records in a buffer ----

class RecordBuffer {
 public:
  static Result<RecordBuffer> open(const Kernel& kernel);

  bool at_end() const { return next_ == end_ || steps_ == 0; }
  // Steps on also when the record is an error, if its length is known.
  Result<LogRecord> record();

 private:
  RecordBuffer(const Kernel& kernel, const Type& header)
      : kernel_(&kernel), header_(&header) {}

  Result<LogRecord> record_at(Address at, std::uint64_t length) const;

  const Kernel* kernel_;
  const Type* header_;
  Address buffer_;
  std::uint64_t size_ = 0;
  std::uint64_t next_ = 0, end_ = 0;
  std::uint64_t steps_ = 0;
};

Result<RecordBuffer> RecordBuffer::open(const Kernel& kernel) {
  // struct log was renamed in 3.11 (62e32ac3505a).
  auto header = kernel.structure("printk_log");
  RecordBuffer made(kernel, header ? **header : *TRY(kernel.structure("log")));
  made.buffer_ = TRY(kernel.variable("log_buf", "char *").to_address());
  made.size_ =
      TRY(kernel.variable("log_buf_len", "unsigned int").to_unsigned());
  made.next_ =
      TRY(kernel.variable("log_first_idx", "unsigned int").to_unsigned());
  made.end_ =
      TRY(kernel.variable("log_next_idx", "unsigned int").to_unsigned());
  if (made.next_ >= made.size_ || made.end_ > made.size_ ||
      made.header_->size() == 0) {
    return Error(ErrorKind::corrupt,
                 fmt::format("log_first_idx {} and log_next_idx {} do not fit "
                             "a log of {} bytes",
                             made.next_, made.end_, made.size_));
  }
  made.steps_ = made.size_ / made.header_->size() + 2;
  return made;
}

Result<LogRecord> RecordBuffer::record_at(Address at,
                                          std::uint64_t length) const {
  Object header(kernel_->memory(), *header_, at);
  LogRecord record;
  TRY(fill(header, record));
  std::uint64_t text = TRY(header["text_len"].to_unsigned());
  std::uint64_t dictionary = TRY(header["dict_len"].to_unsigned());
  std::uint64_t room = length - header_->size();
  text = std::min(text, room);
  dictionary = std::min(dictionary, room - text);
  auto bytes =
      TRY(kernel_->memory().bytes(at + header_->size(), text + dictionary));
  std::string_view all = as_text(bytes);
  record.text = all.substr(0, text);
  for (std::string_view property : split(all.substr(text), '\0')) {
    if (!property.empty()) record.properties.emplace_back(property);
  }
  return record;
}

Result<LogRecord> RecordBuffer::record() {
  --steps_;
  std::uint64_t length_at = TRY(find_member(*header_, "len")).offset();
  auto length = kernel_->memory().load(buffer_ + next_ + length_at, 2);
  if (length && *length == 0 && next_ != 0 && end_ < next_) {
    next_ = 0;
    if (at_end()) return Error(ErrorKind::not_found, "no more records");
    length = kernel_->memory().load(buffer_ + length_at, 2);
  }
  if (!length || *length < header_->size() || *length > size_ - next_) {
    // Without its length there is no way to the next one.
    std::uint64_t bad = std::exchange(next_, end_);
    if (!length) return std::move(length).error();
    return Error(
        ErrorKind::corrupt,
        fmt::format("log record at offset {} claims {} bytes", bad, *length));
  }
  Address at = buffer_ + next_;
  next_ += *length;
  return record_at(at, *length);
}

// ---- Before 3.5: text ----

Result<std::string> flat_text(const Kernel& kernel) {
  constexpr std::uint64_t most = 64 << 20;
  Address buffer = TRY(kernel.variable("log_buf", "char *").to_address());
  std::uint64_t size = TRY(kernel.variable("log_buf_len", "int").to_unsigned());
  std::uint64_t end =
      TRY(kernel.variable("log_end", "unsigned int").to_unsigned());
  std::uint64_t count =
      TRY(kernel.variable("logged_chars", "unsigned int").to_unsigned());
  if (size == 0 || size > most || count > size) {
    return Error(ErrorKind::corrupt,
                 fmt::format("a log of {} bytes holds {}", size, count));
  }
  auto bytes = TRY(kernel.memory().bytes(buffer, size));
  std::string ring(as_text(bytes));
  std::uint64_t start = (end - count) % size;
  return (ring.substr(start) + ring.substr(0, start)).substr(0, count);
}

// "<6>text" or "<6>[    1.234567] text".
LogRecord flat_record(std::string_view line) {
  LogRecord record;
  std::size_t end = line.find('>');
  if (line.starts_with('<') && end == 2 && line[1] >= '0' && line[1] <= '7') {
    record.level = static_cast<unsigned>(line[1] - '0');
    line.remove_prefix(end + 1);
  }
  record.text = line;
  return record;
}

Generator<Result<LogRecord>> ring_records(const Kernel& kernel) {
  auto ring = PrintkRing::open(kernel);
  if (!ring) {
    co_yield ring.error();
    co_return;
  }
  for (std::uint64_t i = 0; i < ring->count(); ++i) {
    auto record = ring->record(ring->first() + i);
    if (!record) {
      co_yield record.error();
    } else if (*record) {
      co_yield **record;
    }
  }
}

Generator<Result<LogRecord>> buffer_records(const Kernel& kernel) {
  auto buffer = RecordBuffer::open(kernel);
  if (!buffer) {
    co_yield buffer.error();
    co_return;
  }
  RecordBuffer records = *buffer;
  while (!records.at_end()) {
    auto record = records.record();
    if (!record && record.error().kind() == ErrorKind::not_found) break;
    co_yield record;
  }
}

Generator<Result<LogRecord>> flat_records(const Kernel& kernel) {
  auto text = flat_text(kernel);
  if (!text) {
    co_yield text.error();
    co_return;
  }
  for (std::string_view line : lines(*text))
    co_yield flat_record(line);
}

}  // namespace

Generator<Result<LogRecord>> log_records(const Kernel& kernel) {
  if (kernel.has_symbol("prb")) return ring_records(kernel);
  if (kernel.has_symbol("log_first_idx")) return buffer_records(kernel);
  return flat_records(kernel);
}

}  // namespace inquest
