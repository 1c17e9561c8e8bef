// SPDX-License-Identifier: BSD-2-Clause
// The oracle's rules. Numbers in comments are the sections of the device reference, whose order of checks this keeps.
#include "emulator/oracle.hpp"

#include <algorithm>
#include <cstring>

namespace lightnvm::oracle {
namespace {

/// Bits that number `count` things: ceil(log2).
unsigned bits_for(std::uint64_t count) {
  unsigned bits = 0;
  while ((1ULL << bits) < count) ++bits;
  return bits;
}

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// Calls f(offset, word, bytes) for each word of what `tag` stands for; the last one may be shorter. The first is the
/// tag itself, so that bytes tell whose they are.
template <typename F>
void each_word(std::uint64_t tag, std::size_t bytes, F&& f) {
  const bool constant = tag == kZeros || tag == kOnes;
  const std::uint64_t step = constant ? 0 : mix(tag) | 1;
  std::uint64_t word = tag;
  for (std::size_t at = 0; at < bytes; at += 8, word += step) f(at, word, std::min<std::size_t>(8, bytes - at));
}

std::vector<std::uint64_t> sequence(std::uint64_t first, std::uint64_t count) {
  std::vector<std::uint64_t> lbas(count);
  // There is nothing beyond the last address: all ones is no address of any device (the fields have fewer bits).
  for (std::uint64_t i = 0; i < count; ++i) lbas[i] = first + i < first ? ~0ULL : first + i;
  return lbas;
}

std::uint64_t slba(const Request& r) { return r.command.dw[10] | std::uint64_t{r.command.dw[11]} << 32; }
std::uint64_t all_bits(std::size_t count) { return count >= 64 ? ~0ULL : (1ULL << count) - 1; }

/// Whether the reserved bits of dwords 10 to 15 are clear.
std::uint16_t clear(const Request& r, const std::array<std::uint32_t, 6>& reserved) {
  for (std::size_t i = 0; i < reserved.size(); ++i) {
    if ((r.command.dw[10 + i] & reserved[i]) != 0) return kInvalidField;
  }
  return kSuccess;
}

template <typename Array>
void put(Array& bytes, std::size_t offset, std::size_t size, std::uint64_t value) {
  for (std::size_t i = 0; i < size; ++i) bytes[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

}  // namespace

void expand(std::uint64_t tag, std::span<std::byte> bytes) {
  each_word(tag, bytes.size(),
            [&](std::size_t at, std::uint64_t word, std::size_t n) { std::memcpy(bytes.data() + at, &word, n); });
}

bool shows(std::uint64_t tag, std::span<const std::byte> bytes) {
  bool same = true;
  each_word(tag, bytes.size(), [&](std::size_t at, std::uint64_t word, std::size_t n) {
    same = same && std::memcmp(bytes.data() + at, &word, n) == 0;
  });
  return same;
}

std::uint64_t tag_of(std::span<const std::byte> bytes) {
  std::uint64_t tag = 0;
  std::memcpy(&tag, bytes.data(), std::min<std::size_t>(8, bytes.size()));
  return shows(tag, bytes) ? tag : kGarbage;
}

Oracle::Oracle(const emulator::Config& config)
    : g_(config.geometry),
      pe_cycles_(config.pe_cycles),
      predefined_(config.predefined == 0 ? kZeros : kOnes),
      limit_(config.mdts == 0 ? ~0ULL : 4096ULL << config.mdts),
      grp_len_(bits_for(g_.groups)),
      pu_len_(bits_for(g_.units)),
      chk_len_(bits_for(g_.chunks)),
      lbk_len_(bits_for(g_.sectors)),
      chunks_(static_cast<std::size_t>(g_.groups) * g_.units * g_.chunks) {
  for (Chunk& c : chunks_) c.cnlb = g_.sectors;
  for (const emulator::ChunkOverride& o : config.overrides) {
    const Address a = o.address;
    Chunk& c = chunks_[(a.group() * g_.units + a.unit()) * g_.chunks + a.chunk()];
    if (o.sectors) c.cnlb = *o.sectors;
    if (o.type) c.random = *o.type == ChunkType::random;
    if (o.state) c.state = static_cast<std::uint8_t>(*o.state);
    if (o.cycles) c.cycles = *o.cycles;
    if (o.write_pointer) {
      c.wp = *o.write_pointer;
    } else if (c.state == kClosed) {
      c.wp = c.cnlb;
    }
  }
}

// 2.1: the fields are packed without gaps; whatever is above them makes a group that does not exist.
std::optional<std::uint64_t> Oracle::chunk_of(std::uint64_t lba) const {
  const std::uint64_t chk = (lba >> lbk_len_) & ((1ULL << chk_len_) - 1);
  const std::uint64_t pu = (lba >> (lbk_len_ + chk_len_)) & ((1ULL << pu_len_) - 1);
  const std::uint64_t grp = lba >> (lbk_len_ + chk_len_ + pu_len_);
  if (grp >= g_.groups || pu >= g_.units || chk >= g_.chunks) return std::nullopt;
  return (grp * g_.units + pu) * g_.chunks + chk;
}

std::uint64_t Oracle::lba(std::uint64_t chunk, std::uint64_t lblk) const {
  const std::uint64_t chk = chunk % g_.chunks;
  const std::uint64_t pu = chunk / g_.chunks % g_.units;
  const std::uint64_t grp = chunk / g_.chunks / g_.units;
  return (((grp << pu_len_ | pu) << chk_len_ | chk) << lbk_len_) + lblk;
}

// 6.2
bool Oracle::readable(std::uint64_t lba) const {
  const auto chunk = chunk_of(lba);
  if (!chunk) return false;
  const Chunk& c = chunks_[*chunk];
  const std::uint64_t lblk = lblk_of(lba);
  if (c.random) return c.state == kOpen && lblk < c.cnlb;
  if (c.state == kClosed) return lblk < c.wp;
  if (c.state == kOpen) return c.wp >= g_.mw_cunits && lblk < c.wp - g_.mw_cunits;
  return false;
}

Sector Oracle::reads_as(std::uint64_t lba) const {
  if (!readable(lba)) return {predefined_, predefined_};
  const Chunk& c = chunks_[*chunk_of(lba)];
  const auto found = c.sectors.find(lblk_of(lba));
  return found == c.sectors.end() ? Sector{} : found->second;
}

// 3.2
Descriptor Oracle::descriptor(std::uint64_t chunk) const {
  const Chunk& c = chunks_[chunk];
  Descriptor d{};
  d[0] = c.state;
  d[1] = static_cast<std::uint8_t>((c.random ? 0x02 : 0x01) | (c.cnlb < g_.sectors ? 0x10 : 0));
  d[2] = static_cast<std::uint8_t>(wear(c));
  put(d, 8, 8, lba(chunk, 0));
  put(d, 16, 8, c.cnlb);
  put(d, 24, 8, c.random || c.state == kOffline ? ~0ULL : c.wp);
  return d;
}

std::vector<std::uint8_t> Oracle::chunk_log() const {
  std::vector<std::uint8_t> log;
  for (std::uint64_t i = 0; i < chunks_.size(); ++i) {
    const Descriptor d = descriptor(i);
    log.insert(log.end(), d.begin(), d.end());
  }
  return log;
}

std::uint16_t Oracle::check_fields(const Request& r) const {
  const auto& dw = r.command.dw;
  static constexpr std::uint8_t kKnown[] = {0x00, 0x01, 0x02, 0x09, 0x90, 0x91, 0x92, 0x93};
  if ((dw[0] & 0x3F00) != 0) return kInvalidField;                         // FUSE and the reserved bits behind it
  if ((dw[0] & 0xC000) == 0xC000) return kInvalidField;                    // PSDT 11b is reserved
  const bool every_namespace = r.opcode() == 0x00 && dw[1] == 0xFFFFFFFF;  // NVMe-2.0 7.1
  if (dw[1] != 1 && !every_namespace) return kInvalidNamespace;
  if (std::ranges::find(kKnown, r.opcode()) == std::end(kKnown)) return kInvalidOpcode;
  if (r.opcode() == 0x93 && !g_.vector_copy) return kInvalidOpcode;  // 4.5
  switch (r.opcode()) {
    case 0x00: return clear(r, {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF});
    case 0x01:
    case 0x02: return clear(r, {0, 0, 0x23FF0000, 0xFFFFFF00, 0, 0});  // PRACT without protection information (5), too
    case 0x09: return clear(r, {0xFFFFFF00, 0xFFFFFFF8, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF});
    default: return check_vector_fields(r);
  }
}

// 4.1. Bits 29:16 of dword 12 are ignored.
std::uint16_t Oracle::check_vector_fields(const Request& r) const {
  // A copy has the address of its destinations in dwords 14 and 15.
  const std::uint32_t behind = r.opcode() == 0x93 ? 0 : 0xFFFFFFFF;
  if (clear(r, {0, 0, 0xFFC0, 0xFFFFFFFF, behind, behind}) != kSuccess) return kInvalidField;
  if (r.list.size() != r.count()) return kListLength;
  if (r.opcode() == 0x93 && r.destination.size() != r.count()) return kListLength;
  return kSuccess;
}

std::uint16_t Oracle::check_transfer(const Request& r) const {
  std::uint64_t data = 0, metadata = 0;
  switch (r.opcode()) {
    case 0x01:
    case 0x02:
    case 0x91:
    case 0x92:
      data = std::uint64_t{r.count()} * g_.sector_bytes;
      metadata = std::uint64_t{r.count()} * g_.oob_bytes;
      break;
    case 0x09: data = std::uint64_t{(r.command.dw[10] & 0xFF) + 1} * 16; break;
    case 0x90: metadata = std::uint64_t{r.count()} * 32; break;
    default: break;
  }
  if (data > limit_) return kInvalidField;
  // Of ranges more memory than they take does no harm.
  if (r.opcode() == 0x09 ? r.data_bytes < data : r.data_bytes != data) return kDataLength;
  if (r.metadata_bytes != 0 && r.metadata_bytes != metadata) return kMetadataLength;
  return kSuccess;
}

Answer Oracle::io(const Request& r) {
  Answer answer;
  answer.code = check_fields(r);
  if (answer.code == kSuccess) answer.code = check_transfer(r);
  if (answer.code != kSuccess) return answer;  // no entry was looked at: the bits say nothing
  switch (r.opcode()) {
    case 0x01:
    case 0x02: return scalar(r);
    case 0x09: return deallocate(r);
    case 0x90: return vector_reset(r);
    case 0x91: return vector_write(r);
    case 0x92: return read(r.list);
    case 0x93: return copy(r);
    default: return answer;
  }
}

Answer Oracle::scalar(const Request& r) {
  const Lbas lbas = sequence(slba(r), r.count());
  Answer answer;
  if (r.opcode() == 0x02) {
    answer = read(lbas);
    answer.bits = 0;
    return answer;
  }
  Trial trial;
  answer.code = check_run(trial, lbas);  // one run, wherever it goes
  if (answer.code == kSuccess) store(lbas, r.content, r.metadata_bytes != 0);
  return answer;
}

// 4.4
Answer Oracle::read(const Lbas& lbas) const {
  Answer answer;
  for (std::size_t i = 0; i < lbas.size(); ++i) {
    if (dulbe && !readable(lbas[i])) {
      answer.code = kUnwritten;
      if (i < 64) answer.bits |= 1ULL << i;
    }
    answer.read.push_back(reads_as(lbas[i]));
  }
  return answer;
}

Answer Oracle::vector_write(const Request& r) {
  Answer answer;
  answer.code = check_lists(r.list);
  if (answer.code == kSuccess) {
    store(r.list, r.content, r.metadata_bytes != 0);
  } else {
    answer.bits = all_bits(r.list.size());
  }
  return answer;
}

// 4.5: the sources are checked as a read, the destinations as a write; all sources are read before anything is written.
Answer Oracle::copy(const Request& r) {
  Answer answer = read(r.list);
  if (answer.code == kSuccess) answer.code = check_lists(r.destination);
  if (answer.code == kSuccess) {
    store(r.destination, answer.read, true);
  } else {
    answer.bits = all_bits(r.list.size());
  }
  answer.read.clear();
  return answer;
}

// 4.3: a run is as many entries of one chunk as follow each other in the list. Nothing is written if any run is wrong.
std::uint16_t Oracle::check_lists(const Lbas& lbas) const {
  Trial trial;
  for (std::size_t begin = 0, end = 0; begin < lbas.size(); begin = end) {
    while (end < lbas.size() && lbas[end] >> lbk_len_ == lbas[begin] >> lbk_len_) ++end;
    const std::uint16_t code = check_run(trial, std::span(lbas).subspan(begin, end - begin));
    if (code != kSuccess) return code;
  }
  return kSuccess;
}

std::uint16_t Oracle::check_run(Trial& trial, std::span<const std::uint64_t> run) const {
  const auto chunk = chunk_of(run.front());
  if (!chunk) return kWriteFault;
  if (!trial.chunks.contains(*chunk)) {
    Chunk& c = trial.chunks[*chunk];
    const Chunk& now = chunks_[*chunk];
    c.state = now.state, c.random = now.random, c.cnlb = now.cnlb, c.wp = now.wp;
  }
  Chunk& c = trial.chunks[*chunk];
  const std::uint64_t first = lblk_of(run.front());
  bool ascending = true;
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (chunk_of(run[i]) != chunk || lblk_of(run[i]) >= c.cnlb) return kWriteFault;  // 1
    ascending = ascending && lblk_of(run[i]) == first + i;
  }
  if (c.state == kOffline || c.state == kClosed) return kWriteFault;                // 2
  if (first + run.size() > c.cnlb) return kWriteFault;                              // 3
  if (c.random) return kSuccess;                                                    // 4
  if (run.size() < g_.ws_min || run.size() % g_.ws_min != 0) return kInvalidField;  // 5
  if (first != c.wp) return kOutOfOrder;                                            // 6
  if (!ascending) return kOutOfOrder;                                               // 7
  if (c.state == kFree) {
    if (!slot_free(trial, *chunk)) return kWriteFault;
    ++trial.opened[*chunk / g_.chunks];
    c.state = kOpen;
  }
  c.wp += run.size();
  if (c.wp == c.cnlb) c.state = kClosed;
  return kSuccess;
}

// MAXOC and MAXOCPU: a chunk keeps its slot until the command that fills it is done; random chunks need none.
bool Oracle::slot_free(const Trial& trial, std::uint64_t chunk) const {
  const std::uint64_t unit = chunk / g_.chunks;
  std::uint64_t device_open = 0, unit_open = 0;
  for (std::uint64_t i = 0; (g_.max_open != 0 || g_.max_open_unit != 0) && i < chunks_.size(); ++i) {
    const bool open = chunks_[i].state == kOpen && !chunks_[i].random;
    device_open += open ? 1 : 0;
    unit_open += open && i / g_.chunks == unit ? 1 : 0;
  }
  for (const auto& [where, count] : trial.opened) {
    device_open += count;
    unit_open += where == unit ? count : 0;
  }
  return (g_.max_open == 0 || device_open < g_.max_open) && (g_.max_open_unit == 0 || unit_open < g_.max_open_unit);
}

void Oracle::store(const Lbas& lbas, const std::vector<Sector>& content, bool with_metadata) {
  for (std::size_t i = 0; i < lbas.size(); ++i) {
    Chunk& c = chunks_[*chunk_of(lbas[i])];
    Sector& s = c.sectors[lblk_of(lbas[i])];
    s.data = content[i].data;
    if (with_metadata) s.metadata = content[i].metadata;
    if (c.state == kFree) c.state = kOpen;
    if (!c.random && ++c.wp == c.cnlb) c.state = kClosed;
  }
}

// 7
std::uint16_t Oracle::reset(std::uint64_t lba) {
  const auto chunk = chunk_of(lba);
  if (!chunk) return kInvalidReset;
  Chunk& c = chunks_[*chunk];
  if (c.state == kOffline) return kOfflineChunk;
  if (c.state == kFree && !g_.multiple_resets) return kInvalidReset;
  if (c.state == kOpen && !g_.early_reset) return kInvalidReset;
  c.state = kFree;
  c.wp = 0;
  c.sectors.clear();
  if (!c.random && ++c.cycles >= pe_cycles_) {  // 6.4
    c.cycles = pe_cycles_;
    c.state = kOffline;
  }
  watch_wear(*chunk);
  return kSuccess;
}

// 4.6: all entries, whatever the others' fate.
Answer Oracle::vector_reset(const Request& r) {
  Answer answer;
  for (std::size_t i = 0; i < r.list.size(); ++i) {
    const std::uint16_t code = reset(r.list[i]);
    answer.descriptors.emplace_back();
    if (code == kSuccess) {
      answer.descriptors.back() = descriptor(*chunk_of(r.list[i]));
    } else {
      answer.bits |= 1ULL << i;
      if (answer.code == kSuccess) answer.code = code;
    }
  }
  if (r.metadata_bytes == 0) answer.descriptors.clear();
  return answer;
}

// 5: one range after the other, up to the first that is wrong.
Answer Oracle::deallocate(const Request& r) {
  Answer answer;
  if ((r.command.dw[11] & 4) == 0) return answer;
  for (const spec::DsmRange& range : r.ranges) {
    const auto chunk = chunk_of(range.slba);
    if (lblk_of(range.slba) != 0) {
      answer.code = kInvalidField;
    } else if (!chunk) {
      answer.code = kInvalidReset;
    } else if (range.blocks != chunks_[*chunk].cnlb) {
      answer.code = kLbaRange;
    } else {
      answer.code = reset(range.slba);
    }
    if (answer.code != kSuccess) break;
  }
  return answer;
}

// 3.3: after a reset, a wear index further from the average than WIT is told to the host. The last 64 are kept.
void Oracle::watch_wear(std::uint64_t chunk) {
  std::uint64_t sum = 0;
  for (const Chunk& c : chunks_) sum += wear(c);
  const auto average = static_cast<std::int64_t>(sum / chunks_.size());
  const auto wli = static_cast<std::int64_t>(wear(chunks_[chunk]));
  const auto wit = static_cast<std::int64_t>(g_.wear_threshold);
  if (wli >= average - wit && wli <= average + wit) return;
  Notification n{};
  put(n, 0, 8, ++notified_);
  put(n, 8, 8, lba(chunk, 0));
  put(n, 16, 4, 1);
  put(n, 20, 2, 1 << 8);
  put(n, 22, 1, 2);
  notifications_.push_back(n);
  if (notifications_.size() > 64) notifications_.pop_front();
}

}  // namespace lightnvm::oracle
