// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/readiness.h"

#include "engine/engine_impl.h"
#include "engine/undefined.h"
#include "platform/program_state_guard.h"
#include "unit/runtime_names.h"

namespace tiercel {

bool Readiness::learn(const UndefinedName& undefined, bool load) {
  if (engine_.isSectionBound(undefined.name))
    return true; // and it may be one no more when the members go
  if (!engine_.host_.learn(undefined.name, undefined.isData, load && !undefined.isWeak))
    return false;
  engine_.registry_.noteInHost(undefined.name); // not looked for again
  return true;
}

bool Readiness::learnAll(bool load) {
  bool complete = true;
  for (const UndefinedName& undefined : engine_.registry_.undefinedNames())
    complete &= learn(undefined, load) || undefined.isWeak;
  return complete;
}

void Readiness::begin() {
  if (begun_.load(std::memory_order_acquire))
    return;                // two threads that come first both do it, which does no harm
  ProgramStateGuard guard; // the threads inherit what it sets: the program's signals are not theirs
  forEachRuntimeName(
      [&](llvm::StringRef name) { engine_.host_.learn(name, /*isData=*/false, /*load=*/false); });
  engine_.promoter_.ensureWorkers();
  begun_.store(true, std::memory_order_release);
}

void Readiness::makeThreadBlocks() {
  for (ImageId image : engine_.data_.takeImagesThatCame()) {
    Result<SessionPool::Lease> session = engine_.pool_.borrow();
    if (!session || !engine_.data_.ensureThreadBlock(image, **session))
      engine_.data_.imageCame(image); // it leads to what is not there yet
  }
}

void Readiness::afterChange() {
  if (!begun_.load(std::memory_order_acquire))
    return;
  if (!learnAll(/*load=*/false))
    due_.fetch_add(1, std::memory_order_release); // libraries that are loaded by default may have it
  makeThreadBlocks();
}

void Readiness::beforeLibrary() {
  begin();
  afterChange();
}

void Readiness::beforeCall() {
  const uint32_t due = due_.load(std::memory_order_acquire);
  if (done_.load(std::memory_order_acquire) == due)
    return;
  begin();
  (void)learnAll(/*load=*/true);
  makeThreadBlocks();
  done_.store(due, std::memory_order_release); // last: another thread that comes meanwhile does it, too
}

Status Readiness::beforeConstructors() {
  begin();
  if (Status status = checkMissing(); !status)
    return status;
  makeThreadBlocks();
  return {};
}

Status Readiness::checkMissing() {
  std::vector<UndefinedName> missing;
  bool dataMissing = false;
  // All of them first: each may bring a library that has others.
  for (const UndefinedName& undefined : engine_.registry_.undefinedNames()) {
    if (!learn(undefined, /*load=*/true) && !undefined.isWeak) {
      dataMissing |= undefined.isData;
      missing.push_back(undefined);
    }
  }
  if (!dataMissing)
    return {};
  std::vector<std::string> names;
  for (const UndefinedName& undefined : missing) {
    if (!learn(undefined, /*load=*/true))
      names.push_back(undefined.name);
  }
  const std::string users = engine_.describeUsers(names);
  if (users.empty())
    return {}; // declared, but nothing uses them
  return Error(ErrorKind::MissingSymbol, names.size() == 1 ? "undefined symbol" : "undefined symbols",
               users + adviceFor(names));
}

} // namespace tiercel
