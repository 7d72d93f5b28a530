// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Code objects of inline assembly: what the program's own compiles see to holds for them, too.
#include "tiercel/code_object.h"

#include "unit/support/engines.h"

#include <cstring>
#include <string>

namespace tiercel {
namespace {

constexpr std::string_view kAssembly = R"(
; A name in a loop that would be unrolled.
define i64 @named(i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i64 [ %n, %entry ], [ %added, %loop ]
  %added = call i64 asm sideeffect "/* c */ named_here: addq $$1, $0", "=r,0,~{flags}"(i64 %sum)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 4
  br i1 %more, label %loop, label %done
done:
  ret i64 %added
}
define void @empty() naked noinline {
  unreachable
}
define void @emptyToo() naked noinline {
  unreachable
}
)";

class CodeObjectAssembly : public testing::TestWithParam<unsigned> {
protected:
  const std::unique_ptr<Engine> engine = engineWith(kAssembly);
  CodeObjectOptions options = [] {
    CodeObjectOptions o;
    o.tier = GetParam();
    return o;
  }();
};

TEST_P(CodeObjectAssembly, NamesStaySingle) {
  Result<CodeObject> object = engine->makeCodeObject({"named"}, options);
  ASSERT_TRUE(object) << object.error().message();
  Result<void*> named = object->lookupFunction("named");
  ASSERT_TRUE(named) << named.error().message();
  EXPECT_EQ(reinterpret_cast<long (*)(long)>(*named)(5), 9);
}

TEST_P(CodeObjectAssembly, EmptyBodiesTrap) {
  Result<CodeObject> object = engine->makeCodeObject({"empty", "emptyToo"}, options);
  ASSERT_TRUE(object) << object.error().message();
  constexpr unsigned char kTrap[] = {0x0f, 0x0b}; // ud2
  for (const char* name : {"empty", "emptyToo"}) {
    Result<void*> code = object->lookupFunction(name);
    ASSERT_TRUE(code) << code.error().message();
    EXPECT_EQ(std::memcmp(*code, kTrap, sizeof kTrap), 0) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Tiers, CodeObjectAssembly, testing::Range(0U, 4U));

} // namespace
} // namespace tiercel
