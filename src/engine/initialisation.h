// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the engine remembers of modules for their constructors and destructors. Thread rule: plain data, under
// the load lock.
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
    running_.push_back({call, std::this_thread::get_id()});
    return taken;
  }
  /// What this thread has taken last has run, or will not.
  void finished() {
    const auto own = std::find_if(running_.rbegin(), running_.rend(), [](const Running& running) {
      return running.thread == std::this_thread::get_id();
    });
    running_.erase(std::next(own).base());
    wakeWaiting();
  }
  /// Whether earlier calls, of other threads, are not done with what they took on. In a constructor nobody
  /// waits for others: two that did would wait for each other.
  bool mustWait(uint64_t call) const {
    const auto isOwn = [](const Running& running) { return running.thread == std::this_thread::get_id(); };
    return std::none_of(running_.begin(), running_.end(), isOwn) &&
           (std::any_of(running_.begin(), running_.end(),
                        [&](const Running& running) { return running.call < call; }) ||
            std::any_of(entries_.begin(), entries_.end(),
                        [&](const Entry& entry) { return entry.call != kNobody && entry.call < call; }));
  }
  /// Changes when one has finished; waiting calls sleep on it, without the lock.
  std::atomic<uint32_t>& signal() { return signal_; }
  /// The call ends without having run `next`, nor what was to follow.
  void giveUp(uint64_t call, Initialisation next) {
    entries_.push_front({call, std::move(next)});
    giveUp(call);
  }
  void giveUp(uint64_t call) {
    for (Entry& entry : entries_)
      entry.call = entry.call == call ? kNobody : entry.call;
    wakeWaiting();
  }
  /// In a forked child: calls of other threads do not go on here.
  void forgetThreads() {
    std::erase_if(running_,
                  [](const Running& running) { return running.thread != std::this_thread::get_id(); });
    for (Entry& entry : entries_) {
      if (std::none_of(running_.begin(), running_.end(),
                       [&](const Running& running) { return running.call == entry.call; }))
        entry.call = kNobody;
    }
  }
  void drop(const std::string& module) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.constructor.module == module; });
  }

private:
  void wakeWaiting() {
    signal_.fetch_add(1, std::memory_order_release);
    futexWakeAll(signal_);
  }

  static constexpr uint64_t kNobody = 0;
  struct Entry {
    uint64_t call;
    Initialisation constructor;
  };
  struct Running {
    uint64_t call;
    std::thread::id thread;
  };
  std::list<Entry> entries_; ///< by priority
  std::vector<Running> running_;
  std::atomic<uint32_t> signal_{0};
  uint64_t calls_ = 0;
};

} // namespace tiercel
