// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/runtime_functions.h"

#include "tiercel/system_calls.h"
#include "tiercel/thread.h"

#include "codemem/bound_thunk.h"
#include "engine/engine_impl.h"
#include "engine/engine_threads.h"
#include "link/thread_blocks.h"
#include "platform/libc_clone.h"
#include "platform/program_state_guard.h"

#include <csignal>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <unistd.h>

extern "C" {
// From libgcc.a, behind __builtin_cpu_supports.
extern unsigned int __cpu_model[4];
extern unsigned int __cpu_features2[3];
int __cpu_indicator_init();
int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(), void* dso);
int __cxa_at_quick_exit(void (*handler)(void*), void* dso);
}

namespace tiercel {

namespace {

/// What the functions below ask the loader for. Asked for before the program calls them: it may leave them by
/// siglongjmp in a handler, and with them the making of a static variable, which nobody would ever finish.
struct Loader {
  using RegisterAtExit = int (*)(void (*)(void*), void*, void*);
  /// Looked up, because a host may wrap its own registrations (the command does, see tools/tiercel).
  const RegisterAtExit registerAtExit = reinterpret_cast<RegisterAtExit>(dlsym(RTLD_DEFAULT, "__cxa_atexit"));
  void* const executable = dlopen(nullptr, RTLD_LAZY);
};
const Loader& loader() {
  static const Loader only;
  return only;
}

/// Under its module's __dso_handle, so that it runs when the module goes, or else the engine.
int registerAtExit(void (*handler)(), EngineImpl* engine) {
  // On x86-64 a function without parameters ignores the argument it is called with.
  return loader().registerAtExit(reinterpret_cast<void (*)(void*)>(handler), nullptr,
                                 engine->dsoHandleOf(reinterpret_cast<void*>(handler)));
}
int registerAtQuickExit(void (*handler)(), EngineImpl* engine) {
  return __cxa_at_quick_exit(reinterpret_cast<void (*)(void*)>(handler),
                             engine->dsoHandleOf(reinterpret_cast<void*>(handler)));
}
/// Each handler goes with the module that defines it.
int registerAtFork(void (*prepare)(), void (*parent)(), void (*child)(), EngineImpl* engine) {
  const auto handleOf = [&](void (*handler)()) {
    return engine->dsoHandleOf(reinterpret_cast<void*>(handler));
  };
  const auto any = prepare ? prepare : parent ? parent : child;
  void* const handle = handleOf(any);
  bool together = true;
  for (const auto handler : {prepare, parent, child})
    together &= !handler || handleOf(handler) == handle;
  if (together)
    return __register_atfork(prepare, parent, child, handle);
  int failed = 0;
  if (prepare)
    failed = __register_atfork(prepare, nullptr, nullptr, handleOf(prepare));
  if (parent && !failed)
    failed = __register_atfork(nullptr, parent, nullptr, handleOf(parent));
  if (child && !failed)
    failed = __register_atfork(nullptr, nullptr, child, handleOf(child));
  return failed;
}

/// In the process. Without tail calls: dlsym takes RTLD_NEXT to mean "after the object that my caller is in",
/// which must be the host's executable and not compiled code.
[[clang::disable_tail_calls]] void* search(void* handle, const char* name, const char* version) {
  return version ? dlvsym(handle, name, version) : dlsym(handle, name);
}

/// Behind the executable. There the process has what libraries are shown of the program, too, and `own` is
/// that: then in all other libraries, in the order of loading.
void* searchNext(const char* name, const char* version, const void* own) {
  void* const first = search(RTLD_NEXT, name, version);
  if (!first || first != own)
    return first;
  std::vector<std::string> libraries;
  dl_iterate_phdr(
      [](dl_phdr_info* library, size_t, void* data) {
        static_cast<std::vector<std::string>*>(data)->emplace_back(library->dlpi_name);
        return 0;
      },
      &libraries);
  for (const std::string& path : libraries) {
    void* library = path.empty() ? nullptr : dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD);
    if (!library)
      continue;
    void* found = search(library, name, version);
    dlclose(library);
    if (found && found != own) {
      HostSymbols::forgetProgramError();
      return found;
    }
  }
  HostSymbols::setProgramError("undefined symbol: " + std::string(name) + ", behind the program");
  return nullptr;
}

void* lookUpVersion(void* handle, const char* name, const char* version, EngineImpl* engine) {
  HostSymbols::forgetProgramError();
  void* const found = handle == RTLD_NEXT ? searchNext(name, version, engine->findProgramSymbol(name))
                                          : search(handle, name, version);
  ProgramStateGuard guard;
  return engine->hostSymbols().insteadOf(found);
}

void* lookUp(void* handle, const char* name, EngineImpl* engine) {
  if (handle == RTLD_DEFAULT || handle == loader().executable) {
    HostSymbols::forgetProgramError();
    if (void* address = engine->findProgramSymbol(name))
      return address;
  }
  return lookUpVersion(handle, name, nullptr, engine);
}

int closeLibrary(void* handle) {
  HostSymbols::forgetProgramError();
  return dlclose(handle);
}

int describeLibrary(void* handle, int request, void* result) {
  HostSymbols::forgetProgramError();
  return dlinfo(handle, request, result);
}

/// False with the program's dlerror set: what the library refers to cannot be made.
bool prepareLibrary(const char* path, int flags, EngineImpl* engine) {
  HostSymbols::forgetProgramError();
  if (!path || !*path || (flags & RTLD_NOLOAD))
    return true;
  ProgramStateGuard guard;
  const Result<std::vector<GlobalId>> shown = engine->exportToLibrary(path, /*opened=*/true);
  if (!shown)
    HostSymbols::setProgramError(shown.error().message());
  return bool(shown);
}

/// Without tail calls, as lookUp: the loader searches as for its caller.
[[clang::disable_tail_calls]] void* openLibrary(const char* path, int flags, EngineImpl* engine) {
  void* const library = prepareLibrary(path, flags, engine) ? dlopen(path, flags) : nullptr;
  if (library && (flags & RTLD_GLOBAL)) {
    ProgramStateGuard guard;
    engine->hostSymbols().learnAgain();
  }
  return library;
}

/// A namespace of its own has nothing of the program in it, as natively nothing of the executable.
[[clang::disable_tail_calls]] void* openLibraryIn(Lmid_t space, const char* path, int flags,
                                                  EngineImpl* engine) {
  if (space == LM_ID_BASE && !prepareLibrary(path, flags, engine))
    return nullptr;
  HostSymbols::forgetProgramError();
  return dlmopen(space, path, flags);
}

int describeAddress(const void* address, Dl_info* info, EngineImpl* engine) {
  FunctionRecord* record = engine->functionAt(address);
  if (!record) {
    if (const std::optional<CodeRange> range = findCode(address); range && range->function.valid())
      record = &engine->registry().function(range->function);
  }
  // The loader knows the library that the engine's addresses belong to (link/library_reservation.h).
  Dl_info memory = {};
  const bool known = dladdr(engine->table().tripPad(), &memory) != 0;
  if (!record) {
    if (dladdr(address, info) == 0)
      return 0;
    if (!known || info->dli_fbase != memory.dli_fbase)
      return 1;
  }
  static char program[] = "";
  info->dli_fname = engine->programName() ? engine->programName() : program;
  info->dli_fbase = memory.dli_fbase;
  info->dli_sname = record ? record->name.data() : nullptr;
  info->dli_saddr = record ? engine->function(record->id) : nullptr;
  return 1;
}

/// When main's thread leaves this way the process lives until its last thread ends, and then exits. Our
/// workers must not count as such.
void exitThread(void* value, EngineImpl* engine) {
  if (gettid() == getpid()) {
    ProgramStateGuard guard;
    const EngineThreads threads;
    engine->promoter().retire(); // the program goes on in the code it has
  }
  pthread_exit(value);
}

void exitThreadC11(int result, EngineImpl* engine) {
  exitThread(reinterpret_cast<void*>(static_cast<intptr_t>(result)), engine);
}

/// A handler may interrupt its thread in the heap that the compiler needs.
void prepareHandler(EngineImpl* engine, const void* handler) {
  if (engine->options().privateHeap)
    return;
  if (FunctionRecord* record = engine->functionAt(handler))
    engine->compileClosure(record->id);
}

int setSignalAction(int signal, const struct sigaction* action, struct sigaction* old, EngineImpl* engine) {
  if (action)
    prepareHandler(engine, reinterpret_cast<const void*>(action->sa_handler));
  return sigaction(signal, action, old);
}

sighandler_t setSignalHandler(int number, sighandler_t handler, EngineImpl* engine) {
  prepareHandler(engine, reinterpret_cast<const void*>(handler));
  return signal(number, handler);
}

/// The child runs in this process's memory and may be killed in a first call, so there must be another thread
/// that compiles for it. As a tail call: the child returns from vfork before the parent does, and through
/// this frame.
pid_t borrowMemory(EngineImpl* engine) {
  if (!engine->options().sync)
    engine->promoter().ensureHousekeeping();
  const auto original = reinterpret_cast<pid_t (*)(EngineImpl*)>(reinterpret_cast<void*>(&vfork));
  [[clang::musttail]] return original(engine);
}

template <typename F> void* address(F* function) { return reinterpret_cast<void*>(function); }

/// Copies in the arena: natively each executable has its own, and objects refer to it by 32 bits.
Status supplyCpuModel(Arena& arena, HostSymbols& host) {
  __cpu_indicator_init();
  Result<std::byte*> copy =
      arena.allocateData(sizeof __cpu_model + sizeof __cpu_features2, alignof(unsigned int));
  if (!copy)
    return copy.takeError();
  memcpy(*copy, __cpu_model, sizeof __cpu_model);
  memcpy(*copy + sizeof __cpu_model, __cpu_features2, sizeof __cpu_features2);
  host.supply("__cpu_model", *copy);
  host.supply("__cpu_features2", *copy + sizeof __cpu_model);
  return {};
}

} // namespace

Status supplyRuntimeFunctions(EngineImpl& engine, Arena& arena, CodeMap& map, HostSymbols& host) {
  (void)loader();
  ThreadBlocks::prepare();
  (void)libcClone();
  host.supply("__dso_handle", engine.dsoHandle());
  host.supplyInstead("dlerror", address(HostSymbols::programError));
  host.supplyInstead("dlclose", address(closeLibrary));
  host.supplyInstead("dlinfo", address(describeLibrary));
  host.supplyInstead("pthread_create", address(createThread));
  host.supplyInstead("thrd_create", address(ThreadBlocks::createThreadC11));
  host.supplyInstead("syscall", address(libc::syscall));
  host.supplyInstead("prctl", address(libc::prctl));
  host.supplyInstead("unshare", address(libc::unshare));
  host.supplyInstead("setns", address(libc::setns));
  host.supplyInstead("capset", address(libc::capset));
  host.supplyInstead("close_range", address(libc::close_range));
  host.supplyInstead("clone", address(libc::clone));
  if (Status status = supplyCpuModel(arena, host); !status)
    return status;
  host.supply("__cpu_indicator_init", address(__cpu_indicator_init));

  struct Bound {
    const char* name;
    void* function;
    unsigned engineArgument;
  };
  const Bound bound[] = {
      {"atexit", address(registerAtExit), 1},
      {"at_quick_exit", address(registerAtQuickExit), 1},
      {"pthread_atfork", address(registerAtFork), 3},
      {"dlsym", address(lookUp), 2},
      {"dlvsym", address(lookUpVersion), 3},
      {"dlopen", address(openLibrary), 2},
      {"dlmopen", address(openLibraryIn), 3},
      {"dladdr", address(describeAddress), 2},
      {"pthread_exit", address(exitThread), 1},
      {"thrd_exit", address(exitThreadC11), 1},
      {"sigaction", address(setSignalAction), 3},
      {"signal", address(setSignalHandler), 2},
      {"vfork", address(borrowMemory), 0},
  };
  for (const Bound& b : bound) {
    Result<void*> thunk = makeBoundThunk(arena, map, b.function, b.engineArgument, &engine);
    if (!thunk)
      return thunk.takeError();
    host.supplyInstead(b.name, *thunk);
  }
  return {};
}

} // namespace tiercel
