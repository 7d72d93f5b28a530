// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the measuring programs of bench/living.py share. Each prints lines of measurement and figure,
// separated by a tab, one per sample; what goes wrong ends the process with a message.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

inline double nowUs() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

inline void print(const char* measurement, double figure) { std::printf("%s\t%.4f\n", measurement, figure); }

[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

inline std::string readText(const char* path) {
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty())
    fail(std::string(path) + ": empty or not there");
  return text;
}

/// The text of one version of the function that is redefined.
inline std::string versionOf(std::string text, long version) {
  static constexpr char kMark[] = "VERSION";
  text.replace(text.find(kMark), sizeof(kMark) - 1, std::to_string(version));
  return text;
}

/// What that function returns, computed here: every new version is checked.
inline int64_t targetOf(int64_t x, long version) {
  auto sum = static_cast<uint64_t>(x);
  const uint64_t rounds = sum & 7;
  for (uint64_t i = 0; i <= rounds; ++i)
    sum = sum * 31 + (sum >> 7) + i;
  return static_cast<int64_t>(sum + static_cast<uint64_t>(version));
}
