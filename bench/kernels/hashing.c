// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hashing: a byte-wise and a word-wise hash of a buffer, and a table with open addressing.

#include "kernel.h"

#include <stdint.h>
#include <string.h>

enum { Bytes = 1 << 16, Slots = 1 << 14 };

static unsigned char text[Bytes];
static struct {
  uint64_t key;
  uint32_t count;
} table[Slots];

static uint64_t hash_bytes(const unsigned char* bytes, size_t size) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < size; ++i)
    hash = (hash ^ bytes[i]) * 0x100000001b3u;
  return hash;
}

static uint64_t mix(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdu;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53u;
  return x ^ x >> 33;
}

static uint64_t hash_words(const unsigned char* bytes, size_t size) {
  uint64_t hash = size;
  for (size_t i = 0; i + 8 <= size; i += 8) {
    uint64_t word;
    memcpy(&word, bytes + i, 8);
    hash = (hash << 27 | hash >> 37) ^ mix(word);
  }
  return hash;
}

static void count(uint64_t key) {
  size_t slot = mix(key) & (Slots - 1);
  while (table[slot].count && table[slot].key != key)
    slot = (slot + 1) & (Slots - 1);
  table[slot].key = key;
  ++table[slot].count;
}

int main(int argc, char** argv) {
  unsigned state = 99;
  for (int i = 0; i < Bytes; ++i)
    text[i] = "etaoin shrdlu"[kernel_random(&state) % 13];
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    text[unit % Bytes] ^= 1;
    uint64_t sum = 0;
    for (int i = 0; i < 4; ++i)
      sum ^= hash_bytes(text + i, Bytes - 16) + hash_words(text + i, Bytes - 16);
    memset(table, 0, sizeof table);
    for (int i = 0; i + 12 < Bytes; i += 2)
      count(hash_bytes(text + i, 3));
    for (int i = 0; i < Slots; ++i)
      sum += mix(table[i].key) * table[i].count;
    kernel_tick(sum);
  }
}
