// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/session.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/text.h"

namespace inquest {
namespace {

using Text = std::string_view;

constexpr Text bad_request = "E01";
constexpr Text bad_address = "E0e";
constexpr unsigned trap_signal = 5;
constexpr unsigned interrupt_signal = 2;

struct Span {
  std::uint64_t start = 0;
  std::uint64_t size = 0;
};

// "ADDRESS,LENGTH" in hexadecimal.
std::optional<Span> span_of(Text text) {
  std::size_t comma = text.find(',');
  if (comma == Text::npos) return std::nullopt;
  auto start = parse_hex(text.substr(0, comma));
  auto size = parse_hex(text.substr(comma + 1));
  if (!start || !size) return std::nullopt;
  return Span{*start, *size};
}

// The part of a document that qXfer's "ANNEX:OFFSET,LENGTH" asks for.
std::string transfer(Text whole, Text annex, Text request) {
  std::size_t colon = request.rfind(':');
  if (colon == Text::npos) return std::string(bad_request);
  if (request.substr(0, colon) != annex) return "E00";
  auto span = span_of(request.substr(colon + 1));
  if (!span || span->start > whole.size()) return std::string(bad_request);
  Text rest = whole.substr(static_cast<std::size_t>(span->start));
  std::uint64_t most = longest_packet - 1;
  Text part = rest.substr(
      0, fitting(rest, static_cast<std::size_t>(std::min(span->size, most))));
  return (part.size() == rest.size() ? "l" : "m") + escaped(part);
}

std::vector<std::byte> read_span(RemoteTarget& target,
                                 const RemoteThread& thread, Span span) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(
      std::min<std::uint64_t>(span.size, longest_packet / 2)));
  std::size_t had = target.read(thread, Address{span.start}, bytes);
  bytes.resize(std::min(had, bytes.size()));
  return bytes;
}

}  // namespace

struct RemoteSession::Handler {
  Text name;
  std::string (RemoteSession::*answer)(Text rest);
  bool is_whole = false;  // nothing may follow the name
};

// Names that begin others come behind them.
std::span<const RemoteSession::Handler> RemoteSession::handlers() {
  using S = RemoteSession;
  static constexpr Handler all[] = {
      {"qSupported", &S::supported},
      {"QStartNoAckMode", &S::start_no_ack, true},
      {"qXfer:features:read:", &S::features},
      {"qXfer:threads:read:", &S::thread_list},
      {"qfThreadInfo", &S::first_threads, true},
      {"qsThreadInfo", &S::more_threads, true},
      {"qThreadExtraInfo,", &S::thread_info},
      {"qC", &S::current_thread, true},
      {"qAttached", &S::attached},
      {"qOffsets", &S::offsets, true},
      {"qRcmd,", &S::monitor},
      {"qSymbol:", &S::agree},
      {"vCont?", &S::resume_actions, true},
      {"vCont;", &S::resume},
      {"vKill;", &S::kill},
      {"?", &S::why_stopped, true},
      {"H", &S::select},
      {"T", &S::is_alive},
      {"g", &S::all_registers, true},
      {"p", &S::one_register},
      {"m", &S::memory},
      {"x", &S::binary_memory},
      {"c", &S::resume},
      {"C", &S::resume},
      {"s", &S::resume},
      {"S", &S::resume},
      {"G", &S::refuse_change},
      {"P", &S::refuse_change},
      {"M", &S::refuse_change},
      {"X", &S::refuse_change},
      {"Z", &S::refuse_breakpoint},
      {"z", &S::refuse_breakpoint},
      {"D", &S::detach},
      {"k", &S::kill, true},
  };
  return all;
}

// ---- Frames ----

std::string RemoteSession::answer(std::string_view bytes) {
  reader_.feed(bytes);
  while (!is_over_) {
    auto incoming = reader_.next();
    if (!incoming) break;
    take(*incoming);
  }
  return std::exchange(out_, {});
}

void RemoteSession::take(const Incoming& incoming) {
  switch (incoming.kind) {
    case Incoming::Kind::packet: {
      if (has_acks_) out_ += '+';
      send(payload_for(incoming.payload));
      break;
    }
    case Incoming::Kind::damaged:
      // Without acknowledgements nobody would send it again.
      if (has_acks_) {
        out_ += '-';
      } else {
        send(bad_request);
      }
      break;
    case Incoming::Kind::repeat:
      if (has_acks_) out_ += last_frame_;
      break;
    case Incoming::Kind::acknowledged:
    case Incoming::Kind::interrupt:  // nothing runs
      break;
  }
}

std::string RemoteSession::payload_for(Text packet) {
  for (const Handler& handler : handlers()) {
    if (!packet.starts_with(handler.name)) continue;
    Text rest = packet.substr(handler.name.size());
    if (handler.is_whole && !rest.empty()) continue;
    return (this->*handler.answer)(rest);
  }
  return "";  // what the protocol has for "no such packet"
}

void RemoteSession::send(std::string_view payload) {
  last_frame_ = framed(payload);
  out_ += last_frame_;
}

void RemoteSession::say(std::string_view text) {
  constexpr std::size_t chunk = 2048;
  while (!text.empty()) {
    send("O" + to_hex(text.substr(0, chunk)));
    text.remove_prefix(std::min(chunk, text.size()));
  }
}

// ---- The session ----

std::string RemoteSession::supported(Text /*rest*/) {
  return fmt::format(
      "PacketSize={:x};QStartNoAckMode+;qXfer:features:read+;"
      "qXfer:threads:read+;binary-upload+",
      longest_packet);
}

std::string RemoteSession::start_no_ack(Text /*rest*/) {
  has_acks_ = false;
  return "OK";
}

std::string RemoteSession::features(Text rest) {
  return transfer(target_description(target_.arch()), "target.xml", rest);
}

std::string RemoteSession::attached(Text /*rest*/) {
  return "1";  // leaving it does not end it
}

// One base for all segments: the kernel is moved as a whole.
std::string RemoteSession::offsets(Text /*rest*/) {
  auto at = target_.first_segment();
  return at ? fmt::format("TextSeg={:x}", at->value) : "";
}

std::string RemoteSession::monitor(Text rest) {
  auto command = from_hex(rest);
  if (!command) return std::string(bad_request);
  say(target_.monitor(trim(*command)));
  return "OK";
}

std::string RemoteSession::agree(Text /*rest*/) {
  return "OK";
}

std::string RemoteSession::detach(Text /*rest*/) {
  is_over_ = true;
  return "OK";
}

std::string RemoteSession::kill(Text /*rest*/) {
  is_over_ = true;
  return "OK";
}

// ---- Threads ----

const RemoteThread* RemoteSession::find_thread(Text id) {
  auto threads = target_.threads();
  if (id == "-1" || id == "0") return threads.empty() ? nullptr : &threads[0];
  auto number = parse_hex(id);
  if (!number) return nullptr;
  auto found = std::ranges::find(threads, *number, &RemoteThread::id);
  return found == threads.end() ? nullptr : &*found;
}

const RemoteThread* RemoteSession::selected() {
  if (selected_) return find_thread(fmt::format("{:x}", *selected_));
  return find_thread("0");
}

std::string RemoteSession::thread_list(Text rest) {
  if (threads_xml_.empty()) {
    threads_xml_ = "<?xml version=\"1.0\"?>\n<threads>\n";
    for (const RemoteThread& thread : target_.threads()) {
      threads_xml_ += fmt::format(R"(<thread id="{:x}" name="{}")", thread.id,
                                  xml_text(thread.name));
      if (thread.cpu) threads_xml_ += fmt::format(R"( core="{}")", *thread.cpu);
      threads_xml_ +=
          fmt::format(">{}</thread>\n", xml_text(thread.description));
    }
    threads_xml_ += "</threads>\n";
  }
  return transfer(threads_xml_, "", rest);
}

std::string RemoteSession::first_threads(Text /*rest*/) {
  threads_told_ = 0;
  return more_threads("");
}

std::string RemoteSession::more_threads(Text /*rest*/) {
  constexpr std::size_t chunk = 256;
  auto threads = target_.threads();
  if (threads_told_ >= threads.size()) return "l";
  auto some = threads.subspan(threads_told_);
  some = some.first(std::min(chunk, some.size()));
  threads_told_ += some.size();
  std::string ids;
  for (const RemoteThread& thread : some)
    ids += fmt::format("{}{:x}", ids.empty() ? "m" : ",", thread.id);
  return ids;
}

std::string RemoteSession::thread_info(Text rest) {
  const RemoteThread* thread = find_thread(rest);
  if (thread == nullptr) return std::string(bad_request);
  return to_hex(
      printable(fmt::format("{} {}", thread->name, thread->description)));
}

std::string RemoteSession::current_thread(Text /*rest*/) {
  const RemoteThread* thread = selected();
  return thread == nullptr ? std::string() : fmt::format("QC{:x}", thread->id);
}

std::string RemoteSession::select(Text rest) {
  if (rest.empty()) return std::string(bad_request);
  const RemoteThread* thread = find_thread(rest.substr(1));
  if (thread == nullptr) return std::string(bad_request);
  // Hc says which threads would run.
  if (rest[0] == 'g') selected_ = thread->id;
  return "OK";
}

std::string RemoteSession::is_alive(Text rest) {
  return find_thread(rest) == nullptr ? std::string(bad_request) : "OK";
}

std::string RemoteSession::stop_reply(unsigned signal) {
  const RemoteThread* thread = selected();
  if (thread == nullptr) return "W00";  // there is no process
  return fmt::format("T{:02x}thread:{:x};", signal, thread->id);
}

std::string RemoteSession::why_stopped(Text /*rest*/) {
  return stop_reply(trap_signal);
}

// ---- Registers and memory ----

std::string RemoteSession::all_registers(Text /*rest*/) {
  const RemoteThread* thread = selected();
  if (thread == nullptr) return std::string(bad_request);
  Registers values = target_.registers(*thread);
  std::string text;
  for (const RemoteRegister& each : remote_registers(target_.arch()))
    text += register_text(target_.arch(), each, values);
  return text;
}

std::string RemoteSession::one_register(Text rest) {
  const RemoteThread* thread = selected();
  auto number = parse_hex(rest);
  auto known = remote_registers(target_.arch());
  if (thread == nullptr || !number || *number >= known.size())
    return std::string(bad_request);
  return register_text(target_.arch(), known[static_cast<std::size_t>(*number)],
                       target_.registers(*thread));
}

std::string RemoteSession::memory(Text rest) {
  const RemoteThread* thread = selected();
  auto span = span_of(rest);
  if (thread == nullptr || !span || span->size == 0)
    return std::string(bad_request);
  auto bytes = read_span(target_, *thread, *span);
  return bytes.empty() ? std::string(bad_address) : to_hex(Bytes(bytes));
}

std::string RemoteSession::binary_memory(Text rest) {
  const RemoteThread* thread = selected();
  auto span = span_of(rest);
  if (thread == nullptr || !span) return std::string(bad_request);
  if (span->size == 0) return "b";
  auto bytes = read_span(target_, *thread, *span);
  if (bytes.empty()) return std::string(bad_address);
  std::string_view text = as_text(bytes);
  return "b" + escaped(text.substr(0, fitting(text, longest_packet - 1)));
}

// ---- What a dump does not do ----

// gdb believes that the target ran as soon as it has sent this. An interrupt
// ends whatever it was about to do, stepping included.
std::string RemoteSession::resume(Text /*rest*/) {
  say("A dump does not run.\n");
  return stop_reply(interrupt_signal);
}

std::string RemoteSession::resume_actions(Text /*rest*/) {
  return "vCont;c;C;s;S";
}

std::string RemoteSession::refuse_change(Text /*rest*/) {
  return "E.a dump is never changed";
}

std::string RemoteSession::refuse_breakpoint(Text /*rest*/) {
  return "E.a dump does not run";
}

}  // namespace inquest
