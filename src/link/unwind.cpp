// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/unwind.h"

#include "link/frame_registration.h"
#include "platform/next_definition.h"

#include <atomic>
#include <cstdlib>
#include <dlfcn.h>

/// From libgcc's unwind-dw2-fde.h; part of its ABI since GCC 3.0.
struct dwarf_eh_bases {
  void* tbase;
  void* dbase;
  void* func;
};

namespace tiercel {

namespace {

// Slots, not a list: lookups may come from signal handlers while engines are made and destroyed. A slot is
// emptied before its map goes; no thread may be in that engine's code then.
constexpr size_t kMaxEngines = 1024;
std::atomic<const CodeMap*> maps[kMaxEngines];
std::atomic<size_t> mapsUsed{0};

/// The definition of libgcc.
NextDefinition<const void*(void* pc, dwarf_eh_bases* bases)> following("_Unwind_Find_FDE");

} // namespace

UnwindRegistration::UnwindRegistration(const CodeMap& map) : slot_(nullptr) {
  (void)isInterposed(); // asks the loader, which a link must not
  (void)following.find();
  for (size_t i = 0; i < kMaxEngines; ++i) {
    const CodeMap* empty = nullptr;
    if (maps[i].compare_exchange_strong(empty, &map, std::memory_order_acq_rel)) {
      slot_ = &maps[i];
      size_t used = mapsUsed.load(std::memory_order_relaxed);
      while (used < i + 1 && !mapsUsed.compare_exchange_weak(used, i + 1, std::memory_order_release)) {
      }
      return;
    }
  }
}

UnwindRegistration::~UnwindRegistration() {
  if (slot_)
    slot_->store(nullptr, std::memory_order_release);
}

std::optional<CodeRange> findCode(const void* address) {
  const size_t used = mapsUsed.load(std::memory_order_acquire);
  for (size_t i = 0; i < used; ++i) {
    const CodeMap* map = maps[i].load(std::memory_order_acquire);
    if (!map)
      continue;
    if (std::optional<CodeRange> range = map->lookup(address))
      return range;
  }
  return std::nullopt;
}

} // namespace tiercel

extern "C" __attribute__((visibility("default"), used)) const void* _Unwind_Find_FDE(void* pc,
                                                                                     dwarf_eh_bases* bases) {
  if (const std::optional<tiercel::CodeRange> range = tiercel::findCode(pc)) {
    if (!range->fde)
      return nullptr;
    bases->tbase = nullptr;
    bases->dbase = nullptr;
    bases->func = const_cast<std::byte*>(range->begin);
    return range->fde;
  }
  if (const tiercel::FrameRange range = tiercel::FrameRegistration::find(pc); range.fde) {
    bases->tbase = nullptr;
    bases->dbase = nullptr;
    bases->func = const_cast<std::byte*>(range.begin);
    return range.fde;
  }
  const auto next = tiercel::following.find();
  return next ? next(pc, bases) : nullptr;
}

bool tiercel::UnwindRegistration::isInterposed() {
  static const bool interposed =
      dlsym(RTLD_DEFAULT, "_Unwind_Find_FDE") == reinterpret_cast<void*>(&_Unwind_Find_FDE);
  return interposed;
}
