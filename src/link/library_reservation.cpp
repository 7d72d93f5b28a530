// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/library_reservation.h"

#include "link/iterate_headers.h"
#include "link/synthetic_library.h"

#include <cassert>
#include <dlfcn.h>
#include <sys/mman.h>

namespace tiercel {

namespace {

/// What is near code, and blocks outside: see Arena.
constexpr size_t kSegments = 256;

class LibraryReservation : public Reservation {
public:
  LibraryReservation(const SyntheticLibrary& library, size_t size)
      : Reservation(library.reserved, size, SegmentTable(library.segments, library.loadBase)),
        handle_(library.handle) {}

  ~LibraryReservation() override {
    // The library may outlive this, when others hold it, too. Its addresses must not become anybody else's
    // before it goes: the loader unmaps what is there by then.
    void* const kept =
        mmap(begin(), size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    assert(kept == begin() && "fewer mappings than before");
    (void)kept;
    dlclose(handle_);
  }

private:
  void* const handle_;
};

} // namespace

Result<std::unique_ptr<Reservation>> reserveInLibrary(size_t size) {
  prepareIteration();
  const ReservedAddresses reserved{.size = size, .segments = kSegments};
  Result<SyntheticLibrary> library =
      loadSyntheticLibrary("tiercel-memory", {}, nullptr, /*global=*/false, &reserved);
  if (!library)
    return library.takeError();
  return std::unique_ptr<Reservation>(std::make_unique<LibraryReservation>(*library, size));
}

} // namespace tiercel
