// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/inline_assembly.h"
#include "unit/support/parse_ir.h"

#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tiercel {
namespace {

std::string functionWith(const std::string& text) {
  return "define void @f() {\n  call void asm sideeffect \"" + text + "\", \"r\"(i32 1)\n  ret void\n}\n";
}

bool leavesState(const std::string& text) {
  llvm::LLVMContext context;
  return leavesAssemblerState(*parseIr(functionWith(text), context));
}

bool definesNameIn(const std::string& text) {
  llvm::LLVMContext context;
  const auto module = parseIr(functionWith(text), context);
  return definesName(module->getFunction("f")->getEntryBlock().front());
}

TEST(InlineAssembly, InstructionsLeaveNothing) {
  for (const char* text :
       {"", "nop", "movl $0, %eax\\0A\\09addl $$0x1f, %eax", "mov ${0:w}, %ax; cpuid", "movups (%rdi), %xmm0",
        "lock; incl (%rdi,%rax,4)", "addl $$10, %ebx", "bsf %eax, %ebx"})
    EXPECT_FALSE(leavesState(text)) << text;
}

TEST(InlineAssembly, LabelsAndDirectivesLeaveState) {
  for (const char* text : {"1: nop", "jmp 1f", "jnz 12b", "foo: nop", ".macro foo\\0A.endm", "nop; .byte 1",
                           "five = 5", ".L${:uid}: nop", "nop\\0A.reloc ., R_X86_64_NONE"})
    EXPECT_TRUE(leavesState(text)) << text;
  llvm::LLVMContext context;
  EXPECT_TRUE(leavesAssemblerState(*parseIr("module asm \"nop\"", context)));
}

TEST(InlineAssembly, NamesAreTold) {
  for (const char* text : {"foo: nop", "nop; foo: nop", "nop\\0A\\09.Lfoo:", "1: foo: nop", "foo${0:c}: nop",
                           ".macro foo\\0A.endm", ".equiv five, 5", ".lcomm room, 8", "foo : nop",
                           // Behind comments, in quotes, in one dialect only.
                           "/* c */ foo: nop", "/* a; b: */foo:", "# c: d\\0Afoo: nop",
                           "nop // c\\0A foo:", "1: /* c */ foo: nop", "foo/* c */: nop", "\\22a b\\22: nop",
                           "nop; \\22a;b\\22 : nop", "1: \\22#\\22: nop", ".MACRO foo\\0A.endm",
                           "$(foo$|bar$): nop", "$(nop$|foo: nop$)", "nop; $( foo: nop$|nop$)"})
    EXPECT_TRUE(definesNameIn(text)) << text;
  for (const char* text :
       {"1: nop", ".L${:uid}: nop", "jmp foo", "movl %gs:0, %eax", "mov ${0:w}, %ax", ".set five, 5",
        "five = 5", ".globl foo", "jmp 1f\\0A1:", "/* foo: */ nop", "# foo:", "nop // foo: bar",
        "nop # foo\\0A nop", "/* foo: \\0A bar: */ nop", ".ascii \\22foo: ; bar:\\22", "$(1$|2$): nop",
        "mov $$(1 + 2), %eax", "/* never closed foo:"})
    EXPECT_FALSE(definesNameIn(text)) << text;
}

TEST(InlineAssembly, WhatDefinesANameIsNotCopied) {
  llvm::LLVMContext context;
  const auto module = parseIr("define void @f() {\n  call void asm sideeffect \"foo:\", \"\"()\n"
                              "  call void asm sideeffect \"1:\", \"\"()\n  ret void\n}\n",
                              context);
  keepNamesSingle(*module);
  std::vector<bool> single;
  for (const llvm::Instruction& instruction : llvm::instructions(*module->getFunction("f"))) {
    if (const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction))
      single.push_back(call->cannotDuplicate());
  }
  EXPECT_EQ(single, (std::vector{true, false}));
}

} // namespace
} // namespace tiercel
