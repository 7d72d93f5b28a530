// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "base/diagnostics.h"
#include "unit/code_generator.h"
#include "unit/support/parse_ir.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tiercel {
namespace {

/// Units one after the other through one code generator.
class OneGenerator : public testing::TestWithParam<const char*> {
protected:
  void SetUp() override {
    auto collector = std::make_unique<DiagnosticCollector>();
    diagnostics = collector.get();
    context.setDiagnosticHandler(std::move(collector));
    Result<HostCpu> host = HostCpu::find("native");
    ASSERT_TRUE(host);
    cpu = std::move(*host);
    Result<std::unique_ptr<CodeGenerator>> made =
        CodeGenerator::create(cpu, true, false, llvm::CodeGenOptLevel::Default);
    ASSERT_TRUE(made);
    generator = std::move(*made);
  }
  /// The errors.
  std::string run(const std::string& text) {
    const auto module = parseIr(text, context);
    module->setTargetTriple(cpu.triple);
    module->setDataLayout(generator->target().createDataLayout());
    object = generator->run(*module);
    return diagnostics->take();
  }
  llvm::LLVMContext context;
  DiagnosticCollector* diagnostics = nullptr;
  HostCpu cpu;
  std::unique_ptr<CodeGenerator> generator;
  llvm::SmallVector<char, 0> object;
};

std::string functionWith(const std::string& assembly) {
  return "define void @f() {\n  call void asm sideeffect \"" + assembly + "\", \"r\"(i32 1)\n  ret void\n}\n";
}

TEST_P(OneGenerator, MakesTheSameOfTheSameUnit) {
  const std::string text =
      llvm::StringRef(GetParam()).contains("define") ? GetParam() : functionWith(GetParam());
  EXPECT_EQ(run(text), "");
  const llvm::SmallVector<char, 0> first = object;
  EXPECT_EQ(run("define i32 @g() {\n  ret i32 1\n}\n"), "");
  EXPECT_EQ(run(text), "");
  EXPECT_EQ(first, object);
}

INSTANTIATE_TEST_SUITE_P(
    Assembly, OneGenerator,
    testing::Values("1: nop\\0A jmp 1b", "jmp 2f\\0A2: nop\\0A jmp 2b", "foo: nop",
                    ".macro foo\\0Anop\\0A.endm\\0Afoo", ".equiv five, 5\\0Amov $$five, %eax", ".altmacro",
                    ".intel_syntax noprefix\\0Amov eax, 1", ".code32\\0Anop\\0A.code64",
                    ".pushsection .rodata.x,\\22a\\22,@progbits\\0A.long 1\\0A.popsection",
                    "1: nop\\0A.reloc 1b, R_X86_64_NONE", ".cfi_remember_state\\0A.cfi_restore_state",
                    ".cfi_sections .debug_frame", ".globl foo\\0Afoo:", ".weak bar", ".symver f, f@V1",
                    ".ident \\22x\\22", ".subsection 1\\0Anop\\0A.previous", ".addrsig", ".addrsig_sym f"));

INSTANTIATE_TEST_SUITE_P(
    Modules, OneGenerator,
    testing::Values(
        // Tables beside the code.
        "declare void @llvm.experimental.stackmap(i64, i32, ...)\n"
        "define void @f(i64 %x) {\n  call void (i64, i32, ...) @llvm.experimental.stackmap(i64 1, i32 8, i64 "
        "%x)\n"
        "  ret void\n}\n",
        "declare void @h() noinline\ndefine void @f() \"xray-instruction-threshold\"=\"1\" {\n  call void "
        "@h()\n"
        "  ret void\n}\n",
        "define void @f() \"patchable-function-entry\"=\"4\" {\n  ret void\n}\n",
        "define void @f() !kcfi_type !0 {\n  ret void\n}\n!0 = !{i32 5}\n",
        // Thunks that the code generator makes once a module.
        "define void @f(ptr %p) "
        "\"target-features\"=\"+retpoline-indirect-branches,+retpoline-indirect-calls\" {\n"
        "  call void %p()\n  ret void\n}\n",
        // What functions say about the whole object.
        "define void @f() \"split-stack\" {\n  ret void\n}\n",
        "define void @f() #0 {\n  %a = alloca [64 x i8]\n  call void @use(ptr %a)\n  ret void\n}\n"
        "declare void @use(ptr)\nattributes #0 = { sspstrong }\n",
        "@x = thread_local global i32 1\ndefine ptr @f() {\n  ret ptr @x\n}\n",
        "$f = comdat any\ndefine void @f() comdat {\n  ret void\n}\n!llvm.ident = !{!0}\n!0 = !{!\"x\"}\n",
        "declare i32 @p(...)\ndeclare void @h()\ndefine void @f() personality ptr @p {\n"
        "  invoke void @h() to label %a unwind label %b\na:\n  ret void\nb:\n"
        "  %l = landingpad { ptr, i32 } catch ptr null\n  ret void\n}\n",
        "define ptr @f(i1 %c) {\n  br i1 %c, label %a, label %b\na:\n  ret ptr blockaddress(@f, %b)\nb:\n"
        "  ret ptr null\n}\n"));

TEST_F(OneGenerator, WorksAfterAnError) {
  EXPECT_NE(run(functionWith("foo: foo: nonsense")), "");
  generator->forget();
  EXPECT_EQ(run(functionWith("foo: nop")), "");
}

TEST_F(OneGenerator, MakesAsManyModulesWithAssemblyAsAsked) {
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(run("module asm \"1: nop; jmp 1b; .macro foo; nop; .endm; foo\"\n"), "");
}

} // namespace
} // namespace tiercel
