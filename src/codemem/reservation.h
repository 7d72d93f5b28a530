// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The range of addresses that an arena maps its memory into, and who is told what it maps. Whoever reserved
// the range gives it back, whatever is mapped there by then. Thread rule: as SegmentTable. Ownership: the
// addresses are reserved for as long as the object lives.
#pragma once

#include "tiercel/error.h"

#include "codemem/segment_table.h"

#include <cstddef>
#include <memory>

namespace tiercel {

class Reservation {
public:
  virtual ~Reservation() = default;
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  std::byte* begin() const { return begin_; }
  size_t size() const { return size_; }
  SegmentTable& segments() { return segments_; }

protected:
  Reservation(std::byte* begin, size_t size, SegmentTable segments = {})
      : begin_(begin), size_(size), segments_(segments) {}

private:
  std::byte* const begin_;
  const size_t size_;
  SegmentTable segments_;
};

/// Addresses that nobody is told of.
Result<std::unique_ptr<Reservation>> reserveAddresses(size_t size);

} // namespace tiercel
