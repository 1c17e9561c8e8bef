// SPDX-License-Identifier: BSD-2-Clause
// nvm_dev: what a device says of itself, which devices there are, and which routes to them.
#include <fmt/format.h>

#include <algorithm>
#include <lightnvm/format.hpp>
#include <string>
#include <vector>

#include "dev_map.hpp"
#include "session.hpp"

namespace {

using tools::Failure;
using tools::Json;
using tools::Output;
namespace format = lightnvm::format;

struct InfoArguments {
  std::string ident;
  bool brief = false;
};

void info(const InfoArguments& arguments, Output& out) {
  const tools::Session session = tools::open_session(arguments.ident, tools::Access::read_only);
  format::DeviceValues values = format::describe(session.device);
  values.command_options = session.command_options;
  values.block_defaults = session.defaults;
  const format::Extent extent = arguments.brief ? format::Extent::brief : format::Extent::all;
  out.text("# Device information -- nvm_dev_pr\n");
  out.text(format::device(values, format::Syntax::yaml, extent));
  if (out.json()) out.document() = Json::parse(format::device(values, format::Syntax::json, extent));
}

std::string state_of(const lightnvm::FoundDevice& device) {
  if (!device.trouble.ok()) return "broken";
  return device.in_use ? "in use" : "ready";
}

std::string_view spec_of(lightnvm::SpecVersion version) {
  switch (version) {
    case lightnvm::SpecVersion::ocssd12: return "1.2";
    case lightnvm::SpecVersion::ocssd20: return "2.0";
    case lightnvm::SpecVersion::none: break;
  }
  return "-";
}

Json found_json(const lightnvm::FoundDevice& d) {
  Json entry = {{"ident", d.ident},
                {"backend", d.backend},
                {"be_id", d.backend_id},
                {"verid", static_cast<unsigned>(d.version)},
                {"tbytes", d.bytes},
                {"state", state_of(d)},
                {"description", d.description}};
  if (!d.trouble.ok()) entry["errno"] = d.trouble.to_errno();
  return entry;
}

void enumerate(const std::vector<std::string>& directories, Output& out) {
  lightnvm::FindOptions options;
  if (!directories.empty()) options.directories = directories;
  const auto found = lightnvm::find_devices(options);
  if (!found) throw Failure::explained("nvm_dev_enum", found.error());
  std::size_t width = std::string_view("device").size();
  for (const auto& d : *found) width = std::max(width, d.ident.size());
  const auto row = [&](std::string_view ident, std::string_view backend, std::string_view spec, std::string_view size,
                       std::string_view state, std::string_view description) {
    out.text(fmt::format("{:<{}}  {:<7}  {:<4}  {:>11}  {:<6}  {}\n", ident, width, backend, spec, size, state,
                         description));
  };
  out.text("# Device enumeration -- nvm_dev_enum\n");
  row("device", "backend", "spec", "size", "state", "description");
  Json list = Json::array();
  for (const auto& d : *found) {
    row(d.ident, d.backend, spec_of(d.version), d.bytes == 0 ? "-" : tools::human_bytes(d.bytes), state_of(d),
        d.description);
    list.push_back(found_json(d));
  }
  if (found->empty()) out.text("# none found; nvm_emu create makes one\n");
  out.document()["devices"] = std::move(list);
}

void backends(Output& out) {
  const auto all = lightnvm::available_backends();
  std::size_t width = 0;
  for (const auto& b : all) width = std::max(width, b.name.size());
  out.text(fmt::format("{:<{}}  {:<8}  {}\n", "name", width, "id", "state"));
  Json list = Json::array();
  for (const auto& b : all) {
    const std::string id = fmt::format("0x{:02x}", b.id);
    out.text(fmt::format("{:<{}}  {:<8}  {}\n", b.name, width, id, b.built ? "built" : b.absent_because));
    Json entry = {{"name", b.name}, {"id", b.id}, {"built", b.built}};
    if (!b.built) entry["absent_because"] = b.absent_because;
    list.push_back(std::move(entry));
  }
  out.document()["backends"] = std::move(list);
}

}  // namespace

int main(int argc, char** argv) {
  tools::Tool tool("nvm_dev", "NVM Device (nvm_dev_*): retrieve device information",
                   "  nvm_dev info /tmp/ocssd.img\n"
                   "  nvm_dev info 'emu:?groups=8&punits=4' --brief\n"
                   "  nvm_dev enum /tmp\n"
                   "  nvm_dev backends --json\n");
  InfoArguments arguments;
  CLI::App* sub = tool.command("info", "Print what a device is and how large",
                               "  nvm_dev info /tmp/ocssd.img\n"
                               "  nvm_dev info 'emu:?groups=8&punits=4' --brief\n",
                               [&](Output& out) { info(arguments, out); });
  sub->add_option("dev_path", arguments.ident, "Device: a path, or BACKEND:IDENT")->required()->type_name("");
  sub->add_flag("-b,--brief", arguments.brief, "Brief, minimal output");
  std::vector<std::string> directories;
  sub = tool.command("enum", "List the devices that there are",
                     "  nvm_dev enum\n"
                     "  nvm_dev enum /tmp . --json\n",
                     [&](Output& out) { enumerate(directories, out); });
  sub->add_option("DIR", directories, "Directories with emulated devices' files; the current one without")
      ->type_name("");
  tool.command("backends", "List the routes to devices: built, or why not", "  nvm_dev backends\n", backends);
  tools::add_map(tool);
  tool.take_undeclared();
  return tool.run(argc, argv);
}
