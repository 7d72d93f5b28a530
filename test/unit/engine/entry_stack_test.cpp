// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What entries from compiled code need of the program's stack, measured on one that ends at a guard page.
#include "platform/lazy_entry.h"
#include "unit/support/engines.h"

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unwind.h>

extern "C" void tiercel_call_on_stack(void (*function)(void*), void* argument, void* top);

namespace tiercel {
namespace {

/// What tiercel_call_on_stack puts on the stack: the way back, to align it, and the return address.
constexpr size_t kCallBytes = 24;

/// A page of stack above one that cannot be touched.
class SmallStack {
public:
  SmallStack()
      : base_(static_cast<std::byte*>(
            mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    mprotect(base_, kPage, PROT_NONE);
  }
  ~SmallStack() { munmap(base_, 2 * kPage); }
  SmallStack(const SmallStack&) = delete;
  SmallStack& operator=(const SmallStack&) = delete;

  /// Calls with `bytes` left below the return address of the call.
  void call(void (*function)(void*), void* argument, size_t bytes) {
    // The top is aligned, and what is left below the call's return address is at most 8 bytes more than
    // asked.
    const size_t left = (bytes + kCallBytes + 15) / 16 * 16;
    tiercel_call_on_stack(function, argument, base_ + kPage + left);
  }

private:
  static constexpr size_t kPage = 4096;
  std::byte* const base_;
};

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) // whose frames are larger
TEST(EntryStack, AFirstCallNeedsLittle) {
  auto engine = engineWith("@result = global i64 0\n"
                           "define void @f(ptr %p) {\n store i64 7, ptr @result\n ret void\n}\n");
  auto* f = function<void(void*)>(*engine, "f");
  SmallStack stack;
  stack.call(f, nullptr, kEntryStackBytes);
  EXPECT_EQ(*variable<int64_t>(*engine, "result"), 7);
}

/// The promotion takes place in the trip. The frame of the code itself is not the engine's.
TEST(EntryStack, ATripNeedsLittle) {
  constexpr size_t kFrame = 256;
  Options options;
  options.loopThreshold = 10;
  options.sync = true;
  Events events;
  auto engine = makeEngine(options);
  engine->addListener(&events);
  addText(*engine, R"(
    @result = global i64 0
    define void @f(ptr %p) {
    entry:
      br label %loop
    loop:
      %i = phi i64 [ 0, %entry ], [ %next, %loop ]
      %next = add i64 %i, 1
      store volatile i64 %next, ptr @result
      %more = icmp ult i64 %next, 1000
      br i1 %more, label %loop, label %end
    end:
      ret void
    }
  )");
  auto* f = function<void(void*)>(*engine, "f");
  SmallStack stack;
  stack.call(f, nullptr, kFrame + kEntryStackBytes);
  EXPECT_EQ(*variable<int64_t>(*engine, "result"), 1000);
  const std::vector<EventKind> kinds = events.kindsOf("f");
  EXPECT_NE(std::find(kinds.begin(), kinds.end(), EventKind::CounterTripped), kinds.end());
}
#endif

/// Notes whether `outermost` is among its callers when code is published: in the middle of a first call, on a
/// stack of the engine's.
class Unwinds : public EventListener {
public:
  explicit Unwinds(void* outermost) : outermost_(outermost) {}
  void onEvent(const Event& event) override {
    if (event.kind == EventKind::CodePublished && event.name == "callee")
      _Unwind_Backtrace(look, this);
  }
  bool found() const { return found_; }

private:
  static _Unwind_Reason_Code look(_Unwind_Context* context, void* raw) {
    auto* self = static_cast<Unwinds*>(raw);
    void* place = reinterpret_cast<void*>(_Unwind_GetIP(context) - 1);
    self->found_ |= _Unwind_FindEnclosingFunction(place) == self->outermost_;
    return _URC_NO_REASON;
  }

  void* const outermost_;
  bool found_ = false;
};

[[gnu::noinline, clang::disable_tail_calls]] int callIt(int (*function)()) { return function(); }

TEST(EntryStack, UnwindersGoThroughTheSwitch) {
  Unwinds unwinds(reinterpret_cast<void*>(&callIt));
  auto engine = makeEngine();
  engine->addListener(&unwinds);
  addText(*engine, "define i32 @callee() {\n ret i32 7\n}\n"
                   "define i32 @caller() {\n %r = call i32 @callee()\n %s = add i32 %r, 1\n ret i32 %s\n}\n");
  EXPECT_EQ(callIt(function<int()>(*engine, "caller")), 8);
  EXPECT_TRUE(unwinds.found());
}

} // namespace
} // namespace tiercel
