// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/promoter.h"

#include "base/clock.h"
#include "base/glob.h"
#include "engine/engine_impl.h"
#include "engine/engine_threads.h"
#include "platform/futex.h"
#include "platform/program_state_guard.h"
#include "platform/thread_end.h"

#include <algorithm>
#include <cfenv>
#include <csignal>
#include <ctime>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tiercel {

namespace {

/// On a busy machine the program comes first: a quarter of its weight (sched(7), weights by nice value).
constexpr int kWorkerNice = 6;
/// How often a worker that may not compile now looks whether it may.
constexpr long kBudgetCheckNs = 5'000'000;
/// How often samples are looked at. Without a spare core every look interrupts the program.
constexpr long kSampleIntervalNs = 10'000'000;
constexpr long kSampleIntervalOneCoreNs = 50'000'000;
/// Between looks of a guest at whether it still has anybody who compiles for it.
constexpr long kDesertedCheckNs = 500'000'000;

uint64_t processorTimeNs(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

} // namespace

Promoter::Promoter(EngineImpl& engine, unsigned threads, double share, bool spareCore)
    : engine_(engine), threadLimit_(threads), spareCore_(spareCore), wanted_(threads > 0), budget_(share),
      sampling_(
          engine.codeMap(), spareCore ? kSampleIntervalNs : kSampleIntervalOneCoreNs,
          [this](std::span<const std::optional<CodeRange>> hits) { sampled(hits); },
          [this] { return workerIds(); }) {}

void Promoter::retire() {
  stop_.store(true, std::memory_order_seq_cst);
  mustEnd_.store(true, std::memory_order_seq_cst);
  joinThreads();
  // Nobody will finish what a thread in waitIdle waits for.
  idleSignal_.fetch_add(1, std::memory_order_release);
  futexWakeAll(idleSignal_);
}

void Promoter::joinThreads() {
  workSignal_.fetch_add(1, std::memory_order_release);
  futexWakeAll(workSignal_);
  std::vector<pthread_t> threads;
  {
    LockGuard lock(mutex_); // who is starting some has finished, and the next sees the wish
    threads.swap(threads_);
    if (housekeeper_)
      threads.push_back(*std::exchange(housekeeper_, std::nullopt));
  }
  for (pthread_t thread : threads)
    pthread_join(thread, nullptr);
  answers_.store(false, std::memory_order_seq_cst);
  answerGuests(); // who comes later does it itself
  std::vector<pid_t> ids;
  const pid_t sampling = sampling_.stop();
  {
    LockGuard lock(mutex_);
    ids.swap(workerIds_);
    running_.store(false, std::memory_order_release);
  }
  if (sampling != 0)
    ids.push_back(sampling);
  awaitEnd(ids);
}

void Promoter::suspend() {
  mustEnd_.store(true, std::memory_order_seq_cst);
  joinThreads();
}

void Promoter::resume() {
  {
    LockGuard lock(mutex_);
    const bool stops = stop_.load(std::memory_order_relaxed);
    mustEnd_.store(stops, std::memory_order_release);
    if (!stops && EngineThreads::mayStart()) {
      if (wantsWorkers_ && !running_.load(std::memory_order_relaxed))
        startWorkers();
      if (keepsHouse_.load(std::memory_order_relaxed) && !housekeeper_)
        startHousekeeper();
    }
  }
  // If there are none now, nobody finishes what a thread in waitIdle or prepare waits for.
  for (std::atomic<uint32_t>* signal : {&idleSignal_, &doneSignal_}) {
    signal->fetch_add(1, std::memory_order_release);
    futexWakeAll(*signal);
  }
}

Result<void*> Promoter::compileForGuest(FunctionRecord& record, uint32_t serial) {
  GuestCalls::Call call(record, serial);
  guests_.push(call);
  wake();
  // If not this, joinThreads answers what the last thread has not, after its store.
  if (!answers_.load(std::memory_order_seq_cst))
    answerGuests();
  while (!GuestCalls::waitFor(call, kDesertedCheckNs)) {
    if (guests_.areDeserted())
      return Error(ErrorKind::Environment, "function " + std::string(record.name),
                   "the process whose memory this one runs in has ended, so nobody compiles it");
  }
  return std::move(*call.code);
}

void Promoter::answerGuests() {
  guests_.answer([this](FunctionRecord& record, uint32_t serial) -> Result<void*> {
    // Whether a failure counts is decided here: it takes a lock.
    Result<void*> code = engine_.ensureCompiled(record);
    if (!code && engine_.isChangedSince(record, serial))
      return engine_.table().lazyAddress(record.id); // the call comes again
    return code;
  });
}

void Promoter::wake() {
  workSignal_.fetch_add(1, std::memory_order_release);
  futexWake(workSignal_, 1);
}

void Promoter::tripped(FunctionRecord& record, TripKind kind) {
  if (!trips_.push(record, kind))
    return;
  if (threadLimit_ == 0) {
    ProgramStateGuard guard;
    promoteNow();
    return;
  }
  wake();
}

void Promoter::ensureWorkers() {
  if (threadLimit_ == 0 || running_.load(std::memory_order_acquire))
    return;
  LockGuard lock(mutex_);
  if (running_.load(std::memory_order_relaxed) || stop_.load(std::memory_order_acquire))
    return;
  wantsWorkers_ = true; // if not now, who has ended the others starts these with them
  if (!mustEnd_.load(std::memory_order_acquire) && EngineThreads::mayStart() &&
      EngineThreads::areOfThisProcess())
    startWorkers();
}

void Promoter::startWorkers() {
  for (unsigned i = 0; i < threadLimit_; ++i) {
    pthread_t thread;
    // Without workers the program stays in tier 0, which is slow but right.
    if (pthread_create(&thread, nullptr, threadMain, this) == 0)
      threads_.push_back(thread);
  }
  answers_.store(!threads_.empty(), std::memory_order_release);
  if (usesSamples(engine_.options()))
    sampling_.start();
  running_.store(true, std::memory_order_release);
}

void Promoter::ensureHousekeeping() {
  if (running_.load(std::memory_order_acquire) || keepsHouse_.load(std::memory_order_acquire))
    return;
  ProgramStateGuard guard; // threads inherit what it sets: the program's signals are not theirs
  if (threadLimit_ > 0) {
    ensureWorkers();
    return;
  }
  LockGuard lock(mutex_);
  if (!housekeeper_ && !mustEnd_.load(std::memory_order_acquire) && EngineThreads::mayStart() &&
      EngineThreads::areOfThisProcess())
    startHousekeeper();
}

void Promoter::startHousekeeper() {
  pthread_t thread;
  // Without it the program keeps what it does not need any more.
  const bool started = pthread_create(&thread, nullptr, housekeeperMain, this) == 0;
  if (started)
    housekeeper_ = thread;
  answers_.store(started, std::memory_order_release);
  keepsHouse_.store(started, std::memory_order_release);
}

void* Promoter::threadMain(void* promoter) {
  auto* self = static_cast<Promoter*>(promoter);
  const GuestCalls::Answerer answers(self->guests_);
  self->begin("tiercel-compile");
  self->work();
  return nullptr;
}

void* Promoter::housekeeperMain(void* promoter) {
  auto* self = static_cast<Promoter*>(promoter);
  const GuestCalls::Answerer answers(self->guests_);
  self->begin("tiercel-house");
  self->keepHouse();
  return nullptr;
}

void Promoter::begin(const char* name) {
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kWorkerNice);
  // Threads inherit the floating-point environment of the one that makes them.
  fesetenv(FE_DFL_ENV);
  pthread_setname_np(pthread_self(), name);
  LockGuard lock(mutex_);
  workerIds_.push_back(gettid());
}

void Promoter::keepHouse() {
  for (;;) {
    const uint32_t seen = workSignal_.load(std::memory_order_acquire);
    if (mustEnd_.load(std::memory_order_acquire))
      return;
    answerGuests();
    sleepUntil(engine_.housekeeper().work(/*busy=*/false), seen);
  }
}

void Promoter::sleepUntil(uint64_t due, uint32_t seen) {
  if (due == Housekeeper::kNothingDue)
    futexWait(workSignal_, seen);
  else if (const uint64_t now = nowNs(); due > now)
    futexWaitFor(workSignal_, seen, static_cast<long>(due - now));
}

void Promoter::work() {
  for (;;) {
    const uint32_t seen = workSignal_.load(std::memory_order_acquire);
    if (mustEnd_.load(std::memory_order_acquire))
      return;
    answerGuests();
    decideTripped();
    const bool compiled = compileWanted();
    QueuedCompile best;
    const Take take = takeBest(best);
    if (take == Take::Taken) {
      engine_.housekeeper().workerLeaves();
      run(best, /*background=*/true);
      (void)engine_.housekeeper().work(/*busy=*/true);
      continue;
    }
    if (compiled)
      continue;
    if (take == Take::OverBudget) {
      (void)engine_.housekeeper().work(/*busy=*/false); // not of the budget: memory cannot wait for that
      futexWaitFor(workSignal_, seen, kBudgetCheckNs);
      continue;
    }
    idleSignal_.fetch_add(1, std::memory_order_release);
    futexWakeAll(idleSignal_);
    sleepUntil(engine_.housekeeper().work(/*busy=*/false), seen);
  }
}

bool Promoter::compileWanted() {
  Registry& registry = engine_.registry();
  // Any number may have been named.
  const std::optional<FunctionId> wanted = wanted_.next([&](FunctionId id) {
    if (id.value >= registry.functionCount())
      return false;
    const FunctionRecord& record = registry.function(id);
    return record.state() == FirstCompile::Lazy && record.definition.load().exists() &&
           !record.isIfunc.load(std::memory_order_relaxed);
  });
  if (!wanted)
    return false;
  engine_.housekeeper().workerLeaves();
  Result<void*> code = engine_.ensureCompiled(registry.function(*wanted), /*background=*/true);
  if (!code && code.error().kind() != ErrorKind::MissingSymbol &&
      code.error().kind() != ErrorKind::Environment)
    wanted_.stopListening();
  wanted_.finished();
  return true;
}

void Promoter::run(const QueuedCompile& item, bool background) {
  const uint64_t start = processorTimeNs(CLOCK_THREAD_CPUTIME_ID);
  auto outcome = Outcome::NotStarted;
  std::optional<Error> error;
  if (engine_.pool().fatal().exhausted()) { // since it was decided
    outcome = Outcome::Failed;
    error = Error(ErrorKind::Unsupported, "function " + std::string(item.function->name),
                  std::string(reasonText(Reason::TooManyFatal)));
    engine_.statistics().dropped.add();
    engine_.statistics().emit({EventKind::PromotionDropped, item.function->name, item.decision.tier,
                               reasonText(Reason::TooManyFatal)});
  } else if (Result<SessionPool::Lease> session = engine_.pool().borrow(/*announce=*/!background)) {
    // A worker looks what is due when it has finished, without being told.
    (*session)->stack().run([&] { outcome = promote(item, **session, background, error); });
  } else {
    error = session.takeError();
    engine_.statistics().failed.add();
    engine_.statistics().emit(
        {EventKind::CompileFailed, item.function->name, item.decision.tier, error->message()});
  }
  finished(item, outcome, error, processorTimeNs(CLOCK_THREAD_CPUTIME_ID) - start);
}

void Promoter::promoteNow() {
  decideTripped();
  QueuedCompile best;
  while (takeBest(best) == Take::Taken)
    run(best, /*background=*/false);
}

void Promoter::decideTripped() {
  std::vector<Event> events;
  {
    LockGuard lock(mutex_);
    for (auto [record, trips] : trips_.takeAll()) {
      events.push_back(
          {EventKind::CounterTripped, record->name, record->tier.load(std::memory_order_relaxed), {}});
      events.push_back(consider(*record, trips));
    }
    for (FunctionRecord* record : std::exchange(hit_, {})) {
      // Of samples that change nothing there are too many to tell.
      if (const Event event = consider(*record, 0); event.kind == EventKind::PromotionDecided)
        events.push_back(event);
    }
  }
  for (const Event& event : events) {
    if (event.kind == EventKind::PromotionDropped)
      engine_.statistics().dropped.add();
    engine_.statistics().emit(event);
  }
}

bool Promoter::leavableAt(const FunctionRecord& record, uint32_t header) {
  const OsrEntries* entries = record.osrEntries(record.epoch.load(std::memory_order_acquire));
  return entries && header < entries->headers() && !entries->failed(header);
}

FunctionSnapshot Promoter::snapshotOf(const FunctionRecord& record, uint32_t trips) {
  const Options& options = engine_.options();
  FunctionSnapshot snapshot;
  snapshot.id = record.id.value;
  snapshot.tier = record.tier.load(std::memory_order_acquire);
  snapshot.trips = trips;
  snapshot.promotions = record.promotions;
  snapshot.codeBytes = record.heat.firstBytes;
  snapshot.mark = effectiveMark(record.name, record.mark.load(std::memory_order_relaxed), options);
  snapshot.pinned = record.pinned.load(std::memory_order_relaxed);
  snapshot.promotionFailed = record.promotionFailed;
  snapshot.tooManyFatal = engine_.pool().fatal().exhausted();
  snapshot.excluded = !options.only.empty() && !globMatches(options.only, record.name);
  snapshot.queued = record.queued;
  snapshot.loopHeader = record.loopHeader.load(std::memory_order_relaxed);
  snapshot.continuable = record.continuable.load(std::memory_order_acquire);
  snapshot.leavable = snapshot.continuable && leavableAt(record, snapshot.loopHeader);
  snapshot.calls = callsOf(record);
  snapshot.loops = loopsOf(record);
  snapshot.armedCalls = record.heat.armedCalls;
  snapshot.armedLoops = record.heat.armedLoops;
  snapshot.windowSamples = window_.size();
  snapshot.samples = window_.hitsOf(record.id);
  snapshot.work = workOf(record);
  snapshot.callWork = model_.callWork(record.heat.firstBytes);
  snapshot.loopWork = model_.loopWork(record.heat.firstBytes);
  for (unsigned tier = 0; tier < kTierCount; ++tier) {
    snapshot.compileNs[tier] = model_.compileNs(tier, record.heat.firstBytes);
    snapshot.relativeTime[tier] = model_.relativeTime(tier);
  }
  const size_t busy = active_.size() + queue_.size();
  snapshot.idleWorkers = static_cast<unsigned>(threads_.size() - std::min(busy, threads_.size()));
  snapshot.spareCore = spareCore_;
  return snapshot;
}

Event Promoter::consider(FunctionRecord& record, uint32_t trips) {
  // Old code of a function that was changed meanwhile.
  if (record.state() != FirstCompile::Ready)
    return {EventKind::PromotionDropped, record.name, 0, reasonText(Reason::Changed)};
  if (trips != 0)
    learn(record, trips);
  FunctionSnapshot snapshot = snapshotOf(record, trips);
  const Decision decision = decide(snapshot, engine_.options());
  if (decision.promote) {
    queue_.push(record, decision);
  } else if (decision.reason == Reason::AlreadyQueued) {
    record.tripsWhileQueued |= trips; // looked at when it is done
    reconsider(record, snapshot);
  } else {
    rearm(record, decision.rearmCalls, decision.rearmLoops);
  }
  return {decision.promote ? EventKind::PromotionDecided : EventKind::PromotionDropped, record.name,
          decision.tier, reasonText(decision.reason)};
}

void Promoter::reconsider(FunctionRecord& record, FunctionSnapshot& snapshot) {
  const Decision* waiting = queue_.find(record);
  // What is being compiled cannot be changed; what a host or a running loop waits for must not be.
  if (!waiting || waiting->reason == Reason::Prepared || waiting->make == Make::Continuation)
    return;
  snapshot.queued = false;
  Decision better = decide(snapshot, engine_.options());
  if (better.promote && better.tier >= waiting->tier)
    queue_.update(record, better);
}

Promoter::Take Promoter::takeBest(QueuedCompile& best) {
  LockGuard lock(mutex_);
  if (mustEnd_.load(std::memory_order_acquire) || queue_.empty())
    return Take::Empty;
  const uint64_t processNs = budget_.limited() ? processorTimeNs(CLOCK_PROCESS_CPUTIME_ID) : 0;
  const bool free = waiters_ > 0;
  const uint64_t programNs = processNs - std::min(processNs, budget_.spentNs());
  std::optional<QueuedCompile> item =
      queue_.pop([budget = budget_, model = model_, programNs, free](const QueuedCompile& candidate) {
        return free ||
               budget.allows(model.compileNs(candidate.decision.tier, candidate.function->heat.firstBytes),
                             programNs);
      });
  if (!item)
    return Take::OverBudget;
  best = *item;
  active_.push_back(best);
  if (!queue_.empty())
    wake(); // there is work for another
  return Take::Taken;
}

Outcome Promoter::promote(const QueuedCompile& item, Session& session, bool background,
                          std::optional<Error>& error) {
  FunctionRecord& record = *item.function;
  CompileRequest request;
  request.function = record.id;
  request.epoch = item.epoch;
  request.tier = item.decision.tier;
  request.instrument = item.decision.instrument;
  request.replaces = true;
  request.givesUp = background ? &mustEnd_ : nullptr;
  if (item.decision.make == Make::Continuation) {
    request.osrHeader = item.decision.loopHeader;
    if (engine_.hasContinuation(record, item.decision.loopHeader)) { // somebody had not seen it yet
      engine_.openContinuations(record);
      return Outcome::Published;
    }
    return engine_.compileContinuation(request, session, background);
  }
  Result<void*> code = engine_.install(request, session, background);
  if (!code) {
    error = code.takeError();
    engine_.statistics().failed.add();
    engine_.statistics().emit({EventKind::CompileFailed, record.name, request.tier, error->message()});
    return error->kind() == ErrorKind::Environment ? Outcome::NotStarted : Outcome::Failed;
  }
  return *code ? Outcome::Published : Outcome::Superseded;
}

void Promoter::finished(const QueuedCompile& item, Outcome outcome, const std::optional<Error>& error,
                        uint64_t nanoseconds) {
  const bool succeeded = outcome == Outcome::Published;
  {
    LockGuard lock(mutex_);
    FunctionRecord& record = *item.function;
    budget_.spent(nanoseconds);
    std::erase_if(active_, [&](const QueuedCompile& other) { return other.function == &record; });
    if (outcome == Outcome::Superseded && mustEnd_.load(std::memory_order_acquire) &&
        record.epoch.load(std::memory_order_acquire) == item.epoch) {
      queue_.push(record, item.decision); // given up; who works next begins it again
      return;
    }
    if (engine_.options().sync) // the same decisions every run
      model_.begun(item.decision.tier);
    else if (succeeded)
      model_.compiled(item.decision.tier, record.heat.firstBytes, nanoseconds);
    record.queued = false;
    const bool continuation = item.decision.make == Make::Continuation;
    if (outcome == Outcome::Failed && !continuation &&
        record.epoch.load(std::memory_order_acquire) == item.epoch)
      record.promotionFailed = true;
    if (error)
      failures_.insert_or_assign(record.id.value, *error);
    else if (succeeded)
      failures_.erase(record.id.value);
    ++record.promotions;
    record.overtaken += outcome == Outcome::Superseded;
    uint32_t trips = std::exchange(record.tripsWhileQueued, 0);
    if (record.epoch.load(std::memory_order_acquire) != item.epoch) {
      // Nothing that was decided for the old code concerns the new, whose trips have waited.
      if (trips != 0)
        consider(record, trips);
    } else if (outcome == Outcome::NotStarted || outcome == Outcome::Superseded) {
      // Asked again when it has run for as long as a new function, and after each attempt for longer.
      const unsigned attempts = std::min(record.promotions, 20u);
      const auto later = [attempts](uint32_t threshold) {
        return static_cast<uint32_t>(std::min<uint64_t>(uint64_t(threshold) << attempts, INT32_MAX));
      };
      rearm(record, later(engine_.options().callThreshold), later(engine_.options().loopThreshold));
    } else if (continuation && !succeeded) {
      // This loop runs to its end, but calls may still get a version, and other loops a continuation.
      if (OsrEntries* entries = record.osrEntries(item.epoch))
        entries->setFailed(item.decision.loopHeader);
      consider(record, trips | tripBit(TripKind::Loops));
    } else if (succeeded) {
      // The loop counter of code that is to be left now stays at zero, where everybody asks.
      const uint32_t loops = continuation ? 0 : item.decision.rearmLoops;
      rearm(record, item.decision.rearmCalls, loops);
      // What was set again will run out again; of the rest this is the last that will be heard.
      if (item.decision.rearmCalls)
        trips &= ~tripBit(TripKind::Calls);
      if (loops || (continuation && engine_.hasContinuation(record, record.loopHeader)))
        trips &= ~tripBit(TripKind::Loops);
      if (trips != 0)
        consider(record, trips);
    }
  }
  for (std::atomic<uint32_t>* signal : {&doneSignal_, &idleSignal_}) {
    signal->fetch_add(1, std::memory_order_release);
    futexWakeAll(*signal);
  }
}

void Promoter::forget(FunctionRecord& record) {
  LockGuard lock(mutex_);
  if (record.queued && queue_.pop([&](const QueuedCompile& other) { return other.function == &record; }))
    record.queued = false; // what is being compiled stays marked until it is finished
  record.tripsWhileQueued = 0;
  record.promotionFailed = false;
  failures_.erase(record.id.value);
  record.promotions = 0;
  record.heat = {};
  std::erase(hit_, &record);
  engine_.table().counters(record.id).poll.store(0, std::memory_order_seq_cst);
}

void Promoter::again(FunctionRecord& record, unsigned tier) {
  {
    LockGuard lock(mutex_);
    ++record.overtaken;
    if (record.queued || record.state() != FirstCompile::Ready)
      return;
    Decision decision;
    decision.promote = true;
    decision.tier = tier;
    decision.rearmLoops = engine_.options().loopThreshold; // its loops may have lost their continuations
    decision.priority = urgency(snapshotOf(record, 0), tier);
    decision.reason = Reason::DependencyChanged;
    queue_.push(record, decision);
  }
  if (threadLimit_ == 0)
    return; // with Options::sync at the next opportunity
  wake();
}

void Promoter::waitIdle() {
  {
    LockGuard lock(mutex_);
    ++waiters_;
  }
  for (;;) {
    const uint32_t seen = idleSignal_.load(std::memory_order_acquire);
    {
      LockGuard lock(mutex_);
      // Without workers nobody will ever take what waits.
      const bool waiting = !trips_.empty() || !queue_.empty() || wanted_.hasWork();
      const bool nobody = threads_.empty() && (stop_.load(std::memory_order_acquire) ||
                                               !mustEnd_.load(std::memory_order_acquire));
      if (nobody || (!waiting && active_.empty())) {
        --waiters_;
        return;
      }
      if (waiting)
        wake();
    }
    futexWait(idleSignal_, seen);
  }
}

void Promoter::lockForFork() {
  mutex_.lock();
  wanted_.forkMutex().lock();
}

void Promoter::unlockAfterFork() {
  wanted_.forkMutex().unlock();
  mutex_.unlock();
}

void Promoter::afterForkInParent() {
  if (wanted_.afterForkInParent())
    wake();
}

void Promoter::afterForkInChild() {
  wanted_.afterForkInChild();
  guests_.forget();
  answers_.store(false, std::memory_order_relaxed);
  for (const QueuedCompile& item : active_)
    queue_.push(*item.function, item.decision);
  active_.clear();
  waiters_ = 0; // those threads are the parent's
  mustEnd_.store(stop_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  threads_.clear();
  housekeeper_.reset(); // the next change has another started
  keepsHouse_.store(false, std::memory_order_relaxed);
  workerIds_.clear();
  sampling_.forgetAfterFork();
  if (!wantsWorkers_ || stop_.load(std::memory_order_relaxed) || !EngineThreads::mayStart())
    return;
  // Their signals are not the program's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  startWorkers();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

} // namespace tiercel
