// SPDX-License-Identifier: BSD-2-Clause
// Finds out what a device speaks: asks for its geometry and looks at the version that it names.
#include <bit>

#include "dialect/dialect.hpp"
#include "dialect/ocssd12.hpp"
#include "dialect/ocssd20.hpp"
#include "spec/build.hpp"

namespace lightnvm::dialect {

Result<Recognised> recognise(AdminPort& port, const spec::IdentifyNamespace& ns) {
  Recognised out;
  const Completion c = port.execute(spec::build::geometry(port.nsid()), std::span<std::byte>(out.page));
  // Whoever does not know the opcode is no Open-Channel SSD; a host's or route's failure is a failure.
  if (!c && c.status.is_os()) return std::unexpected(c.status);
  if (!c) return out;
  out.has_page = true;
  const auto made = [&]() -> Result<std::unique_ptr<Dialect>> {
    switch (static_cast<unsigned>(out.page[0])) {
      case 1: return make_ocssd12(std::bit_cast<spec::Identity12>(out.page), port.nsid());
      // OCSSD-2.0 1.3: devices of the time between the versions say 3 and mean 2.0.
      case 2:
      case 3: return make_ocssd20(std::bit_cast<spec::Geometry20>(out.page), ns, port.nsid());
      default: return nullptr;
    }
  };
  auto dialect = made();
  if (!dialect) return std::unexpected(dialect.error());
  out.dialect = std::move(*dialect);
  return out;
}

}  // namespace lightnvm::dialect
