// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sixteen megabytes of standard output through write, which may write less than asked for.
#include <errno.h>
#include <unistd.h>

static char block[65536];

static void fill(unsigned seed) {
  for (unsigned i = 0; i < sizeof block; ++i)
    block[i] = (i % 64 == 63) ? '\n' : (char)('a' + (i * 7 + seed) % 26);
}

static int write_all(const char *data, size_t size) {
  while (size) {
    ssize_t done = write(1, data, size);
    if (done < 0)
      return errno;
    data += done;
    size -= (size_t)done;
  }
  return 0;
}

int main(void) {
  for (unsigned i = 0; i < 256; ++i) {
    fill(i);
    if (write_all(block, sizeof block))
      return 1;
  }
  return 0;
}
