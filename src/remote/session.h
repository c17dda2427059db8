// SPDX-License-Identifier: GPL-3.0-or-later
// One gdb's talk with a target that never runs: bytes in, bytes out. Any bytes
// may come; what makes no sense is answered as the protocol says.

#pragma once

#include <string>
#include <string_view>

#include "remote/packet.h"
#include "remote/target.h"

namespace inquest {

class RemoteSession {
 public:
  explicit RemoteSession(RemoteTarget& target) : target_(target) {}

  // What to send after |bytes| came; may be empty.
  std::string answer(std::string_view bytes);
  // gdb took its leave.
  bool is_over() const { return is_over_; }

 private:
  using Text = std::string_view;
  struct Handler;

  static std::span<const Handler> handlers();
  void take(const Incoming& incoming);
  std::string payload_for(Text packet);
  void send(std::string_view payload);
  // Text for gdb's user.
  void say(std::string_view text);

  // Each takes what follows its name in the packet.
  std::string supported(Text rest);
  std::string start_no_ack(Text rest);
  std::string features(Text rest);
  std::string thread_list(Text rest);
  std::string first_threads(Text rest);
  std::string more_threads(Text rest);
  std::string thread_info(Text rest);
  std::string current_thread(Text rest);
  std::string attached(Text rest);
  std::string offsets(Text rest);
  std::string monitor(Text rest);
  std::string why_stopped(Text rest);
  std::string select(Text rest);
  std::string is_alive(Text rest);
  std::string all_registers(Text rest);
  std::string one_register(Text rest);
  std::string memory(Text rest);
  std::string binary_memory(Text rest);
  std::string resume(Text rest);
  std::string resume_actions(Text rest);
  std::string refuse_change(Text rest);
  std::string refuse_breakpoint(Text rest);
  std::string agree(Text rest);
  std::string detach(Text rest);
  std::string kill(Text rest);

  const RemoteThread* find_thread(Text id);
  const RemoteThread* selected();
  std::string stop_reply(unsigned signal);

  RemoteTarget& target_;
  PacketReader reader_;
  std::string out_;                        // frames to be sent
  std::string last_frame_;                 // in case that gdb asks for it again
  std::optional<std::uint64_t> selected_;  // absent: the first thread
  std::string threads_xml_;
  std::size_t threads_told_ = 0;
  bool has_acks_ = true;
  bool is_over_ = false;
};

}  // namespace inquest
