// SPDX-License-Identifier: BSD-2-Clause
// Session: one connection, which is one queue of one host: bytes in, commands to the devices, answers out. No sockets.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "fabrics/target.hpp"
#include "layers/route_memory.hpp"
#include "target/admin.hpp"
#include "target/shape.hpp"

namespace lightnvm::target {

// How a command goes:
//
//   capsule -> shape -> memory -> [R2T, H2CData] -> its turn -> backend -> answer -> memory back
//
// Memory is lent in the order of capsules, from a stretch that the session got at its Connect. Commands that may change
// something go to the backend in the order of capsules, too; reads do not wait for them.

class Session final : private fabrics::TargetEvents, private backends::Sink {
 public:
  /// `home` and `tally` outlive it. `local`: what the host connected to. Throws bad_alloc.
  Session(Home& home, Tally& tally, const os::Endpoint& local, TimePoint now);
  ~Session();  ///< requires: quiet()

  /// As of fabrics::Target, whose owner this is. After received(), run() is to be called.
  std::size_t landing(std::span<Segment> pieces) const noexcept { return target_.landing(pieces); }
  void landed(std::size_t bytes) { target_.landed(bytes); }
  void received(std::span<const std::byte> bytes) { target_.received(bytes); }
  std::size_t output(std::span<Segment> pieces) { return target_.output(pieces); }
  void sent(std::size_t bytes) { target_.sent(bytes); }

  /// Gives the devices what is ready, takes what they have done, and looks at the clock.
  void run(TimePoint now);
  /// Whether run() has something to do that no descriptor tells of.
  [[nodiscard]] bool has_ready() const noexcept { return !ready_.empty() && !free_tags_.empty(); }
  [[nodiscard]] bool busy() const noexcept { return !ready_.empty() || polled_in_flight() != 0; }
  /// Descriptors that are readable when run() has something to do; they change with the Connect alone.
  [[nodiscard]] std::span<const int> descriptors() const noexcept { return descriptors_; }

  /// Nothing more is to be received: the connection is to be closed once output() has nothing.
  [[nodiscard]] bool over() const noexcept;
  /// A TermReq is on its way: the peer is to be given time to read it.
  [[nodiscard]] bool terminating() const noexcept { return target_.state() == fabrics::State::terminating; }
  /// Takes no more commands; answers those that it has.
  void drain() noexcept { draining_ = true; }
  /// The connection is gone: no more calls but run(), quiet() and the destructor.
  void hang_up() noexcept;
  /// No device uses its memory any more.
  [[nodiscard]] bool quiet() const noexcept { return in_flight_ == 0; }
  /// No command is under way but event requests.
  [[nodiscard]] bool idle() const noexcept { return under_way_ == 0; }

 private:
  enum class Phase : std::uint8_t { free, memory, receiving, ready, refused, submitted, answered, held };
  struct Work {
    backends::Request request;
    const spec::Command* command = nullptr;
    Shape shape;
    Phase phase = Phase::free;
    bool in_turn = false;     // goes to the backend in the order of capsules
    std::uint16_t place = 0;  // of its namespace
    std::span<std::byte> host, controller, split;
    std::byte* lent = nullptr;
    std::uint32_t lent_bytes = 0;
    std::array<std::uint64_t, 2> single{};
    Segment data, metadata, piece;
    Status refusal;
  };
  struct Line {
    const Namespace* ns = nullptr;
    std::unique_ptr<backends::QueuePair> queue;
    std::uint32_t in_flight = 0;
    bool polled = true;  // has no descriptor
  };

  // fabrics::TargetEvents
  void command(std::uint32_t slot, const fabrics::TargetCommand& command) noexcept override;
  void received(std::uint32_t slot, Status status) noexcept override;
  void finished(std::uint32_t slot) noexcept override;
  // backends::Sink
  void complete(backends::Request& request, const Completion& completion) noexcept override;

  // session_connect.cpp
  void on_connect(const fabrics::TargetCommand& command);
  void connect();
  void disconnect() noexcept;
  Completion connect_queue(const spec::fabrics::ConnectData& data);
  Completion connect_admin(const spec::fabrics::ConnectData& data, const Subsystem& subsystem, std::string_view host);
  Completion connect_io(const spec::fabrics::ConnectData& data, std::string_view nqn, std::string_view host);
  Status open(const Subsystem& subsystem, std::uint32_t capsule_bytes);
  Status open_lines(const Subsystem& subsystem);

  // session.cpp
  void on_fabrics(std::uint32_t slot, const spec::Command& c) noexcept;
  void answer(std::uint32_t slot, const Completion& completion, bool with_data = false) noexcept;
  [[nodiscard]] std::uint32_t polled_in_flight() const noexcept;
  void look_at_clock(TimePoint now) noexcept;
  void time_out() noexcept;
  void tell_events() noexcept;

  // session_flow.cpp
  void begin(std::uint32_t slot, const fabrics::TargetCommand& command) noexcept;
  Status plan(Work& w, const fabrics::TargetCommand& command) noexcept;
  Status find_line(Work& w) noexcept;
  bool lend(Work& w) noexcept;
  void has_memory(std::uint32_t slot) noexcept;
  void is_ready(std::uint32_t slot) noexcept;
  void refuse(std::uint32_t slot, Status status) noexcept;
  void take_turns() noexcept;
  void lend_to_waiting() noexcept;
  void submit_ready() noexcept;
  bool submit(std::uint32_t slot) noexcept;
  bool execute_admin(std::uint32_t slot) noexcept;
  bool pass_admin(std::uint32_t slot) noexcept;
  Admin::Answer ask_admin(const Work& w, std::uint32_t slot) noexcept;
  void build_request(Work& w) noexcept;
  void place_data(Work& w, std::byte* out) noexcept;
  void give_up(std::uint32_t slot) noexcept;
  unsigned reap() noexcept;

  Home& home_;
  Tally& tally_;
  os::Endpoint local_;
  fabrics::Target target_;
  std::shared_ptr<Controller> controller_;
  std::unique_ptr<Admin> admin_;  // on admin queues
  std::uint16_t qid_ = 0;
  std::uint32_t resets_ = 0;  // the controller's, when this queue was connected

  std::uint64_t taken_ = 0;  // of the memory meter
  layers::RouteMemory route_memory_;
  os::Pages pages_;
  os::Pages capsules_;
  layers::Arena arena_;
  std::uint32_t transfer_bytes_ = 0;

  std::vector<Work> works_;
  std::vector<Line> lines_;
  std::vector<int> descriptors_;
  std::vector<std::uint16_t> free_tags_;
  std::vector<std::uint32_t> slot_of_tag_;
  fabrics::Ring<std::uint32_t> waiting_;  // for memory
  fabrics::Ring<std::uint32_t> turns_;    // commands that go in order
  fabrics::Ring<std::uint32_t> ready_;    // to be submitted
  std::uint32_t in_flight_ = 0;           // at backends
  std::uint32_t under_way_ = 0;

  spec::Command connect_command_;
  spec::fabrics::ConnectData connect_data_{};
  Segment connect_segment_;
  TimePoint now_;
  TimePoint deadline_;  // of the handshake, then of the PDU that has begun
  std::uint64_t pdus_ = 0;
  bool connected_ = false;
  bool disconnected_ = false;
  bool timed_out_ = false;
  bool draining_ = false;
  bool hung_up_ = false;
};

}  // namespace lightnvm::target
