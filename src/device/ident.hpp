// SPDX-License-Identifier: BSD-2-Clause
// Takes identifiers apart.
#pragma once

#include "backends/registry.hpp"

namespace lightnvm::device {

/// `[BACKEND:]LOCATOR[?key=value&flag...]`; a prefix counts as a backend only if the registry has one of that name.
/// `%XX` stands for a byte. EINVAL and a sentence for a broken escape, an empty key, or a key that is there twice.
Result<backends::Ident> parse_ident(std::string_view text, backends::Registry registry);

}  // namespace lightnvm::device
