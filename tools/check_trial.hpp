// SPDX-License-Identifier: BSD-2-Clause
// Trial: what a rule of nvm_check works with: chunks, commands of every kind, bytes that tell where they belong.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <lightnvm/device.hpp>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "check_rule.hpp"
#include "check_stock.hpp"
#include "check_wire.hpp"

namespace tools::check {

/// Ends a rule: the device breaks it.
struct Broken {
  std::string expected, got, command;
};
/// Ends a rule: it cannot be checked here.
struct Skipped {
  std::string reason;
};

/// How a command is sent.
struct Way {
  bool vector = false;
  bool async = false;
  bool metadata = false;
};

class Trial {
 public:
  using Address = lightnvm::Address;
  using Chunk = lightnvm::Chunk;
  using ChunkState = lightnvm::ChunkState;
  using Completion = lightnvm::Completion;
  using Sectors = lightnvm::Sectors;
  using StatusCode = lightnvm::StatusCode;

  /// Takes the rule's chunks, and brings them and the features back at its end.
  Trial(Stock& stock, const Rule& rule);
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  [[nodiscard]] lightnvm::Device& device() noexcept { return stock_.device(); }
  [[nodiscard]] const lightnvm::Geometry& geo() const noexcept { return stock_.geo(); }
  [[nodiscard]] const Stock& stock() const noexcept { return stock_; }
  /// The i-th of the rule's free chunks.
  [[nodiscard]] Address at(unsigned i = 0) const { return chunks_.at(i); }
  /// A chunk beside those, to be brought back as well.
  void borrow(Address chunk) { chunks_.push_back(chunk); }
  [[nodiscard]] bool carries_metadata() const { return stock_.missing({.metadata = true}).empty(); }
  /// Whether one of its chunks has come to the end of its life: offline at wear index 255, OCSSD 1.2: a bad block.
  [[nodiscard]] bool wore_out();
  /// Scalar and vector, waited for; then both in a queue, with metadata where it is carried.
  [[nodiscard]] std::vector<Way> ways() const;
  /// The same for commands that know no metadata.
  [[nodiscard]] static std::vector<Way> bare_ways();

  // Commands. The last one is named in what a failure says.
  Completion write(Address first, std::uint32_t count, Way way = {}, unsigned round = 0);
  Completion write(std::span<const Address> list, Way way = {}, unsigned round = 0);
  Completion write(const Sectors& sectors, Way way, unsigned round, lightnvm::CommandOptions options);
  Completion read(Address first, std::uint32_t count, Way way = {});
  Completion read(std::span<const Address> list, Way way = {});
  Completion read(const Sectors& sectors, Way way, lightnvm::CommandOptions options);
  /// A vector reset, or a deallocation of that chunk.
  Completion reset(Address chunk, Way way);
  Completion reset(std::span<const Address> chunks, Way way = {.vector = true});
  /// OCSSD 1.2.
  Completion erase(std::span<const Address> blocks, lightnvm::PlaneMode mode, bool async = false);
  Completion copy(std::span<const Address> from, std::span<const Address> to, bool async = false);
  Completion flush(bool async = false);
  /// A command as it is; `what` names it. `data` is moved by it, either way.
  Completion pass(lightnvm::CommandSet set, const lightnvm::RawCommand& command, std::string what,
                  std::span<std::byte> data = {}, std::span<const std::uint64_t> list = {},
                  std::span<const std::uint64_t> destination = {});
  Completion admin(const lightnvm::RawCommand& command, std::string what, std::span<std::byte> data = {});
  Completion io(const lightnvm::RawCommand& command, std::string what, std::span<std::byte> data = {},
                std::span<const std::uint64_t> list = {}, std::span<const std::uint64_t> destination = {});
  /// Names what is done by other means than the commands above.
  void say(std::string what) { command_ = std::move(what); }

  // Pages, read anew; that they can be read is expected.
  Page identify(std::uint8_t cns);
  Page geometry();
  Page log(std::uint8_t page, std::uint64_t offset, std::uint32_t bytes);
  /// All of the chunk report as it lies on the wire.
  Page report();
  Chunk chunk(Address address);

  /// Whether unwritten sectors are errors; off when a rule begins.
  void dulbe(bool on);
  /// A feature that the rule changes, so that it comes back at its end.
  void keep(lightnvm::Feature feature);

  /// Sets entries of the bad block table, so that they come back at the rule's end. OCSSD 1.2.
  Completion mark(std::span<const Address> blocks, lightnvm::BlockState state);

  // Work that is no part of what the rule checks, but must go well for it.
  void fill_to(Address chunk, std::uint32_t sectors, unsigned round = 0);  ///< from the chunk's write pointer on
  void close(Address chunk, unsigned round = 0) { fill_to(chunk, geo().sectors, round); }
  /// Sectors to write so that `count` can be read while the chunk is open.
  [[nodiscard]] std::uint32_t until_readable(std::uint32_t count) const;

  // Expectations; what is not met ends the rule.
  void expect(const Completion& c, StatusCode code) { expect(c, {code}); }
  void expect(const Completion& c, std::initializer_list<StatusCode> one_of);
  void expect_ok(const Completion& c) { expect(c, StatusCode::success); }
  /// As expect, but a command that the library refuses itself ends in a skip.
  void expect_if_sent(const Completion& c, std::initializer_list<StatusCode> one_of);
  void expect(bool holds, std::string expected, std::string got);
  void expect_chunk(Address address, ChunkState state, std::uint64_t write_pointer);
  void expect_same(const Chunk& before);
  void expect_bits(const Completion& c, std::uint64_t bits);
  /// The last read's sectors, from number `first` of it on, hold what was written at these addresses.
  void expect_data(std::span<const Address> written, unsigned round = 0, std::uint32_t first = 0);
  void expect_data(Address written, std::uint32_t count, unsigned round = 0, std::uint32_t first = 0);
  /// They hold predefined data; nothing is expected where the device does not say which.
  void expect_predefined(std::uint32_t count, std::uint32_t first = 0);

  /// What the last read brought.
  [[nodiscard]] const std::vector<std::byte>& last_data() const noexcept { return data_; }

  static std::vector<Address> run(Address first, std::uint32_t count);
  static std::vector<Address> both(std::vector<Address> a, const std::vector<Address>& b);
  std::vector<std::uint64_t> lbas(std::span<const Address> sectors);
  /// The most addresses in one vector command: 64, or what the device moves at once.
  [[nodiscard]] std::uint32_t most_addresses() const;

 private:
  [[nodiscard]] bool is_worn(Address block);
  template <typename Submit>
  Completion in_queue(Submit&& submit);
  void fill(std::vector<std::byte>& out, const Sectors& sectors, std::uint32_t unit, std::uint64_t salt) const;
  void compare(std::span<const std::byte> got, std::span<const Address> written, std::uint32_t unit, std::uint64_t salt,
               const char* what) const;
  [[nodiscard]] std::uint64_t salt(unsigned round, bool metadata) const noexcept;

  Stock& stock_;
  std::vector<Address> chunks_;
  std::size_t own_;
  std::vector<std::pair<lightnvm::Feature, std::uint32_t>> kept_;
  std::vector<Address> marked_;
  std::optional<lightnvm::Queue> queue_;
  std::vector<std::byte> data_, oob_, source_, source_oob_;
  bool read_oob_ = false;
  std::string command_;
};

/// "chunk (0,1,17)", "(0,1,17) sector 4"; of OCSSD 1.2 "(0,1,17) plane 0 page 3 sector 1".
std::string chunk_name(lightnvm::Address address);
std::string sector_name(lightnvm::Address address, const lightnvm::Geometry& geometry);

}  // namespace tools::check
