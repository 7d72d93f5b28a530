// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/caller_thunk.h"

#include "codemem/emitter.h"
#include "codemem/stub_frames.h"

namespace tiercel {

namespace {

constexpr size_t kAlignment = 16;
constexpr size_t kSaveBytes = 5, kJumpBytes = 5 + 14, kCompareBytes = 10 + 4 + 6;

/// Of the search among so many routes: each has its two comparisons and its target, and every place between
/// them, in front of and behind them ends at the target of all other callers.
constexpr size_t searchBytes(size_t routes) {
  return routes * (2 * kCompareBytes + kJumpBytes) + (routes + 1) * kJumpBytes;
}

/// Writes a binary search for the return address.
class Search {
public:
  Search(Emitter& emit, const void* otherwise) : emit_(emit), otherwise_(otherwise) {}

  void among(std::span<const CallerRoute> routes) {
    if (routes.empty())
      return goTo(otherwise_);
    const size_t middle = routes.size() / 2;
    const CallerRoute& route = routes[middle];
    skip(kIfNotAbove, route.begin, kCompareBytes + kJumpBytes);
    skip(kIfAbove, route.end, kJumpBytes + searchBytes(middle));
    goTo(route.target);
    among(routes.first(middle));
    among(routes.subspan(middle + 1));
  }

private:
  static constexpr uint8_t kIfNotAbove = 0x86, kIfAbove = 0x87; // second bytes of jbe and ja

  /// Compares the return address with `place`, and leaves out so many bytes if `jump` is taken.
  void skip(uint8_t jump, const std::byte* place, size_t bytes) {
    emit_.bytes({0x48, 0xb8}); // movabs $place, %rax
    emit_.value(reinterpret_cast<uint64_t>(place));
    emit_.bytes({0x48, 0x39, 0x04, 0x24}); // cmp %rax, (%rsp)
    emit_.bytes({0x0f, jump});
    emit_.value(static_cast<int32_t>(bytes));
  }
  void goTo(const void* place) {
    emit_.bytes({0x48, 0x8b, 0x44, 0x24, 0xf8}); // mov -8(%rsp), %rax
    emit_.farJump(place);
  }

  Emitter& emit_;
  const void* const otherwise_;
};

} // namespace

Result<CodeBlock> makeCallerThunk(Arena& arena, CodeMap& map, std::span<const CallerRoute> routes,
                                  const void* otherwise) {
  Result<CodeBlock> block = arena.allocateCode(kSaveBytes + searchBytes(routes.size()), kAlignment);
  if (!block)
    return block.takeError();
  Emitter emit(*block);
  emit.bytes({0x48, 0x89, 0x44, 0x24, 0xf8}); // mov %rax, -8(%rsp)
  Search(emit, otherwise).among(routes);
  map.add(CodeRange::stub(block->exec, emit.here(), thunkFrame()));
  return std::move(*block);
}

} // namespace tiercel
