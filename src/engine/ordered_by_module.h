// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Things that belong to modules and have an order among all: what was added, what is to run at the end. A
// module's are found, and go, without a look at those of others. Thread rule: the owner's lock. References
// stay valid until the thing is taken.
#pragma once

#include <algorithm>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tiercel {

/// `T` has a `module`, which does not change.
template <typename T> class OrderedByModule {
  using List = std::list<T>;

public:
  using iterator = typename List::iterator;

  iterator begin() { return all_.begin(); }
  iterator end() { return all_.end(); }
  bool empty() const { return all_.empty(); }

  void append(T thing) {
    const iterator place = all_.insert(all_.end(), std::move(thing));
    places_[place->module].push_back(place);
  }
  void prepend(T thing) {
    const iterator place = all_.insert(all_.begin(), std::move(thing));
    std::vector<iterator>& own = places_[place->module];
    own.insert(own.begin(), place);
  }
  bool has(const std::string& module) const { return places_.contains(module); }
  /// A module's, in order.
  std::vector<T*> of(const std::string& module) {
    std::vector<T*> own;
    if (const auto found = places_.find(module); found != places_.end()) {
      for (iterator place : found->second)
        own.push_back(&*place);
    }
    return own;
  }
  /// Takes a module's out, in order.
  std::vector<T> take(const std::string& module) {
    std::vector<T> taken;
    if (const auto found = places_.find(module); found != places_.end()) {
      for (iterator place : found->second) {
        taken.push_back(std::move(*place));
        all_.erase(place);
      }
      places_.erase(found);
    }
    return taken;
  }
  T take(iterator place) {
    const auto found = places_.find(place->module);
    std::erase(found->second, place);
    if (found->second.empty())
      places_.erase(found);
    T taken = std::move(*place);
    all_.erase(place);
    return taken;
  }
  T takeFirst() { return take(all_.begin()); }
  T takeLast() { return take(std::prev(all_.end())); }
  size_t size() const { return all_.size(); }

private:
  List all_;
  std::unordered_map<std::string, std::vector<iterator>> places_; ///< by module; none is empty
};

} // namespace tiercel
