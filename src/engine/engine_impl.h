// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The engine: the only place that wires the folders together. The public Engine forwards here.
//
// Locks and their order are in docs/threading.md. Program threads hold none while they run program code; a
// fork takes them all (process_hooks.cpp).
#pragma once

#include "tiercel/engine.h"

#include "codemem/arena.h"
#include "codemem/call_sites.h"
#include "codemem/code_map.h"
#include "codemem/function_table.h"
#include "compile/session_pool.h"
#include "engine/collector.h"
#include "engine/dso_handles.h"
#include "engine/first_compiles.h"
#include "engine/housekeeper.h"
#include "engine/initialisation.h"
#include "engine/inlining_notes.h"
#include "engine/native_objects.h"
#include "engine/ordered_by_module.h"
#include "engine/outdated_callers.h"
#include "engine/promoter.h"
#include "engine/readiness.h"
#include "engine/versions.h"
#include "events/statistics.h"
#include "link/addresses.h"
#include "link/data_materializer.h"
#include "link/host_symbols.h"
#include "link/linker.h"
#include "link/unwind.h"
#include "load/input.h"
#include "platform/membarrier.h"
#include "platform/program_state_guard.h"
#include "registry/registry.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace tiercel {

class EngineImpl : public AddressSource {
public:
  static Result<std::unique_ptr<EngineImpl>> create(Options options);
  ~EngineImpl() override;

  // --- programs (program.cpp) ---
  Status addSource(const Source& source);
  /// `module`: empty for the input's name.
  Status addInput(Input input, const std::string& module = {});
  Status addLibrary(const std::string& name, const std::vector<std::string>& directories);
  Status defineSymbol(const std::string& name, void* address);
  Result<void*> lookupFunction(std::string_view name, std::string_view signature);
  Result<void*> lookupData(std::string_view name);
  std::vector<std::string> functionNames();
  /// Those that are defined and match a pattern (base/glob.h); an error if a pattern matches none.
  Result<std::vector<FunctionRecord*>> definedFunctions(const std::vector<std::string>& patterns);
  Status runConstructors();
  Result<int> runMain(const std::vector<std::string>& args, const std::string& entry);

  Status prepare(const std::vector<std::string>& patterns, unsigned tier); ///< prepare.cpp
  Result<CodeObject> makeCodeObject(const std::vector<std::string>& functions,
                                    const CodeObjectOptions& options); ///< code_objects.cpp

  // --- a living program (living.cpp, describe.cpp) ---
  Status add(const std::string& module, const Source& source);
  Status redefine(const std::string& module, const Source& source, const RedefineOptions& options);
  Status remove(const std::string& module, const RemoveOptions& options);
  Status removeFunction(const std::string& name, const RemoveOptions& options);
  Status discardCode(const std::vector<std::string>& patterns);
  Result<FunctionInfo> describe(std::string_view name);
  std::vector<ModuleInfo> modules();

  Collector& collector() { return collector_; }
  Housekeeper& housekeeper() { return housekeeper_; }
  Readiness& readiness() { return readiness_; }

  // --- compiling (install.cpp) ---
  /// Compiles, links and publishes. The caller is the only one doing so for this function. Null if the
  /// program changed meanwhile, so that the code was thrown away.
  Result<void*> install(const CompileRequest& request, Session& session, bool background);
  /// Compiles, links and publishes a continuation; failures are counted and reported to listeners.
  Outcome compileContinuation(const CompileRequest& request, Session& session, bool background);
  static bool hasContinuation(const FunctionRecord& record, uint32_t header);
  /// Has all activations in the function's first code ask at their next loop header.
  void openContinuations(const FunctionRecord& record);
  /// Compiles the function if nobody did, waits if somebody does. `background`: nobody needs it by now.
  Result<void*> ensureCompiled(FunctionRecord& record, bool background = false);
  bool isChangedSince(const FunctionRecord& record, uint32_t serial);
  /// As ensureCompiled for all that it mentions, within reason: signal handlers must not compile.
  void compileClosure(FunctionId root);

  // --- called by compiled code, see platform/lazy_entry.h ---
  void* firstCall(FunctionId id, const void* returnAddress, const void* programStack);
  void* firstCallOutside(FunctionId id, const void* returnAddress);
  /// Returns where the activation should go on, or null: in its own code.
  void* counterTripped(FunctionId id, TripKind kind, uint32_t header, uint32_t epoch);

  /// A symbol of the program by its external name, for dlsym; null if there is none.
  void* findProgramSymbol(const char* name);
  /// Before it is loaded; returns the variables whose values wait for it (exports.cpp).
  Result<std::vector<GlobalId>> exportToLibrary(const std::string& name, bool opened);
  FunctionRecord* functionAt(const void* address); ///< if it is a stub, whose

  Status writeProfile(const std::string& path);
  std::vector<InlineDecision> inliningOf(std::string_view name);
  std::vector<std::string> dependentsOf(std::string_view name);

  void waitIdle() { promoter_.waitIdle(); }
  Promoter& promoter() { return promoter_; }
  Stats stats() const;
  void addListener(EventListener* listener) { statistics_.addListener(listener); }

  // --- AddressSource ---
  Result<std::byte*> dsoHandle(ImageId image) override;
  Result<std::byte*> dsoHandle(ObjectId object) override;
  std::byte* function(FunctionId id) override { return table_.stub(id); }
  Result<std::byte*> data(GlobalId id) override;
  Result<std::byte*> object(ObjectId id, int64_t symbol, const ObjectUser& user) override;
  std::string moduleOf(ObjectId object) override { return objects_.moduleOf(object); }
  std::optional<void*> host(llvm::StringRef name, bool weak) override;
  bool isUsedByObjects(llvm::StringRef name) override { return !objects_.usersOf(name.str(), {}).empty(); }

  // --- process_hooks.cpp ---
  void lockForFork() TIERCEL_NO_THREAD_SAFETY_ANALYSIS;
  void unlockAfterFork(bool inChild) TIERCEL_NO_THREAD_SAFETY_ANALYSIS;

  /// Runs the program's registered destructors (llvm.global_dtors, .fini_array), once.
  void runDestructors();

  void* dsoHandle() { return &dsoHandle_; }
  void* dsoHandleOf(const void* function); ///< of the module that defines it, or the engine's own
  /// argv[0], or null before runMain.
  const char* programName() const { return arguments_.empty() ? nullptr : arguments_.front().c_str(); }
  const Options& options() const { return options_; }
  Registry& registry() { return registry_; }
  FunctionTable& table() { return table_; }
  HostSymbols& hostSymbols() { return host_; }
  const CodeMap& codeMap() const { return map_; }
  Statistics& statistics() { return statistics_; }
  SessionPool& pool() { return pool_; }

private:
  friend class Collector; // takes its locks and follows its tables
  friend class Housekeeper;
  friend class Readiness; // speaks of what is missing

  EngineImpl(Options options, HostCpu cpu, std::unique_ptr<Arena> arena, Profile profileIn);
  Result<void*> compileFirst(FunctionRecord& record, bool background);
  /// What install and compileContinuation have in common: compile and link, and count that.
  struct Made;
  Result<Made> make(const CompileRequest& request, Session& session, bool background);
  bool isOvertaken(const CompileRequest& request, uint64_t releases);
  void beginEpoch(FunctionRecord& record, const Made& made) TIERCEL_REQUIRES(versions_.mutex());
  void noteInlining(const CompileRequest& request, const Artifact& artifact);
  std::vector<InlineDecision> readable(const CompileRequest& request,
                                       const std::vector<InlineRemark>& remarks);
  bool mayBeOptimised(const FunctionRecord& record) const;
  void* osrAtRandom(FunctionRecord& record, uint32_t header, uint32_t epoch);
  /// From now on calls of the function reach `code`; everything written before is visible to who follows.
  void publish(FunctionId function, void* code) TIERCEL_REQUIRES(versions_.mutex());
  Result<FunctionId> resolverOf(FunctionRecord& record, const Definition& where, Session& session);
  Result<void*> runIfunc(FunctionRecord& record);
  [[noreturn]] void fatal(const Error& error);
  /// What defines an undefined function by now, and calls go there; null: nothing. `ask`: the loader, too.
  void* findLate(FunctionRecord& record, bool ask);
  Error undefinedCall(const FunctionRecord& record, const void* returnAddress);

  Status addBitcode(struct OpenInput input, const std::string& module) TIERCEL_REQUIRES(loadMutex_);
  Status addObject(OpenInput input, const std::string& module, ImageId scope) TIERCEL_REQUIRES(loadMutex_);
  bool mayHaveCode(FunctionId function);
  Status addOne(OpenInput input, const std::string& module) TIERCEL_REQUIRES(loadMutex_);
  Status pullArchiveMembers(llvm::StringRef entry = {}) TIERCEL_REQUIRES(loadMutex_); ///< wanted, too
  Status checkEntry(FunctionId id, const std::string& entry);
  std::optional<void*> outsideAddress(llvm::StringRef name, bool weak); ///< code_objects.cpp
  bool isSectionBound(llvm::StringRef name);
  std::optional<void*> sectionBound(llvm::StringRef name);
  Status withThreadLocals(const std::function<Status(ThreadLocalSource&)>& use);
  Result<void*> addressOf(const SymbolRef& ref);
  Result<void*> addressOf(const Initialisation& entry); ///< null if it is gone
  /// Who mentions names, but for the module `except`, as a text for a message; empty if nobody does.
  std::string describeUsers(const std::vector<std::string>& names, const std::string& except = {});
  Status beginConstructors() TIERCEL_REQUIRES(loadMutex_);
  Status collectInitialisers(Initialisations& collected) TIERCEL_REQUIRES(loadMutex_);
  Status collectFrom(const Added& added, Initialisations& into) TIERCEL_REQUIRES(loadMutex_);
  bool isToRun(const Added& added, const AddedInitialiser& entry, bool there) TIERCEL_REQUIRES(loadMutex_);
  bool hasModule(const std::string& module) TIERCEL_REQUIRES(loadMutex_);
  std::vector<Added*> addedOf(const std::string& module) TIERCEL_REQUIRES(loadMutex_);
  void run(const std::vector<Initialisation>& functions);
  void finaliseModule(const std::string& module); ///< runs what was registered with __cxa_atexit
  void takeOut(std::span<const Added> parts) TIERCEL_REQUIRES(loadMutex_);
  void takeOutObject(ObjectId object) TIERCEL_REQUIRES(materialiseMutex_, versions_.mutex());
  void followOthers() TIERCEL_EXCLUDES(versions_.mutex()); ///< after a native object or a host symbol came
  bool unbindLate() TIERCEL_REQUIRES(versions_.mutex());   ///< has what others stood in for looked up again
  void follow(Change change) TIERCEL_REQUIRES(versions_.mutex());
  /// Has nobody enter code that is out of date because of a change of definitions. Whether any was.
  bool applyChange(std::span<const FunctionId> changed) TIERCEL_REQUIRES(versions_.mutex());
  void close(FunctionRecord& record) TIERCEL_REQUIRES(versions_.mutex()); ///< drops its code
  void fallBack(CodeVersion& dependent) TIERCEL_REQUIRES(versions_.mutex());
  void fallBack(std::span<CodeVersion* const> versions) TIERCEL_REQUIRES(versions_.mutex());
  Status libraryCame(std::span<const GlobalId> waiting) TIERCEL_EXCLUDES(versions_.mutex());
  void settle(); ///< after entries were closed: nobody enters the code behind them; workers may free it
  void releaseData() TIERCEL_REQUIRES(materialiseMutex_, versions_.mutex());

  char dsoHandle_ = 0; ///< its address is what the program's objects call __dso_handle
  const Options options_;
  const Profile profileIn_;
  const HostCpu cpu_;
  std::unique_ptr<Arena> arena_;
  CodeMap map_;
  FunctionTable table_;
  CallSites calls_;
  UnwindRegistration unwind_;
  Registry registry_;
  Versions versions_;
  OutdatedCallers outdatedCallers_;   ///< under the lock of the versions
  std::vector<FunctionId> boundLate_; ///< by findLate; under the lock of the versions
  HostSymbols host_;
  const CompileEnvironment environment_;
  SessionPool pool_;
  RecursiveMutex materialiseMutex_; ///< initialisers refer to objects, which refer to others and to data
  DataMaterializer data_;
  Linker linker_;
  NativeObjects objects_;
  Statistics statistics_;
  FirstCompiles firstCompiles_;
  Mutex loadMutex_;
  OrderedByModule<ArchiveMember> archiveMembers_ TIERCEL_GUARDED_BY(loadMutex_);
  std::set<std::string> removing_ TIERCEL_GUARDED_BY(loadMutex_); ///< their destructors run
  OrderedByModule<Added> added_ TIERCEL_GUARDED_BY(loadMutex_);
  OrderedByModule<Added> initialised_ TIERCEL_GUARDED_BY(loadMutex_); ///< no longer in added_
  PendingConstructors constructors_ TIERCEL_GUARDED_BY(loadMutex_);
  OrderedByModule<Initialisation> destructors_ TIERCEL_GUARDED_BY(loadMutex_); ///< in the order to run
  bool destructorsRegistered_ TIERCEL_GUARDED_BY(loadMutex_) = false;
  DsoHandles dsoHandles_{*arena_};
  InliningNotes inlining_;
  std::atomic<uint64_t> osrChances_{0}; ///< polls of the mode osr-always
  std::vector<std::string> arguments_;
  std::vector<char*> argv_;
  Collector collector_;
  Housekeeper housekeeper_{*this};
  Readiness readiness_{*this};
  Promoter promoter_; ///< last: its threads use everything above
};

} // namespace tiercel
