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

void Readiness::learnAll(bool load) {
  for (const UndefinedName& undefined : engine_.registry_.undefinedNames())
    learn(undefined, load);
}

void Readiness::begin() {
  if (begun_.exchange(true, std::memory_order_acq_rel))
    return;
  ProgramStateGuard guard; // the threads inherit what it sets: the program's signals are not theirs
  forEachRuntimeName(
      [&](llvm::StringRef name) { engine_.host_.learn(name, /*isData=*/false, /*load=*/false); });
  engine_.promoter_.ensureWorkers();
}

void Readiness::makeThreadBlocks() {
  for (ImageId image : engine_.data_.takeImagesThatCame()) {
    Result<SessionPool::Lease> session = engine_.pool_.borrow();
    if (!session || !engine_.data_.ensureThreadBlock(image, **session))
      engine_.data_.imageCame(image); // it leads to what is not there yet
  }
}

void Readiness::afterChange() {
  due_.store(true, std::memory_order_release);
  if (!begun_.load(std::memory_order_acquire))
    return;
  learnAll(/*load=*/false);
  makeThreadBlocks();
}

void Readiness::beforeLibrary() {
  begin();
  afterChange();
}

void Readiness::beforeCall() {
  if (!due_.load(std::memory_order_acquire) || !due_.exchange(false, std::memory_order_acq_rel))
    return;
  begin();
  learnAll(/*load=*/true);
  makeThreadBlocks();
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
