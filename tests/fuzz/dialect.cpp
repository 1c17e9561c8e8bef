// SPDX-License-Identifier: BSD-2-Clause
// Fuzzes what a device answers when it is asked what it is, for its chunks and for its notifications.
#include "dialect/dialect.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <span>

#include "base/segments.hpp"

namespace {

using namespace lightnvm;

// Answers every command with the next bytes of the input.
class Answers final : public dialect::AdminPort {
 public:
  explicit Answers(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}
  using AdminPort::execute;

  Completion execute(const spec::Command&, const Payload& payload) override {
    if (++commands_ > kMostCommands) return {0, Status::nvme(StatusCode::internal_error)};
    const std::size_t wanted = total_bytes(payload.data);
    const std::size_t n = std::min(wanted, bytes_.size());
    SegmentRange{payload.data, 0, n}.copy_in(reinterpret_cast<const std::byte*>(bytes_.data()));
    bytes_ = bytes_.subspan(n);
    return {};
  }
  [[nodiscard]] std::uint32_t nsid() const noexcept override { return 1; }
  [[nodiscard]] std::uint32_t transfer_limit() const noexcept override { return 65536; }

 private:
  static constexpr int kMostCommands = 64;
  std::span<const std::uint8_t> bytes_;
  int commands_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spec::IdentifyNamespace ns{};
  const std::size_t n = std::min(size, sizeof(ns));
  std::memcpy(&ns, data, n);
  Answers port({data + n, size - n});
  const auto dialect = dialect::recognise(port, ns);
  if (!dialect || *dialect == nullptr) return 0;
  const Geometry& g = (*dialect)->geometry();
  if (g.groups == 0 || g.groups > kMaxGroups || g.units == 0 || g.units > kMaxUnits || g.chunks == 0 ||
      g.chunks > kMaxChunks || g.sectors == 0 || g.sector_bytes == 0 || g.ws_min == 0) {
    std::abort();
  }
  (void)(*dialect)->report(port, 0, std::min<std::uint64_t>(g.total_chunks(), 4096));
  (void)(*dialect)->events(port);
  const Address last = Address::of(g.groups - 1, g.units - 1, g.chunks - 1, g.sectors - 1);
  if ((*dialect)->from_device((*dialect)->to_device(last)) != last) std::abort();
  return 0;
}
