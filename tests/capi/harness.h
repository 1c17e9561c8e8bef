// SPDX-License-Identifier: BSD-2-Clause
// What the C tests stand on: named test functions, checks that say what was there, captured output, devices to test on.
#pragma once

#include <errno.h>
#include <liblightnvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A test function. CMake finds these lines, makes the program's table of them, and a ctest entry for each.
#define TEST(name)        \
  void test_##name(void); \
  void test_##name(void)

struct test {
  const char* name;
  void (*run)(void);
};
// The table that CMake writes.
extern const struct test tests[];
extern const size_t ntests;

// Ends the test, and the program, with a line about what was there; a test has no state worth going on with.
void failed(const char* file, int line, const char* what, const char* expected, const char* actual);
void failed_numbers(const char* file, int line, const char* what, long long expected, long long actual);
void failed_hex(const char* file, int line, const char* what, uint64_t expected, uint64_t actual);

#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) failed(__FILE__, __LINE__, #condition, "true", "false"); \
  } while (0)
#define CHECK_INT(expected, actual)                                                                                \
  do {                                                                                                             \
    const long long check_expected = (long long)(expected), check_actual = (long long)(actual);                    \
    if (check_expected != check_actual) failed_numbers(__FILE__, __LINE__, #actual, check_expected, check_actual); \
  } while (0)
#define CHECK_HEX(expected, actual)                                                                            \
  do {                                                                                                         \
    const uint64_t check_expected = (uint64_t)(expected), check_actual = (uint64_t)(actual);                   \
    if (check_expected != check_actual) failed_hex(__FILE__, __LINE__, #actual, check_expected, check_actual); \
  } while (0)
#define CHECK_STR(expected, actual)                                                                      \
  do {                                                                                                   \
    const char *check_expected = (expected), *check_actual = (actual);                                   \
    if (check_actual == NULL || strcmp(check_expected, check_actual) != 0)                               \
      failed(__FILE__, __LINE__, #actual, check_expected, check_actual == NULL ? "NULL" : check_actual); \
  } while (0)
#define CHECK_CONTAINS(part, actual)                                                                     \
  do {                                                                                                   \
    const char* check_actual = (actual);                                                                 \
    if (strstr(check_actual, (part)) == NULL) failed(__FILE__, __LINE__, #actual, (part), check_actual); \
  } while (0)
// A function that returns int or ssize_t, and one that returns a pointer, refuse with this errno and a sentence.
#define CHECK_REFUSED(error, call)      \
  do {                                  \
    errno = 0;                          \
    CHECK_INT(-1, call);                \
    CHECK_INT(error, errno);            \
    CHECK(nvm_last_error()[0] != '\0'); \
  } while (0)
#define CHECK_NULL(error, call) \
  do {                          \
    errno = 0;                  \
    CHECK((call) == NULL);      \
    CHECK_INT(error, errno);    \
  } while (0)
// A command that the device refuses: EIO, and the status's SC and SCT.
#define CHECK_STATUS(sct_sc, call, ret)      \
  do {                                       \
    CHECK_REFUSED(EIO, call);                \
    CHECK_HEX(sct_sc, (ret).status & 0x7FF); \
  } while (0)

// What is printed between the two: to stdout, and to stderr; the texts are valid until the next stop.
void capture_start(void);
const char* capture_stop(void);
const char* captured_errors(void);
#define PRINTED(statement) (capture_start(), (statement), capture_stop())

// The environment variable NAME, without which the test cannot run.
const char* needed(const char* name);

// A device in memory: 2 groups of 3 units, 10 chunks of 96 sectors; ws_min 4, ws_opt 8, mw_cunits 24; chunk (0, 0, 7)
// is offline. OPTIONS are more of an emulated device's, or "".
struct nvm_dev* open_small(const char* options);
// The reference's worked example: 8 groups of 4 units, 1474 chunks of 6144 sectors, ws_min 24.
struct nvm_dev* open_worked(void);
enum {
  WS_MIN = 4,
  WS_OPT = 8,
  MW_CUNITS = 24,
  NSECTR = 96,
  NCHUNK = 10,
  NPUNIT = 3,
  NPUGRP = 2,
  SECTOR = 4096,
  OOB = 16
};

struct nvm_addr at(unsigned pugrp, unsigned punit, unsigned chunk, unsigned sectr);
// Writes, or fails the test: `nsectr` sectors of the chunk at `addr` from its start, in pieces of ws_min.
void write_sectors(struct nvm_dev* dev, struct nvm_addr addr, unsigned nsectr, const char* data);
void set_dulbe(struct nvm_dev* dev, int on);
// The descriptor of a chunk.
struct nvm_spec_rprt_descr chunk_of(struct nvm_dev* dev, struct nvm_addr addr);
// The commands of that opcode in a device's trace: how many, the most addresses of one, all of them together, and how
// many commands named a plane mode, and asked for the scrambler.
struct told {
  unsigned commands, most, addresses, with_mode, scrambled;
};
struct told told_of(const char* trace, const char* opcode);
// A path in the test's own folder, made anew for each program; valid until the next call.
const char* temporary(const char* name);
// Runs the tool nvm_emu with those arguments, the first of which is its name, without its output. Its exit status.
int run_emu(char* const args[]);
// An image of the small device at temporary(NAME), made by the tool.
const char* make_image(const char* name);
// The same with a chunk of 64 sectors at (1, 0, 5) and one that is written at random at (1, 0, 6).
const char* make_odd_image(const char* name);
