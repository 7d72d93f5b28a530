// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Start here. An Engine runs LLVM IR: functions are compiled on their first call with the cheapest code
// generator, counted, and recompiled in the background when hot; the new code replaces the old under the
// running program.
//
//     auto engine = tiercel::Engine::create({});
//     (*engine)->addFile("program.bc");
//     auto square = (*engine)->lookup<int(int)>("square");   // valid for the engine's life, gets faster
//     int nine = (*square)(3);
//
// Thread rule: every member may be called from any thread at any time, except the destructor, which must be
// called when no thread runs or will run code of this engine. Program threads may be created by anybody.
// Ownership: the engine owns all code and data it made; addresses are valid until it is destroyed.
// Fork: the child has a working engine with background threads of its own.
#pragma once

#include "tiercel/error.h"
#include "tiercel/events.h"
#include "tiercel/module.h"
#include "tiercel/options.h"
#include "tiercel/stats.h"

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tiercel {

namespace detail {
template <typename T> struct TypeName;
template <typename Fn> struct SignatureOf;
} // namespace detail

class EngineImpl;
class CodeObject;         // tiercel/code_object.h
struct CodeObjectOptions; // tiercel/code_object.h

/// One call in a cluster of functions that was compiled together.
struct InlineDecision {
  std::string caller;
  std::string callee;
  bool inlined = false;
  std::string reason;        ///< LLVM's words: cost against threshold, or what forbids it
  bool continuation = false; ///< in the code that a running loop was continued in, not in that for calls
};

class Engine {
public:
  static Result<std::unique_ptr<Engine>> create(Options options);
  /// Waits for compiles in progress, then frees everything.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Adds a program or part of one. The kind is found out from the content: bitcode, textual IR, C, C++ or
  /// assembly (compiled with the installed clang 22), ELF object, static archive (its members are added when
  /// something refers to them), shared library (loaded into the process). Nothing is compiled to machine
  /// code. All or nothing: after an error the engine is as before.
  Status addFile(const std::string& path);
  /// The same from memory; `name` is used in messages. The bytes are copied.
  Status addBytes(std::string_view bytes, const std::string& name);
  /// A library by name (`-lNAME`), looked for in `directories` and then in the system's.
  Status addLibrary(const std::string& name, const std::vector<std::string>& directories = {});
  /// Binds an undefined symbol of the program to an address of the host's. Functions and data alike.
  Status defineSymbol(const std::string& name, void* address);

  // --- a living program: any of these at any time, from any thread, with the program running in others ---

  /// Adds a module under a name. All or nothing.
  Status add(const std::string& module, const Source& source);
  /// New definitions for some of a module: functions and variables of `source` take the place of those of the
  /// same name, new ones are added, what `source` does not define stays. Functions whose body is the same
  /// keep their code. When it returns, every call begins in the new code; activations that run finish in the
  /// old. Variables keep address and value (docs/living-programs.md has the rules). IR, C and C++ only.
  Status redefine(const std::string& module, const Source& source, const RedefineOptions& options = {});
  /// Removes a module: names, code, data that nobody else uses. Runs its static destructors first.
  Status remove(const std::string& module, const RemoveOptions& options = {});
  /// Removes a single function.
  Status removeFunction(const std::string& name, const RemoveOptions& options = {});
  /// Gives the code of functions back: the next call compiles them again. Names or glob patterns.
  Status discardCode(const std::vector<std::string>& names);
  /// Looks at the stacks of all threads and frees the retired code that none can return into, now. Needs
  /// Options::reclaim to be Reclaim::Signals; an error without.
  Result<CollectReport> collect();
  /// The host's word that at this moment no thread is in compiled code of this engine or has a frame of it on
  /// any stack: frees all retired code.
  CollectReport quiescentPoint();
  /// The function map. Internal names will do where only one module has them.
  Result<FunctionInfo> describe(std::string_view function);
  std::vector<ModuleInfo> modules();
  /// The functions that the program defines, internal ones included; sorted, each name once.
  std::vector<std::string> functionNames();

  /// The address of a function: its stub, the same for the engine's life, so pointers compare equal; calls
  /// reach the newest code. `signature` in IR syntax, such as "i32 (i32, ptr)", is checked against the
  /// definition; empty skips the check. Compiles nothing.
  Result<void*> lookupFunction(std::string_view name, std::string_view signature = {});
  /// The address of a global variable, initialised.
  Result<void*> lookupData(std::string_view name);
  /// Typed: lookup<int(int)>("f"). Arithmetic types, pointers and void; anything else does not compile.
  template <typename Fn> Result<Fn*> lookup(std::string_view name) {
    Result<void*> address = lookupFunction(name, detail::SignatureOf<Fn>::text());
    if (!address)
      return address.takeError();
    return reinterpret_cast<Fn*>(*address);
  }

  /// Checks that the data the program refers to exists, then runs static constructors that have not run yet,
  /// by priority, then in the order of adding. Destructors are registered with atexit by the program itself.
  /// One thread at a time: others wait until it is through. A constructor may call it for what it has added.
  Status runConstructors();
  /// runConstructors, then `entry(argc, argv, envp)`; its result is what it returned. The program may
  /// also call exit.
  Result<int> runMain(const std::vector<std::string>& args, const std::string& entry = "main");

  /// Hot before traffic: compiles functions now, at `tier` or better, and returns when calls reach that code.
  /// `names` are names or glob patterns; one that matches no definition is an error, and nothing is compiled
  /// then. Marks as cold do not count. A function that must keep one version keeps it. What could not be
  /// compiled is named in the error; it stays on its working code. A change of the program that undoes a
  /// compile has it begun again, each change once: beside a thread that changes what is prepared without a
  /// pause, prepare returns when a compile fits in between. A function asked for by name and removed
  /// meanwhile is an error. With Options::fixedTier, `tier` must be it.
  Status prepare(const std::vector<std::string>& names, unsigned tier = kTopTier);

  /// Compiles functions, and everything they reach by direct mention, into an object that the caller owns and
  /// that works without the engine: docs/code-objects.md. Names as for `inlining`.
  Result<CodeObject> makeCodeObject(const std::vector<std::string>& functions,
                                    const CodeObjectOptions& options);

  /// Writes what first code has counted so far, for Options::profileIn of a later run. Needs
  /// Options::wholeProfile. Replaces the file in one step.
  Status writeProfile(const std::string& path);
  /// What the inliner decided in the newest compile of `function` at tier 3, then in the newest continuation
  /// of each of its loops; empty before. Calls that the engine adds are left out. An internal name will do
  /// where only one module has it, and no external name is the same.
  std::vector<InlineDecision> inlining(std::string_view function);
  /// The functions whose code, of any tier, was made with the body of `function` at hand, so that it may hold
  /// parts of it. Names as above.
  std::vector<std::string> dependents(std::string_view function);

  /// Returns when no promotion is waiting or being compiled.
  void waitIdle();
  Stats stats() const;
  /// The listener must outlive the engine.
  void addListener(EventListener* listener);

  /// For the other public headers and the tests.
  EngineImpl& impl() { return *impl_; }

private:
  explicit Engine(std::unique_ptr<EngineImpl> impl);
  std::unique_ptr<EngineImpl> impl_;
};

// --- the C++ types that lookup<> knows, by their IR names -------------------------------------------------

namespace detail {

template <typename T>
  requires std::is_integral_v<T> || std::is_enum_v<T>
struct TypeName<T> {
  // bool is i1 in IR signatures; every other integer has its width.
  static std::string text() { return std::is_same_v<T, bool> ? "i1" : "i" + std::to_string(sizeof(T) * 8); }
};
template <typename T> struct TypeName<T*> {
  static std::string text() { return "ptr"; }
};
template <> struct TypeName<void> {
  static std::string text() { return "void"; }
};
template <> struct TypeName<float> {
  static std::string text() { return "float"; }
};
template <> struct TypeName<double> {
  static std::string text() { return "double"; }
};

template <typename R, typename... Args> struct SignatureOf<R(Args...)> {
  static std::string text() {
    std::string list;
    ((list += (list.empty() ? "" : ", ") + TypeName<Args>::text()), ...);
    return TypeName<R>::text() + " (" + list + ")";
  }
};

} // namespace detail
} // namespace tiercel
