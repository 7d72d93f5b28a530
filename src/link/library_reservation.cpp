// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/library_reservation.h"

#include "codemem/code_views.h"
#include "link/iterate_headers.h"
#include "link/synthetic_library.h"

#include <cassert>
#include <dlfcn.h>
#include <sys/mman.h>

namespace tiercel {

namespace {

/// What is near code, and blocks outside: see Arena.
constexpr size_t kSegments = 256;

/// False with errno set. Never fails where something is mapped.
bool mapNothing(std::byte* begin, size_t size) {
  return mmap(begin, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) ==
         begin;
}

class LibraryReservation : public Reservation {
public:
  LibraryReservation(const SyntheticLibrary& library, size_t size)
      : Reservation(library.reserved, size, SegmentTable(library.segments, library.loadBase)),
        handle_(library.handle) {}

  ~LibraryReservation() override {
    // The library may outlive this, when others hold it, too. Its addresses must not become anybody else's
    // before it goes: the loader unmaps what is there by then.
    [[maybe_unused]] const bool kept = mapNothing(begin(), size());
    assert(kept);
    dlclose(handle_);
  }

private:
  void* const handle_;
};

} // namespace

Result<std::unique_ptr<Reservation>> reserveInLibrary(size_t size) {
  prepareIteration();
  const SpareSegments spare{.headers = kSegments, .addresses = size};
  Result<SyntheticLibrary> library =
      loadSyntheticLibrary("tiercel-memory", {}, nullptr, /*global=*/false, &spare);
  if (!library)
    return library.takeError();
  std::unique_ptr<Reservation> reservation = std::make_unique<LibraryReservation>(*library, size);
  // What the loader maps counts as memory that is promised as soon as it becomes writable.
  if (!mapNothing(reservation->begin(), size))
    return systemError("reserving addresses for code and data");
  return reservation;
}

} // namespace tiercel
