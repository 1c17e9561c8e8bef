// SPDX-License-Identifier: BSD-2-Clause
// nvm_bbt: the bad block tables of OCSSD 1.2, looked at and changed.
#include <algorithm>
#include <memory>

#include "session.hpp"

namespace tools {
namespace {

using lightnvm::Address;
using lightnvm::BadBlockTable;
using lightnvm::BlockState;
namespace format = lightnvm::format;

constexpr auto kJson = format::Syntax::json;

struct Request {
  std::string ident;
  std::uint32_t channel = 0, lun = 0;
  std::vector<std::string> addresses;
};

struct State {
  char letter;
  BlockState state;
  const char* name;
};
constexpr State kStates[] = {{'f', BlockState::good, "free"},
                             {'b', BlockState::factory_bad, "bad"},
                             {'g', BlockState::grown_bad, "grown bad"},
                             {'d', BlockState::device_reserved, "the device's"},
                             {'h', BlockState::host_reserved, "the host's"}};

Address unit_of(const Session& s, const Request& r) {
  const auto& g = s.device.geometry();
  if (r.channel >= g.groups) throw beyond("ch", "group", r.channel, g.groups);
  if (r.lun >= g.units) throw beyond("lun", "parallel unit", r.lun, g.units);
  return Address::of(r.channel, r.lun, 0);
}

BadBlockTable table_of(Session& s, Address unit, const std::string& call, Output& out) {
  auto table = s.device.bad_blocks(unit);
  if (table) return std::move(*table);
  const Failure failure = Failure::explained(call, table.error());
  (void)refused(call, {0, table.error()}, out);
  throw Failure(failure);
}

// As many at a time as one command takes.
void set_states(Session& s, std::span<const Address> blocks, BlockState state, const std::string& call, Output& out) {
  if (s.device.version() != lightnvm::SpecVersion::ocssd12) {
    throw Failure(call, "only OCSSD 1.2 has bad block tables", ENOTSUP);
  }
  for (std::size_t at = 0; at < blocks.size(); at += lightnvm::kMaxAddresses) {
    const auto part = blocks.subspan(at, std::min<std::size_t>(blocks.size() - at, lightnvm::kMaxAddresses));
    const auto done = s.device.set_bad_blocks(part, state);
    if (done.status.is_errno(EINVAL)) throw Failure::explained(call, done.status);
    if (!done) throw refused(call, done, out);
  }
}

void get(const Request& r, Output& out) {
  Session s = open_session(r.ident, Access::read_only);
  const BadBlockTable table = table_of(s, unit_of(s, r), "nvm_bbt_get", out);
  out.text("# nvm_bbt_get\n");
  out.show("bbt", format::bad_blocks(table), format::bad_blocks(table, kJson));
}

// The entries that have another state.
std::vector<Address> others(const BadBlockTable& t, BlockState state) {
  std::vector<Address> out;
  for (std::uint32_t i = 0; i < t.blocks.size(); ++i) {
    if (t.blocks[i] == state) continue;
    out.push_back(Address::of12(t.unit.group(), t.unit.unit(), i / t.planes, i % t.planes));
  }
  return out;
}

void set(BlockState state, const Request& r, Output& out) {
  const std::string call = "nvm_bbt_set";
  Session s = open_session(r.ident, Access::read_write);
  const Address unit = unit_of(s, r);
  const BadBlockTable before = table_of(s, unit, "nvm_bbt_get", out);
  out.text(fmt::format("# {}\n\n# current_state\n", call));
  out.show("current_state", format::bad_blocks(before), format::bad_blocks(before, kJson));
  const auto changed = others(before, state);
  set_states(s, changed, state, call, out);
  // What the device has made of it, counters included.
  const BadBlockTable after = table_of(s, unit, "nvm_bbt_get", out);
  out.text("# new_state\n");
  out.show("new_state", format::bad_blocks(after), format::bad_blocks(after, kJson));
  out.text(fmt::format("# SUCCESS: {{nupdates: {}}}\n", changed.size()));
  out.document()["nupdates"] = changed.size();
}

void mark(BlockState state, const Request& r, Output& out) {
  Session s = open_session(r.ident, Access::read_write);
  const auto blocks = parse_addresses(s, r.addresses);
  out.text("# nvm_bbt_mark\n");
  show_addresses(s, blocks, out);
  set_states(s, blocks, state, "nvm_bbt_mark", out);
}

CLI::App* add(Tool& tool, const std::string& name, const std::string& purpose, const std::string& example,
              Request*& request, const std::function<void(const Request&, Output&)>& action) {
  const auto r = std::make_shared<Request>();
  request = r.get();
  CLI::App* sub = tool.command(name, purpose, fmt::format("  nvm_bbt {} old.img {}\n", name, example),
                               [r, action](Output& out) { action(*r, out); });
  add_device(sub, r->ident);
  return sub;
}

void add_of_unit(Tool& tool, const std::string& name, const std::string& purpose,
                 const std::function<void(const Request&, Output&)>& action) {
  Request* r = nullptr;
  CLI::App* sub = add(tool, name, purpose, "0 2", r, action);
  add_number(sub, "ch", r->channel, "Channel")->required();
  add_number(sub, "lun", r->lun, "LUN of the channel")->required();
}

void add_of_blocks(Tool& tool, const std::string& name, const std::string& purpose,
                   const std::function<void(const Request&, Output&)>& action) {
  Request* r = nullptr;
  CLI::App* sub = add(tool, name, purpose, "0x0002000a00000000", r, action);
  sub->add_option("0xADDR", r->addresses, "Addresses of blocks, each with its plane, hexadecimal")
      ->required()
      ->type_name("");
}

}  // namespace
}  // namespace tools

int main(int argc, char** argv) {
  using tools::Output;
  using tools::Request;
  tools::Tool tool("nvm_bbt",
                   "NVM bad-block-table (nvm_bbt_*): retrieve (get) and modify (set/mark) the bad block table",
                   "  nvm_bbt get old.img 0 2\n"
                   "  nvm_bbt mark_g old.img 0x0002000a00000000\n"
                   "  nvm_bbt set_f old.img 0 2\n");
  tools::add_of_unit(tool, "get", "Print the table of a LUN", tools::get);
  for (const auto& s : tools::kStates) {
    tools::add_of_unit(tool, fmt::format("set_{}", s.letter), fmt::format("Set all blocks of a LUN to {}", s.name),
                       [state = s.state](const Request& r, Output& out) { tools::set(state, r, out); });
  }
  for (const auto& s : tools::kStates) {
    tools::add_of_blocks(tool, fmt::format("mark_{}", s.letter), fmt::format("Mark blocks as {}", s.name),
                         [state = s.state](const Request& r, Output& out) { tools::mark(state, r, out); });
  }
  tool.take_undeclared();
  return tool.run(argc, argv);
}
