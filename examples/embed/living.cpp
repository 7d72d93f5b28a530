// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program that is changed while the host uses it: a function is redefined under a pointer that stays, its
// variables keep their values, a module comes and goes, and code that nobody needs any more is given back.
//
// Output: 5 orders, 5.00 each: 25.00, 1 so far
// Output: 5 orders, discounted: 22.50, 2 so far
// Output: a mistake changes nothing: 22.50, 3 so far
// Output: module 'tax': still in use: 'tax' (used by 'total')
// Output: without tax: 27.00 and 22.50
// Output: old code was given back: yes
#include <tiercel/engine.h>

#include <cstdio>
#include <string>

using tiercel::Source;

constexpr const char* kShop = R"(
@calls = global i32 0

define double @price(i32 %count) {
  %each = sitofp i32 %count to double
  %price = fmul double %each, 5.0
  ret double %price
}

define double @total(i32 %count) {
  %old = load i32, ptr @calls
  %new = add i32 %old, 1
  store i32 %new, ptr @calls
  %price = call double @price(i32 %count)
  ret double %price
}
)";

/// Only what is new: the rest of the module stays.
constexpr const char* kDiscount = R"(
define double @price(i32 %count) {
  %each = sitofp i32 %count to double
  %price = fmul double %each, 4.5
  ret double %price
}
)";

constexpr const char* kMistake = "define double @price(i32 %count) { ret i32 %count }\n";

constexpr const char* kTax = R"(
define double @tax(double %price) {
  %taxed = fmul double %price, 1.2
  ret double %taxed
}
)";

constexpr const char* kTaxedTotal = R"(
declare double @tax(double)
declare double @price(i32)

define double @total(i32 %count) {
  %price = call double @price(i32 %count)
  %taxed = call double @tax(double %price)
  ret double %taxed
}
)";

constexpr const char* kPlainTotal = R"(
declare double @price(i32)

define double @total(i32 %count) {
  %price = call double @price(i32 %count)
  ret double %price
}
)";

static int failed(const tiercel::Error& error) {
  std::fprintf(stderr, "%s\n", error.message().c_str());
  return 1;
}

int main() {
  tiercel::Options options;
  options.reclaim = tiercel::Reclaim::Signals; // so that collect may look at the stacks
  auto created = tiercel::Engine::create(options);
  if (!created)
    return failed(created.error());
  tiercel::Engine& engine = **created;

  if (auto added = engine.add("shop", Source::memory(kShop, "shop.ll")); !added)
    return failed(added.error());
  auto total = engine.lookup<double(int)>("total");
  auto calls = engine.lookupData("calls");
  if (!total || !calls)
    return failed(total ? calls.error() : total.error());
  const int* count = static_cast<int*>(*calls);
  double sum = (*total)(5);
  std::printf("5 orders, 5.00 each: %.2f, %d so far\n", sum, *count);

  // The next call reaches the new code, by the pointer that the host has; the variable is what it was.
  if (auto redefined = engine.redefine("shop", Source::memory(kDiscount, "discount.ll")); !redefined)
    return failed(redefined.error());
  sum = (*total)(5);
  std::printf("5 orders, discounted: %.2f, %d so far\n", sum, *count);
  if (engine.redefine("shop", Source::memory(kMistake, "mistake.ll")))
    return 1;
  sum = (*total)(5);
  std::printf("a mistake changes nothing: %.2f, %d so far\n", sum, *count);

  // A module that others use is not removed, unless it is forced.
  if (auto added = engine.add("tax", Source::memory(kTax, "tax.ll")); !added)
    return failed(added.error());
  if (auto redefined = engine.redefine("shop", Source::memory(kTaxedTotal, "taxed.ll")); !redefined)
    return failed(redefined.error());
  const double taxed = (*total)(5);
  if (auto removed = engine.remove("tax"); !removed)
    std::printf("%s\n", removed.error().message().c_str());
  if (auto redefined = engine.redefine("shop", Source::memory(kPlainTotal, "plain.ll")); !redefined)
    return failed(redefined.error());
  if (auto removed = engine.remove("tax"); !removed)
    return failed(removed.error());
  std::printf("without tax: %.2f and %.2f\n", taxed, (*total)(5));

  auto report = engine.collect();
  if (!report)
    return failed(report.error());
  std::printf("old code was given back: %s\n", report->freed > 0 ? "yes" : report->why.c_str());
  return 0;
}
