// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parts of measure_living, and what they need of an engine.
#pragma once

#include <tiercel/engine.h>

#include "measure.h"

#include <memory>
#include <string_view>
#include <utility>

/// One function that changes all the time, with a constant of its own, for programs made here.
std::string pulseIr(long version);

template <typename T> T orFail(tiercel::Result<T> result) {
  if (!result)
    fail(result.error().message());
  return std::move(*result);
}
inline void orFail(tiercel::Status status) {
  if (!status)
    fail(status.error().message());
}

void measureRedefinitions(const char* program, const char* target, int count, bool hotCallers);
void measureCalls(int calls, int rounds);
void measurePauses(int rounds);
void measureMemory(int redefinitions);
void measureModules(int modules, std::string_view who);
void measureChanges(int modules);
