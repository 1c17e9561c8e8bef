// SPDX-License-Identifier: BSD-2-Clause
// The host's end of an NVMe/TCP connection: commands in, bytes out; bytes in, completions out.
#pragma once

#include <vector>

#include "fabrics/endpoint.hpp"
#include "lightnvm/completion.hpp"

namespace lightnvm::fabrics {

/// One command and its memory. All of it, lists and chains too, stays where it is until the command completes.
/// Usually one of the two is empty; both are used by commands that send and receive.
struct HostCommand {
  const spec::Command* command = nullptr;  ///< CID, PSDT and SGL1 are filled in; nothing is written to it
  Chain out;                               ///< data to the controller; only read. SGL1 describes it if there is any
  Chain in;                                ///< data from the controller
};

/// Called from received(), landed(), sent() and close(). May call Host::submit().
class HostEvents {
 public:
  /// The command with this tag ended; its tag and memory are free again. `received` bytes came into HostCommand::in,
  /// from its start without gaps: a command may succeed with less than there was room for, and it is the caller's to
  /// know whether it may. A data digest that was wrong is StatusCode::transient_transport_error.
  virtual void complete(std::uint32_t tag, const Completion& completion, std::uint32_t received) noexcept = 0;

 protected:
  ~HostEvents() = default;
};

struct HostOptions {
  std::uint32_t depth = 1;    ///< tags, 1 to 32768
  Digests digests;            ///< a target that refuses one is refused
  std::uint8_t hpda = 0;      ///< 0 to 31
  std::uint16_t max_r2t = 1;  ///< of one command at a time, 1 to 64
  /// Data up to this size travels in the capsule: 8192 for admin queues, (IOCCSZ - 4) * 16 for I/O queues.
  std::uint32_t capsule_bytes = kAdminCapsuleBytes;
  std::uint32_t window = 32;  ///< PDUs that output() gathers at once, 2 to 1024
};

class Host : public Endpoint {
 public:
  /// `events` outlives the host. Options out of range are brought into it. Output begins with ICReq. Throws bad_alloc.
  Host(const HostOptions& options, HostEvents& events);

  /// Starts a command; EINVAL: no such tag, no command, or 4 GiB of data and more; EBUSY: the tag is in flight;
  /// ENOTCONN: the connection has ended. Commands may be given before the handshake is over.
  Status submit(std::uint32_t tag, const HostCommand& command) noexcept;

  /// See connection.hpp. Bytes that come when the connection has ended are ignored.
  void received(std::span<const std::byte> bytes);
  void landed(std::size_t bytes);
  std::size_t output(std::span<Segment> pieces);
  void sent(std::size_t bytes);

  /// Ends the connection: everything in flight completes with `status`. Requires: nobody reads or writes the memory
  /// that landing() and output() named any more.
  void close(Status status) noexcept;
  /// Commands in flight.
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }

 private:
  enum class Phase : std::uint8_t { free, queued, active, finishing };
  struct Slot {
    HostCommand command;
    Completion completion;
    std::uint32_t out_bytes = 0, in_bytes = 0;
    std::uint32_t asked = 0;     // of out_bytes: in capsule, or by R2T
    std::uint32_t received = 0;  // of in_bytes
    std::uint32_t use = 0;       // which of all commands this is
    std::uint16_t cid = 0;
    std::uint16_t r2ts = 0;  // not answered yet
    std::uint16_t pdus = 0;  // in the output, with data of this command
    Phase phase = Phase::free;
    bool in_complete = false;  // LAST_PDU was seen
    bool digest_error = false;
  };
  // A capsule to be sent, or the answer to an R2T.
  struct Job {
    std::uint32_t tag, use, offset, end;
    std::uint16_t ttag;
    bool is_capsule;
  };

  void on_header();
  void on_payload();
  bool on_icresp();
  bool on_response();
  bool on_r2t();
  bool on_c2h_data();
  Slot* find(std::uint16_t cid) noexcept;
  void finish(Slot& slot, const Completion& completion);
  void deliver(Slot& slot);
  void render();
  void render_capsule(const Job& job);
  bool render_data(Job& job);

  HostOptions options_;
  HostEvents& events_;
  std::vector<Slot> slots_;
  Ring<Job> jobs_;
  std::uint32_t in_flight_ = 0;
  std::uint32_t tag_mask_ = 0;
  std::uint32_t uses_ = 0;
  Slot* landing_in_ = nullptr;  // whose C2HData is being received
};

}  // namespace lightnvm::fabrics
