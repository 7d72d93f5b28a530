// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The standard library's containers and algorithms: many tiny functions that are worth nothing until they are
// inlined.

#include "kernel.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

std::vector<std::uint32_t> numbers(unsigned seed, std::size_t count) {
  std::vector<std::uint32_t> result;
  for (std::size_t i = 0; i < count; ++i)
    result.push_back(kernel_random(&seed));
  return result;
}

std::uint64_t sorted(std::vector<std::uint32_t> values) {
  std::sort(values.begin(), values.end(),
            [](std::uint32_t a, std::uint32_t b) { return (a & 0xffff) < (b & 0xffff); });
  return std::accumulate(values.begin(), values.end(), std::uint64_t{0},
                         [](std::uint64_t sum, std::uint32_t value) { return sum * 3 + (value & 0xffff); });
}

std::uint64_t counted(const std::vector<std::uint32_t>& values) {
  std::unordered_map<std::uint32_t, unsigned> uses;
  std::map<std::string, unsigned> names;
  for (auto value : values) {
    ++uses[value % 251];
    if (value % 8 == 0)
      ++names["name " + std::to_string(value % 97)];
  }
  std::uint64_t sum = 0;
  for (auto value : values)
    sum += uses.find(value % 251)->second;
  for (const auto& [name, count] : names)
    sum = sum * 31 + name.size() * count + static_cast<unsigned char>(name.back());
  return sum;
}

} // namespace

int main(int argc, char** argv) {
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    auto values = numbers(static_cast<unsigned>(unit % 16 + 1), 6000);
    kernel_tick(sorted(values) ^ counted(values));
  }
}
