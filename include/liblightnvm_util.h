// SPDX-License-Identifier: BSD-2-Clause
// Small macros and inlines that programs of liblightnvm use. C99 and up, C++11 and up.
#pragma once

#include <stdio.h>
#include <string.h>

/* log2 of the sector that the rest of the world counts in. */
#define NVM_UNIVERSAL_SECT_SH 9

/* In a parameter list: the parameter is not used. */
#define NVM_UNUSED(x) UNUSED_##x __attribute__((__unused__))

/* An integer as its binary digits, the most significant first: printf(NVM_I8_FMT, NVM_I8_TO_STR(value)). */
#define NVM_BIT_TO_CHAR(v, bit) ((((v) >> (bit)) & 1) ? '1' : '0')
#define NVM_I8_FMT "%c%c%c%c%c%c%c%c"
#define NVM_I8_TO_STR(v)                                                                                             \
  NVM_BIT_TO_CHAR(v, 7), NVM_BIT_TO_CHAR(v, 6), NVM_BIT_TO_CHAR(v, 5), NVM_BIT_TO_CHAR(v, 4), NVM_BIT_TO_CHAR(v, 3), \
      NVM_BIT_TO_CHAR(v, 2), NVM_BIT_TO_CHAR(v, 1), NVM_BIT_TO_CHAR(v, 0)
#define NVM_I16_FMT NVM_I8_FMT NVM_I8_FMT
#define NVM_I16_TO_STR(v) NVM_I8_TO_STR((v) >> 8), NVM_I8_TO_STR(v)
#define NVM_I32_FMT NVM_I16_FMT NVM_I16_FMT
#define NVM_I32_TO_STR(v) NVM_I16_TO_STR((v) >> 16), NVM_I16_TO_STR(v)
#define NVM_I64_FMT NVM_I32_FMT NVM_I32_FMT
#define NVM_I64_TO_STR(v) NVM_I32_TO_STR((v) >> 32), NVM_I32_TO_STR(v)

static inline int NVM_MIN(int x, int y) { return x < y ? x : y; }
static inline int NVM_MAX(int x, int y) { return x < y ? y : x; }

/* Debug lines of a program that defines NVM_DEBUG_ENABLED; nothing otherwise. NVM_DEBUG takes a format and its values.
 */
#ifdef NVM_DEBUG_ENABLED
#define NVM_DEBUG(...)                                             \
  do {                                                             \
    fprintf(stderr, "# %s:%s-%d: ", __FILE__, __func__, __LINE__); \
    fprintf(stderr, __VA_ARGS__);                                  \
    fprintf(stderr, "\n");                                         \
    fflush(stderr);                                                \
  } while (0)
#define NVM_DEBUG_FCALL(x) x
#else
#define NVM_DEBUG(...)
#define NVM_DEBUG_FCALL(x)
#endif
