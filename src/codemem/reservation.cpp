// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codemem/reservation.h"

#include "codemem/code_views.h"

#include <sys/mman.h>

namespace tiercel {

namespace {

class PlainReservation : public Reservation {
public:
  PlainReservation(std::byte* begin, size_t size) : Reservation(begin, size) {}
  ~PlainReservation() override { munmap(begin(), size()); }
};

} // namespace

Result<std::unique_ptr<Reservation>> reserveAddresses(size_t size) {
  void* found = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (found == MAP_FAILED)
    return systemError("reserving addresses for code and data");
  return std::unique_ptr<Reservation>(
      std::make_unique<PlainReservation>(static_cast<std::byte*>(found), size));
}

} // namespace tiercel
