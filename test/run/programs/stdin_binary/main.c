// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Binary standard input through read, byte for byte.
// STDIN: @input.bin
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static uint32_t crc_step(uint32_t crc, uint8_t byte) {
  crc ^= byte;
  for (int bit = 0; bit < 8; ++bit)
    crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
  return crc;
}

int main(void) {
  uint8_t buffer[777];
  uint32_t crc = ~0u;
  long total = 0;
  ssize_t got;
  while ((got = read(0, buffer, sizeof buffer)) > 0) {
    for (ssize_t i = 0; i < got; ++i)
      crc = crc_step(crc, buffer[i]);
    total += got;
  }
  printf("%ld bytes, crc %08x\n", total, ~crc);
  return 0;
}
