// SPDX-License-Identifier: BSD-2-Clause
// Memory for transfers: the route's where it has its own, aligned heap elsewhere.
#include <cstdlib>

#include "device/core.hpp"

namespace lightnvm {
namespace {

constexpr std::size_t kAlignment = 4096;

}  // namespace

/// Keeps what the memory came from.
class Buffer::Owner {
 public:
  std::shared_ptr<void> device;
  backends::Memory* memory = nullptr;  ///< nullptr: the heap
};

Buffer::~Buffer() {
  if (data_ == nullptr) return;
  if (owner_->memory != nullptr) {
    owner_->memory->release(data_);
  } else {
    std::free(data_);
  }
}

Result<std::uint64_t> Buffer::physical_address() const noexcept {
  if (data_ == nullptr || owner_->memory == nullptr) return std::unexpected(Status::os(ENOTSUP));
  return owner_->memory->translate(data_);
}

Result<Buffer> Device::allocate(std::size_t bytes) {
  if (bytes == 0) return std::unexpected(Status::os(EINVAL));
  Buffer buffer;
  buffer.owner_ = std::make_shared<Buffer::Owner>();
  buffer.owner_->memory = impl_->backend->memory();
  if (buffer.owner_->memory != nullptr) {
    auto memory = buffer.owner_->memory->allocate(bytes, kAlignment);
    if (!memory) return std::unexpected(memory.error());
    buffer.data_ = *memory;
    buffer.owner_->device = impl_;
  } else {
    const std::size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    if (rounded < bytes) return std::unexpected(Status::os(ENOMEM));
    buffer.data_ = static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded));
    if (buffer.data_ == nullptr) return std::unexpected(Status::os(ENOMEM));
  }
  buffer.size_ = bytes;
  return buffer;
}

}  // namespace lightnvm
