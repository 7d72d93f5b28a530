// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/iterate_headers.h"

#include "codemem/segment_table.h"
#include "platform/next_definition.h"

#include <cstddef>
#include <link.h>

namespace tiercel {

// Sanitizers have a dl_iterate_phdr of their own, which they need to come first.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)

void prepareIteration() {}

#else

namespace {

using Callback = int (*)(dl_phdr_info*, size_t, void*);
NextDefinition<int(Callback, void*)> following("dl_iterate_phdr");

struct Walk {
  Callback callback;
  void* data;
};

/// The counts of the C library for as long as the object lives, afterwards its own again: it may fill them in
/// once for all libraries.
class WithChanges {
public:
  explicit WithChanges(dl_phdr_info& info) : info_(info), adds_(info.dlpi_adds), subs_(info.dlpi_subs) {
    const SegmentTable::Changes& changes = SegmentTable::changes();
    info.dlpi_adds += changes.adds.load(std::memory_order_acquire);
    info.dlpi_subs += changes.subs.load(std::memory_order_acquire);
  }
  ~WithChanges() {
    info_.dlpi_adds = adds_;
    info_.dlpi_subs = subs_;
  }
  WithChanges(const WithChanges&) = delete;
  WithChanges& operator=(const WithChanges&) = delete;

private:
  dl_phdr_info& info_;
  const unsigned long long adds_, subs_;
};

int pass(dl_phdr_info* info, size_t size, void* data) {
  const Walk& walk = *static_cast<const Walk*>(data);
  const WithChanges changed(*info);
  return walk.callback(info, size, walk.data);
}

} // namespace

void prepareIteration() { (void)following.find(); }

#endif

} // namespace tiercel

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

// Weak: some hosts have one of their own.
extern "C" __attribute__((visibility("default"), used, weak)) int
dl_iterate_phdr(int (*callback)(dl_phdr_info*, size_t, void*), void* data) {
  tiercel::Walk walk{callback, data};
  const auto next = tiercel::following.find();
  return next ? next(tiercel::pass, &walk) : 0;
}

#endif
