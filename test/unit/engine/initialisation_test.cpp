// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constructors, destructors and exit handlers of modules that come and go, and what modules are while they
// come.
#include "engine/engine_impl.h"
#include "unit/support/await.h"
#include "unit/support/living.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace tiercel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What the program said with note(int), and what is to happen when it says a number.
std::vector<int> noted;
std::function<void(int)> onNote;

void note(int number) {
  noted.push_back(number);
  if (const std::function<void(int)> hook = onNote) // a copy: it may end itself
    hook(number);
}

class Constructors : public LivingTest {
protected:
  Constructors() { prepareEngine(reclaiming()); }
  ~Constructors() override {
    engine.reset(); // destructors of the program say things, too
    onNote = nullptr;
    noted.clear();
  }
  void prepareEngine(const Options& options) {
    make(options);
    EXPECT_OK(engine->defineSymbol("note", reinterpret_cast<void*>(note)));
  }
  /// A module with a constructor that notes a number.
  static std::string constructed(int number, const std::string& list = "ctors", int priority = 65535) {
    return "declare void @note(i32)\n"
           "@llvm.global_" +
           list + " = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 " +
           std::to_string(priority) +
           ", ptr @own, ptr null }]\n"
           "define internal void @own() {\n  call void @note(i32 " +
           std::to_string(number) + ")\n  ret void\n}\n";
  }
  static Source native(const std::string& name, int number, const std::string& attribute = "constructor") {
    return Source::file(compiled(name, "void note(int); __attribute__((" + attribute +
                                           ")) static void own(void) { note(" + std::to_string(number) +
                                           "); }"));
  }
  /// Has `action` done when the program notes `number`, once.
  static void when(int number, std::function<void()> action) {
    onNote = [number, action = std::move(action)](int said) {
      if (said != number)
        return;
      onNote = nullptr;
      action();
    };
  }
};

// --- constructors -----------------------------------------------------------------------------------------

TEST_F(Constructors, AModuleRemovedByAConstructorIsNotConstructed) {
  add("first", ir(constructed(1)));
  add("ir", ir(constructed(2)));
  add("native", native("init-removed.o", 3));
  add("last", ir(constructed(4)));
  when(1, [&] {
    EXPECT_OK(engine->remove("ir"));
    EXPECT_OK(engine->remove("native"));
    if (kLooksAtStacks)
      EXPECT_OK(collectCompletely(*engine));
  });
  EXPECT_OK(engine->runConstructors());
  EXPECT_THAT(noted, ElementsAre(1, 4));
  EXPECT_OK(engine->runConstructors());
  EXPECT_THAT(noted, ElementsAre(1, 4));
}

TEST_F(Constructors, AConstructorMayRemoveItsOwnModule) {
  add("native", native("init-own.o", 1));
  add("ir", ir(constructed(2)));
  onNote = [&](int number) {
    EXPECT_OK(engine->remove(number == 1 ? "native" : "ir"));
    if (kLooksAtStacks)
      EXPECT_OK(engine->collect());
  };
  EXPECT_OK(engine->runConstructors());
  EXPECT_THAT(noted, ElementsAre(1, 2));
  const Result<CollectReport> report = collectCompletely(*engine);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->held, 0u);
}

TEST_F(Constructors, AConstructorFunctionThatIsRemovedIsNotCalled) {
  add("first", ir(constructed(1)));
  add("m", ir("declare void @note(i32)\n"
              "@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } "
              "{ i32 65535, ptr @start, ptr null }]\n"
              "define void @start() {\n  call void @note(i32 2)\n  ret void\n}\n"));
  when(1, [&] { EXPECT_OK(engine->removeFunction("start", {.force = true})); });
  EXPECT_OK(engine->runConstructors());
  EXPECT_THAT(noted, ElementsAre(1));
}

TEST_F(Constructors, AConstructorMayAddModulesAndHaveThemConstructed) {
  add("first", ir(constructed(1)));
  add("last", ir(constructed(4)));
  when(1, [&] {
    add("nested", ir(constructed(2)));
    add("native", native("init-nested.o", 3));
    EXPECT_OK(engine->runConstructors());
  });
  EXPECT_OK(engine->runConstructors());
  EXPECT_THAT(noted, ElementsAre(1, 2, 3, 4)) << "the inner call runs its own, not the rest of the outer's";
}

TEST_F(Constructors, ConstructorsAreNotLostWhenAnObjectDoesNotLink) {
  EXPECT_OK(engine->defineSymbol("far", reinterpret_cast<void*>(0x123456789abcu)));
  add("first", ir(constructed(1)));
  add("destructors", ir(constructed(5, "dtors")));
  add("far",
      Source::file(compiled("init-far.o", "asm(\".globl getFar; getFar: movl far(%rip), %eax; ret\");")));
  add("last", ir(constructed(2, "ctors", 100)));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(messageOf(engine->runConstructors()), HasSubstr("init-far.o"));
    EXPECT_THAT(noted, IsEmpty());
  }
  EXPECT_OK(engine->remove("far"));
  EXPECT_OK(engine->runConstructors());
  EXPECT_THAT(noted, ElementsAre(2, 1)) << "by priority, as if nothing had failed";
  EXPECT_OK(engine->remove("destructors"));
  EXPECT_THAT(noted, ElementsAre(2, 1, 5)) << "once";
}

TEST_F(Constructors, AModuleRedefinedBeforeItWasConstructedIsConstructed) {
  add("ctors", ir(constructed(1)));
  add("dtors", ir(constructed(2, "dtors")));
  redefine("ctors", ir(constructed(3)));
  redefine("dtors", ir(constructed(4, "dtors")));
  EXPECT_OK(engine->runConstructors());
  EXPECT_THAT(noted, ElementsAre(3)) << "the constructor as it is now, once";
  EXPECT_OK(engine->remove("dtors"));
  EXPECT_THAT(noted, ElementsAre(3, 4));
}

TEST_F(Constructors, AVariableRedefinedBeforeItWasConstructedIsConstructed) {
  const auto text = [](int number, int value) {
    return "$x = comdat any\n@x = linkonce_odr global i32 " + std::to_string(value) +
           ", comdat\ndeclare void @note(i32)\n"
           "@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } "
           "{ i32 65535, ptr @own, ptr @x }]\n"
           "define internal void @own() comdat($x) {\n  %v = load i32, ptr @x\n  %n = add i32 %v, " +
           std::to_string(number) +
           "\n  call void @note(i32 %n)\n  ret void\n}\n"
           "define i32 @unchanged" +
           std::to_string(number) + "() { ret i32 1 }\n";
  };
  add("m", ir(text(10, 1)));
  add("n", ir(text(20, 1)));
  redefine("m", ir("@x = linkonce_odr global i32 2\n")); // its other definitions stay
  EXPECT_OK(engine->runConstructors());
  EXPECT_THAT(noted, ElementsAre(12)) << "m's is in force, as it was";
}

TEST_F(Constructors, AModuleThatIsBeingRemovedIsNotConstructed) {
  add("m", c("void note(int); int atexit(void (*)(void)); static void leave(void) { note(1); }\n"
             "int enter(void) { return atexit(leave); }\n"
             "__attribute__((constructor)) static void own(void) { note(2); }\n"
             "__attribute__((destructor)) static void end(void) { note(3); }"));
  EXPECT_EQ(call("enter"), 0);
  when(1, [&] { EXPECT_OK(engine->runConstructors()); });
  EXPECT_OK(engine->remove("m"));
  EXPECT_THAT(noted, ElementsAre(1));
  engine.reset();
  EXPECT_THAT(noted, ElementsAre(1)) << "its destructors went with it";
}

TEST_F(Constructors, AModuleRemovedByADestructorIsNotDestroyedOnceMore) {
  Result<std::unique_ptr<EngineImpl>> ending = EngineImpl::create(reclaiming());
  ASSERT_TRUE(ending) << ending.error().message();
  EXPECT_OK((*ending)->defineSymbol("note", reinterpret_cast<void*>(note)));
  EXPECT_OK((*ending)->add("victim", native("init-destructor.o", 2, "destructor")));
  EXPECT_OK((*ending)->add("last", ir(constructed(1, "dtors"))));
  EXPECT_OK((*ending)->runConstructors());
  when(1, [&] { EXPECT_OK((*ending)->remove("victim", {})); });
  (*ending)->runDestructors();
  EXPECT_THAT(noted, ElementsAre(1, 2));
}

// --- coming -----------------------------------------------------------------------------------------------

TEST_F(Constructors, ObjectsAreThereWhenTheirNamesAre) {
  const std::string object = compiled("init-coming.o", "int coming(void) { return 1; }");
  std::atomic<bool> stop{false};
  std::thread thread([&] {
    while (!stop) {
      const Result<void*> found = engine->lookupFunction("coming");
      EXPECT_TRUE(found || found.error().kind() == ErrorKind::MissingSymbol) << found.error().message();
    }
  });
  for (int i = 0; i < 300; ++i) {
    add("object", Source::file(object));
    EXPECT_OK(engine->remove("object", {.force = true}));
  }
  stop = true;
  thread.join();
}

TEST_F(Constructors, ModulesAreReportedWithoutTheLocksOfCompiles) {
  class Listener : public EventListener {
  public:
    void onEvent(const Event& event) override {
      if (event.kind != EventKind::ModuleLoaded || !engine)
        return;
      // On another thread: it must get on meanwhile.
      changes.push_back(std::async(std::launch::async, [this] { return bool(engine->discardCode({"f"})); }));
      if (changes.back().wait_for(std::chrono::seconds(20)) != std::future_status::ready)
        ++stuck;
    }
    Engine* engine = nullptr;
    std::vector<std::future<bool>> changes;
    int stuck = 0;
  } listener;
  add("m", ir(returning("f", 1)));
  EXPECT_EQ(call("f"), 1);
  engine->addListener(&listener);
  listener.engine = engine.get();
  add("object", native("init-reported.o", 1));
  redefine("m", ir(returning("f", 2)));
  add("ir", ir(returning("g", 1)));
  listener.engine = nullptr;
  EXPECT_EQ(listener.changes.size(), 3u);
  EXPECT_EQ(listener.stuck, 0);
}

// --- compiles that fail -----------------------------------------------------------------------------------

constexpr auto kUsesX =
    "@x = external global i32\ndefine i32 @f() {\n  %v = load i32, ptr @x\n  ret i32 %v\n}\n";

TEST_F(Constructors, WhatWasMissingCanBeAdded) {
  add("user", ir(kUsesX));
  for (int i = 0; i < 2; ++i) {
    const Status failed = engine->prepare({"f"});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind(), ErrorKind::MissingSymbol) << failed.error().message();
    EXPECT_THAT(messageOf(failed), HasSubstr("x"));
  }
  EXPECT_EQ(engine->stats().functions.failed, 2u);
  add("data", ir("@x = global i32 9\n"));
  EXPECT_EQ(call("f"), 9);
}

TEST_F(Constructors, AllWhoWaitForACompileAreToldThatItFailed) {
  add("user", ir(kUsesX));
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread> threads;
    threads.reserve(4);
    std::atomic<int> told{0};
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        const Status failed = engine->prepare({"f"});
        told += !failed && failed.error().kind() == ErrorKind::MissingSymbol;
      });
    for (std::thread& thread : threads)
      thread.join();
    EXPECT_EQ(told, 4);
  }
  add("data", ir("@x = global i32 9\n"));
  EXPECT_EQ(call("f"), 9);
}

TEST_F(Constructors, OnlyWhatIsPublishedCountsAsPublished) {
  Gate gate;
  Options options = reclaiming();
  options.dump = {{DumpStage::Input, "f"}};
  options.onDump = [&](const DumpRequest&, const std::string&, const std::string&) { gate.pass(); };
  make(options);
  add("m", ir(returning("f", 1)));
  auto* f = function<int()>(*engine, "f");
  int result = 0;
  std::thread thread([&] { result = f(); });
  gate.waitUntilSomebodyStops();
  redefine("m", ir(returning("f", 2)));
  gate.open();
  thread.join();
  EXPECT_EQ(result, 2);
  const Stats stats = engine->stats();
  EXPECT_EQ(stats.functions.superseded, 1u);
  EXPECT_EQ(stats.tiers[0].functions, 1u);
  EXPECT_EQ(stats.tiers[0].bytes, stats.codeBytes.live);
}

// --- handlers ---------------------------------------------------------------------------------------------

TEST_F(Constructors, ExitHandlersOfNativeObjectsRunBeforeTheyGo) {
  add("object", Source::file(compiled("init-atexit.o", "void note(int); int atexit(void (*)(void)); "
                                                       "static void leave(void) { note(1); } "
                                                       "int enter(void) { return atexit(leave); }")));
  auto enter = engine->lookupFunction("enter");
  ASSERT_TRUE(enter) << enter.error().message();
  EXPECT_EQ(reinterpret_cast<int (*)()>(*enter)(), 0);
  EXPECT_OK(engine->remove("object"));
  EXPECT_THAT(noted, ElementsAre(1));
}

TEST_F(Constructors, ForkHandlersGoWithTheModulesThatDefineThem) {
  add("other", c("void note(int); void after(void) { note(2); }"));
  add("m", c("void note(int); void after(void); int pthread_atfork(void (*)(void), void (*)(void), void "
             "(*)(void));\n"
             "static void before(void) { note(1); }\n"
             "int enter(void) { return pthread_atfork(before, after, 0); }"));
  EXPECT_EQ(call("enter"), 0);
  const auto forkOnce = [] {
    noted.clear();
    const pid_t child = fork();
    if (child == 0)
      _exit(0);
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
    return noted;
  };
  EXPECT_THAT(forkOnce(), ElementsAre(1, 2));
  EXPECT_OK(engine->remove("other", {.force = true}));
  EXPECT_THAT(forkOnce(), ElementsAre(1));
  EXPECT_OK(engine->remove("m"));
  EXPECT_THAT(forkOnce(), IsEmpty());
}

// --- threads ----------------------------------------------------------------------------------------------

std::string constructing(const std::string& function, const std::string& body) {
  return "@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr "
         "@" +
         function + ", ptr null }]\ndeclare void @pass_gate()\n@" + function +
         "_done = global i32 0\ndefine void @" + function + "() {\n" + body + "\nstore i32 1, ptr @" +
         function + "_done\nret void }";
}

/// Two threads run constructors; the one that comes second does when the first is in one.
class ConstructorsOfThreads : public LivingTest {
protected:
  void SetUp() override {
    gate_ = &inConstructor;
    EXPECT_OK(engine->defineSymbol("pass_gate", reinterpret_cast<void*>(+[] {
                                     gate_->pass();
                                     if (throws_)
                                       throw 1;
                                   })));
    add("first", ir(constructing("first", "call void @pass_gate()")));
    add("second", ir(constructing("second", "")));
  }
  bool isDone(const std::string& function) { return *variable<int>(*engine, function + "_done") == 1; }
  /// Leaves `one` in its constructor, and `other` where it waits.
  template <typename One, typename Other> void start(One one, Other other) {
    one_ = std::thread(one);
    inConstructor.waitUntilSomebodyStops();
    add("third", ir(constructing("third", "")));
    std::atomic<pid_t> id{0};
    other_ = std::thread([&id, other] {
      id = gettid();
      other();
    });
    awaitCall(id, SYS_futex);
  }
  void finish() {
    inConstructor.open();
    one_.join();
    other_.join();
  }

  Gate inConstructor;
  static inline Gate* gate_;
  static inline bool throws_ = false;
  std::thread one_, other_;
};

TEST_F(ConstructorsOfThreads, RunAfterEachOther) {
  bool wereDone = false;
  start([this] { EXPECT_OK(engine->runConstructors()); },
        [this, &wereDone] {
          EXPECT_OK(engine->runConstructors());
          wereDone = isDone("first") && isDone("second") && isDone("third");
        });
  EXPECT_FALSE(isDone("second"));
  EXPECT_FALSE(isDone("third")) << "it may use what the first one has not constructed yet";
  finish();
  EXPECT_TRUE(wereDone);
}

TEST_F(ConstructorsOfThreads, RunWhatAnotherCouldNot) {
  throws_ = true;
  start([this] { EXPECT_THROW((void)engine->runConstructors(), int); },
        [this] { EXPECT_OK(engine->runConstructors()); });
  finish();
  throws_ = false;
  EXPECT_FALSE(isDone("first"));
  EXPECT_TRUE(isDone("second"));
  EXPECT_TRUE(isDone("third"));
}

TEST_F(ConstructorsOfThreads, DoNotGoOnInAForkedChild) {
  start([this] { EXPECT_OK(engine->runConstructors()); }, [this] { EXPECT_OK(engine->runConstructors()); });
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(engine->runConstructors() && !isDone("first") && isDone("second") && isDone("third") ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  finish();
}

} // namespace
} // namespace tiercel
