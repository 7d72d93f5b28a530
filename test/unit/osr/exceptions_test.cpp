// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops that are left between landing pad and handler, in handlers, and before an exception goes on.
#include "osr/continuation.h"
#include "unit/link_name.h"
#include "unit/support/engines.h"
#include "unit/support/parse_ir.h"

#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

namespace tiercel {
namespace {

/// Throws an int, a long or a double, runs `@f` by what it throws, and tells by the result how it came out.
/// `@f` has a first handler, so that numbers of types begin elsewhere behind the loops of its second.
constexpr std::string_view kProgram = R"(
@_ZTIi = external constant ptr
@_ZTIl = external constant ptr
@_ZTId = external constant ptr
@rounds = global i32 0
declare ptr @__cxa_allocate_exception(i64)
declare void @__cxa_throw(ptr, ptr, ptr)
declare void @__cxa_rethrow()
declare ptr @__cxa_begin_catch(ptr)
declare void @__cxa_end_catch()
declare i32 @__gxx_personality_v0(...)
declare i32 @llvm.eh.typeid.for.p0(ptr)

define void @raise(i32 %kind) noinline {
  %e = call ptr @__cxa_allocate_exception(i64 8)
  store i64 7, ptr %e
  switch i32 %kind, label %double [ i32 0, label %int
                                    i32 1, label %long ]
int:
  call void @__cxa_throw(ptr %e, ptr @_ZTIi, ptr null)
  unreachable
long:
  call void @__cxa_throw(ptr %e, ptr @_ZTIl, ptr null)
  unreachable
double:
  call void @__cxa_throw(ptr %e, ptr @_ZTId, ptr null)
  unreachable
}

; What a cleanup's loop calls. It may have one of its own.
define void @step(i32 %n) noinline {
  br label %loop
loop:
  %i = phi i32 [ 0, %0 ], [ %next, %loop ]
  %old = load i32, ptr @rounds
  %new = add i32 %old, 1
  store i32 %new, ptr @rounds
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}

; Loops in its cleanup, then the exception goes on.
define void @passes(i32 %kind) noinline personality ptr @__gxx_personality_v0 {
  invoke void @raise(i32 %kind) to label %out unwind label %pad
out:
  ret void
pad:
  %lp = landingpad { ptr, i32 } cleanup
  br label %loop
loop:
  %i = phi i32 [ 0, %pad ], [ %next, %loop ]
  call void @step(i32 %i)
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, 4
  br i1 %more, label %loop, label %on
on:
  resume { ptr, i32 } %lp
}

define i32 @f(i32 %kind) noinline personality ptr @__gxx_personality_v0 {
entry:
  %ready = icmp slt i32 %kind, 3
  br i1 %ready, label %second, label %first
first:
  invoke void @raise(i32 2) to label %second unwind label %firstpad
firstpad:
  %lp0 = landingpad { ptr, i32 } catch ptr @_ZTId
  %e0 = extractvalue { ptr, i32 } %lp0, 0
  %s0 = extractvalue { ptr, i32 } %lp0, 1
  %td0 = call i32 @llvm.eh.typeid.for.p0(ptr @_ZTId)
  %is0 = icmp eq i32 %s0, %td0
  br i1 %is0, label %handled0, label %on
handled0:
  %p0 = call ptr @__cxa_begin_catch(ptr %e0)
  call void @__cxa_end_catch()
  br label %second
second:
  %which = urem i32 %kind, 3
  invoke void @passes(i32 %which) to label %out unwind label %pad
out:
  ret i32 -1
pad:
  %lp = landingpad { ptr, i32 } cleanup catch ptr @_ZTIl catch ptr @_ZTIi
  br label %outer
outer:
  %i = phi i32 [ 0, %pad ], [ %i1, %latch ]
  br label %inner
inner:
  %k = phi i32 [ 0, %outer ], [ %k1, %inner ]
  call void @step(i32 %k)
  %k1 = add i32 %k, 1
  %morek = icmp slt i32 %k1, 3
  br i1 %morek, label %inner, label %latch
latch:
  %i1 = add i32 %i, 1
  %morei = icmp slt i32 %i1, 3
  br i1 %morei, label %outer, label %choose
choose:
  %e = extractvalue { ptr, i32 } %lp, 0
  %s = extractvalue { ptr, i32 } %lp, 1
  %ti = call i32 @llvm.eh.typeid.for.p0(ptr @_ZTIi)
  %isi = icmp eq i32 %s, %ti
  br i1 %isi, label %int, label %notint
int:
  %p1 = call ptr @__cxa_begin_catch(ptr %e)
  call void @__cxa_end_catch()
  ret i32 10
notint:
  %tl = call i32 @llvm.eh.typeid.for.p0(ptr @_ZTIl)
  %isl = icmp eq i32 %s, %tl
  br i1 %isl, label %long, label %on
long: ; loops in the handler, and throws again from inside
  %p2 = call ptr @__cxa_begin_catch(ptr %e)
  br label %handling
handling:
  %h = phi i32 [ 0, %long ], [ %h1, %handling.next ]
  %last = icmp eq i32 %h, 5
  br i1 %last, label %again, label %handling.next
handling.next:
  call void @step(i32 %h)
  %h1 = add i32 %h, 1
  br label %handling
again:
  invoke void @__cxa_rethrow() to label %never unwind label %againpad
never:
  unreachable
againpad:
  %lp2 = landingpad { ptr, i32 } cleanup
  br label %ending
ending:
  %g = phi i32 [ 0, %againpad ], [ %g1, %ending ]
  call void @step(i32 %g)
  %g1 = add i32 %g, 1
  %moreg = icmp slt i32 %g1, 3
  br i1 %moreg, label %ending, label %ended
ended:
  call void @__cxa_end_catch()
  br label %on
on:
  %whole = phi { ptr, i32 } [ %lp0, %firstpad ], [ %lp, %notint ], [ %lp2, %ended ]
  resume { ptr, i32 } %whole
}

; 10: an int, 20: a long, 30: something else; how many rounds were made is in the upper half.
define i32 @run(i32 %kind) personality ptr @__gxx_personality_v0 {
  store i32 0, ptr @rounds
  %r = invoke i32 @f(i32 %kind) to label %out unwind label %pad
pad:
  %lp = landingpad { ptr, i32 } catch ptr @_ZTIl catch ptr null
  %e = extractvalue { ptr, i32 } %lp, 0
  %s = extractvalue { ptr, i32 } %lp, 1
  %p = call ptr @__cxa_begin_catch(ptr %e)
  call void @__cxa_end_catch()
  %tl = call i32 @llvm.eh.typeid.for.p0(ptr @_ZTIl)
  %isl = icmp eq i32 %s, %tl
  %caught = select i1 %isl, i32 20, i32 30
  br label %out
out:
  %result = phi i32 [ %r, %0 ], [ %caught, %pad ]
  %rounds = load i32, ptr @rounds
  %shifted = shl i32 %rounds, 16
  %both = or i32 %shifted, %result
  ret i32 %both
}
)";

TEST(ExceptionsAndContinuations, AreTheSameWithEverySeed) {
  uint64_t left = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Options options;
    options.modes.osrAlways = true;
    options.modes.seed = seed;
    options.sync = true;
    const std::unique_ptr<Engine> engine = engineWith(kProgram, options);
    auto* run = function<int(int)>(*engine, "run");
    ASSERT_NE(run, nullptr);
    for (int kind = 0; kind < 6; ++kind) {
      // Rounds of `step`, which makes at least one: 7 in `passes`, 12 in the cleanup, 11 and 4 in the
      // handler.
      const int expected[] = {19 << 16 | 10, 34 << 16 | 20, 19 << 16 | 30};
      ASSERT_EQ(run(kind), expected[kind % 3]) << "seed " << seed << ", kind " << kind;
    }
    left += engine->stats().functions.osrEntries;
  }
  EXPECT_GT(left, 1000U);
}

class ExceptionsInFrames : public testing::Test {
protected:
  void parse(std::string_view function) {
    unit.module = parseIr(kProgram, context);
    unit.function = unit.module->getFunction({function.data(), function.size()});
    unit.id = FunctionId(1);
    for (llvm::Function& other : *unit.module) {
      if (&other != unit.function && !other.isDeclaration())
        other.deleteBody();
    }
  }
  template <typename T> static unsigned count(llvm::Function& function) {
    unsigned found = 0;
    for (const llvm::Instruction& instruction : llvm::instructions(function))
      found += llvm::isa<T>(instruction);
    return found;
  }
  llvm::LLVMContext context;
  Unit unit;
};

TEST_F(ExceptionsInFrames, NumbersOfTypesAreThoseOfTheFunction) {
  parse("f");
  makeOsrFrame(*unit.function);
  EXPECT_FALSE(llvm::verifyModule(*unit.module, &llvm::errs()));
  // What the code generator numbers is asked for at landing pads only.
  for (const llvm::Instruction& instruction : llvm::instructions(*unit.function)) {
    if (const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction))
      EXPECT_TRUE(call->getIntrinsicID() != llvm::Intrinsic::eh_typeid_for || call->getParent()->isEHPad());
  }
}

/// As many calls as `handlers`, each with one for a type of its own. `between`: from landing pad to handler.
std::string manyHandlers(unsigned handlers, const std::string& between) {
  std::string text = "declare void @may()\ndeclare void @use(i32)\ndeclare i32 @__gxx_personality_v0(...)\n"
                     "declare i32 @llvm.eh.typeid.for.p0(ptr)\n";
  for (unsigned i = 0; i < handlers; ++i)
    text += "@T" + std::to_string(i) + " = external constant ptr\n";
  text += "define void @f(i1 %more) personality ptr @__gxx_personality_v0 {\nentry:\n"
          "  %slot = alloca i32\n  %seen = alloca i32\n  br label %b0\n";
  for (unsigned i = 0; i < handlers; ++i) {
    std::string block = "b#:\n  invoke void @may() to label %n# unwind label %p#\n"
                        "p#:\n  %lp# = landingpad { ptr, i32 } cleanup catch ptr @T#\n"
                        "  %s# = extractvalue { ptr, i32 } %lp#, 1\n" +
                        between +
                        "  %td# = call i32 @llvm.eh.typeid.for.p0(ptr @T#)\n"
                        "  %is# = icmp eq i32 %now#, %td#\n  br i1 %is#, label %n#, label %on#\n"
                        "on#:\n  resume { ptr, i32 } %lp#\n"
                        "n#:\n  br label %b" +
                        std::to_string(i + 1) + "\n";
    for (size_t at = 0; (at = block.find('#', at)) != std::string::npos;)
      block.replace(at, 1, std::to_string(i));
    text += block;
  }
  return text + "b" + std::to_string(handlers) +
         ":\n  br i1 %more, label %b0, label %out\nout:\n  ret void\n}\n";
}

constexpr const char* kAtOnce = "  %now# = freeze i32 %s#\n";
constexpr const char* kByVariable =
    "  store i32 %s#, ptr %slot\n  br label %d#\nd#:\n  %now# = load i32, ptr %slot\n";
constexpr const char* kByLoop =
    "  br label %l#\nl#:\n  call void @may()\n  br i1 %more, label %l#, label %d#\nd#:\n"
    "  %now# = freeze i32 %s#\n";
constexpr const char* kByVariableAndLoop =
    "  store i32 %s#, ptr %slot\n  br label %l#\nl#:\n  call void @may()\n"
    "  br i1 %more, label %l#, label %d#\nd#:\n  %now# = load i32, ptr %slot\n";
constexpr const char* kByPhi =
    "  br label %l#\nl#:\n  %now# = phi i32 [ %s#, %p# ], [ %now#, %l# ]\n  call void @may()\n"
    "  br i1 %more, label %l#, label %d#\nd#:\n";
constexpr const char* kByCall = "  call void @use(i32 %s#)\n  %now# = freeze i32 %s#\n";

class HandlersInFrames : public ExceptionsInFrames {
protected:
  /// How many instructions a function with so many handlers has more for its frame.
  unsigned added(unsigned handlers, const char* between) {
    const auto module = parseIr(manyHandlers(handlers, between), context);
    llvm::Function& function = *module->getFunction("f");
    const unsigned before = count<llvm::Instruction>(function);
    makeOsrFrame(function);
    EXPECT_FALSE(llvm::verifyModule(*module, &llvm::errs()));
    unsigned questions = 0;
    for (const llvm::Instruction& instruction : llvm::instructions(function)) {
      if (const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction))
        questions += call->getIntrinsicID() == llvm::Intrinsic::eh_typeid_for;
    }
    EXPECT_EQ(questions, handlers);
    return count<llvm::Instruction>(function) - before;
  }
};

TEST_F(HandlersInFrames, PayNothingWhereNoNumberMeetsALoop) {
  for (const char* between : {kAtOnce, kByVariable}) {
    // The argument's slot and what it takes to use it.
    EXPECT_EQ(added(3, between), added(50, between)) << between;
    EXPECT_LE(added(50, between), 3U) << between;
  }
}

TEST_F(HandlersInFrames, PayEachForItself) {
  for (const char* between : {kByLoop, kByVariableAndLoop, kByPhi, kByCall}) {
    const unsigned few = added(50, between), many = added(200, between);
    EXPECT_GE(few, 50U * 6) << between;
    EXPECT_LE(many, few * 4 + 10) << between;
  }
}

TEST_F(ExceptionsInFrames, WhatResumesWithoutALandingPadCallsTheUnwinder) {
  parse("passes");
  const uint64_t shape = makeOsrFrame(*unit.function).frame.shape;
  parse("passes");
  ASSERT_FALSE(makeContinuation(unit, 0, shape).has_value());
  EXPECT_FALSE(llvm::verifyModule(*unit.module, &llvm::errs()));
  llvm::Function* body = unit.module->getFunction(makeLinkName("osr", LinkKind::Private, 1));
  ASSERT_NE(body, nullptr);
  EXPECT_EQ(count<llvm::ResumeInst>(*body), 0U);
  EXPECT_NE(unit.module->getFunction("_Unwind_Resume"), nullptr);
}

TEST_F(ExceptionsInFrames, WhatResumesBehindALandingPadStays) {
  parse("f"); // the loop of the handler for longs, behind which lies a landing pad
  const uint64_t shape = makeOsrFrame(*unit.function).frame.shape;
  const auto headers = findLoopHeaders(*unit.function);
  const auto* handling =
      llvm::find_if(headers, [](const llvm::BasicBlock* block) { return block->getName() == "handling"; });
  ASSERT_NE(handling, headers.end());
  const auto header = static_cast<unsigned>(handling - headers.begin());
  parse("f");
  ASSERT_FALSE(makeContinuation(unit, header, shape).has_value());
  llvm::Function* body = unit.module->getFunction(makeLinkName("osr", LinkKind::Private, 1));
  ASSERT_NE(body, nullptr);
  EXPECT_EQ(count<llvm::ResumeInst>(*body), 1U);
}

} // namespace
} // namespace tiercel
