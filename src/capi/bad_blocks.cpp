// SPDX-License-Identifier: BSD-2-Clause
// nvm_bbt_* and nvm_cmd_{g,s}bbt: bad block tables of OCSSD 1.2, on the device and cached.
#include <fmt/format.h>

#include <algorithm>

#include "capi/arbitrary.hpp"

using namespace lightnvm;
using namespace lightnvm::capi;

namespace {

using Table = std::unique_ptr<nvm_bbt, FreeTable>;

bool is_state(int state) noexcept {
  return state == NVM_BBT_FREE || state == NVM_BBT_BAD || state == NVM_BBT_GBAD || state == NVM_BBT_DMRK ||
         state == NVM_BBT_HMRK;
}

// 0, or -1: not a 1.2 device.
int check_device(const nvm_dev* dev) {
  if (dev == nullptr) return refuse(EINVAL, kNoDevice);
  return has_planes(*dev) ? 0 : refuse(ENOTSUP, "only 1.2 devices have bad block tables");
}

bool has_unit(const nvm_dev& dev, nvm_addr addr) noexcept {
  return addr.g.ch < dev.geo.g.nchannels && addr.g.lun < dev.geo.g.nluns;
}

int check_unit(const nvm_dev* dev, nvm_addr addr) {
  if (check_device(dev) != 0) return -1;
  if (has_unit(*dev, addr)) return 0;
  return refuse(
      EINVAL, fmt::format("the device has no LUN {} on channel {}", to_address(addr).unit(), to_address(addr).group()));
}

std::size_t slot_of(const nvm_dev& dev, nvm_addr addr) { return addr.g.ch * dev.geo.g.nluns + addr.g.lun; }

nvm_addr unit_of(nvm_addr addr) {
  nvm_addr unit;
  unit.val = 0;
  unit.g.ch = addr.g.ch;
  unit.g.lun = addr.g.lun;
  return unit;
}

// The device's table; its failure is reported.
std::optional<BadBlockTable> read_table(nvm_dev& dev, nvm_addr addr, nvm_ret* ret) {
  auto table = dev.device.bad_blocks(to_address(unit_of(addr)));
  if (table) return std::move(*table);
  fill_if(ret, {0, table.error()});
  (void)refuse_explained(table.error().is_errno(EPROTO) ? Status::os(EIO) : table.error());
  return std::nullopt;
}

Table new_table(std::size_t nblks) {
  Table table(static_cast<nvm_bbt*>(std::calloc(1, sizeof(nvm_bbt) + nblks)));
  if (table == nullptr) throw std::bad_alloc();
  table->nblks = nblks;
  return table;
}

Table to_table(nvm_dev& dev, nvm_addr addr, const BadBlockTable& from) {
  Table table = new_table(from.blocks.size());
  table->dev = &dev;
  table->addr = unit_of(addr);
  table->nbad = from.factory_bad;
  table->ngbad = from.grown_bad;
  table->ndmrk = from.device_reserved;
  table->nhmrk = from.host_reserved;
  std::ranges::transform(from.blocks, table->blks, [](BlockState s) { return static_cast<std::uint8_t>(s); });
  return table;
}

void count(nvm_bbt& table) {
  const auto states = std::span(table.blks, table.nblks);
  const auto counted = [&](int state) { return static_cast<std::uint32_t>(std::ranges::count(states, state)); };
  table.nbad = counted(NVM_BBT_BAD);
  table.ngbad = counted(NVM_BBT_GBAD);
  table.ndmrk = counted(NVM_BBT_DMRK);
  table.nhmrk = counted(NVM_BBT_HMRK);
}

// Sets blocks to one state, as many in a command as it takes.
int set_states(nvm_dev& dev, std::span<const nvm_addr> addrs, int state, nvm_ret* ret) {
  for (std::size_t i = 0; i < addrs.size(); i += NVM_NADDR_MAX) {
    const auto part = addrs.subspan(i, std::min<std::size_t>(NVM_NADDR_MAX, addrs.size() - i));
    const Completion c =
        dev.device.set_bad_blocks({to_addresses(part.data()), part.size()}, static_cast<BlockState>(state));
    fill_if(ret, c);
    if (!c) return c.status.is_os() ? refuse_explained(c.status) : refuse(c.status, "Set Bad Block Table");
  }
  return 0;
}

// The LUN's table in its slot: what is cached, or read anew.
nvm_dev::CachedTable* fetch(nvm_dev& dev, nvm_addr addr, nvm_ret* ret) {
  nvm_dev::CachedTable& slot = dev.tables[slot_of(dev, addr)];
  if (slot.table != nullptr && (dev.bbts_cached != 0 || slot.changed)) return &slot;
  const auto table = read_table(dev, addr, ret);
  if (!table) return nullptr;
  slot = {to_table(dev, addr, *table), false};
  return &slot;
}

// Writes to the device what the slot has otherwise, state by state, and empties it.
int flush(nvm_dev& dev, std::size_t number, nvm_ret* ret) {
  nvm_dev::CachedTable& slot = dev.tables[number];
  if (!slot.changed) {
    slot = {};
    return 0;
  }
  const nvm_bbt& table = *slot.table;
  const auto now = read_table(dev, table.addr, ret);
  if (!now) return -1;
  std::map<std::uint8_t, std::vector<nvm_addr>> changes;
  for (std::size_t i = 0; i < table.nblks; ++i) {
    if (table.blks[i] == static_cast<std::uint8_t>(now->blocks[i])) continue;
    nvm_addr addr = table.addr;
    addr.g.blk = i / dev.geo.g.nplanes;
    addr.g.pl = i % dev.geo.g.nplanes;
    changes[table.blks[i]].push_back(addr);
  }
  for (const auto& [state, addrs] : changes) {
    if (set_states(dev, addrs, state, ret) != 0) return -1;
  }
  slot = {};
  return 0;
}

int check_list(const nvm_dev* dev, const nvm_addr* addrs, int naddrs, int state) {
  if (check_device(dev) != 0) return -1;
  if (addrs == nullptr || naddrs < 1 || naddrs > NVM_NADDR_MAX) return refuse(EINVAL, "1 to 64 addresses are needed");
  if (!is_state(state)) return refuse(EINVAL, fmt::format("0x{:02x} is no state of a block", state));
  for (const nvm_addr a : std::span(addrs, static_cast<std::size_t>(naddrs))) {
    if (nvm_addr_check(a, dev) != 0) return refuse(EINVAL, fmt::format("the device has no address 0x{:016x}", a.val));
  }
  return 0;
}

// The states of a block's planes together.
int together(const BadBlockTable& table, std::size_t block) {
  int states = 0;
  for (std::uint32_t plane = 0; plane < table.planes; ++plane) {
    states |= static_cast<int>(table.at(static_cast<std::uint32_t>(block), plane));
  }
  return states;
}

// The number of a block of the LUN in that state; where there is none, that is reported.
std::optional<std::size_t> block_in_state(nvm_dev& dev, nvm_addr unit, int bs, std::size_t start) {
  const auto table = read_table(dev, unit, nullptr);
  if (!table) return std::nullopt;
  const auto found = first_match(start, dev.geo.g.nblocks, [&](std::size_t i) { return together(*table, i) == bs; });
  if (!found) {
    (void)refuse(EINVAL, fmt::format("LUN {} of channel {} has no block in state 0x{:02x}", to_address(unit).unit(),
                                     to_address(unit).group(), bs));
  }
  return found;
}

}  // namespace

int lightnvm::capi::flush_tables(nvm_dev& dev, nvm_ret* ret) {
  const std::lock_guard lock(dev.tables_mutex);
  for (std::size_t i = 0; i < dev.tables.size(); ++i) {
    if (flush(dev, i, ret) != 0) return -1;
  }
  return 0;
}

extern "C" {

nvm_spec_bbt* nvm_cmd_gbbt(nvm_dev* dev, nvm_addr addr, nvm_ret* ret) {
  return guarded(static_cast<nvm_spec_bbt*>(nullptr), [&]() -> nvm_spec_bbt* {
    fill_if(ret, {});
    if (check_unit(dev, addr) != 0) return nullptr;
    const auto table = read_table(*dev, addr, ret);
    if (!table) return nullptr;
    auto* bbt = static_cast<nvm_spec_bbt*>(nvm_buf_alloc(dev, sizeof(nvm_spec_bbt) + table->blocks.size(), nullptr));
    if (bbt == nullptr) return nullptr;
    std::memset(static_cast<void*>(bbt), 0, sizeof(nvm_spec_bbt));
    std::memcpy(bbt->tblid, "BBLT", sizeof(bbt->tblid));
    bbt->verid = 1;
    bbt->revid = table->revision;
    bbt->tblks = static_cast<std::uint32_t>(table->blocks.size());
    bbt->tfact = table->factory_bad;
    bbt->tgrown = table->grown_bad;
    bbt->tdresv = table->device_reserved;
    bbt->thresv = table->host_reserved;
    std::ranges::transform(table->blocks, bbt->blk, [](BlockState s) { return static_cast<std::uint8_t>(s); });
    return bbt;
  });
}

int nvm_cmd_gbbt_arbs(nvm_dev* dev, int bs, int naddrs, nvm_addr addrs[]) {
  return guarded(-1, [&] {
    if (check_device(dev) != 0) return -1;
    return pick_arbitrary(dev, naddrs, addrs,
                          [&](nvm_addr unit, std::size_t start) { return block_in_state(*dev, unit, bs, start); });
  });
}

int nvm_cmd_sbbt(nvm_dev* dev, nvm_addr* addrs, int naddrs, std::uint16_t flags, nvm_ret* ret) {
  return guarded(-1, [&] {
    fill_if(ret, {});
    if (check_list(dev, addrs, naddrs, flags) != 0) return -1;
    return set_states(*dev, {addrs, static_cast<std::size_t>(naddrs)}, flags, ret);
  });
}

const nvm_bbt* nvm_bbt_get(nvm_dev* dev, nvm_addr addr, nvm_ret* ret) {
  return guarded(static_cast<const nvm_bbt*>(nullptr), [&]() -> const nvm_bbt* {
    fill_if(ret, {});
    if (check_unit(dev, addr) != 0) return nullptr;
    const std::lock_guard lock(dev->tables_mutex);
    const nvm_dev::CachedTable* slot = fetch(*dev, addr, ret);
    return slot == nullptr ? nullptr : slot->table.get();
  });
}

int nvm_bbt_set(nvm_dev* dev, const nvm_bbt* bbt, nvm_ret* ret) {
  return guarded(-1, [&] {
    fill_if(ret, {});
    if (bbt == nullptr) return refuse(EINVAL, "there is no table: the pointer is NULL");
    if (check_unit(dev, bbt->addr) != 0) return -1;
    const std::lock_guard lock(dev->tables_mutex);
    // The caller's table may be the slot's own, which reading anew would free.
    const std::vector<std::uint8_t> states(bbt->blks, bbt->blks + bbt->nblks);
    const nvm_addr addr = bbt->addr;
    nvm_dev::CachedTable* slot = fetch(*dev, addr, ret);
    if (slot == nullptr) return -1;
    nvm_bbt& table = *slot->table;
    if (table.nblks != states.size()) return refuse(EINVAL, "the table has another number of blocks than the device");
    if (!std::ranges::all_of(states, is_state)) return refuse(EINVAL, "the table has a state that there is not");
    std::ranges::copy(states, table.blks);
    count(table);
    slot->changed = true;
    return dev->bbts_cached != 0 ? 0 : flush(*dev, slot_of(*dev, addr), ret);
  });
}

int nvm_bbt_mark(nvm_dev* dev, nvm_addr addrs[], int naddrs, std::uint16_t flags, nvm_ret* ret) {
  return guarded(-1, [&] {
    fill_if(ret, {});
    if (check_list(dev, addrs, naddrs, flags) != 0) return -1;
    const std::span list(addrs, static_cast<std::size_t>(naddrs));
    const std::lock_guard lock(dev->tables_mutex);
    if (dev->bbts_cached == 0) return set_states(*dev, list, flags, ret);
    for (const nvm_addr a : list) {
      nvm_dev::CachedTable* slot = fetch(*dev, a, ret);
      if (slot == nullptr) return -1;
      slot->table->blks[a.g.blk * dev->geo.g.nplanes + a.g.pl] = static_cast<std::uint8_t>(flags);
      slot->changed = true;
      count(*slot->table);
    }
    return 0;
  });
}

int nvm_bbt_flush(nvm_dev* dev, nvm_addr addr, nvm_ret* ret) {
  return guarded(-1, [&] {
    fill_if(ret, {});
    if (check_unit(dev, addr) != 0) return -1;
    const std::lock_guard lock(dev->tables_mutex);
    return flush(*dev, slot_of(*dev, addr), ret);
  });
}

int nvm_bbt_flush_all(nvm_dev* dev, nvm_ret* ret) {
  return guarded(-1, [&] {
    fill_if(ret, {});
    return check_device(dev) != 0 ? -1 : flush_tables(*dev, ret);
  });
}

nvm_bbt* nvm_bbt_alloc_cp(const nvm_bbt* bbt) {
  return guarded(static_cast<nvm_bbt*>(nullptr), [&] {
    if (bbt == nullptr) return refuse_pointer<nvm_bbt>(EINVAL, "there is no table: the pointer is NULL");
    Table copy = new_table(bbt->nblks);
    std::memcpy(static_cast<void*>(copy.get()), bbt, sizeof(nvm_bbt) + bbt->nblks);
    return copy.release();
  });
}

void nvm_bbt_free(nvm_bbt* bbt) { std::free(bbt); }

}  // extern "C"
