// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tiering/policies.h"
#include "tiering/sample_window.h"

namespace tiercel {

namespace {

/// Of a full window, to go straight to the top.
constexpr unsigned kMost = SampleWindow::kSize / 2;

} // namespace

Decision decideByWindow(const FunctionSnapshot& s, const Options& options) {
  const bool most = s.windowSamples == SampleWindow::kSize && s.samples > kMost;
  if (most && !loopsTripped(s))
    return s.tier >= kTopTier ? refuse(Reason::AtTopTier) : promoteTo(kTopTier, Reason::MostSamples);
  return decideByThreshold(s, options);
}

} // namespace tiercel
