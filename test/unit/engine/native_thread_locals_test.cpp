// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Thread-locals of native objects (here of module-level assembly) in many engines.
#include "unit/support/engines.h"

#include <thread>

namespace tiercel {
namespace {

/// As code for executables has them, 64 bytes of the static block.
constexpr const char* kProgram = R"(
  module asm ".section .tdata,\22awT\22,@progbits"
  module asm ".globl kept"
  module asm ".type kept,@object"
  module asm "kept: .long 5"
  module asm ".zero 60"
  module asm ".size kept, 64"
  module asm ".text"
  module asm ".globl next"
  module asm ".type next,@function"
  module asm "next: addl $1, %fs:kept@tpoff"
  module asm "movl %fs:kept@tpoff, %eax"
  module asm "ret"
  @kept = external thread_local global i32
  declare i32 @next()
  declare ptr @llvm.threadlocal.address.p0(ptr)
  define i32 @use() {
    %n = call i32 @next()
    %place = call ptr @llvm.threadlocal.address.p0(ptr @kept)
    %v = load i32, ptr %place
    %r = mul i32 %v, 100
    %s = add i32 %r, %n
    ret i32 %s
  }
)";

TEST(NativeThreadLocals, OfAnEngineGiveTheirPlaceBack) {
  // More than the static block has room for at once.
  for (int i = 0; i < 60; ++i) {
    const std::unique_ptr<Engine> engine = engineWith(kProgram);
    auto* use = function<int()>(*engine, "use");
    ASSERT_TRUE(use);
    ASSERT_EQ(use(), 606) << i;
    ASSERT_EQ(use(), 707) << i;
    int other = 0;
    std::thread([&] { other = use(); }).join();
    ASSERT_EQ(other, 606) << i;
  }
}

} // namespace
} // namespace tiercel
