// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plan as code. Everything that counts lies behind a gate:
//
//     if (poll != 0) { … }
//
// so that counting ends, for all threads and with counts that fit each other, when the runtime zeroes the
// function's poll. The part in braces goes to the end of the function; on the path through remain a load, a
// comparison and a branch that is not taken. Nothing computed on one side of the gate is used on the other:
// at -O0 a value that lives into another block is spilled, every time. Thread rule: pure functions over the
// IR of the caller's context.
#pragma once

#include "profile/edge_plan.h"

#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/IRBuilder.h"

#include <span>

namespace tiercel {

/// Puts a gate before `place` and returns the end of its inner block, to insert code before. `poll` points to
/// an i32. Static allocas behind `place` in the entry block move before it: they are fixed stack slots only
/// there.
llvm::Instruction* insertGate(llvm::Instruction& place, llvm::Constant& poll);

/// counts[index] += 1. `counts` is an array of i32 or i64; the width is for the caller to choose, because
/// nothing here keeps a count from wrapping (saturation would make the inner block half as large again). 32
/// bits are enough where a trip closes the gate after some thousand events, 64 for whole runs.
void emitIncrement(llvm::IRBuilderBase& builder, llvm::GlobalVariable& counts, uint32_t index);

/// Counts at all sites that are not `always`, each behind a gate; splits critical edges. The plan's blocks
/// and terminators may have been split before, and remain those of the plan after.
void insertCounters(const EdgePlan& plan, llvm::Constant& poll, llvm::GlobalVariable& counts);

/// Before each call, behind a gate: record(&tables[i], target). `tables` is as long as as many TargetTables
/// (profile/target_table.h), zero-initialised; `record` takes two pointers.
void insertTargetRecorders(std::span<llvm::CallBase* const> calls, llvm::Constant& poll,
                           llvm::GlobalVariable& tables, llvm::Function& record);

} // namespace tiercel
