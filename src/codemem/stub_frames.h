// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frame descriptions of the few instructions that the engine writes itself. A signal may come at each of
// them, and its handler may unwind. They are found by the code map, as those of compiled code, and describe
// the range that was entered there: where it lies they do not say. Thread rule: constants.
#pragma once

namespace tiercel {

/// Of code that leaves the stack as it was at the call, and goes on by a jump.
const void* thunkFrame();
/// Of a whole chunk of the function table: its pads, and stubs (function_table.h).
const void* stubsFrame();

/// The shape of a chunk that stubsFrame describes.
struct StubShape {
  static constexpr unsigned kPushed = 6;     ///< of the first pad: where the engine has been pushed, too
  static constexpr unsigned kTripPad = 32;   ///< where the second pad begins
  static constexpr unsigned kStubs = 64;     ///< where the stubs begin, each of
  static constexpr unsigned kStubBytes = 16; ///< which
  static constexpr unsigned kIdPushed = 11;  ///< has pushed the function's id from here on
};

} // namespace tiercel
