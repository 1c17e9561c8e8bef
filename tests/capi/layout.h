// SPDX-License-Identifier: BSD-2-Clause
// Assertions at compile time, in C99: what programs were compiled against is what they find.
#pragma once

#include <stddef.h>

// An array of -1 elements does not compile; the same declaration may stand any number of times.
#define STATIC(condition) extern char static_check[(condition) ? 1 : -1]
#define SIZE(type, nbytes) STATIC(sizeof(type) == (nbytes))
#define VALUE(name, value) STATIC((name) == (value))
// A member that begins at `offset` and has `nbytes`.
#define PLACE(type, member, offset, nbytes) \
  STATIC(offsetof(type, member) == (offset) && sizeof(((type*)0)->member) == (nbytes))
