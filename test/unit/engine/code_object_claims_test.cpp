// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Code objects hold bodies from several images: what one says of a function at its calls is not what the
// function's newest definition says.
#include "tiercel/code_object.h"

#include "unit/support/living.h"

namespace tiercel {
namespace {

TEST(CodeObjectClaims, CallsBelieveWhatTheNewestDefinitionSays) {
  const auto engine = makeEngine(Options());
  EXPECT_OK(
      engine->add("m", ir("define i32 @f(ptr %p) noinline nounwind memory(none) willreturn { ret i32 3 }\n"
                          "define i32 @g() {\n"
                          "  %s = alloca i32\n"
                          "  store i32 0, ptr %s\n"
                          "  %a = call i32 @f(ptr %s) nounwind memory(none) willreturn\n"
                          "  %b = call i32 @f(ptr %s) nounwind memory(none) willreturn\n"
                          "  %c = mul i32 %b, 10\n"
                          "  %d = add i32 %a, %c\n"
                          "  ret i32 %d\n}\n")));
  EXPECT_OK(engine->redefine("m", ir("define i32 @f(ptr %p) noinline nounwind {\n"
                                     "  %v = load i32, ptr %p\n"
                                     "  %w = add i32 %v, 1\n"
                                     "  store i32 %w, ptr %p\n"
                                     "  ret i32 %w\n}\n")));
  Result<CodeObject> object = engine->makeCodeObject({"g"}, CodeObjectOptions());
  ASSERT_TRUE(object) << object.error().message();
  Result<int (*)()> g = object->lookup<int()>("g");
  ASSERT_TRUE(g) << g.error().message();
  EXPECT_EQ((*g)(), 21);
}

} // namespace
} // namespace tiercel
