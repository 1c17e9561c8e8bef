// SPDX-License-Identifier: BSD-2-Clause
// Finds out what a device speaks: asks for its geometry and looks at the version that it names.
#include "dialect/dialect.hpp"
#include "dialect/ocssd20.hpp"
#include "spec/build.hpp"

namespace lightnvm::dialect {

Result<std::unique_ptr<Dialect>> recognise(AdminPort& port, const spec::IdentifyNamespace& ns) {
  spec::Geometry20 page{};
  const Completion c = port.execute(spec::build::geometry(port.nsid()), std::as_writable_bytes(std::span(&page, 1)));
  // Whoever does not know the opcode is no Open-Channel SSD; a host's or route's failure is a failure.
  if (!c && c.status.is_os()) return std::unexpected(c.status);
  if (!c) return nullptr;
  // OCSSD-2.0 1.3: devices of the time between the versions say 3 and mean 2.0.
  if (page.mjr == 2 || page.mjr == 3) return make_ocssd20(page, ns, port.nsid());
  return nullptr;
}

}  // namespace lightnvm::dialect
