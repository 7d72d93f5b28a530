// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/extractor.h"
#include "unit/link_name.h"
#include "unit/support/test_program.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace tiercel {
namespace {

using testing::HasSubstr;
using testing::Not;

class FakeHost : public HostSymbolSource {
public:
  bool has(llvm::StringRef name, bool) override { return names.contains(name); }
  uint64_t serial() const override { return 0; }
  llvm::StringSet<> names;
};

class ExtractorTest : public testing::Test {
protected:
  Result<Unit> tryExtract(const std::string& name, const ExtractOptions& options = {}) {
    const FunctionRecord& record = program.function(name);
    const Definition where = record.definition.load();
    return extractUnit(program.registry, host, program.reader(where.image), record, where, options);
  }
  /// The unit of `name`, checked for what holds of every unit; kept until the next call.
  Unit& extract(const std::string& name, const ExtractOptions& options = {}) {
    Result<Unit> made = tryExtract(name, options);
    EXPECT_TRUE(made) << made.error().message();
    unit.reset();
    unit.emplace(made ? std::move(*made) : Unit());
    if (!made)
      return *unit;
    EXPECT_FALSE(llvm::verifyModule(*unit->module, &llvm::errs()));
    EXPECT_EQ(unit->function->getName(),
              makeLinkName(name, LinkKind::Entry, program.function(name).id.value));
    for (const llvm::GlobalValue& value : unit->module->global_values())
      EXPECT_TRUE(value.isDeclaration() || value.hasLocalLinkage() || &value == unit->function)
          << value.getName().str();
    return *unit;
  }
  std::string linkName(const std::string& name, LinkKind kind) {
    return makeLinkName(name, kind, program.registry.find(name).id);
  }
  bool declares(const std::string& name) const { return unit->module->getNamedValue(name) != nullptr; }
  std::string text() const {
    std::string result;
    llvm::raw_string_ostream(result) << *unit->module;
    return result;
  }

  TestProgram program;
  FakeHost host;
  std::optional<Unit> unit;
};

TEST_F(ExtractorTest, TheProgramsThingsGetLinkNames) {
  const ImageId image = program.add("@v = global i32 1  @t = thread_local global i32 2\n"
                                    "define internal void @callee(ptr %p, ptr %q) { ret void }\n"
                                    "define void @f() { call void @callee(ptr @v, ptr @t) ret void }\n"
                                    "define void @unrelated() { ret void }");
  extract("f");
  const FunctionId callee(program.resolve(image, "callee").id);
  EXPECT_TRUE(declares(makeLinkName("callee", LinkKind::Function, callee.value)));
  EXPECT_TRUE(declares(linkName("v", LinkKind::Data)));
  EXPECT_TRUE(declares(linkName("t", LinkKind::Thread)));
  EXPECT_THAT(text(), Not(HasSubstr("unrelated")));
  EXPECT_THAT(unit->references, testing::ElementsAre(callee));
  EXPECT_THAT(unit->data, testing::ElementsAre(program.global("v").id));
  EXPECT_EQ(unit->image, image);
  EXPECT_FALSE(unit->needsLowering);
  EXPECT_FALSE(unit->blockAddressesEscape);
}

TEST_F(ExtractorTest, InternalNamesOfDifferentImagesDoNotMeet) {
  const char* text = "@v = internal global i32 1  define i32 @NAME() { %x = load i32, ptr @v  ret i32 %x }";
  for (const char* name : {"first", "second"})
    program.add(std::string(text).replace(std::string(text).find("NAME"), 4, name));
  const GlobalId first = extract("first").data.at(0);
  const GlobalId second = extract("second").data.at(0);
  EXPECT_NE(first, second);
}

TEST_F(ExtractorTest, SmallDataIsNearAndLargeDataIsNot) {
  program.add(
      "@near = global [16777216 x i8] zeroinitializer  @far = global [16777217 x i8] zeroinitializer\n"
      "define void @f() { store i8 1, ptr @near  store i8 1, ptr @far  ret void }");
  extract("f");
  EXPECT_TRUE(unit->module->getNamedValue(linkName("near", LinkKind::Data))->isDSOLocal());
  EXPECT_FALSE(unit->module->getNamedValue(linkName("far", LinkKind::Data))->isDSOLocal());
}

TEST_F(ExtractorTest, OnlyTheDefinitionMakesAVariableConstant) {
  program.add(
      "@v = external constant i32  @w = external global i32\n"
      "define i32 @f() { %a = load i32, ptr @v  %b = load i32, ptr @w  %c = add i32 %a, %b  ret i32 %c }");
  program.add("@v = global i32 1  @w = constant i32 2  define ptr @g() { ret ptr @w }");
  const auto constant = [&](const std::string& name) {
    return unit->module->getGlobalVariable(linkName(name, LinkKind::Data))->isConstant();
  };
  extract("f");
  EXPECT_FALSE(constant("v")) << "the definition can be written";
  EXPECT_FALSE(constant("w")) << "this code might write";
  extract("g");
  EXPECT_TRUE(constant("w"));
}

TEST_F(ExtractorTest, BodiesOfSeveralImagesAgreeOnTheLeast) {
  host.names.insert("v");
  program.add("@v = external constant i32, align 16\ndeclare i32 @g()\n"
              "define i32 @f() { %a = load i32, ptr @v  %b = call i32 @g()  ret i32 %a }");
  const ImageId other =
      program.add("@v = external global i32, align 2  define i32 @g() { store i32 1, ptr @v  "
                  "ret i32 1 }");
  extract("f");
  const llvm::GlobalVariable* declaration = unit->module->getGlobalVariable("v");
  EXPECT_TRUE(declaration->isConstant());
  EXPECT_EQ(declaration->getAlign(), llvm::Align(16));
  const FunctionRecord& g = program.function("g");
  Result<llvm::Function*> body =
      importBody(program.registry, host, program.reader(other), g, g.definition.load(), {}, *unit);
  ASSERT_TRUE(body && *body);
  EXPECT_FALSE(declaration->isConstant());
  EXPECT_EQ(declaration->getAlign(), llvm::Align(2));
}

TEST_F(ExtractorTest, AVariableIsAlignedAsItsDefinitionIs) {
  program.add("@v = external global i32, align 16  define i32 @f() { %x = load i32, ptr @v  ret i32 %x }");
  program.add("@v = global i32 1, align 8  @bytes = global [16 x i8] zeroinitializer, align 1\n"
              "@part = alias i64, getelementptr (i8, ptr @bytes, i64 4)\n"
              "define i64 @g() { %x = load i64, ptr @part, align 1  ret i64 %x }");
  extract("f");
  EXPECT_EQ(unit->module->getGlobalVariable(linkName("v", LinkKind::Data))->getAlign(), llvm::Align(8));
  extract("g");
  EXPECT_LE(unit->module->getGlobalVariable(linkName("bytes", LinkKind::Data))->getAlign()->value(), 1u)
      << "the alias's type says nothing about it";
}

TEST_F(ExtractorTest, ConstantsThatContainGlobalsAreRewritten) {
  program.add("@v = global [8 x i32] zeroinitializer\n"
              "define void @callee({ ptr, [1 x ptr] } %s, i64 %n) { ret void }\n"
              "define void @f() { call void @callee({ ptr, [1 x ptr] } { ptr @f, [1 x ptr] [ptr "
              "getelementptr (i8, ptr "
              "@v, i64 4)] }, i64 ptrtoint (ptr @v to i64)) ret void }");
  extract("f");
  EXPECT_TRUE(declares(linkName("v", LinkKind::Data)));
  EXPECT_TRUE(declares(linkName("f", LinkKind::Function)));
}

TEST_F(ExtractorTest, AliasesBecomeWhatTheyStandFor) {
  program.add("@v = global [4 x i32] zeroinitializer  @part = alias i32, getelementptr (i8, ptr @v, i64 8)\n"
              "define void @g() { ret void }  @other = alias void (), ptr @g\n"
              "define i32 @f() { call void @other()  %x = load i32, ptr @part  ret i32 %x }");
  extract("f");
  EXPECT_TRUE(declares(linkName("g", LinkKind::Function)));
  EXPECT_THAT(text(), HasSubstr("getelementptr (i8, ptr @\"" + linkName("v", LinkKind::Data) + "\", i64 8)"));
}

TEST_F(ExtractorTest, HostSymbolsKeepTheirNames) {
  host.names.insert("puts");
  program.add("declare i32 @puts(ptr)  @environ = external global ptr\n"
              "define void @f() { %p = load ptr, ptr @environ  %r = call i32 @puts(ptr %p)  ret void }");
  extract("f");
  EXPECT_TRUE(declares("puts"));
  EXPECT_TRUE(declares("environ"));
  EXPECT_TRUE(unit->references.empty());
}

TEST_F(ExtractorTest, FunctionsThatNobodyKnowsGetAStub) {
  program.add("declare void @nowhere()  define void @f() { call void @nowhere() ret void }");
  extract("f");
  EXPECT_TRUE(declares(linkName("nowhere", LinkKind::Function)));
  EXPECT_FALSE(program.function("nowhere").definition.load().exists());
}

TEST_F(ExtractorTest, WeakReferencesToNothingAreNull) {
  host.names.insert("there");
  program.add("declare extern_weak void @nowhere()  declare extern_weak void @there()\n"
              "define i1 @f() { %a = icmp eq ptr @nowhere, @there  ret i1 %a }");
  extract("f");
  EXPECT_THAT(text(), HasSubstr("icmp eq ptr null, @there"));
  EXPECT_EQ(program.registry.find("nowhere").kind, SymbolKind::None);
}

TEST_F(ExtractorTest, RecursionGoesThroughTheStubAtTierZero) {
  program.add("define ptr @f(i1 %c) {\n  br i1 %c, label %a, label %b\n"
              "a:\n  %r = call ptr @f(i1 false)\n  ret ptr %r\nb:\n  ret ptr @f\n}");
  const std::string stub = "@\"" + linkName("f", LinkKind::Function) + "\"";
  const std::string entry = "@\"" + linkName("f", LinkKind::Entry) + "\"";
  extract("f");
  EXPECT_THAT(text(), HasSubstr("call ptr " + stub));
  EXPECT_THAT(text(), HasSubstr("ret ptr " + stub));
  extract("f", {.directSelfCalls = true});
  EXPECT_THAT(text(), HasSubstr("call ptr " + entry));
  EXPECT_THAT(text(), HasSubstr("ret ptr " + stub)) << "a function has one address";
}

TEST_F(ExtractorTest, BodiesCanBeReadAgain) {
  program.add("define i32 @f(i32 %x) { %y = add i32 %x, 12345  ret i32 %y }");
  for (int i = 0; i < 3; ++i) {
    extract("f");
    EXPECT_THAT(text(), HasSubstr("12345"));
  }
}

TEST_F(ExtractorTest, ADefinitionThatIsReplacedMeanwhileIsStillWhatIsRead) {
  const ImageId weak = program.add("@first = global i32 1\ndefine weak i32 @f() { ret i32 111 }");
  const FunctionRecord& record = program.function("f");
  const Definition where = record.definition.load();
  program.add("define i32 @other() { ret i32 1 }\n@a = global i32 1\ndefine i32 @f() { ret i32 222 }");
  const Result<Unit> made = extractUnit(program.registry, host, program.reader(weak), record, where, {});
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->image, weak);
  EXPECT_EQ(made->function->getInstructionCount(), 1u);
  std::string text;
  llvm::raw_string_ostream(text) << *made->module;
  EXPECT_THAT(text, HasSubstr("111"));
}

TEST_F(ExtractorTest, WhatMustBeInlinedComesAlong) {
  const auto privateCopy = [&](const std::string& name) -> const llvm::Function* {
    for (const llvm::Function& function : *unit->module) {
      if (function.getName().starts_with(name + "#p"))
        return &function;
    }
    return nullptr;
  };
  program.add("@v = internal global i32 1\n"
              "define internal i32 @deep() alwaysinline { %x = load i32, ptr @v  ret i32 %x }\n"
              "define internal i32 @must() alwaysinline { %x = call i32 @deep()  ret i32 %x }\n"
              "define i32 @f() { %x = call i32 @must()  ret i32 %x }\n"
              "define ptr @g() { ret ptr @must }");
  extract("f");
  EXPECT_TRUE(unit->needsLowering);
  EXPECT_EQ(unit->data.size(), 1u) << "the global that the inlined body uses";
  for (const char* name : {"must", "deep"}) {
    const llvm::Function* copy = privateCopy(name);
    ASSERT_NE(copy, nullptr) << name;
    EXPECT_FALSE(copy->isDeclaration());
    EXPECT_TRUE(copy->hasLocalLinkage());
  }
  extract("g");
  EXPECT_EQ(privateCopy("must"), nullptr) << "its address is the real one's";
  EXPECT_FALSE(unit->needsLowering);
}

TEST_F(ExtractorTest, HintBodiesServeOnlyWhereThereIsNothingElse) {
  program.add("define available_externally i32 @hint() { ret i32 777 }\n"
              "define i32 @f() { %x = call i32 @hint()  ret i32 %x }");
  extract("f");
  EXPECT_THAT(text(), HasSubstr("777"));
  host.names.insert("hint");
  extract("f");
  EXPECT_THAT(text(), Not(HasSubstr("777")));
  EXPECT_TRUE(declares("hint"));
}

TEST_F(ExtractorTest, BlockAddressTablesAreCloned) {
  program.add(
      "@table = internal constant [2 x ptr] [ptr blockaddress(@f, %one), ptr blockaddress(@f, %two)]\n"
      "define i32 @f(i64 %n) {\n  %place = getelementptr ptr, ptr @table, i64 %n\n  %to = load ptr, ptr "
      "%place\n"
      "  indirectbr ptr %to, [label %one, label %two]\none:\n  ret i32 1\ntwo:\n  ret i32 2\n}");
  for (int i = 0; i < 2; ++i) { // each version has its own
    extract("f");
    EXPECT_FALSE(unit->blockAddressesEscape);
    EXPECT_TRUE(unit->data.empty());
    const llvm::GlobalVariable* table = nullptr;
    for (const llvm::GlobalVariable& variable : unit->module->globals()) {
      if (variable.getName().starts_with("table#p"))
        table = &variable;
    }
    ASSERT_NE(table, nullptr);
    for (const llvm::Use& element : table->getInitializer()->operands())
      EXPECT_EQ(llvm::cast<llvm::BlockAddress>(element)->getFunction(), unit->function);
  }
}

TEST_F(ExtractorTest, EscapingBlockAddressesAreReported) {
  program.add("@kept = global ptr null\n"
              "define void @f() {\n  store ptr blockaddress(@f, %one), ptr @kept\n  br label %one\none:\n  "
              "ret void\n}");
  EXPECT_TRUE(extract("f").blockAddressesEscape);
  EXPECT_EQ(unit->data.size(), 1u);
}

TEST_F(ExtractorTest, DebugInformationStaysBehind) {
  program.add("define void @f() !dbg !3 { ret void, !dbg !5 }\n"
              "!llvm.dbg.cu = !{!0}  !llvm.module.flags = !{!6}\n"
              "!0 = distinct !DICompileUnit(language: DW_LANG_C, file: !1, emissionKind: FullDebug)\n"
              "!1 = !DIFile(filename: \"f.c\", directory: \"/\")\n"
              "!3 = distinct !DISubprogram(name: \"f\", file: !1, line: 1, type: !4, spFlags: "
              "DISPFlagDefinition, unit: !0)\n"
              "!4 = !DISubroutineType(types: !{null})\n!5 = !DILocation(line: 1, scope: !3)\n"
              "!6 = !{i32 2, !\"Debug Info Version\", i32 3}");
  extract("f");
  EXPECT_EQ(unit->function->getSubprogram(), nullptr);
  EXPECT_THAT(text(), Not(HasSubstr("DICompileUnit")));
}

TEST_F(ExtractorTest, InvalidBodiesAreErrorsUnlessTrusted) {
  // Valid bitcode, but a value is used where it does not exist. Textual IR would have been verified.
  llvm::LLVMContext other;
  llvm::SMDiagnostic diagnostic;
  const std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(
      "define i32 @bad(i1 %c) {\n  br i1 %c, label %a, label %b\na:\n  %x = add i32 1, 2\n  br label %b\n"
      "b:\n  ret i32 %x\n}\ndefine i32 @good() { ret i32 1 }",
      diagnostic, other);
  ASSERT_TRUE(module) << diagnostic.getMessage().str();
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::WriteBitcodeToFile(*module, stream);
  ASSERT_TRUE(program.addBitcode(
      std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(bytes), "bad.bc", false), "bad.bc"));
  const Result<Unit> bad = tryExtract("bad");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind(), ErrorKind::BadInput);
  EXPECT_THAT(bad.error().message(), HasSubstr("bad.bc: function bad"));
  EXPECT_THAT(bad.error().message(), HasSubstr("does not dominate"));
  extract("good");
  EXPECT_TRUE(tryExtract("bad", {.verify = false}));
}

} // namespace
} // namespace tiercel
