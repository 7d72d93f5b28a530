// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "program.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tiercel::stress {

namespace {

constexpr std::array<const char*, kKinds> kKindNames = {"leaf", "outer", "loop", "thrower", "catcher"};
constexpr unsigned kConstants = kConstantBytes / 8; ///< a leaf has

std::string leafName(unsigned group, unsigned slot) { return fmt::format("leaf_{}_{}", group, slot); }

/// Half of the variables are internal to their module, half belong to the program.
std::string linkageOf(unsigned slot) { return slot % 2 == 0 ? "" : "internal "; }

std::string leafText(const Item& item, uint64_t version) {
  const std::string slot = fmt::format("{}_{}", item.group, item.slot);
  std::string elements;
  for (unsigned i = 0; i < kConstants; ++i)
    elements += fmt::format("{}i64 {}", i == 0 ? "" : ", ", version << kBase);
  return fmt::format(R"(
@constants_{0} = {1}constant [{2} x i64] [{3}]
@calls_{0} = {1}global i64 0
define i64 @leaf_{0}(i64 %x) {{
  %old = atomicrmw add ptr @calls_{0}, i64 1 monotonic
  %i = and i64 %x, {4}
  %p = getelementptr i64, ptr @constants_{0}, i64 %i
  %c = load i64, ptr %p
  %same = icmp eq i64 %c, {5}
  br i1 %same, label %ok, label %bad
bad:
  call void @stress_mismatch(i64 {5}, i64 %c)
  br label %ok
ok:
  %r = add i64 %c, %x
  ret i64 %r
}}
)",
                     slot, linkageOf(item.slot), kConstants, elements, kConstants - 1, version << kBase);
}

std::string outerText(const Item& item, uint64_t version) {
  const Item second = secondLeaf(item);
  return fmt::format(R"(
define void @outer_{0}_{1}(i64 %x, ptr %out) {{
  %a = call i64 @leaf_{0}_{1}(i64 %x)
  store i64 %a, ptr %out
  %b = call i64 @leaf_{2}_{3}(i64 %x)
  %o1 = getelementptr i64, ptr %out, i64 1
  store i64 %b, ptr %o1
  %i = and i64 %x, {4}
  %entry = getelementptr ptr, ptr @table, i64 %i
  %f = load ptr, ptr %entry
  %c = call i64 %f(i64 %x)
  %o2 = getelementptr i64, ptr %out, i64 2
  store i64 %c, ptr %o2
  %d = or i64 %x, {5}
  %o3 = getelementptr i64, ptr %out, i64 3
  store i64 %d, ptr %o3
  ret void
}}
)",
                     item.group, item.slot, second.group, second.slot, kGroups * kSlots - 1,
                     version << kBase);
}

std::string loopText(const Item& item, uint64_t version) {
  const Item second = secondLeaf(item);
  return fmt::format(R"(
define void @loop_{0}_{1}(i64 %x, i64 %n, ptr %out) {{
entry:
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %i2, %head ]
  %amin = phi i64 [ -1, %entry ], [ %amin2, %head ]
  %amax = phi i64 [ 0, %entry ], [ %amax2, %head ]
  %bmin = phi i64 [ -1, %entry ], [ %bmin2, %head ]
  %bmax = phi i64 [ 0, %entry ], [ %bmax2, %head ]
  %wrong = phi i64 [ 0, %entry ], [ %wrong3, %head ]
  %arg = add i64 %x, %i
  %a = call i64 @leaf_{0}_{1}(i64 %arg)
  %b = call i64 @leaf_{2}_{3}(i64 %arg)
  %av = lshr i64 %a, {4}
  %bv = lshr i64 %b, {4}
  %amin2 = call i64 @llvm.umin.i64(i64 %amin, i64 %av)
  %amax2 = call i64 @llvm.umax.i64(i64 %amax, i64 %av)
  %bmin2 = call i64 @llvm.umin.i64(i64 %bmin, i64 %bv)
  %bmax2 = call i64 @llvm.umax.i64(i64 %bmax, i64 %bv)
  %at = trunc i64 %a to i32
  %bt = trunc i64 %b to i32
  %want = trunc i64 %arg to i32
  %ad = icmp ne i32 %at, %want
  %bd = icmp ne i32 %bt, %want
  %adz = zext i1 %ad to i64
  %bdz = zext i1 %bd to i64
  %wrong2 = add i64 %wrong, %adz
  %wrong3 = add i64 %wrong2, %bdz
  %i2 = add i64 %i, 1
  %more = icmp ult i64 %i2, %n
  br i1 %more, label %head, label %done
done:
  store i64 %amin2, ptr %out
  %o1 = getelementptr i64, ptr %out, i64 1
  store i64 %amax2, ptr %o1
  %o2 = getelementptr i64, ptr %out, i64 2
  store i64 %bmin2, ptr %o2
  %o3 = getelementptr i64, ptr %out, i64 3
  store i64 %bmax2, ptr %o3
  %o4 = getelementptr i64, ptr %out, i64 4
  store i64 %wrong3, ptr %o4
  %own = or i64 %x, {5}
  %o5 = getelementptr i64, ptr %out, i64 5
  store i64 %own, ptr %o5
  ret void
}}
)",
                     item.group, item.slot, second.group, second.slot, kBase, version << kBase);
}

std::string throwerText(const Item& item, uint64_t version) {
  return fmt::format(R"(
define void @thrower_{0}_{1}(i64 %x) personality ptr @__gxx_personality_v0 {{
  %a = call i64 @leaf_{0}_{1}(i64 %x)
  %own = or i64 %x, {2}
  invoke void @stress_throw(i64 %a, i64 %own) to label %never unwind label %cleanup
never:
  ret void
cleanup:
  %caught = landingpad {{ ptr, i32 }} cleanup
  call void @stress_unwound(i64 %own)
  resume {{ ptr, i32 }} %caught
}}
)",
                     item.group, item.slot, version << kBase);
}

std::string catcherText(const Item& item, uint64_t version) {
  return fmt::format(R"(
define i64 @catcher_{0}_{1}(i64 %x) personality ptr @__gxx_personality_v0 {{
  %own = or i64 %x, {2}
  invoke void @thrower_{0}_{1}(i64 %x) to label %never unwind label %catch
never:
  ret i64 0
catch:
  %pad = landingpad {{ ptr, i32 }} catch ptr null
  %exception = extractvalue {{ ptr, i32 }} %pad, 0
  %begun = call ptr @__cxa_begin_catch(ptr %exception)
  call void @__cxa_end_catch()
  ret i64 %own
}}
)",
                     item.group, item.slot, version << kBase);
}

std::string textOf(const NewVersion& made) {
  switch (made.item.kind) {
  case Kind::Leaf:
    return leafText(made.item, made.version);
  case Kind::Outer:
    return outerText(made.item, made.version);
  case Kind::Loop:
    return loopText(made.item, made.version);
  case Kind::Thrower:
    return throwerText(made.item, made.version);
  default:
    return catcherText(made.item, made.version);
  }
}

/// Of everything that a text mentions and does not define itself.
std::string declarations(const std::string& text) {
  std::string result = R"(
declare void @stress_mismatch(i64, i64)
declare void @stress_throw(i64, i64)
declare void @stress_unwound(i64)
declare void @stress_constructed(i64)
declare void @stress_destroyed(i64)
declare i32 @__gxx_personality_v0(...)
declare ptr @__cxa_begin_catch(ptr)
declare void @__cxa_end_catch()
declare i64 @llvm.umin.i64(i64, i64)
declare i64 @llvm.umax.i64(i64, i64)
)";
  const auto mentions = [&](const std::string& name) { return text.find("@" + name + "(") != text.npos; };
  const auto defines = [&](const std::string& name) {
    return text.find("define i64 @" + name + "(") != text.npos ||
           text.find("define void @" + name + "(") != text.npos;
  };
  for (unsigned group = 0; group < kGroups; ++group) {
    for (unsigned slot = 0; slot < kSlots; ++slot) {
      const std::string leaf = leafName(group, slot);
      if ((mentions(leaf) || text.find("ptr @" + leaf) != text.npos) && !defines(leaf))
        result += fmt::format("declare i64 @{}(i64)\n", leaf);
      const std::string thrower = Item{group, slot, Kind::Thrower}.name();
      if (mentions(thrower) && !defines(thrower))
        result += fmt::format("declare void @{}(i64)\n", thrower);
    }
  }
  if (text.find("@table = ") == text.npos && text.find("@table,") != text.npos)
    result += fmt::format("@table = external global [{} x ptr]\n", kGroups * kSlots);
  return result;
}

} // namespace

std::string Item::name() const {
  return fmt::format("{}_{}_{}", kKindNames[static_cast<unsigned>(kind)], group, slot);
}

Item secondLeaf(const Item& item) {
  return {(item.group + 1) % kGroups, (item.slot + 3) % kSlots, Kind::Leaf};
}

Item tableLeaf(uint64_t x) {
  const auto i = static_cast<unsigned>(x % (uint64_t(kGroups) * kSlots));
  return {i / kSlots, i % kSlots, Kind::Leaf};
}

std::string moduleName(unsigned group) { return fmt::format("group{}", group); }

std::string groupText(const std::vector<NewVersion>& definitions) {
  std::string text;
  for (const NewVersion& made : definitions)
    text += textOf(made);
  return declarations(text) + text;
}

std::string firstGroupText(unsigned group) {
  std::vector<NewVersion> all;
  std::string statics;
  for (unsigned slot = 0; slot < kSlots; ++slot) {
    for (unsigned kind = 0; kind < kKinds; ++kind)
      all.push_back({{group, slot, static_cast<Kind>(kind)}, 1});
    statics += fmt::format("define ptr @{}() {{\n  ret ptr @calls_{}_{}\n}}\n", staticsName(group, slot),
                           group, slot);
  }
  return groupText(all) + statics;
}

std::string staticsName(unsigned group, unsigned slot) { return fmt::format("statics_{}_{}", group, slot); }

std::string wrongLeafText(const Item& item) {
  return fmt::format("define i32 @{}(i32 %x) {{\n  ret i32 %x\n}}\n", item.name());
}

std::string fixedText() {
  std::string entries;
  for (unsigned i = 0; i < kGroups * kSlots; ++i)
    entries += fmt::format("{}ptr @{}", i == 0 ? "" : ", ", leafName(i / kSlots, i % kSlots));
  std::string text = fmt::format("@table = global [{} x ptr] [{}]\n", kGroups * kSlots, entries);
  for (unsigned temp = 0; temp < kTemps; ++temp) {
    if (isUsedByName(temp)) {
      text += fmt::format("declare i64 @{0}(i64)\n"
                          "define i64 @user_{1}(i64 %x) {{\n"
                          "  %r = call i64 @{0}(i64 %x)\n"
                          "  ret i64 %r\n}}\n",
                          tempName(temp), temp);
    }
  }
  return declarations(text) + text;
}

std::string tempName(unsigned temp) { return fmt::format("temp{}", temp); }

std::string tempText(unsigned temp, uint64_t version) {
  const std::string leaf = leafName(temp % kGroups, temp % kSlots);
  const std::string text = fmt::format(R"(
@llvm.global_ctors = appending global [1 x {{ i32, ptr, ptr }}] [{{ i32, ptr, ptr }} {{ i32 65535, ptr @start, ptr null }}]
@llvm.global_dtors = appending global [1 x {{ i32, ptr, ptr }}] [{{ i32, ptr, ptr }} {{ i32 65535, ptr @end, ptr null }}]
@state_{0} = global [4096 x i64] zeroinitializer
@names_{0} = internal constant [64 x ptr] zeroinitializer
define internal void @start() {{
  call void @stress_constructed(i64 {1})
  ret void
}}
define internal void @end() {{
  call void @stress_destroyed(i64 {1})
  ret void
}}
define internal i64 @helper(i64 %x) {{
  %i = and i64 %x, 4095
  %p = getelementptr i64, ptr @state_{0}, i64 %i
  %old = atomicrmw add ptr %p, i64 1 monotonic
  %q = getelementptr ptr, ptr @names_{0}, i64 3
  %name = load volatile ptr, ptr %q
  %r = or i64 %x, {1}
  ret i64 %r
}}
define i64 @temp{0}(i64 %x) {{
  %r = call i64 @helper(i64 %x)
  %gone = icmp eq i64 %r, -1
  br i1 %gone, label %end, label %there
there:
  %l = call i64 @{2}(i64 %x)
  br label %end
end:
  ret i64 %r
}}
)",
                                       temp, version << kBase, leaf);
  return declarations(text) + text;
}

std::string assumedName(Assumed which) {
  constexpr std::array<const char*, kAssumed> kNames = {"claims", "maybe", "library"};
  return kNames[static_cast<unsigned>(which)];
}

std::string assumedText(Assumed which, uint64_t version) {
  switch (which) {
  case Assumed::Claim:
    if (version % 2 == 0)
      return fmt::format("define i64 @claim(ptr %p) noinline nounwind memory(none) willreturn {{\n"
                         "  ret i64 {}\n}}\n",
                         version << kBase);
    return fmt::format("define i64 @claim(ptr %p) noinline nounwind {{\n"
                       "  %old = load i64, ptr %p\n"
                       "  %new = add i64 %old, 1\n"
                       "  store i64 %new, ptr %p\n"
                       "  %r = or i64 %new, {}\n"
                       "  ret i64 %r\n}}\n",
                       version << kBase);
  case Assumed::Maybe:
    return fmt::format("define i64 @maybe(i64 %x) {{\n  %r = or i64 %x, {}\n  ret i64 %r\n}}\n",
                       version << kBase);
  default:
    return fmt::format("define i32 @toupper(i32 %c) {{\n  ret i32 {}\n}}\n", kCapitalOfModule + version);
  }
}

std::string wrongClaimText() { return "define fastcc i64 @claim(ptr %p) {\n  ret i64 0\n}\n"; }

std::string believersText() {
  return fmt::format(R"(
declare i64 @claim(ptr) nounwind memory(none) willreturn
declare extern_weak i64 @maybe(i64)
declare i32 @toupper(i32)
define void @believe(ptr %out) {{
  %slot = alloca i64
  store i64 0, ptr %slot
  %a = call i64 @claim(ptr %slot) memory(none) willreturn
  %b = call i64 @claim(ptr %slot) memory(none) willreturn
  %c = load i64, ptr %slot
  store i64 %a, ptr %out
  %o1 = getelementptr i64, ptr %out, i64 1
  store i64 %b, ptr %o1
  %o2 = getelementptr i64, ptr %out, i64 2
  store i64 %c, ptr %o2
  ret void
}}
define i64 @weakly(i64 %x) {{
  %there = icmp ne ptr @maybe, null
  br i1 %there, label %yes, label %no
yes:
  %r = call i64 @maybe(i64 %x)
  ret i64 %r
no:
  ret i64 {}
}}
define i64 @capital() {{
  %r = call i32 @toupper(i32 97)
  %v = zext i32 %r to i64
  ret i64 %v
}}
)",
                     static_cast<int64_t>(kNoMaybe));
}

std::string steadyText() {
  return "@calls = internal thread_local global i64 0\n"
         "declare ptr @llvm.threadlocal.address.p0(ptr)\n"
         "define i64 @steady() {\n"
         "  %place = call ptr @llvm.threadlocal.address.p0(ptr @calls)\n"
         "  %before = load i64, ptr %place\n"
         "  %now = add i64 %before, 1\n"
         "  store i64 %now, ptr %place\n"
         "  ret i64 %now\n"
         "}\n";
}

} // namespace tiercel::stress
