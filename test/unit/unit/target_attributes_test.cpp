// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/target_attributes.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tiercel {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kHost = "+sse2,+avx2,+fma,-avx512f,-sse4a";

class TargetAttributesTest : public testing::Test {
protected:
  /// @f with these attributes after an engine on kHost looked at it.
  llvm::Function& applied(const std::string& attributes, const std::string& body = "  ret double %a\n") {
    const std::string text =
        "declare double @wide(<8 x float>)\n"
        "declare double @llvm.fmuladd.f64(double, double, double)\n"
        "declare <4 x float> @llvm.fmuladd.v4f32(<4 x float>, <4 x float>, <4 x float>)\n"
        "declare double @llvm.fma.f64(double, double, double)\n"
        "define double @f(double %a, double %b, double %c, <4 x float> %v) #0 {\n" +
        body + "}\nattributes #0 = { nounwind " + attributes + " }\n";
    llvm::SMDiagnostic diagnostic;
    module_ = llvm::parseAssemblyString(text, diagnostic, context_);
    EXPECT_TRUE(module_) << diagnostic.getMessage().str();
    llvm::Function& function = *module_->getFunction("f");
    target_.raise(function);
    EXPECT_FALSE(llvm::verifyFunction(function, &llvm::errs()));
    return function;
  }
  static std::string body(const llvm::Function& function) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    for (const llvm::Instruction& instruction : llvm::instructions(function))
      stream << instruction << "\n";
    return text;
  }
  static std::string features(const llvm::Function& function) {
    return function.getFnAttribute("target-features").getValueAsString().str();
  }

  static constexpr const char* kMultiplyAdd =
      "  %r = call double @llvm.fmuladd.f64(double %a, double %b, double %c)\n"
      "  ret double %r\n";

  llvm::LLVMContext context_;
  std::unique_ptr<llvm::Module> module_;
  TargetAttributes target_{kHost};
};

TEST_F(TargetAttributesTest, TheFrontEndsCpuGoes) {
  const llvm::Function& function =
      applied("\"target-cpu\"=\"x86-64\" \"tune-cpu\"=\"generic\" \"target-features\"=\"+sse2,+fxsr\"");
  EXPECT_FALSE(function.hasFnAttribute("target-cpu"));
  EXPECT_FALSE(function.hasFnAttribute("tune-cpu"));
  EXPECT_TRUE(function.hasFnAttribute(llvm::Attribute::NoUnwind));
}

TEST_F(TargetAttributesTest, WhatTheHostHasNeedsNoAttribute) {
  EXPECT_FALSE(applied("\"target-features\"=\"+sse2,+avx2\"").hasFnAttribute("target-features"));
  EXPECT_FALSE(applied("\"target-features\"=\"+sse2,-avx512f\"").hasFnAttribute("target-features"));
  EXPECT_FALSE(applied("").hasFnAttribute("target-features"));
}

TEST_F(TargetAttributesTest, FeaturesBeyondTheHostAreKeptOnTopOfIts) {
  const std::string text = features(applied("\"target-features\"=\"+sse2,+avx512f\""));
  EXPECT_THAT(text, StartsWith(kHost)) << "equal features, or nothing is inlined";
  EXPECT_THAT(text, HasSubstr(",+avx512f"));
}

TEST_F(TargetAttributesTest, ExcludedFeaturesStayExcluded) {
  const std::string text = features(applied("\"target-features\"=\"+sse2,-avx2\""));
  EXPECT_THAT(text, StartsWith(kHost));
  EXPECT_THAT(text, testing::EndsWith(",-avx2")); // the last one counts
}

TEST_F(TargetAttributesTest, BaselineCodeRoundsTwice) {
  for (const char* attributes :
       {"", "\"target-features\"=\"+sse2,+sse4.2\"", "\"target-features\"=\"+avx2,-fma\""}) {
    const std::string text = body(applied(attributes, kMultiplyAdd));
    EXPECT_THAT(text, HasSubstr("fmul double %a, %b")) << attributes;
    EXPECT_THAT(text, HasSubstr("fadd double")) << attributes;
    EXPECT_THAT(text, Not(HasSubstr("fmuladd"))) << attributes;
  }
}

TEST_F(TargetAttributesTest, VectorsRoundTwiceToo) {
  const std::string text = body(applied(
      "", "  %r = call <4 x float> @llvm.fmuladd.v4f32(<4 x float> %v, <4 x float> %v, <4 x float> %v)\n"
          "  %e = extractelement <4 x float> %r, i32 0\n  %d = fpext float %e to double\n  ret double %d\n"));
  EXPECT_THAT(text, HasSubstr("fmul <4 x float> %v, %v"));
  EXPECT_THAT(text, Not(HasSubstr("fmuladd")));
}

TEST_F(TargetAttributesTest, CodeForACpuWithFmaKeepsIt) {
  for (const char* feature : {"+fma", "+fma4", "+avx512f"}) {
    const std::string attributes = "\"target-features\"=\"" + std::string(feature) + "\"";
    EXPECT_THAT(body(applied(attributes, kMultiplyAdd)), HasSubstr("@llvm.fmuladd.f64")) << feature;
    EXPECT_THAT(body(applied(attributes, "  %r = fmul contract double %a, %b\n  ret double %r\n")),
                HasSubstr("fmul contract"))
        << feature;
  }
}

TEST_F(TargetAttributesTest, BaselineCodeLosesThePermissionToContract) {
  const std::string text = body(applied("", "  %p = fmul nsz contract double %a, %b\n"
                                            "  %s = fadd contract double %p, %c\n  ret double %s\n"));
  EXPECT_THAT(text, Not(HasSubstr("contract")));
  EXPECT_THAT(text, HasSubstr("fmul nsz double")) << "only that permission";
}

TEST_F(TargetAttributesTest, WhoGaveUpExactnessKeepsEverything) {
  const std::string text = body(applied(
      "", "  %p = fmul fast double %a, %b\n"
          "  %r = call fast double @llvm.fmuladd.f64(double %p, double %b, double %c)\n  ret double %r\n"));
  EXPECT_THAT(text, HasSubstr("fmul fast"));
  EXPECT_THAT(text, HasSubstr("call fast double @llvm.fmuladd"));
}

TEST_F(TargetAttributesTest, WidePassedVectorsKeepTheFrontEndsFeatures) {
  // With AVX they are passed in one register, without in two: callers and callees must agree at every tier.
  const char* const declared = "  %r = call double @wide(<8 x float> zeroinitializer)\n  ret double %r\n";
  EXPECT_EQ(features(applied("\"target-features\"=\"+sse2\"", declared)), "+sse2");
  EXPECT_EQ(features(applied("\"target-cpu\"=\"haswell\" \"target-features\"=\"+avx2\"", declared)), "+avx2");
  EXPECT_EQ(module_->getFunction("f")->getFnAttribute("target-cpu").getValueAsString(), "haswell");
  // Without attributes the code generator would take the running CPU.
  EXPECT_EQ(applied("", declared).getFnAttribute("target-cpu").getValueAsString(), "x86-64");
}

TEST_F(TargetAttributesTest, VectorsThatAreOnlyComputedWithMayBeWide) {
  const llvm::Function& function = applied("\"target-features\"=\"+sse2\"",
                                           "  %w = fadd <8 x double> zeroinitializer, zeroinitializer\n"
                                           "  %e = extractelement <8 x double> %w, i32 0\n  ret double %e\n");
  EXPECT_FALSE(function.hasFnAttribute("target-features"));
}

TEST_F(TargetAttributesTest, AnExplicitFmaIsTheProgramsWish) {
  EXPECT_THAT(
      body(applied("",
                   "  %r = call double @llvm.fma.f64(double %a, double %b, double %c)\n  ret double %r\n")),
      HasSubstr("@llvm.fma.f64"));
}

} // namespace
} // namespace tiercel
