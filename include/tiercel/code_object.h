// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Code that a client owns: functions of a program compiled once, as one piece, into memory of the client's
// choice. A code object is complete in itself and runs on after the engine is destroyed.
//
//     auto object = engine->makeCodeObject({"square"}, {.at = reinterpret_cast<void*>(0x200000000000)});
//     auto square = object->lookup<int(int)>("square");
//     engine.reset();
//     int nine = (*square)(3);
//
// It holds the functions it was made of, what they mention, directly or through others, and variables of its
// own: they begin with their initial values and share nothing with the running program. docs/code-objects.md
// has the rules, and what is refused.
//
// Thread rule: its code may run in any thread. The members of one object that change it (relocate, move,
// destruction) exclude every other use of it, the running of its code included.
#pragma once

#include "tiercel/engine.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace tiercel {

class CodeObjectImpl;

struct SectionSize {
  size_t size = 0; ///< exact; 0: there is no such section
  size_t alignment = 1;
};

/// What a code object needs, known before a byte of it is written.
struct SectionSizes {
  SectionSize code;
  SectionSize readOnly; ///< constants, unwind tables, addresses of what is outside
  SectionSize writable; ///< variables, and constants that hold addresses
};

/// Where a section runs, and where its bytes can be written meanwhile: the same address, or another mapping
/// of the same memory.
struct SectionPlace {
  std::byte* run = nullptr;
  std::byte* write = nullptr;
};

/// All sections that are there must run within 2 GiB, from the first byte to the last; whatever is outside
/// may be anywhere.
struct Placement {
  SectionPlace code;
  SectionPlace readOnly;
  SectionPlace writable;
  void* cookie = nullptr; ///< the memory's own
};

/// A memory manager: the client implements it. It must outlive the objects in it, and must not throw. An
/// object makes one call at a time; objects in different threads may call at once.
class CodeMemory {
public:
  virtual ~CodeMemory() = default;
  /// Nothing has been written yet. What is between and around the sections is never touched.
  virtual Result<Placement> allocate(const SectionSizes& sizes) = 0;
  /// Everything is written. When it returns, code can run, and variables can be read and written where they
  /// run. After an error `release` follows.
  virtual Status finish(const Placement& placement, const SectionSizes& sizes) = 0;
  /// Exactly once for every successful `allocate`.
  virtual void release(const Placement& placement, const SectionSizes& sizes) = 0;
};

/// Memory from mmap, never writable and executable at once; with the code at `at`, or anywhere if it is null.
/// Addresses that are taken are refused.
std::unique_ptr<CodeMemory> mappedCodeMemory(void* at = nullptr);

struct CodeObjectOptions {
  unsigned tier = kTopTier;
  CodeMemory* memory = nullptr; ///< null: memory of the object's own, from mappedCodeMemory
  void* at = nullptr;           ///< for the code, with memory of the object's own; null: anywhere
};

/// Where a code object went when it moved.
struct CodeMove {
  struct Range {
    const std::byte* from = nullptr;
    std::byte* to = nullptr;
    size_t size = 0;
  };
  Range code;
  Range readOnly;
  Range writable;

  /// What an old address is now; addresses outside the object are unchanged. The end of `writable` counts as
  /// part of it.
  void* operator()(const void* address) const;
};

/// One that was moved from has nothing: no sizes, no places, and errors (BadInput) for all else.
class CodeObject {
public:
  CodeObject(CodeObject&& other) noexcept;
  CodeObject& operator=(CodeObject&& other) noexcept;
  /// Runs the destructors of its static objects and the functions it gave to atexit, then releases the
  /// memory. No thread may be in its code or come back to it.
  ~CodeObject();

  /// The address of one of the functions it was made of. `signature` as for Engine::lookupFunction.
  Result<void*> lookupFunction(std::string_view name, std::string_view signature = {}) const;
  /// The object's own copy of a global variable that its functions use and other modules can see.
  Result<void*> lookupData(std::string_view name) const;
  template <typename Fn> Result<Fn*> lookup(std::string_view name) const {
    Result<void*> address = lookupFunction(name, detail::SignatureOf<Fn>::text());
    if (!address)
      return address.takeError();
    return reinterpret_cast<Fn*>(*address);
  }

  const SectionSizes& sizes() const;
  const Placement& placement() const;

  /// Moves the object: links it again at the new place, takes the variables along as they are, and releases
  /// the old memory. Addresses within the object that its variables hold are brought up to date where the IR
  /// says that they are pointers; everything else that holds one is the client's to mend, with what this
  /// returns. After an error the object is where it was.
  Result<CodeMove> relocate(void* at = nullptr);
  /// The same into the client's memory.
  Result<CodeMove> relocate(CodeMemory& memory);

private:
  friend class EngineImpl;
  explicit CodeObject(std::unique_ptr<CodeObjectImpl> impl);
  std::unique_ptr<CodeObjectImpl> impl_;
};

} // namespace tiercel
