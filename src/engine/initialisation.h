// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the engine remembers of modules for their constructors and destructors. Thread rule: plain data, under
// the load lock.
#pragma once

#include "base/ids.h"
#include "load/image.h"
#include "registry/symbols.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tiercel {

/// A constructor or destructor of the program.
struct Initialisation {
  uint32_t priority;
  SymbolRef function;
  std::byte* native = nullptr; ///< of objects: not in the registry
  std::string module = {};
};

struct Initialisations {
  std::vector<Initialisation> constructors, destructors;
};

/// An entry of llvm.global_ctors or llvm.global_dtors, with what it meant when its image was added: an image
/// that is redefined before it is initialised may be gone by then, but its entries stay the module's.
struct AddedInitialiser {
  Initialiser entry;
  std::string name; ///< of the function
  SymbolRef function;
  std::string associated; ///< the global's name
  bool internal = false;  ///< so is the global
  bool prevailed = true;  ///< the image's global was the one in force
};

/// An image or an object, in the order of adding, which is that of their initialisation.
struct Added {
  ImageId image;
  ObjectId object; ///< valid: not an image
  std::string module;
  std::weak_ptr<const ProgramImage> bytes;                           ///< of the image
  std::vector<AddedInitialiser> constructors = {}, destructors = {}; ///< of the image, until collected
};

/// Constructors that are collected and have not begun to run. Calls of runConstructors take their own one at
/// a time, each right before it runs: what runs before it may remove its module, and then it must not be
/// called.
///
/// The code of a constructor that has been taken needs nothing of the kind. If it is removed from now on, by
/// itself or by another thread, it is retired, and its address is on the stack of the thread that calls it,
/// where a collection finds it; at a quiescent point nobody is in a constructor.
class PendingConstructors {
public:
  /// In the order of adding; together with what earlier calls could not run. Returns the call's number.
  uint64_t begin(std::vector<Initialisation> constructors) {
    const uint64_t call = ++calls_;
    for (Entry& entry : entries_)
      entry.call = entry.call == kNobody ? call : entry.call;
    for (Initialisation& constructor : constructors)
      entries_.push_back({call, std::move(constructor)});
    entries_.sort(
        [](const Entry& a, const Entry& b) { return a.constructor.priority < b.constructor.priority; });
    return call;
  }
  std::optional<Initialisation> takeNext(uint64_t call) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return entry.call == call; });
    if (found == entries_.end())
      return std::nullopt;
    Initialisation taken = std::move(found->constructor);
    entries_.erase(found);
    return taken;
  }
  /// The call ends without having run `next`, nor what was to follow.
  void giveUp(uint64_t call, Initialisation next) {
    entries_.push_front({call, std::move(next)});
    for (Entry& entry : entries_)
      entry.call = entry.call == call ? kNobody : entry.call;
  }
  void drop(const std::string& module) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.constructor.module == module; });
  }

private:
  static constexpr uint64_t kNobody = 0;
  struct Entry {
    uint64_t call;
    Initialisation constructor;
  };
  std::list<Entry> entries_; ///< by priority
  uint64_t calls_ = 0;
};

} // namespace tiercel
