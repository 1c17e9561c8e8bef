// SPDX-License-Identifier: BSD-2-Clause
// trace: a decorator that writes each command and its completion to a file.
#pragma once

#include <memory>
#include <string>

#include "backends/registry.hpp"

namespace lightnvm::layers {

/// A backend that behaves as `backend` and appends a line per event to the file at `path` (made if needed): time in
/// microseconds, queue, tag, the opcode's name, its fields, and with the completion its status and latency. The columns
/// are in docs/trace.md.
///
/// Lines of all queues are in the order in which they happened. They are kept in 64 KiB of memory and written when it
/// is full and when the backend ends: a submit or reap may write to the file, but does not allocate. Where the file
/// does not take them, as many as fit are in it, and a last line says how many are missing if there is room for it.
/// Refused, with a sentence, where the file cannot be opened.
backends::Opened trace(std::unique_ptr<backends::Backend> backend, const std::string& path);

}  // namespace lightnvm::layers
