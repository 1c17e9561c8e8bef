// SPDX-License-Identifier: BSD-2-Clause
// Fuzzes `nvm_bench compare`: whatever two documents say, they are refused by a sentence or compared.
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "bench_compare.hpp"

namespace {

using tools::Json;

/// A file of memory with the bytes in it.
class File {
 public:
  explicit File(std::string_view text) : fd_(::memfd_create("run", MFD_CLOEXEC)) {
    if (fd_ < 0 || ::write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(fd_); }
  [[nodiscard]] std::optional<Json> read() const {
    try {
      return tools::bench::read_run(fmt::format("/proc/self/fd/{}", fd_));
    } catch (const tools::Failure& failure) {
      if (std::string_view(failure.what()).empty()) std::abort();
      return std::nullopt;
    }
  }

 private:
  int fd_;
};

}  // namespace

// One document, or two with a byte of zero between.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t border = std::min(all.find('\0'), size);
  const auto a = File(all.substr(0, border)).read();
  if (!a) return 0;
  const auto b = border == size ? a : File(all.substr(border + 1)).read();
  if (!b) return 0;
  if (tools::bench::comparison(*a, *b).empty()) std::abort();
  const Json document = tools::bench::comparison_json(*a, *b);
  (void)document.dump(2, ' ', false, Json::error_handler_t::replace);
  return 0;
}
