// SPDX-License-Identifier: BSD-2-Clause
// nvm_async_*: a context is a queue.
#include "capi/handles.hpp"

using namespace lightnvm::capi;

namespace {

constexpr const char* kNoContext = "there is no context: the pointer is NULL";

// The count of a poke or wait, or -1.
int handed_over(const lightnvm::Result<unsigned>& count, const char* what) {
  if (count) return static_cast<int>(*count);
  return guarded(-1, [&] { return refuse(count.error(), what); });
}

bool is_not_of(const nvm_dev* dev, const nvm_async_ctx* ctx) {
  if (dev != nullptr && ctx != nullptr && ctx->dev == dev) return false;
  (void)refuse(EINVAL, "a context and the device that it was made for are needed");
  return true;
}

}  // namespace

extern "C" {

nvm_async_ctx* nvm_async_init(nvm_dev* dev, std::uint32_t depth, std::uint16_t /*flags*/) {
  return guarded(static_cast<nvm_async_ctx*>(nullptr), [&] {
    if (dev == nullptr) return refuse_pointer<nvm_async_ctx>(EINVAL, kNoDevice);
    auto queue = dev->device.open_queue(depth);
    if (!queue) {
      // A depth that is too large has its sentence.
      (void)(queue.error().is_errno(EINVAL) ? refuse_explained(queue.error())
                                            : refuse(queue.error(), "nvm_async_init"));
      return static_cast<nvm_async_ctx*>(nullptr);
    }
    return new nvm_async_ctx(dev, std::move(*queue));
  });
}

std::uint32_t nvm_async_get_depth(nvm_async_ctx* ctx) {
  if (ctx == nullptr) (void)refuse(EINVAL, kNoContext);
  return ctx == nullptr ? 0 : ctx->queue.depth();
}

std::uint32_t nvm_async_get_outstanding(nvm_async_ctx* ctx) {
  if (ctx == nullptr) (void)refuse(EINVAL, kNoContext);
  return ctx == nullptr ? 0 : ctx->queue.in_flight();
}

int nvm_async_term(nvm_dev* dev, nvm_async_ctx* ctx) {
  if (is_not_of(dev, ctx)) return -1;
  delete ctx;
  return 0;
}

int nvm_async_poke(nvm_dev* dev, nvm_async_ctx* ctx, std::uint32_t max) {
  if (is_not_of(dev, ctx)) return -1;
  return handed_over(ctx->queue.poke(max), "nvm_async_poke");
}

int nvm_async_wait(nvm_dev* dev, nvm_async_ctx* ctx) {
  if (is_not_of(dev, ctx)) return -1;
  return handed_over(ctx->queue.drain(), "nvm_async_wait");
}

}  // extern "C"
