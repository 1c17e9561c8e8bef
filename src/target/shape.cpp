// SPDX-License-Identifier: BSD-2-Clause
// Takes the lengths of a command apart.
#include "target/shape.hpp"

#include "lightnvm/geometry.hpp"
#include "spec/ocssd12.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::target {
namespace {

using enum StatusCode;
using spec::IoOpcode;

Status refuse(StatusCode code) noexcept { return Status::nvme_dnr(code); }

// NVMe-2.0 3.3.3.1: bits 1:0 of an opcode.
enum class Direction : std::uint8_t { none = 0, out = 1, in = 2, both = 3 };
Direction direction_of(const spec::Command& c) noexcept { return static_cast<Direction>(spec::Opcode::get(c) & 3); }

bool is_scalar(std::uint32_t opcode) noexcept {
  return opcode == static_cast<std::uint32_t>(IoOpcode::read) || opcode == static_cast<std::uint32_t>(IoOpcode::write);
}
bool is(const spec::Command& c, IoOpcode opcode) noexcept {
  return spec::Opcode::get(c) == static_cast<std::uint32_t>(opcode);
}
bool is(const spec::Command& c, spec::AdminOpcode opcode) noexcept {
  return spec::Opcode::get(c) == static_cast<std::uint32_t>(opcode);
}

std::uint32_t blocks_of(const spec::Command& c) noexcept {
  return spec::is_vector(spec::Opcode::get(c)) ? spec::VectorNlb::get(c) + 1 : spec::Nlb::get(c) + 1;
}

void put_data(const spec::Command& c, std::uint32_t bytes, Shape& s) noexcept {
  (direction_of(c) == Direction::in ? s.data_in : s.data_out) = bytes;
}

// Of one address; it is in the command, as a device that is asked directly finds it.
Status standard_vector(const spec::Command& c, std::uint32_t bytes, const Namespace& ns, Shape& s) noexcept {
  if (spec::VectorNlb::get(c) != 0) return refuse(invalid_field);
  s.list = 1;
  s.addresses_in_command = true;
  if (is(c, IoOpcode::vector_copy)) s.destination = 1;
  const bool transfers = is(c, IoOpcode::vector_read) || is(c, IoOpcode::vector_write);
  if (bytes != (transfers ? ns.wire_block_bytes() : 0)) return refuse(data_sgl_length_invalid);
  s.interleaved = transfers && ns.wire_block_bytes() != ns.block_bytes;
  if (transfers) put_data(c, bytes, s);
  return {};
}

Status standard_shape(const spec::Command& c, std::uint32_t bytes, const ShapeTerms& terms, Shape& s) noexcept {
  const std::uint32_t opcode = spec::Opcode::get(c);
  if (!terms.admin && terms.ns != nullptr) {
    if (spec::is_vector(opcode)) return standard_vector(c, bytes, *terms.ns, s);
    if (is_scalar(opcode)) {
      const std::uint64_t wanted = std::uint64_t{blocks_of(c)} * terms.ns->wire_block_bytes();
      if (wanted > terms.transfer_bytes) return refuse(invalid_field);
      if (bytes != wanted) return refuse(data_sgl_length_invalid);
      s.interleaved = terms.ns->wire_block_bytes() != terms.ns->block_bytes;
    }
  }
  if (bytes == 0) return {};
  // A list of blocks is this command's data. OCSSD-1.2 10.3.
  if (terms.admin && is(c, spec::AdminOpcode::set_bad_blocks)) {
    const std::uint32_t blocks = spec::BadBlockNlb::get(c) + 1;
    if (blocks > kMaxAddresses) return refuse(invalid_field);
    if (bytes != blocks * 8) return refuse(data_sgl_length_invalid);
    s.list = static_cast<std::uint8_t>(blocks);
    return {};
  }
  const Direction direction = direction_of(c);
  if (direction == Direction::none || direction == Direction::both) return refuse(data_sgl_length_invalid);
  put_data(c, bytes, s);
  return {};
}

// What a known command of a known namespace moves, no more and no less. OCSSD-2.0 4; NVM-1.0 3.2.
Status check_blocks(const spec::Command& c, const Namespace& ns, const Shape& s) noexcept {
  const std::uint32_t opcode = spec::Opcode::get(c);
  if (!spec::is_vector(opcode) && !is_scalar(opcode)) return {};
  const std::uint32_t blocks = blocks_of(c);
  if (spec::is_vector(opcode) && blocks > kMaxAddresses) return refuse(invalid_field);
  // A single address of OCSSD 1.2 may be in the command.
  const bool in_command = ns.page.vendor[0] == 1 && blocks == 1 && s.list == 0;
  const bool copies = is(c, IoOpcode::vector_copy);
  const std::uint32_t list = spec::is_vector(opcode) && !in_command ? blocks : 0;
  if (s.list != list || s.destination != (copies ? blocks : 0)) return refuse(lba_list_length_invalid);
  const bool resets = is(c, IoOpcode::vector_reset);
  const std::uint64_t data = copies || resets ? 0 : std::uint64_t{blocks} * ns.block_bytes;
  const std::uint64_t metadata = resets   ? blocks * sizeof(spec::ChunkDescriptor)
                                 : copies ? 0
                                          : std::uint64_t{blocks} * ns.metadata_bytes;
  const bool reads = is(c, IoOpcode::read) || is(c, IoOpcode::vector_read);
  if ((reads ? s.data_in : s.data_out) != data || (reads ? s.data_out : s.data_in) != 0) {
    return refuse(data_sgl_length_invalid);
  }
  const std::uint32_t wrong_way = reads || resets ? s.metadata_out : s.metadata_in;
  const std::uint32_t right_way = reads || resets ? s.metadata_in : s.metadata_out;
  if (wrong_way != 0 || (right_way != 0 && right_way != metadata)) return refuse(metadata_sgl_length_invalid);
  return {};
}

Status extended_shape(const spec::Command& c, std::uint32_t bytes, Shape& s) noexcept {
  const spec::extension::Layout layout = spec::extension::unpack(spec::Mptr::get(c));
  if (layout.list > kMaxAddresses || layout.destination > kMaxAddresses) return refuse(lba_list_length_invalid);
  s.list = layout.list;
  s.destination = layout.destination;
  (layout.metadata_in ? s.metadata_in : s.metadata_out) = layout.metadata_bytes;
  const Direction direction = direction_of(c);
  const std::uint32_t beside = s.lists_bytes() + s.metadata_out;
  if (direction == Direction::in) {
    if (beside != 0) {
      if (bytes != beside) return refuse(data_sgl_length_invalid);
      s.data_in = layout.data_in_bytes;
    } else {
      if (bytes < s.metadata_in || layout.data_in_bytes != 0) return refuse(data_sgl_length_invalid);
      s.data_in = bytes - s.metadata_in;
    }
  } else {
    if (layout.data_in_bytes != 0) return refuse(invalid_field);
    // Only data makes the host part larger than what is beside it.
    const bool controller_part = beside == 0 && s.metadata_in != 0 && direction != Direction::out;
    if (controller_part ? bytes != s.metadata_in : bytes < beside) return refuse(data_sgl_length_invalid);
    s.data_out = controller_part ? 0 : bytes - beside;
    if (s.data_out != 0 && direction != Direction::out) return refuse(data_sgl_length_invalid);
  }
  return {};
}

// Log pages and identify pages have lengths of their own, which a route may not see.
Status check_admin(const spec::Command& c, const Shape& s) noexcept {
  std::uint64_t least = 0;
  if (is(c, spec::AdminOpcode::get_log_page)) {
    least = ((std::uint64_t{spec::Numdu::get(c)} << 16 | spec::Numdl::get(c)) + 1) * 4;
  } else if (is(c, spec::AdminOpcode::identify) || is(c, spec::AdminOpcode::geometry)) {
    least = spec::kIdentifyBytes;
  }
  return s.data_in < least ? refuse(data_sgl_length_invalid) : Status();
}

}  // namespace

Status shape_of(const spec::Command& c, std::uint32_t sgl_bytes, const ShapeTerms& terms, Shape& out) noexcept {
  out = {};
  const bool extended = terms.extension && spec::extension::is_present(spec::Mptr::get(c));
  if (const Status s = extended ? extended_shape(c, sgl_bytes, out) : standard_shape(c, sgl_bytes, terms, out); !s) {
    return s;
  }
  if (std::max(out.data_out, out.data_in) > terms.transfer_bytes) return refuse(invalid_field);
  if (terms.admin) return check_admin(c, out);
  if (extended && terms.ns != nullptr) return check_blocks(c, *terms.ns, out);
  return {};
}

}  // namespace lightnvm::target
