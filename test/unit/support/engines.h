// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shorthand for tests of whole engines. Thread rule: Events may be used from any thread.
#pragma once

#include "tiercel/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tiercel {

inline std::unique_ptr<Engine> makeEngine(const Options& options = {}) {
  Result<std::unique_ptr<Engine>> engine = Engine::create(options);
  if (!engine) {
    ADD_FAILURE() << engine.error().message();
    return nullptr;
  }
  return std::move(*engine);
}

inline void addText(Engine& engine, std::string_view text, const std::string& name = "module.ll") {
  const Status status = engine.addBytes(text, name);
  EXPECT_TRUE(status) << status.error().message();
}

inline std::unique_ptr<Engine> engineWith(std::string_view text, const Options& options = {}) {
  std::unique_ptr<Engine> engine = makeEngine(options);
  addText(*engine, text);
  return engine;
}

/// A function that must be there; calls of null end the test.
template <typename Fn> Fn* function(Engine& engine, std::string_view name) {
  Result<Fn*> found = engine.lookup<Fn>(name);
  EXPECT_TRUE(found) << found.error().message();
  return found ? *found : nullptr;
}

template <typename T> T* variable(Engine& engine, std::string_view name) {
  Result<void*> found = engine.lookupData(name);
  EXPECT_TRUE(found) << found.error().message();
  return found ? static_cast<T*>(*found) : nullptr;
}

/// What happened to one function, in order. Add it before the engine works.
class Events : public EventListener {
public:
  struct Entry {
    EventKind kind;
    std::string name;
    unsigned tier;
    std::string reason;
    const void* code;
    bool operator==(const Entry&) const = default;
  };

  void onEvent(const Event& event) override {
    const std::lock_guard lock(mutex_);
    entries_.push_back(
        {event.kind, std::string(event.name), event.tier, std::string(event.reason), event.code});
  }
  std::vector<Entry> of(const std::string& name) {
    const std::lock_guard lock(mutex_);
    std::vector<Entry> result;
    std::copy_if(entries_.begin(), entries_.end(), std::back_inserter(result),
                 [&](const Entry& entry) { return entry.name == name; });
    return result;
  }
  std::vector<EventKind> kindsOf(const std::string& name) {
    std::vector<EventKind> kinds;
    for (const Entry& entry : of(name))
      kinds.push_back(entry.kind);
    return kinds;
  }
  size_t count(EventKind kind) {
    const std::lock_guard lock(mutex_);
    return static_cast<size_t>(std::count_if(entries_.begin(), entries_.end(),
                                             [&](const Entry& entry) { return entry.kind == kind; }));
  }

private:
  std::mutex mutex_;
  std::vector<Entry> entries_;
};

} // namespace tiercel
