// SPDX-License-Identifier: BSD-2-Clause
// trace: a decorator that writes each command and its completion to a file.
#pragma once

#include <memory>
#include <string>

#include "backends/registry.hpp"

namespace lightnvm::layers {

/// A backend that behaves as `backend` and appends a line per event to the file at `path` (made if needed): time in
/// microseconds, queue, tag, the opcode's name, its fields, and with the completion its status and latency.
/// Refused, with a sentence, where the file cannot be opened.
backends::Opened trace(std::unique_ptr<backends::Backend> backend, const std::string& path);

}  // namespace lightnvm::layers
