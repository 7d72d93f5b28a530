// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What compiles cost and what they buy, learned from the run: compile time by the size of a function's first
// code for each tier, how fast each tier's code is, and what a call and an iteration of first code cost. All
// begin with guesses, which weigh less the more was seen. Pure arithmetic. Thread rule: the owner's lock.
#pragma once

#include "tiercel/options.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace tiercel {

class CompileModel {
public:
  /// What compiling a function whose first code has this size for `tier` will take.
  double compileNs(unsigned tier, uint32_t firstBytes) const {
    return expectedNs(tier, firstBytes) * paces_[tier].value() + (begun_[tier] ? 0 : kFirstCompileNs);
  }
  void compiled(unsigned tier, uint32_t firstBytes, uint64_t nanoseconds) {
    if (begun_[tier]) // the first says nothing about the next
      paces_[tier].see(static_cast<double>(nanoseconds), expectedNs(tier, firstBytes));
    begun_[tier] = true;
  }
  /// The tier was compiled for, in a time that is not to be learned from.
  void begun(unsigned tier) { begun_[tier] = true; }

  /// Of the tier's code, tier 0 being 1.
  double relativeTime(unsigned tier) const { return speeds_[tier].value(); }
  /// A function's calls took `ratio` of what they took in tier 0, as seen by `samples` samples.
  void ran(unsigned tier, double ratio, uint32_t samples) {
    speeds_[tier].see(std::clamp(ratio, kLeastRatio, 1.0) * samples, samples);
  }

  /// Work of a call and of an iteration of a function of this size. A call runs a part of the code, an
  /// iteration a part of that; large functions are large because of what they seldom do.
  double callWork(uint32_t firstBytes) const {
    return scale_.value() * (3 + 0.05 * std::min(firstBytes, 1000u));
  }
  double loopWork(uint32_t firstBytes) const {
    return scale_.value() * (1 + 0.02 * std::min(firstBytes, 1000u));
  }
  /// What callWork and loopWork foretold, and what samples of the same time said.
  void sampled(double foretoldNs, double sampledNs) {
    const double unscaled = foretoldNs / scale_.value();
    scale_.see(std::clamp(sampledNs, unscaled / kMaxScale, unscaled * kMaxScale), unscaled);
  }

private:
  /// A quotient of sums that begins with a guess of a certain weight.
  class Learned {
  public:
    constexpr Learned(double guess, double weight) : numerator_(guess * weight), denominator_(weight) {}
    constexpr double value() const { return numerator_ / denominator_; }
    void see(double numerator, double denominator) {
      numerator_ += numerator;
      denominator_ += denominator;
    }

  private:
    double numerator_, denominator_;
  };

  /// What even a small function takes: module, passes, linking; at the top tier, what it inlines.
  static constexpr std::array<double, kTierCount> kPerCompileNs = {3e5, 6e5, 8e5, 8e6};
  /// Per byte of first code, as seen over SQLite's and Lua's hot functions.
  static constexpr std::array<double, kTierCount> kPerByteNs = {600, 2500, 3500, 3500};
  /// A tier's first compile makes its code generator and brings the optimiser's code into memory.
  static constexpr double kFirstCompileNs = 15e6;
  static constexpr double kLeastRatio = 0.05;
  static constexpr double kMaxScale = 10;

  static double expectedNs(unsigned tier, uint32_t firstBytes) {
    return kPerCompileNs[tier] + kPerByteNs[tier] * firstBytes;
  }

  /// How much slower than expected compiles are here. The guess weighs as much as 50 ms of them.
  std::array<Learned, kTierCount> paces_ = {Learned(1, 5e7), Learned(1, 5e7), Learned(1, 5e7),
                                            Learned(1, 5e7)};
  std::array<bool, kTierCount> begun_{};
  /// The guess weighs as much as 200 samples.
  std::array<Learned, kTierCount> speeds_ = {Learned(1, 1e9), Learned(0.45, 200), Learned(0.4, 200),
                                             Learned(0.36, 200)};
  /// The guess weighs as much as 5 ms.
  Learned scale_{1, 5e6};
};

} // namespace tiercel
