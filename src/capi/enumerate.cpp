// SPDX-License-Identifier: BSD-2-Clause
// nvm_dev_enum: what the routes find, handed to a callback.
#include "capi/handles.hpp"

using namespace lightnvm;
using namespace lightnvm::capi;

namespace {

nvm_dev_found to_found(const FoundDevice& device) noexcept {
  nvm_dev_found found{};
  found.ident = device.ident.c_str();
  found.be_id = static_cast<int>(device.backend_id);
  found.verid = static_cast<int>(device.version);
  found.tbytes = device.bytes;
  found.in_use = device.in_use ? 1 : 0;
  found.error = device.trouble.ok() ? 0 : errno_of(device.trouble);
  found.text = device.description.c_str();
  return found;
}

}  // namespace

extern "C" int nvm_dev_enum(const char* const dirs[], int ndirs, nvm_dev_enum_cb cb, void* cb_arg) {
  return guarded(-1, [&] {
    if (cb == nullptr) return refuse(EINVAL, "nvm_dev_enum: no callback");
    if (ndirs < 0 || (ndirs > 0) != (dirs != nullptr)) {
      return refuse(EINVAL, "nvm_dev_enum: dirs is a list of ndirs directories, or NULL with 0");
    }
    FindOptions options;
    if (ndirs > 0) options.directories.clear();
    for (int i = 0; i < ndirs; ++i) {
      if (dirs[i] == nullptr) return refuse(EINVAL, "nvm_dev_enum: a directory is NULL");
      options.directories.emplace_back(dirs[i]);
    }
    const auto devices = find_devices(options);
    if (!devices) return refuse_explained(devices.error());
    for (const FoundDevice& device : *devices) {
      const nvm_dev_found found = to_found(device);
      if (const int stop = cb(&found, cb_arg); stop != 0) return stop;
    }
    return 0;
  });
}
