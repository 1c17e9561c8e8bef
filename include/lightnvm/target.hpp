// SPDX-License-Identifier: BSD-2-Clause
// Target: serves opened devices over NVMe/TCP.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lightnvm/status.hpp"

namespace lightnvm {

/// What hosts get of a namespace's metadata. NVMe/TCP has no separate metadata buffer; hosts that use the extension of
/// docs/nvme-tcp-extension.md get it separately, whatever stands here.
enum class TargetMetadata : std::uint8_t {
  none,      ///< nothing: blocks of data, written with metadata of zeros
  extended,  ///< extended LBAs: each block's data, then its metadata
};

/// A device as a namespace.
struct TargetNamespace {
  std::string device;      ///< identifier, as Device::open takes it
  std::uint32_t nsid = 1;  ///< 1 to 1024, unique within its subsystem
  TargetMetadata metadata = TargetMetadata::none;
  bool read_only = false;
};

struct TargetSubsystem {
  std::string nqn;  ///< at most 223 bytes, begins with "nqn."
  std::vector<TargetNamespace> namespaces;
  std::vector<std::string> hosts;  ///< host NQNs that may connect; none: all
};

struct TargetConfig {
  std::string listen = "127.0.0.1:4420";  ///< HOST:PORT or [IPV6]:PORT; port 0: one that is free
  std::vector<TargetSubsystem> subsystems;
  std::uint32_t cores = 1;                        ///< threads, 1 to 256; connections are dealt out to them in turn
  bool header_digest = true, data_digest = true;  ///< whether a host may have them
  bool extension = true;                          ///< whether docs/nvme-tcp-extension.md is offered
  std::uint32_t io_queues = 64;                   ///< of one host, 1 to 64
  std::uint32_t queue_entries = 1024;             ///< of one queue, 2 to 4096
  std::uint32_t capsule_bytes = 8192;             ///< in-capsule data on I/O queues: 0 to 1 MiB, a multiple of 16
  std::uint32_t transfer_bytes = 1024 * 1024;     ///< data of one command: a power of two, 4 KiB to 16 MiB
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;  ///< of all connections; a Connect beyond it is refused
  std::uint32_t connections = 4096;                     ///< at a time; those beyond are closed at once
  std::uint32_t controllers = 1024;                     ///< at a time, 1 to 65519
  std::chrono::milliseconds handshake{10'000};          ///< from accept to the Connect's answer
  std::chrono::milliseconds stall{30'000};              ///< a PDU, once begun, has to be complete; what we send, taken
  std::chrono::milliseconds drain{5'000};               ///< stop() waits so long for commands in flight
};

/// Counted since start.
struct TargetCounters {
  std::uint64_t connections = 0;      ///< now
  std::uint64_t controllers = 0;      ///< now
  std::uint64_t memory_bytes = 0;     ///< of connections, now
  std::uint64_t accepted = 0;         ///< connections
  std::uint64_t refused = 0;          ///< connections beyond a limit, and Connects answered with an error
  std::uint64_t protocol_errors = 0;  ///< connections ended by a TermReq of either side
  std::uint64_t timeouts = 0;         ///< connections ended by one
  std::uint64_t admin_commands = 0;   ///< answered
  std::uint64_t io_commands = 0;      ///< answered
  std::uint64_t failed_commands = 0;  ///< of both, with an error
  std::uint64_t bytes_to_hosts = 0, bytes_from_hosts = 0;  ///< data of I/O commands, with lists and metadata
  std::uint64_t receives = 0, sends = 0;                   ///< system calls
};

/// A server. Its functions may be called from one thread at a time, counters() from any.
class Target {
 public:
  /// Opens the devices and listens; connections are accepted by start(). EINVAL: the configuration, with a sentence
  /// that says which part; otherwise what opening a device or listening says.
  static Result<Target> open(const TargetConfig& config);

  Target(Target&&) noexcept;
  Target& operator=(Target&&) noexcept;
  ~Target();  ///< stops

  /// Starts the threads. EALREADY: they run, or ran.
  Status start();
  /// Ends: no more connections and commands are taken, those in flight end (as long as TargetConfig::drain allows), all
  /// devices are flushed. Returns the first failure of a flush.
  Status stop();
  /// Where it listens, as HOST:PORT, with the port that 0 became.
  [[nodiscard]] std::string address() const;
  [[nodiscard]] TargetCounters counters() const noexcept;

 private:
  class Impl;
  explicit Target(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lightnvm
