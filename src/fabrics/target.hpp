// SPDX-License-Identifier: BSD-2-Clause
// The controller's end of an NVMe/TCP connection: commands with their data out, responses and data in.
#pragma once

#include <array>
#include <vector>

#include "fabrics/endpoint.hpp"
#include "lightnvm/completion.hpp"

namespace lightnvm::fabrics {

/// A command from the host, as it came: its CID is the host's.
struct TargetCommand {
  const spec::Command& command;
  std::uint32_t bytes = 0;          ///< length in SGL1: of the data that it sends or wants
  std::span<std::byte> in_capsule;  ///< those bytes, where they came in the capsule; else empty: receive() gets them
};

/// Called from received() and landed(), finished() from output() and sent() too. May call receive(), respond() and
/// open_queue(). A slot (a number below QueueOptions::slots) names a command until finished().
class TargetEvents {
 public:
  /// A command, in the order of the host's capsules. It and the in-capsule data stay until finished(). Commands that
  /// no controller could carry out (CID in use, no SGL, data digest wrong) were answered already and do not come here.
  virtual void command(std::uint32_t slot, const TargetCommand& command) noexcept = 0;
  /// What receive() asked for is there; or not all of it is right (a data digest): answer with `status` then.
  virtual void received(std::uint32_t slot, Status status) noexcept = 0;
  /// The response is out, and nothing of the slot's memory is in use any more: the slot may come again.
  virtual void finished(std::uint32_t slot) noexcept = 0;

 protected:
  ~TargetEvents() = default;
};

struct TargetOptions {
  Digests digests{true, true};              ///< those that a host may have
  std::uint8_t cpda = 0;                    ///< 0 to 31
  std::uint16_t max_r2t = 1;                ///< of one command at a time, 1 to 64; less if the host allows less
  std::uint32_t max_h2c_data = 128 * 1024;  ///< bytes of one H2CData, a multiple of 4, at least 4096
  std::uint32_t r2t_bytes = 0;              ///< what one R2T asks for; 0: all of a command's data
  std::uint32_t max_c2h_data = 0;           ///< bytes of one C2HData; 0: all of a command's data
  std::uint32_t window = 32;                ///< PDUs that output() gathers at once, 2 to 1024
};

/// What a Connect settled.
struct QueueOptions {
  std::uint32_t entries = 2;  ///< of the submission queue, for SQHD: 2 to 65536
  /// Commands at a time: entries - 1, or twice that where sent() may come after the host's answer to what was sent
  /// (asynchronous sends). A host that has more in flight is cut off. Slots times max_r2t is at most 65536.
  std::uint32_t slots = 1;
  std::uint32_t capsule_bytes = 0;      ///< in-capsule data of one command
  std::span<std::byte> capsule_memory;  ///< slots * capsule_bytes, until the target is gone
  bool flow_control = true;             ///< SQHD is wanted; without, reads end with the SUCCESS flag
};

class Target : public Endpoint {
 public:
  /// `events` outlives the target. Options out of range are brought into it. There is one slot, and room for 8192 bytes
  /// in its capsule, until open_queue(). Throws bad_alloc.
  Target(const TargetOptions& options, TargetEvents& events);

  /// Makes the slots of the queue, once, while the Connect (slot 0) is not yet answered. EINVAL: options out of range;
  /// EBUSY: not now. Throws bad_alloc.
  Status open_queue(const QueueOptions& options);

  /// `index` is the slot. Gets the command's data, all `bytes` of SGL1, into `memory`, which has as much and stays
  /// until received(). EINVAL: it has less, or there is none to get; EBUSY: not now; ENOTCONN: the connection has
  /// ended.
  Status receive(std::uint32_t index, std::span<const Segment> memory) noexcept;

  /// `index` is the slot. Answers: `data` first (with an error: what came of it all the same), then the completion.
  /// `data`, at most what the host has room for, stays until finished() or close(). EBUSY: between receive() and
  /// received(), or answered already; ENOTCONN: the connection has ended and the slot with it.
  Status respond(std::uint32_t index, const Completion& completion, std::span<const Segment> data = {}) noexcept;

  /// See connection.hpp. Bytes that come when the connection has ended are ignored.
  void received(std::span<const std::byte> bytes);
  void landed(std::size_t bytes);
  std::size_t output(std::span<Segment> pieces);
  void sent(std::size_t bytes);

  /// Ends the connection: no events come after it. Requires: nobody reads or writes the memory that landing() and
  /// output() named any more.
  void close() noexcept;

 private:
  enum class Phase : std::uint8_t { free, arriving, owned, receiving, answered, draining };
  struct Slot {
    spec::Command command;
    Completion completion;
    std::span<const Segment> memory;  // of receive(), then of respond()
    std::uint32_t memory_bytes = 0;
    std::uint32_t moved = 0;      // R2T: bytes received; C2HData: bytes handed out
    std::uint32_t asked = 0;      // bytes, by R2Ts
    std::uint32_t r2ts_left = 0;  // not made yet
    std::uint32_t to_receive = 0;
    std::uint16_t pdus = 0;  // in the output, with this slot's data
    Phase phase = Phase::free;
    bool digest_error = false;
    bool holds_cid = false;
    bool ours = false;  // answered without an event
  };
  struct R2t {
    std::uint32_t next = 0, end = 0;  // offsets; equal: not in flight
  };
  struct Job {
    std::uint32_t slot;
    std::uint16_t r2t;
    bool is_r2t;
  };

  void on_header();
  void on_payload();
  bool on_icreq();
  bool on_capsule();
  bool on_h2c_data();
  void begin(std::uint32_t index);
  [[nodiscard]] Status check(const Slot& slot, TargetCommand& command) const noexcept;
  void h2c_done();
  void release(std::uint32_t index);
  void render();
  void render_r2t(const Job& job);
  bool render_response(std::uint32_t index);
  void render_c2h_data(std::uint32_t index, bool success);
  void make_slots(std::uint32_t count);
  void push_r2t(std::uint32_t index, std::uint16_t r2t);
  [[nodiscard]] std::span<std::byte> capsule_of(std::uint32_t index) const noexcept;

  TargetOptions options_;
  TargetEvents& events_;
  std::vector<Slot> slots_;
  std::vector<Slot> connect_slot_;   // what slots_ was before open_queue(): commands refer to it
  std::vector<R2t> r2ts_;            // max_r2t of each slot
  std::vector<std::uint32_t> free_;  // slots
  std::vector<std::uint64_t> cids_;  // a bit for each CID in flight
  std::vector<std::byte> connect_capsule_;
  Ring<Job> jobs_;
  QueueOptions queue_;
  std::uint32_t sqhd_ = 0;
  std::uint32_t current_ = 0;  // slot or TTAG of the PDU whose data is being received
  std::uint32_t capsule_received_ = 0;
  Segment capsule_segment_;
  bool capsule_digest_ok_ = true;
  bool queue_open_ = false;
};

}  // namespace lightnvm::fabrics
