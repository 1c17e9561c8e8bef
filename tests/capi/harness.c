// SPDX-License-Identifier: BSD-2-Clause
// The harness: `program --list` names its tests, `program NAME` runs one; 0, 1 and a line on stderr, or 77 to skip.
#include "harness.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char* running = "";

// One of the two streams, while it goes to a file.
struct stream {
  FILE* real;
  FILE* file;
  int saved;
  char* text;
};
static struct stream out, err;

static void divert(struct stream* stream, FILE* real) {
  fflush(real);
  stream->real = real;
  stream->file = tmpfile();
  stream->saved = dup(fileno(real));
  if (stream->file == NULL || stream->saved < 0 || dup2(fileno(stream->file), fileno(real)) < 0) abort();
}

static void restore(struct stream* stream) {
  if (stream->file == NULL) return;
  fflush(stream->real);
  const off_t size = lseek(fileno(stream->file), 0, SEEK_CUR);
  if (size < 0 || dup2(stream->saved, fileno(stream->real)) < 0) abort();
  close(stream->saved);
  free(stream->text);
  stream->text = calloc(1, (size_t)size + 1);
  rewind(stream->file);
  if (stream->text == NULL || fread(stream->text, 1, (size_t)size, stream->file) != (size_t)size) abort();
  fclose(stream->file);
  stream->file = NULL;
}

void capture_start(void) {
  divert(&out, stdout);
  divert(&err, stderr);
}

const char* capture_stop(void) {
  const int error = errno;
  restore(&out);
  restore(&err);
  errno = error;
  return out.text;
}

const char* captured_errors(void) { return err.text; }

void failed(const char* file, int line, const char* what, const char* expected, const char* actual) {
  (void)capture_stop();
  fflush(stdout);
  fprintf(stderr, "%s:%d: %s: %s\n  expected: %s\n  actual:   %s\n  errno:    %s\n  sentence: %s\n", file, line,
          running, what, expected, actual, strerror(errno), nvm_last_error());
  exit(1);
}

void failed_numbers(const char* file, int line, const char* what, long long expected, long long actual) {
  char texts[2][32];
  snprintf(texts[0], sizeof(texts[0]), "%lld", expected);
  snprintf(texts[1], sizeof(texts[1]), "%lld", actual);
  failed(file, line, what, texts[0], texts[1]);
}

void failed_hex(const char* file, int line, const char* what, uint64_t expected, uint64_t actual) {
  char texts[2][32];
  snprintf(texts[0], sizeof(texts[0]), "0x%" PRIx64, expected);
  snprintf(texts[1], sizeof(texts[1]), "0x%" PRIx64, actual);
  failed(file, line, what, texts[0], texts[1]);
}

const char* needed(const char* name) {
  const char* value = getenv(name);
  if (value != NULL && *value != '\0') return value;
  printf("SKIP: the environment variable %s is not set\n", name);
  exit(77);
}

// What a test writes is gone with it.
static char folder[256];
static char paths[16][320];
static unsigned npaths;

static void remove_folder(void) {
  for (unsigned i = 0; i < npaths; ++i) unlink(paths[i]);
  rmdir(folder);
}

const char* temporary(const char* name) {
  if (folder[0] == '\0') {
    const char* place = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/capi-XXXXXX", place == NULL ? "/tmp" : place);
    if (mkdtemp(folder) == NULL) abort();
    atexit(remove_folder);
  }
  char* path = paths[npaths];
  snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
  for (unsigned i = 0; i < npaths; ++i) {
    if (strcmp(paths[i], path) == 0) return paths[i];
  }
  if (++npaths == sizeof(paths) / sizeof(paths[0])) abort();
  return path;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s --list | NAME\n", argv[0]);
    return 2;
  }
  const bool list = strcmp(argv[1], "--list") == 0;
  for (size_t i = 0; i < ntests; ++i) {
    if (list) {
      printf("%s\n", tests[i].name);
    } else if (strcmp(tests[i].name, argv[1]) == 0) {
      running = tests[i].name;
      tests[i].run();
      free(out.text);
      free(err.text);
      return 0;
    }
  }
  if (!list) fprintf(stderr, "%s: no test has that name\n", argv[1]);
  return list ? 0 : 2;
}
