// SPDX-License-Identifier: BSD-2-Clause
// nvm_dev: what a device says of itself, and which routes to devices there are.
#include <fmt/format.h>

#include <algorithm>
#include <lightnvm/format.hpp>

#include "session.hpp"

namespace {

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
                   "  nvm_dev backends --json\n");
  InfoArguments arguments;
  CLI::App* sub = tool.command("info", "Print what a device is and how large",
                               "  nvm_dev info /tmp/ocssd.img\n"
                               "  nvm_dev info 'emu:?groups=8&punits=4' --brief\n",
                               [&](Output& out) { info(arguments, out); });
  sub->add_option("dev_path", arguments.ident, "Device: a path, or BACKEND:IDENT")->required()->type_name("");
  sub->add_flag("-b,--brief", arguments.brief, "Brief, minimal output");
  tool.command("backends", "List the routes to devices: built, or why not", "  nvm_dev backends\n", backends);
  return tool.run(argc, argv);
}
