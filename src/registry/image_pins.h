// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keeps the images that a compile reads. What it has made counts as code made from them only once it is
// published. Until then their values, the variables that they mention and the ids of all these must go on
// meaning what they meant when the compile looked: the ids of a released image are given to the next one.
//
// Thread rule: used by one thread at a time. Ownership: holds one use of each image (Registry::useImages).
#pragma once

#include "registry/registry.h"

#include <algorithm>
#include <vector>

namespace tiercel {

class ImagePins {
public:
  explicit ImagePins(Registry& registry) : registry_(registry) {}
  ~ImagePins() { clear(); }
  ImagePins(const ImagePins&) = delete;
  ImagePins& operator=(const ImagePins&) = delete;

  /// Pins the image of a function's definition. False if the function has another definition by now.
  bool pin(const FunctionRecord& record, const Definition& where) {
    if (std::find(images_.begin(), images_.end(), where.image) != images_.end())
      return record.definition.load() == where; // the id cannot have come to stand for another image
    if (!registry_.useInForce(record, where))
      return false;
    images_.push_back(where.image);
    return true;
  }
  void clear() {
    if (!images_.empty())
      registry_.useImages(images_, -1);
    images_.clear();
  }

private:
  Registry& registry_;
  std::vector<ImageId> images_;
};

} // namespace tiercel
