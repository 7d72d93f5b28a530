// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One thing under several names, and names whose thing goes while somebody is about to use it.
#include "unit/support/living.h"

#include <cstdlib>
#include <thread>

namespace tiercel {
namespace {

class LivingNames : public LivingTest {
protected:
  const std::string aliased = "@alias = alias i32, ptr @v  @v = global i32 1\n"
                              "define i32 @get() { %x = load i32, ptr @v ret i32 %x }";
  static std::string user(const std::string& name) {
    return "@" + name +
           " = external global i32\n"
           "define void @set(i32 %x) { store i32 %x, ptr @" +
           name +
           " ret void }\n"
           "define i32 @uget() { %x = load i32, ptr @" +
           name + " ret i32 %x }";
  }
};

TEST_F(LivingNames, AVariableThatIsUsedByItsAliasStays) {
  add("m", ir(aliased));
  add("user", ir(user("alias")));
  function<void(int)>(*engine, "set")(42);
  EXPECT_OK(engine->remove("m", {.force = true}));
  engine->quiescentPoint();
  add("other", ir("@other = global i32 77"));
  EXPECT_EQ(*variable<int>(*engine, "other"), 77);
  EXPECT_EQ(call("uget"), 42);
}

TEST_F(LivingNames, AModuleThatComesBackFindsItsVariableThatHasAnAlias) {
  add("m", ir(aliased));
  add("user", ir(user("v")));
  function<void(int)>(*engine, "set")(42);
  EXPECT_OK(engine->remove("m", {.force = true}));
  EXPECT_EQ(call("uget"), 42);
  add("m", ir(aliased));
  EXPECT_EQ(call("get"), 42) << "one variable of one name";
  function<void(int)>(*engine, "set")(43);
  EXPECT_EQ(call("get"), 43);
}

TEST_F(LivingNames, AFunctionThatHasAnAliasKeepsItsAddress) {
  const std::string text = "@alias = alias i32 (), ptr @f\n" + returning("f", 1);
  add("m", ir(text));
  auto* f = function<int()>(*engine, "f");
  EXPECT_OK(engine->remove("m"));
  add("m", ir(text));
  EXPECT_EQ(function<int()>(*engine, "f"), f);
  EXPECT_EQ(function<int()>(*engine, "alias"), f);
}

TEST_F(LivingNames, CallersOfAnAliasReachADefinitionOfItsNameThatComesLater) {
  make(with99());
  add("m", ir("@alias = alias i32 (), ptr @f\n" + returning("f", 1)));
  add("user", ir("declare i32 @alias()  define i32 @g() { %r = call i32 @alias() ret i32 %r }"));
  auto* alias = function<int()>(*engine, "alias");
  EXPECT_EQ(call("g"), 1);
  EXPECT_OK(engine->remove("m", {.force = true}));
  EXPECT_EQ(call("g"), 99);
  add("apart", ir(returning("alias", 3)));
  EXPECT_EQ(call("alias"), 3);
  EXPECT_EQ(call("g"), 3);
  EXPECT_EQ(alias(), 99) << "the address is that of what it stood for";
}

TEST_F(LivingNames, AThreadLocalInReserveTakesThePlaceOfOneThatNothingUsed) {
  add("a", ir("@t = weak thread_local global i32 1" + returning("f", 0)));
  add("b", ir("@t = weak thread_local global i32 2\n"
              "define i32 @get() { %v = load i32, ptr @t ret i32 %v }"));
  EXPECT_OK(engine->remove("a"));
  EXPECT_EQ(call("get"), 2);
}

TEST_F(LivingNames, AnObjectMayGoWhileItsCallerIsCompiled) {
  Gate gate;
  Options options = with99();
  options.dump = {{DumpStage::Input, "get"}};
  options.onDump = [&](const DumpRequest&, const std::string&, const std::string&) { gate.pass(); };
  make(options);
  add("object", Source::file(compiled("names.o", "int native(void) { return 4; }")));
  add("user", c("int native(void); int get(void) { return native(); }"));
  int result = -1;
  auto* get = function<int()>(*engine, "get");
  std::thread thread([&] { result = get(); });
  gate.waitUntilSomebodyStops();
  EXPECT_OK(engine->remove("object", {.force = true}));
  gate.open();
  thread.join();
  EXPECT_EQ(result, 99);
}

} // namespace
} // namespace tiercel
