// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hot before traffic: a server that compiles what its requests need before it takes the first one. Names may
// be patterns; prepare returns when calls reach the optimised code.
//
// Output: prepared: 2 functions at tier 3
// Output: request 1: 55
// Output: request 2: 385
// Output: tiercel: handle_nothing: no function that is defined has such a name
#include <tiercel/engine.h>

#include <cstdio>

constexpr const char* kProgram = R"(
define i32 @handle_sum(i32 %n) {
entry:
  br label %loop

loop:
  %i = phi i32 [ 1, %entry ], [ %next, %loop ]
  %sum = phi i32 [ 0, %entry ], [ %more, %loop ]
  %more = add i32 %sum, %i
  %next = add i32 %i, 1
  %again = icmp sle i32 %next, %n
  br i1 %again, label %loop, label %done

done:
  ret i32 %more
}

define i32 @handle_squares(i32 %n) {
entry:
  br label %loop

loop:
  %i = phi i32 [ 1, %entry ], [ %next, %loop ]
  %sum = phi i32 [ 0, %entry ], [ %more, %loop ]
  %square = mul i32 %i, %i
  %more = add i32 %sum, %square
  %next = add i32 %i, 1
  %again = icmp sle i32 %next, %n
  br i1 %again, label %loop, label %done

done:
  ret i32 %more
}

define i32 @shut_down() {
  ret i32 0
}
)";

static int failed(const tiercel::Error& error) {
  std::fprintf(stderr, "%s\n", error.message().c_str());
  return 1;
}

int main() {
  auto engine = tiercel::Engine::create({});
  if (!engine)
    return failed(engine.error());
  if (auto added = (*engine)->addBytes(kProgram, "server.ll"); !added)
    return failed(added.error());

  if (auto prepared = (*engine)->prepare({"handle_*"}); !prepared)
    return failed(prepared.error());
  const tiercel::Stats stats = (*engine)->stats();
  std::printf("prepared: %d functions at tier 3\n", static_cast<int>(stats.tiers[3].functions));

  auto sum = (*engine)->lookup<int(int)>("handle_sum");
  auto squares = (*engine)->lookup<int(int)>("handle_squares");
  if (!sum || !squares)
    return failed(sum ? squares.error() : sum.error());
  std::printf("request 1: %d\n", (*sum)(10));
  std::printf("request 2: %d\n", (*squares)(10));

  // A name that nothing has is an error, and nothing is compiled.
  if (auto prepared = (*engine)->prepare({"handle_nothing"}); !prepared)
    std::printf("tiercel: %s\n", prepared.error().message().c_str());
  return 0;
}
