// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the engine remembers of modules for their constructors and destructors. Thread rule: under the load
// lock, but for PendingConstructors::changed.
#pragma once

#include "base/ids.h"
#include "load/image.h"
#include "platform/futex.h"
#include "registry/symbols.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
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

/// Constructors that are collected and have not begun to run. One thread runs them at a time, as with dlopen:
/// who finds it at work waits, so that what was added before is complete when what may use it is constructed.
/// From within a constructor the same thread may run what that has added.
///
/// They are taken one at a time, each right before it runs: what runs before it may remove its module, and
/// then it must not be called. The code of one that has been taken needs nothing of the kind. If it is
/// removed from now on, by itself or by another thread, it is retired, and its address is on the stack of the
/// thread that calls it, where a collection finds it; at a quiescent point nobody is in a constructor.
class PendingConstructors {
public:
  /// Whether the calling thread may begin; else `changed` changes when it is worth asking again.
  bool mayBegin() const { return depth_ == 0 || thread_ == std::this_thread::get_id(); }
  /// Waited for without the lock.
  std::atomic<uint32_t>& changed() { return changed_; }
  /// Together with what earlier runs have left; in the order of adding if the priority is the same. Until
  /// `end` this is the calling thread's.
  void begin(std::vector<Initialisation> constructors) {
    thread_ = std::this_thread::get_id();
    ++depth_;
    for (Entry& entry : entries_)
      entry.depth = entry.depth == kNobodys ? depth_ : entry.depth;
    for (Initialisation& constructor : constructors)
      entries_.push_back({depth_, std::move(constructor)});
    entries_.sort(
        [](const Entry& a, const Entry& b) { return a.constructor.priority < b.constructor.priority; });
  }
  std::optional<Initialisation> takeNext() {
    const auto found =
        std::ranges::find_if(entries_, [this](const Entry& entry) { return entry.depth == depth_; });
    if (found == entries_.end())
      return std::nullopt;
    Initialisation taken = std::move(found->constructor);
    entries_.erase(found);
    return taken;
  }
  /// What was taken last has not run: the next run begins with it.
  void putBack(Initialisation taken) { entries_.push_front({depth_, std::move(taken)}); }
  void end() {
    for (Entry& entry : entries_)
      entry.depth = entry.depth == depth_ ? kNobodys : entry.depth;
    if (--depth_ == 0) {
      changed_.fetch_add(1, std::memory_order_release);
      futexWakeAll(changed_);
    }
  }
  /// In a forked child, where runs of other threads do not go on.
  void forgetThreads() {
    if (mayBegin())
      return;
    depth_ = 0;
    for (Entry& entry : entries_)
      entry.depth = kNobodys;
    changed_.fetch_add(1, std::memory_order_release); // who forked in a handler goes on to wait otherwise
  }
  void drop(const std::string& module) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.constructor.module == module; });
  }

private:
  static constexpr unsigned kNobodys = 0;
  struct Entry {
    unsigned depth; ///< of the run that has taken it on
    Initialisation constructor;
  };
  std::list<Entry> entries_; ///< by priority
  unsigned depth_ = 0;       ///< runs that have begun, each in a constructor of the one before
  std::thread::id thread_;   ///< that they are on
  std::atomic<uint32_t> changed_{0};
};

} // namespace tiercel
