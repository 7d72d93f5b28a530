// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random functions, instrumented by their plan and run: what is reconstructed from the counters is compared
// with every block that was really entered and every edge that was really taken.
#include "profile/edge_plan.h"
#include "profile/insert_counters.h"
#include "profile/reconstruct.h"
#include "unit/profile/random_function.h"

#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <map>

namespace tiercel {
namespace {

/// What really happened, kept by the function's own calls.
struct Truth {
  explicit Truth(unsigned seed) : random(seed) {}

  std::mt19937 random;
  unsigned steps = 0; ///< left in this walk
  std::map<uint32_t, uint64_t> blocks;
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> edges;
};
Truth* truth = nullptr;

uint32_t choose(uint32_t block, uint32_t from) {
  ++truth->blocks[block];
  if (from != ~0u)
    ++truth->edges[{from, block}];
  if (truth->steps == 0)
    return 0;
  --truth->steps;
  return static_cast<uint32_t>(truth->random() % 5);
}

template <typename T> T check(llvm::Expected<T> value) {
  if (!value)
    llvm::report_fatal_error(value.takeError());
  return std::move(*value);
}

class Jit {
public:
  explicit Jit(llvm::orc::ThreadSafeModule module) {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    jit_ = check(llvm::orc::LLJITBuilder().create());
    llvm::orc::JITDylib& library = jit_->getMainJITDylib();
    library.addGenerator(check(llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
        jit_->getDataLayout().getGlobalPrefix())));
    llvm::cantFail(library.define(llvm::orc::absoluteSymbols(
        {{jit_->mangleAndIntern("choose"),
          {llvm::orc::ExecutorAddr::fromPtr(&choose), llvm::JITSymbolFlags::Exported}}})));
    llvm::cantFail(jit_->addIRModule(std::move(module)));
  }
  template <typename T> T* symbol(const char* name) { return check(jit_->lookup(name)).template toPtr<T*>(); }

private:
  std::unique_ptr<llvm::orc::LLJIT> jit_;
};

struct Instrumented {
  llvm::GlobalVariable* poll;
  llvm::GlobalVariable* counts;
};

Instrumented instrument(llvm::Function& function, const EdgePlan& plan) {
  llvm::Module& module = *function.getParent();
  llvm::Type* i32 = llvm::Type::getInt32Ty(module.getContext());
  auto* array = llvm::ArrayType::get(llvm::Type::getInt64Ty(module.getContext()), plan.sites.size());
  auto* poll = new llvm::GlobalVariable(module, i32, false, llvm::GlobalValue::ExternalLinkage,
                                        llvm::ConstantInt::get(i32, 1), "poll");
  auto* counts = new llvm::GlobalVariable(module, array, false, llvm::GlobalValue::ExternalLinkage,
                                          llvm::ConstantAggregateZero::get(array), "counts");
  // As the instrumenter of units does: the blocks that are always counted first, so that others find them
  // split.
  for (uint32_t i = 0; i < plan.sites.size() && plan.sites[i].always; ++i) {
    llvm::IRBuilder<> builder(
        insertGate(*const_cast<llvm::BasicBlock*>(plan.sites[i].block)->getFirstInsertionPt(), *poll));
    emitIncrement(builder, *counts, i);
  }
  insertCounters(plan, *poll, *counts);
  return {poll, counts};
}

class RandomCounting : public testing::TestWithParam<unsigned> {};

TEST_P(RandomCounting, ReconstructionIsTheTruth) {
  const unsigned seed = GetParam();
  const RandomShape shape = {.indirect = seed % 3 == 1, .invoke = seed % 2 == 1};
  // A second copy stays as it is: the compile that uses the profile makes the plan again.
  llvm::LLVMContext untouched;
  RandomFunction original(untouched, seed, shape);
  const EdgePlan plan(*original.function);

  auto context = std::make_unique<llvm::LLVMContext>();
  RandomFunction random(*context, seed, shape);
  ASSERT_FALSE(llvm::verifyModule(*random.module, &llvm::errs()));
  instrument(*random.function, EdgePlan(*random.function));
  ASSERT_FALSE(llvm::verifyModule(*random.module, &llvm::errs()));

  Jit jit(llvm::orc::ThreadSafeModule(std::move(random.module), std::move(context)));
  Truth actual(seed);
  truth = &actual;
  auto* run = jit.symbol<void()>("f");
  for (unsigned walk = 0; walk < 50; ++walk) {
    actual.steps = 100;
    run();
  }
  const auto* counters = jit.symbol<uint64_t>("counts");
  const std::vector<uint64_t> counts(counters, counters + plan.sites.size());
  const Truth whileOpen = actual;
  *jit.symbol<uint32_t>("poll") = 0;
  run();
  EXPECT_EQ(counts, std::vector<uint64_t>(counters, counters + plan.sites.size())) << "a closed gate counts";

  const Frequencies found = reconstruct(plan, counts);
  bool estimated = false;
  for (uint32_t b = 0; b < plan.graph.blocks.size(); ++b) {
    const auto blockTruth = whileOpen.blocks.find(b);
    EXPECT_EQ(found.blocks[b], blockTruth == whileOpen.blocks.end() ? 0 : blockTruth->second)
        << "block " << b;
    std::map<uint32_t, uint64_t> edges;
    const llvm::Instruction& terminator = *plan.graph.blocks[b]->getTerminator();
    for (unsigned s = 0; s < terminator.getNumSuccessors(); ++s)
      edges[plan.graph.indexOf(terminator.getSuccessor(s))] += found.successorsOf(b)[s];
    for (const FlowEdge& edge : plan.graph.edges) {
      if (edge.kind != FlowEdge::Kind::Branch || edge.block != b)
        continue;
      const auto edgeTruth = whileOpen.edges.find({b, edge.target});
      const uint64_t expected = edgeTruth == whileOpen.edges.end() ? 0 : edgeTruth->second;
      if (edge.dropped)
        estimated |= whileOpen.blocks.contains(edge.target);
      else
        EXPECT_EQ(edges[edge.target], expected) << "edge " << b << " -> " << edge.target;
    }
  }
  EXPECT_EQ(found.exact, !estimated);
  if (!shape.indirect)
    EXPECT_TRUE(found.exact);
}

TEST_P(RandomCounting, ThePlanFollowsFromTheCode) {
  llvm::LLVMContext first;
  llvm::LLVMContext second;
  RandomFunction a(first, GetParam());
  std::vector<std::unique_ptr<RandomFunction>> others; // so that addresses differ
  others.reserve(5);
  for (unsigned seed = 0; seed < 5; ++seed)
    others.push_back(std::make_unique<RandomFunction>(second, seed));
  RandomFunction b(second, GetParam());
  const EdgePlan planA(*a.function);
  const EdgePlan planB(*b.function);
  ASSERT_EQ(planA.sites.size(), planB.sites.size());
  for (size_t i = 0; i < planA.sites.size(); ++i) {
    EXPECT_EQ(planA.sites[i].kind, planB.sites[i].kind);
    EXPECT_EQ(planA.sites[i].edge, planB.sites[i].edge);
    EXPECT_EQ(planA.graph.indexOf(planA.sites[i].block), planB.graph.indexOf(planB.sites[i].block));
    EXPECT_EQ(planA.sites[i].successor, planB.sites[i].successor);
  }
}

TEST_P(RandomCounting, AnyCountsGiveSomeAnswer) {
  llvm::LLVMContext context;
  RandomFunction random(context, GetParam());
  const EdgePlan plan(*random.function);
  std::mt19937_64 numbers(GetParam());
  for (unsigned round = 0; round < 5; ++round) {
    std::vector<uint64_t> counts(plan.sites.size());
    for (uint64_t& count : counts)
      count = round == 0 ? ~uint64_t(0) : numbers() >> (numbers() % 64);
    const Frequencies found = reconstruct(plan, counts);
    for (size_t i = 0; i < plan.sites.size(); ++i) {
      if (plan.sites[i].kind == CounterSite::Kind::Block)
        EXPECT_EQ(found.blocks[plan.graph.indexOf(plan.sites[i].block)], counts[i]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCounting, testing::Range(0u, 120u));

} // namespace
} // namespace tiercel
