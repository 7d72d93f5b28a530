// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hosts that switch stacks by themselves: what a suspended coroutine returns to is not freed.
#include "unit/support/living.h"

#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>

namespace tiercel {
namespace {

constexpr size_t kStack = size_t(1) << 20;

class Coroutines : public LivingTest {
protected:
  /// On a thread whose stack is the second half of `memory`: a coroutine calls f and is suspended in it; f is
  /// redefined, called and collected; the coroutine goes on.
  void suspendAndCollect(std::byte* memory, std::byte* coroutineStack) {
    self_ = this;
    coroutineStack_ = coroutineStack;
    add("m", ir("declare void @suspend()  define i32 @f() { call void @suspend() ret i32 1 }"));
    EXPECT_OK(engine->defineSymbol(
        "suspend", reinterpret_cast<void*>(+[] { swapcontext(&self_->coroutine_, &self_->thread_); })));
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    ASSERT_EQ(pthread_attr_setstack(&attributes, memory + kStack, kStack), 0);
    pthread_t thread{};
    ASSERT_EQ(pthread_create(
                  &thread, &attributes,
                  [](void*) -> void* {
                    self_->onThread();
                    return nullptr;
                  },
                  nullptr),
              0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
    EXPECT_EQ(result_, 1) << "it finished in the old code";
  }

  Result<CollectReport> report_ = CollectReport{};

private:
  void onThread() {
    getcontext(&coroutine_);
    coroutine_.uc_stack.ss_sp = coroutineStack_;
    coroutine_.uc_stack.ss_size = kStack;
    coroutine_.uc_link = &thread_;
    makecontext(&coroutine_, +[] { self_->result_ = self_->call("f"); }, 0);
    swapcontext(&thread_, &coroutine_);
    redefine("m", ir(returning("f", 2)));
    EXPECT_EQ(call("f"), 2);
    report_ = collect(*engine);
    swapcontext(&thread_, &coroutine_);
  }

  static inline Coroutines* self_ = nullptr;
  ucontext_t thread_{}, coroutine_{};
  std::byte* coroutineStack_ = nullptr;
  int result_ = 0;
};

TEST_F(Coroutines, StacksBesideTheThreadsOwnAreNotTakenForIt) {
  SKIP_UNLESS_STACKS_ARE_LOOKED_AT();
  void* pool =
      mmap(nullptr, 2 * kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  ASSERT_NE(pool, MAP_FAILED);
  suspendAndCollect(static_cast<std::byte*>(pool), static_cast<std::byte*>(pool));
  ASSERT_TRUE(report_) << report_.error().message();
  EXPECT_FALSE(report_->complete);
  EXPECT_EQ(report_->freed, 0u);
  munmap(pool, 2 * kStack);
}

} // namespace
} // namespace tiercel
