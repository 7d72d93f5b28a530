// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "registry/registry.h"
#include "unit/support/test_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tiercel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class RegistryTest : public testing::Test {
protected:
  /// The image whose definition `name` got.
  ImageId owner(const std::string& name) {
    const SymbolRef ref = registry.find(name);
    return ref.kind == SymbolKind::Function ? program.function(name).definition.load().image
                                            : program.global(name).definition.load().image;
  }
  std::vector<std::pair<std::string, bool>> undefined(bool weak = false) {
    std::vector<std::pair<std::string, bool>> names;
    for (const UndefinedName& name : registry.undefinedNames()) {
      if (name.isWeak == weak)
        names.emplace_back(name.name, name.isData);
    }
    return names;
  }

  TestProgram program;
  Registry& registry = program.registry;
};

// ---- functions ------------------------------------------------------------------------------------------

TEST_F(RegistryTest, AStrongDefinitionTakesOverTheWeakOnesRecord) {
  const ImageId weak = program.add("define weak i32 @f() { ret i32 1 }", "weak");
  const SymbolRef before = registry.find("f");
  EXPECT_EQ(owner("f"), weak);
  const ImageId strong = program.add("define i32 @f() { ret i32 2 }", "strong");
  EXPECT_EQ(registry.find("f").id, before.id) << "its address may have been handed out";
  EXPECT_EQ(owner("f"), strong);
  EXPECT_EQ(program.resolve(weak, "f").id, before.id);
  EXPECT_EQ(registry.definedFunctions(), 1u);
}

TEST_F(RegistryTest, WeakDefinitionsAreNotFinalHoweverTheNameIsSpelled) {
  program.add("define weak i32 @f() { ret i32 1 }  define i32 @g() { ret i32 1 }\n"
              "define weak i32 @\"\\01h\"() { ret i32 1 }  define i32 @\"\\01i\"() { ret i32 1 }\n"
              "define internal i32 @j() { ret i32 1 }  define ptr @k() { ret ptr @j }");
  const auto isFinal = [&](const std::string& name) { return registry.isFinal(program.function(name).id); };
  EXPECT_FALSE(isFinal("f"));
  EXPECT_TRUE(isFinal("g"));
  EXPECT_FALSE(isFinal("h"));
  EXPECT_TRUE(isFinal("i"));
  EXPECT_TRUE(registry.isFinal(FunctionId(program.resolve(ImageId(0), "j").id)));
}

TEST_F(RegistryTest, TheFirstOfEqualsPrevails) {
  for (const char* linkage : {"weak", "weak_odr", "linkonce", "linkonce_odr"}) {
    const std::string name = std::string("f_") + linkage;
    const std::string text = "define " + std::string(linkage) + " void @" + name + "() { ret void }";
    const ImageId first = program.add(text);
    const ImageId second = program.add(text);
    EXPECT_EQ(owner(name), first) << linkage;
    EXPECT_TRUE(registry.prevails(first, 0, name));
    EXPECT_FALSE(registry.prevails(second, 0, name));
  }
}

TEST_F(RegistryTest, AWeakDefinitionAfterAStrongOneIsIgnored) {
  const ImageId strong = program.add("define void @f() { ret void }  @v = global i32 1");
  program.add("define weak void @f() { ret void }  @v = weak global i64 2");
  EXPECT_EQ(owner("f"), strong);
  EXPECT_EQ(owner("v"), strong);
  EXPECT_EQ(program.global("v").size, 4u);
}

TEST_F(RegistryTest, WhatHasBeenCompiledIsNotReplaced) {
  const ImageId weak = program.add("define weak void @f() { ret void }  @v = weak global i32 1");
  program.function("f").firstCompile.store(static_cast<uint32_t>(FirstCompile::Ready));
  std::byte somewhere{};
  program.global("v").address.store(&somewhere);
  program.add("define void @f() { ret void }  @v = global i32 2");
  EXPECT_EQ(owner("f"), weak);
  EXPECT_EQ(owner("v"), weak);
}

TEST_F(RegistryTest, AvailableExternallyDefinesNothing) {
  program.add("define available_externally void @f() { ret void }  @v = available_externally global i32 1");
  EXPECT_THAT(undefined(), ElementsAre(std::pair("f", false), std::pair("v", true)));
  const ImageId real = program.add("define weak void @f() { ret void }  @v = weak global i32 1");
  EXPECT_EQ(owner("f"), real);
  EXPECT_EQ(owner("v"), real);
  EXPECT_TRUE(undefined().empty());
}

TEST_F(RegistryTest, InternalNamesBelongToTheirImage) {
  const char* text = "define internal void @f() { ret void }  @v = internal global i32 0\n"
                     "@keep = internal global [2 x ptr] [ptr @f, ptr @v]";
  const ImageId first = program.add(text);
  const ImageId second = program.add(text);
  for (const char* name : {"f", "v"}) {
    EXPECT_EQ(registry.find(name).kind, SymbolKind::None);
    EXPECT_NE(program.resolve(first, name).kind, SymbolKind::None);
    EXPECT_NE(program.resolve(first, name).id, program.resolve(second, name).id);
    for (ImageId image : {first, second})
      EXPECT_EQ(registry.findFrom(image, name).id, program.resolve(image, name).id);
  }
}

TEST_F(RegistryTest, InternalNamesHideExternalOnesInTheirImageOnly) {
  const ImageId outside = program.add("define void @f() { ret void }");
  const ImageId inside =
      program.add("define internal void @f() { ret void }  define ptr @g() { ret ptr @f }");
  EXPECT_EQ(registry.findFrom(outside, "f").id, registry.find("f").id);
  EXPECT_NE(registry.findFrom(inside, "f").id, registry.find("f").id);
  EXPECT_EQ(registry.findFrom(ImageId(), "f").id, registry.find("f").id);
  EXPECT_EQ(registry.findFrom(inside, "g").id, registry.find("g").id);
}

TEST_F(RegistryTest, TheEscapeOfANameIsNotPartOfIt) {
  program.add("define void @\"\\01f\"() { ret void }");
  EXPECT_EQ(registry.find("f").kind, SymbolKind::Function);
  const ImageId user = program.add("declare void @f()  define void @g() { call void @f() ret void }");
  EXPECT_EQ(program.resolve(user, "f").id, registry.find("f").id);
}

// ---- duplicates -----------------------------------------------------------------------------------------

TEST_F(RegistryTest, DuplicatesAreRefusedAsAWhole) {
  program.add("define void @f() { ret void }  @v = global i32 1", "first.ll");
  const size_t functions = registry.functionCount();
  for (const char* text :
       {"@new = global i32 1  define void @other() { ret void }  define i32 @f() { ret i32 1 }",
        "define void @other() { ret void }  @new = global i8 1  @v = global i32 1",
        "@new = global i32 1  define void @other() { ret void }  @f = alias void (), ptr @other",
        "define void @v() { ret void }  define void @other() { ret void }"}) {
    const Result<ImageId> id = program.tryAdd(text, "second.ll");
    ASSERT_FALSE(id) << text;
    EXPECT_EQ(id.error().kind(), ErrorKind::DuplicateSymbol);
    EXPECT_EQ(id.error().what(), "second.ll");
    EXPECT_THAT(id.error().why(), HasSubstr("first.ll"));
    EXPECT_EQ(registry.find("other").kind, SymbolKind::None);
    EXPECT_EQ(registry.find("new").kind, SymbolKind::None);
    EXPECT_EQ(registry.functionCount(), functions);
    EXPECT_EQ(registry.imageCount(), 1u);
  }
}

TEST_F(RegistryTest, OfAComdatTheFirstCounts) {
  const char* text =
      "$f = comdat any  define void @f() comdat { ret void }\n$v = comdat any  @v = global i32 1, comdat";
  const ImageId first = program.add(text);
  program.add(text);
  EXPECT_EQ(owner("f"), first);
  EXPECT_EQ(owner("v"), first);
}

TEST_F(RegistryTest, AComdatDoesNotExcuseAPlainDuplicate) {
  program.add("$f = comdat any  define void @f() comdat { ret void }");
  const Result<ImageId> id = program.tryAdd("define void @f() { ret void }", "plain");
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().kind(), ErrorKind::DuplicateSymbol);
}

// ---- data -----------------------------------------------------------------------------------------------

TEST_F(RegistryTest, CommonsMergeToTheLargestAndMostAligned) {
  const ImageId first = program.add("@c = common global i32 0, align 4");
  program.add("@c = common global [10 x i32] zeroinitializer, align 64");
  program.add("@c = common global i64 0, align 8");
  EXPECT_EQ(program.global("c").size, 40u);
  EXPECT_EQ(program.global("c").alignment, 64u);
  EXPECT_EQ(owner("c"), first);
}

TEST_F(RegistryTest, ADefinitionOverridesCommonsAndTheyOverrideWeakOnes) {
  const ImageId weak = program.add("@c = weak global i32 7");
  const SymbolRef before = registry.find("c");
  EXPECT_EQ(owner("c"), weak);
  const ImageId common = program.add("@c = common global [4 x i32] zeroinitializer");
  EXPECT_EQ(owner("c"), common);
  const ImageId strong = program.add("@c = global i32 1");
  EXPECT_EQ(owner("c"), strong);
  program.add("@c = common global [100 x i32] zeroinitializer");
  EXPECT_EQ(owner("c"), strong);
  EXPECT_EQ(program.global("c").size, 4u);
  EXPECT_EQ(registry.find("c").id, before.id);
}

TEST_F(RegistryTest, SectionsListTheirMembersInOrder) {
  const ImageId first =
      program.add("@a = internal global i32 1, section \"list\"  @b = global i32 2, section \"list\"\n"
                  "@p = internal global ptr @a  @other = global i32 1, section \"else\"");
  const ImageId second =
      program.add("@a = internal global i32 3, section \"list\"  @p = internal global ptr @a");
  EXPECT_THAT(registry.globalsInSection("list"),
              ElementsAre(GlobalId(program.resolve(first, "a").id), GlobalId(program.resolve(first, "b").id),
                          GlobalId(program.resolve(second, "a").id)));
  EXPECT_TRUE(registry.globalsInSection("none").empty());
  // An array natively: no more alignment than the members ask for.
  EXPECT_EQ(program.global("b").alignment, 4u);
}

TEST_F(RegistryTest, ThreadLocalsOfAnImageAreThosePrevailing) {
  const ImageId first =
      program.add("@t = weak thread_local global i32 1  @own = thread_local global i32 2\n"
                  "@i = internal thread_local global i32 3  define ptr @f() { ret ptr @i }");
  EXPECT_EQ(registry.find("t").kind, SymbolKind::Thread);
  EXPECT_EQ(registry.threadLocalsOf(first).size(), 3u);
  const ImageId second =
      program.add("@t = thread_local global i32 4  @own = external thread_local global i32");
  const GlobalId t(registry.find("t").id);
  EXPECT_THAT(registry.threadLocalsOf(second), ElementsAre(t));
  EXPECT_EQ(registry.threadLocalsOf(first).size(), 2u);
}

// ---- aliases --------------------------------------------------------------------------------------------

TEST_F(RegistryTest, AliasesAreOtherNamesOfOneThing) {
  program.add("define void @f() { ret void }\n"
              "@second = alias void (), ptr @first  @first = alias void (), ptr @f\n"
              "@v = global [4 x i32] zeroinitializer\n"
              "@deep = alias i32, getelementptr (i8, ptr @middle, i64 4)\n"
              "@middle = alias i32, getelementptr (i8, ptr @v, i64 8)");
  for (const char* name : {"first", "second"}) {
    EXPECT_EQ(registry.find(name).kind, SymbolKind::Function);
    EXPECT_EQ(registry.find(name).id, registry.find("f").id);
  }
  for (auto [name, offset] : {std::pair("middle", 8), std::pair("deep", 12)}) {
    EXPECT_EQ(registry.find(name).kind, SymbolKind::Data);
    EXPECT_EQ(registry.find(name).id, registry.find("v").id);
    EXPECT_EQ(registry.find(name).offset, offset);
  }
}

TEST_F(RegistryTest, AliasesOfInternalsReachThem) {
  const ImageId image =
      program.add("define internal void @f() { ret void }  @exported = alias void (), ptr @f\n"
                  "@private = internal alias void (), ptr @f");
  EXPECT_EQ(registry.find("exported").id, program.resolve(image, "f").id);
  EXPECT_EQ(registry.find("private").kind, SymbolKind::None);
  EXPECT_EQ(registry.findFrom(image, "private").id, program.resolve(image, "f").id);
}

TEST_F(RegistryTest, AWeakAliasLeavesAStrongDefinitionAlone) {
  program.add("define i32 @f() { ret i32 1 }");
  const SymbolRef before = registry.find("f");
  program.add("define internal i32 @mine() { ret i32 2 }  @f = weak alias i32 (), ptr @mine");
  EXPECT_EQ(registry.find("f").id, before.id);
}

// ---- visibility, declarations, objects, the host ----------------------------------------------------------

TEST_F(RegistryTest, HiddenDefinitionsAreForTheProgramOnly) {
  program.add("define hidden void @hidden() { ret void }  define void @seen() { ret void }\n"
              "@variable = hidden global i32 1  @alias = hidden alias void (), ptr @seen");
  const ImageId user =
      program.add("declare void @hidden()  define void @g() { call void @hidden() ret void }");
  EXPECT_EQ(program.resolve(user, "hidden").id, registry.find("hidden").id);
  for (const char* name : {"hidden", "variable", "alias"}) {
    EXPECT_NE(registry.find(name).kind, SymbolKind::None) << name;
    EXPECT_EQ(registry.findVisible(name).kind, SymbolKind::None) << name;
  }
  EXPECT_EQ(registry.findVisible("seen").id, registry.find("seen").id);
}

TEST_F(RegistryTest, UndefinedNames) {
  program.add("declare void @used()  @data = external global i32  declare extern_weak void @weak()\n"
              "@p = global [4 x ptr] [ptr @used, ptr @data, ptr @weak, ptr @late]  declare void @late()\n"
              "define void @f() { call void @llvm.trap() ret void }  declare void @llvm.trap()");
  EXPECT_THAT(undefined(),
              ElementsAre(std::pair("data", true), std::pair("late", false), std::pair("used", false)));
  EXPECT_THAT(undefined(/*weak=*/true), ElementsAre(std::pair("weak", false)));
  EXPECT_TRUE(registry.isUndefined("late"));
  EXPECT_FALSE(registry.isUndefined("weak"));
  EXPECT_FALSE(registry.isUndefined("f"));
  EXPECT_FALSE(registry.isUndefined("never mentioned"));
  program.add("define void @late() { ret void }");
  EXPECT_FALSE(registry.isUndefined("late"));
}

TEST_F(RegistryTest, ALaterDefinitionTakesADeclaredFunctionOver) {
  const Result<FunctionId> declared = registry.declareFunction("f");
  ASSERT_TRUE(declared);
  EXPECT_FALSE(registry.function(*declared).definition.load().exists());
  EXPECT_EQ(registry.definedFunctions(), 0u);
  const Result<FunctionId> again = registry.declareFunction("f");
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *declared);
  const ImageId image = program.add("define void @f() { ret void }");
  EXPECT_EQ(FunctionId(registry.find("f").id), *declared);
  EXPECT_EQ(registry.function(*declared).definition.load().image, image);
  EXPECT_EQ(registry.definedFunctions(), 1u);
}

ObjectSymbol symbol(const std::string& name, bool weak = false, bool common = false, bool hidden = false) {
  ObjectSymbol result;
  result.name = name;
  result.weak = weak;
  result.common = common;
  result.hidden = hidden;
  return result;
}

TEST_F(RegistryTest, ObjectsTakePartInLinkage) {
  program.add(
      "define weak void @weak() { ret void }  define void @strong() { ret void }  @c = common global i32 0\n"
      "declare void @needed()  define void @f() { call void @needed() ret void }");
  const Result<ObjectId> id = registry.addObject({"object.o",
                                                  {symbol("weak"), symbol("strong", true), symbol("c"),
                                                   symbol("needed"), symbol("h", false, false, true)},
                                                  {{"missing", false}}});
  ASSERT_TRUE(id) << id.error().message();
  for (auto [name, index] : {std::pair("weak", 0), std::pair("c", 2), std::pair("needed", 3)}) {
    const SymbolRef ref = registry.find(name);
    EXPECT_EQ(ref.kind, SymbolKind::Object) << name;
    EXPECT_EQ(ref.id, id->value);
    EXPECT_EQ(ref.offset, index);
  }
  EXPECT_EQ(registry.find("strong").kind, SymbolKind::Function);
  EXPECT_EQ(registry.findVisible("h").kind, SymbolKind::None);
  EXPECT_THAT(undefined(), ElementsAre(std::pair("missing", false)));
}

TEST_F(RegistryTest, DuplicatesBetweenObjectsAndImages) {
  program.add("define void @f() { ret void }", "module.ll");
  const Result<ObjectId> object = registry.addObject({"object.o", {symbol("first"), symbol("f")}, {}});
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().kind(), ErrorKind::DuplicateSymbol);
  EXPECT_EQ(registry.find("first").kind, SymbolKind::None);

  ASSERT_TRUE(registry.addObject({"object.o", {symbol("g")}, {}}));
  const Result<ImageId> image = program.tryAdd("define void @g() { ret void }", "late.ll");
  ASSERT_FALSE(image);
  EXPECT_THAT(image.error().message(), HasSubstr("object.o"));
}

TEST_F(RegistryTest, AbsoluteSymbols) {
  program.add("define void @f() { ret void }  declare void @host()  @p = global ptr @host");
  int target = 0;
  ASSERT_TRUE(registry.defineAbsolute("host", &target));
  EXPECT_EQ(registry.find("host").kind, SymbolKind::Absolute);
  EXPECT_EQ(registry.find("host").offset, reinterpret_cast<int64_t>(&target));
  EXPECT_FALSE(registry.isUndefined("host"));
  for (const char* taken : {"f", "host"}) {
    const Status again = registry.defineAbsolute(taken, &target);
    ASSERT_FALSE(again) << taken;
    EXPECT_EQ(again.error().kind(), ErrorKind::DuplicateSymbol);
  }
  EXPECT_FALSE(program.tryAdd("define void @host() { ret void }", "late"));
}

TEST_F(RegistryTest, LibrariesSeeWhatIsNotHidden) {
  program.add("define void @strong() { ret void }  define weak void @weak() { ret void }\n"
              "define hidden void @hidden() { ret void }  define protected void @kept() { ret void }\n"
              "@data = global i32 1");
  const auto seen = [&](const llvm::StringSet<>& names, bool others) {
    std::vector<std::string> list;
    for (const auto& [name, ref] : registry.exported(names, others)) {
      list.push_back(name);
      EXPECT_EQ(ref.id, registry.find(name).id);
    }
    return list;
  };
  EXPECT_THAT(seen({"strong", "weak", "hidden", "data", "unknown"}, /*others=*/false),
              UnorderedElementsAre("strong", "weak", "data"));
  EXPECT_THAT(seen({"strong"}, /*others=*/true), UnorderedElementsAre("weak", "kept", "data"));
}

TEST_F(RegistryTest, ReadersAgreeOnOrdinals) {
  const ImageId image =
      program.add("@v = global i32 1  define void @f() { ret void }  declare void @g()\n"
                  "@a = alias i32, ptr @v  @i = ifunc void (), ptr @r\n"
                  "define ptr @r() { ret ptr @f }  define void @h() { call void @g() ret void }");
  llvm::LLVMContext other;
  const Result<std::unique_ptr<ImageReader>> second = ImageReader::open(registry.image(image), other);
  ASSERT_TRUE(second) << second.error().message();
  ImageReader& first = program.reader(image);
  ASSERT_EQ(first.valueCount(), (*second)->valueCount());
  for (uint32_t ordinal = 0; ordinal < first.valueCount(); ++ordinal) {
    EXPECT_EQ(first.value(ordinal)->getName(), (*second)->value(ordinal)->getName());
    EXPECT_EQ(first.ordinalOf(first.value(ordinal)), ordinal);
  }
  EXPECT_TRUE(program.function("i").isIfunc);
  EXPECT_FALSE(program.function("f").isIfunc);
}

} // namespace
} // namespace tiercel
