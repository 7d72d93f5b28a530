// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/data_materializer.h"

#include "base/align.h"
#include "link/synthetic_library.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Operator.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tiercel {

namespace {

/// The linker gives such sections __start_ and __stop_ symbols, so their members must lie side by side.
bool isNamedLikeIdentifier(std::string_view section) {
  return !section.empty() && !llvm::isDigit(section.front()) &&
         std::all_of(section.begin(), section.end(), [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

Error unsupported(const GlobalRecord& global, std::string why) {
  return Error(ErrorKind::Unsupported, "initialiser of '" + std::string(global.name) + "'", std::move(why));
}

Error removed(const GlobalRecord& global) {
  return Error(ErrorKind::MissingSymbol, "global '" + std::string(global.name) + "'",
               "it was removed while code that uses it was compiled");
}

void storeBits(const llvm::APInt& bits, std::byte* to) {
  // x86-64 is little-endian, as APInt's words are.
  memcpy(to, bits.getRawData(), (bits.getBitWidth() + 7) / 8);
}

} // namespace

Status DataMaterializer::ensure(std::span<const GlobalId> globals, Session& session) {
  bool complete = true;
  for (GlobalId id : globals)
    complete &= registry_.global(id).initialised.load(std::memory_order_acquire);
  if (complete)
    return {};
  LockGuard lock(mutex_);
  for (GlobalId id : globals) {
    GlobalRecord& global = registry_.global(id);
    if (!global.definition.load().exists())
      return removed(global);
    if (global.address.load(std::memory_order_relaxed)) {
      // Is reserved, has an address from an earlier attempt that failed, or is being initialised further out.
      if (!global.written)
        pending_.push_back(&global);
      continue;
    }
    if (Status status = allocate(global); !status)
      return status;
  }
  return drain(session);
}

Result<std::byte*> DataMaterializer::reserve(GlobalId id) {
  LockGuard lock(mutex_);
  GlobalRecord& global = registry_.global(id);
  if (!global.definition.load().exists())
    return removed(global);
  if (!global.address.load(std::memory_order_relaxed)) {
    const size_t due = pending_.size();
    Status status = allocate(global);
    pending_.resize(due);
    if (!status)
      return status.takeError();
  }
  return global.address.load(std::memory_order_relaxed);
}

Result<bool> DataMaterializer::leadsTo(IsLate isLate, GlobalId global, std::set<GlobalId>& others,
                                       Session& session) {
  LockGuard lock(mutex_); // keeps the images
  std::set<GlobalId> seen{global};
  std::vector<GlobalId> open{global};
  while (!open.empty()) {
    const GlobalRecord& next = registry_.global(open.back());
    open.pop_back();
    const Definition where = next.definition.load();
    if (next.initialised.load(std::memory_order_acquire) || !where.exists())
      continue;
    Result<ImageReader*> reader = session.reader(where.image);
    if (!reader)
      return reader.takeError();
    const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>((*reader)->value(where.ordinal));
    if (!variable || !variable->hasInitializer())
      continue;
    llvm::SmallVector<const llvm::Constant*> constants{variable->getInitializer()};
    llvm::SmallPtrSet<const llvm::Constant*, 16> met{variable->getInitializer()};
    while (!constants.empty()) {
      const llvm::Constant& constant = *constants.pop_back_val();
      if (const auto* value = llvm::dyn_cast<llvm::GlobalValue>(&constant)) {
        const SymbolRef ref = registry_.resolve(where.image, (*reader)->ordinalOf(value), value->getName());
        if (ref.kind == SymbolKind::None && isLate(*value))
          return true;
        if (const GlobalId id(ref.id);
            ref.kind == SymbolKind::Data && !others.contains(id) && seen.insert(id).second)
          open.push_back(id);
        continue;
      }
      for (const llvm::Use& operand : constant.operands()) {
        if (const auto* part = llvm::dyn_cast<llvm::Constant>(&operand); part && met.insert(part).second)
          constants.push_back(part);
      }
    }
  }
  others.merge(seen);
  return false;
}

Status DataMaterializer::allocate(GlobalRecord& global) {
  if (isNamedLikeIdentifier(global.section))
    return allocateSection(global);
  Result<std::byte*> address = arena_.allocateData(global.size, global.alignment);
  if (!address)
    return address.takeError();
  if (global.size <= Arena::kLargestNearData && !arena_.isNear(*address))
    return Error(ErrorKind::Environment, "global '" + std::string(global.name) + "'",
                 "the program's small globals together exceed 1 GiB");
  global.address.store(*address, std::memory_order_release);
  pending_.push_back(&global);
  return {};
}

Status DataMaterializer::allocateSection(const GlobalRecord& member) {
  std::vector<GlobalRecord*> members;
  std::vector<uint64_t> offsets;
  uint64_t size = 0;
  uint64_t alignment = 1;
  for (GlobalId id : registry_.globalsInSection({member.section.data(), member.section.size()})) {
    GlobalRecord& global = registry_.global(id);
    if (global.address.load(std::memory_order_relaxed))
      continue; // added and laid out earlier; see docs/unsupported.md
    size = alignUp(size, global.alignment);
    members.push_back(&global);
    offsets.push_back(size);
    size += global.size;
    alignment = std::max(alignment, global.alignment);
  }
  Result<std::byte*> base = arena_.allocateData(size, alignment);
  if (!base)
    return base.takeError();
  for (size_t i = 0; i < members.size(); ++i) {
    members[i]->address.store(*base + offsets[i], std::memory_order_release);
    pending_.push_back(members[i]);
  }
  return {};
}

Status DataMaterializer::drain(Session& session) {
  ++draining_;
  Status status = writePending(session);
  // Others go by `initialised` without the lock, and follow pointers: only when nothing at all is pending,
  // not even further out, is the whole graph there.
  if (--draining_ == 0 && status) {
    for (GlobalRecord* global : written_) {
      if (global->written) // since an attempt that failed it may have become another variable's
        global->initialised.store(true, std::memory_order_release);
    }
    written_.clear();
  }
  return status;
}

Status DataMaterializer::writePending(Session& session) {
  while (!pending_.empty()) {
    GlobalRecord& global = *pending_.back();
    pending_.pop_back();
    // After an attempt that failed some stay behind, which may have been removed or redefined since.
    const Definition where = global.definition.load();
    if (global.written || !global.address.load(std::memory_order_relaxed) || !where.exists())
      continue;
    Result<ImageReader*> reader = session.reader(where.image);
    if (!reader)
      return reader.takeError();
    const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>((*reader)->value(where.ordinal));
    if (!variable || !variable->hasInitializer())
      return Error(ErrorKind::Internal, "global '" + std::string(global.name) + "'", "has no initialiser");
    leadsOutside_ = false;
    if (Status status = write(*variable->getInitializer(), global.address.load(std::memory_order_relaxed),
                              **reader, where.image);
        !status) {
      return Error(status.error().kind(), "initialiser of '" + std::string(global.name) + "'",
                   status.error().why());
    }
    global.leadsOutside.store(leadsOutside_, std::memory_order_release);
    global.written = true;
    written_.push_back(&global);
  }
  return {};
}

Status DataMaterializer::write(const llvm::Constant& constant, std::byte* to, ImageReader& reader,
                               ImageId image) {
  // Memory is zero already.
  if (constant.isNullValue() || llvm::isa<llvm::UndefValue>(constant))
    return {};
  if (const auto* data = llvm::dyn_cast<llvm::ConstantDataSequential>(&constant);
      data && data->getElementByteSize() * data->getNumElements() ==
                  reader.module().getDataLayout().getTypeStoreSize(data->getType())) {
    const llvm::StringRef raw = data->getRawDataValues();
    memcpy(to, raw.data(), raw.size());
    return {};
  }
  if (constant.getType()->isAggregateType() || constant.getType()->isVectorTy())
    return writeElements(constant, to, reader, image);
  Result<llvm::APInt> bits = evaluate(constant, reader, image);
  if (!bits)
    return bits.takeError();
  storeBits(*bits, to);
  return {};
}

Status DataMaterializer::writeElements(const llvm::Constant& constant, std::byte* to, ImageReader& reader,
                                       ImageId image) {
  const llvm::DataLayout& layout = reader.module().getDataLayout();
  llvm::Type* type = constant.getType();
  if (auto* structure = llvm::dyn_cast<llvm::StructType>(type)) {
    const llvm::StructLayout* places = layout.getStructLayout(structure);
    for (unsigned i = 0; i < structure->getNumElements(); ++i) {
      if (Status status =
              write(*constant.getAggregateElement(i), to + places->getElementOffset(i), reader, image);
          !status)
        return status;
    }
    return {};
  }
  if (auto* array = llvm::dyn_cast<llvm::ArrayType>(type)) {
    const uint64_t step = layout.getTypeAllocSize(array->getElementType());
    for (uint64_t i = 0; i < array->getNumElements(); ++i) {
      if (Status status =
              write(*constant.getAggregateElement(static_cast<unsigned>(i)), to + i * step, reader, image);
          !status)
        return status;
    }
    return {};
  }
  // Vectors are packed without padding, whatever the width of an element.
  auto* vector = llvm::cast<llvm::FixedVectorType>(type);
  const auto width = static_cast<unsigned>(layout.getTypeSizeInBits(vector->getElementType()));
  llvm::APInt packed(width * vector->getNumElements(), 0);
  for (unsigned i = 0; i < vector->getNumElements(); ++i) {
    const llvm::Constant& element = *constant.getAggregateElement(i);
    if (llvm::isa<llvm::UndefValue>(element))
      continue;
    Result<llvm::APInt> bits = evaluate(element, reader, image);
    if (!bits)
      return bits.takeError();
    packed.insertBits(bits->zextOrTrunc(width), i * width);
  }
  storeBits(packed, to);
  return {};
}

Result<llvm::APInt> DataMaterializer::evaluate(const llvm::Constant& constant, ImageReader& reader,
                                               ImageId image) {
  const llvm::DataLayout& layout = reader.module().getDataLayout();
  const auto width = static_cast<unsigned>(layout.getTypeSizeInBits(constant.getType()));
  if (const auto* integer = llvm::dyn_cast<llvm::ConstantInt>(&constant))
    return integer->getValue();
  if (const auto* floating = llvm::dyn_cast<llvm::ConstantFP>(&constant))
    return floating->getValueAPF().bitcastToAPInt();
  if (constant.isNullValue() || llvm::isa<llvm::UndefValue>(constant))
    return llvm::APInt::getZero(width);
  if (const auto* value = llvm::dyn_cast<llvm::GlobalValue>(&constant)) {
    Result<uint64_t> address = addressOf(*value, reader, image);
    if (!address)
      return address.takeError();
    return llvm::APInt(64, *address);
  }
  if (const auto* equivalent = llvm::dyn_cast<llvm::DSOLocalEquivalent>(&constant))
    return evaluate(*equivalent->getGlobalValue(), reader, image);
  if (const auto* noCfi = llvm::dyn_cast<llvm::NoCFIValue>(&constant))
    return evaluate(*noCfi->getGlobalValue(), reader, image);
  if (llvm::isa<llvm::BlockAddress>(constant))
    return Error(ErrorKind::Unsupported, "", "it holds block addresses and is used outside their function");

  const auto* expression = llvm::dyn_cast<llvm::ConstantExpr>(&constant);
  if (!expression)
    return Error(ErrorKind::Unsupported, "", "a kind of constant not known here");
  if (const auto* gep = llvm::dyn_cast<llvm::GEPOperator>(expression)) {
    llvm::APInt offset(64, 0);
    if (!gep->accumulateConstantOffset(layout, offset))
      return Error(ErrorKind::Unsupported, "", "an address computation that is not constant");
    Result<llvm::APInt> base = evaluate(*llvm::cast<llvm::Constant>(gep->getPointerOperand()), reader, image);
    if (!base)
      return base.takeError();
    return *base + offset;
  }
  Result<llvm::APInt> left = evaluate(*expression->getOperand(0), reader, image);
  if (!left)
    return left.takeError();
  switch (expression->getOpcode()) {
  case llvm::Instruction::BitCast:
  case llvm::Instruction::AddrSpaceCast:
    return *left;
  case llvm::Instruction::IntToPtr:
  case llvm::Instruction::PtrToInt:
  case llvm::Instruction::PtrToAddr:
  case llvm::Instruction::Trunc:
    return left->zextOrTrunc(width);
  default:
    break;
  }
  if (expression->getNumOperands() == 2) {
    Result<llvm::APInt> right = evaluate(*expression->getOperand(1), reader, image);
    if (!right)
      return right.takeError();
    switch (expression->getOpcode()) {
    case llvm::Instruction::Add:
      return *left + *right;
    case llvm::Instruction::Sub:
      return *left - *right;
    case llvm::Instruction::Xor:
      return *left ^ *right;
    default:
      break;
    }
  }
  return Error(ErrorKind::Unsupported, "",
               std::string("constant expression '") + expression->getOpcodeName() + "'");
}

Result<uint64_t> DataMaterializer::addressOf(const llvm::GlobalValue& value, ImageReader& reader,
                                             ImageId image) {
  const auto number = [](const void* address) { return reinterpret_cast<uint64_t>(address); };
  const uint32_t ordinal = reader.ordinalOf(&value);
  const SymbolRef ref = registry_.resolve(image, ordinal, value.getName());
  switch (ref.kind) {
  case SymbolKind::Function:
    return number(addresses_.function(FunctionId(ref.id)));
  case SymbolKind::Data: {
    GlobalRecord& global = registry_.global(GlobalId(ref.id));
    if (!global.address.load(std::memory_order_relaxed)) {
      if (Status status = allocate(global); !status)
        return status.takeError();
    } else if (!global.written && (pending_.empty() || pending_.back() != &global)) {
      pending_.push_back(&global); // it may have been reserved, and is due now
    }
    return number(global.address.load(std::memory_order_relaxed)) + static_cast<uint64_t>(ref.offset);
  }
  case SymbolKind::Thread:
    return Error(ErrorKind::BadInput, "", "the address of a thread-local is not a constant");
  case SymbolKind::Absolute:
    leadsOutside_ = true;
    return static_cast<uint64_t>(ref.offset);
  case SymbolKind::Object: {
    leadsOutside_ = true;
    Result<std::byte*> address = addresses_.object(ObjectId(ref.id), ref.offset, {});
    if (!address)
      return address.takeError();
    return number(*address);
  }
  case SymbolKind::None:
    break;
  }
  const llvm::StringRef name = llvm::GlobalValue::dropLLVMManglingEscape(value.getName());
  const bool weak = value.hasExternalWeakLinkage();
  leadsOutside_ = true;
  if (std::optional<void*> address = addresses_.host(name, weak))
    return number(*address);
  if (weak)
    return uint64_t(0);
  if (llvm::isa<llvm::Function>(value)) {
    // An error only if it is ever called.
    Result<FunctionId> id = registry_.declareFunction(name);
    if (!id)
      return id.takeError();
    return number(addresses_.function(*id));
  }
  return Error(ErrorKind::MissingSymbol, "", "it refers to '" + name.str() + "', which nothing defines");
}

/// What the block of an image is made of. Until it has been made the image's number may become another's, and
/// its thread-locals may be redefined elsewhere.
struct DataMaterializer::ThreadBlock {
  std::shared_ptr<const ProgramImage> of;
  std::vector<GlobalId> members;
  std::vector<size_t> offsets; ///< of the members
  ThreadTemplate contents;
  std::vector<ExportedSymbol> exports;
};

bool DataMaterializer::hasThreadBlock(ImageId image) {
  LockGuard lock(mutex_);
  return image.value < threadModules_.size() && threadModules_[image.value].tlsModule != 0;
}

Result<DataMaterializer::ThreadBlock> DataMaterializer::describeThreadBlock(ImageId image, Session& session) {
  LockGuard lock(mutex_);
  // Offset 0 means "no address yet" in the record.
  constexpr uint64_t kFirstOffset = 16;
  ThreadBlock described;
  described.of = registry_.image(image);
  described.members = registry_.threadLocalsOf(image);
  ThreadTemplate& block = described.contents;
  block.size = kFirstOffset;
  block.alignment = kFirstOffset;
  for (GlobalId id : described.members) {
    const GlobalRecord& global = registry_.global(id);
    block.size = alignUp(block.size, global.alignment);
    described.offsets.push_back(block.size);
    block.size += global.size;
    block.alignment = std::max(block.alignment, size_t(global.alignment));
  }
  block.initial.resize(block.size);
  Result<ImageReader*> reader = session.reader(image);
  if (!reader)
    return reader.takeError();
  for (size_t i = 0; i < described.members.size(); ++i) {
    const GlobalRecord& global = registry_.global(described.members[i]);
    const auto* variable =
        llvm::cast<llvm::GlobalVariable>((*reader)->value(global.definition.load().ordinal));
    std::byte* to = block.initial.data() + described.offsets[i];
    if (Status status = write(*variable->getInitializer(), to, **reader, image); !status)
      return unsupported(global, status.error().why());
  }
  if (Status status = drain(session); !status)
    return status.takeError();
  while (!block.initial.empty() && block.initial.back() == std::byte{0})
    block.initial.pop_back();
  // Objects may want to know them by their distance from the thread pointer (link/object_thread_locals.h).
  for (size_t i = 0; i < described.members.size(); ++i) {
    const GlobalId id = described.members[i];
    const GlobalRecord& global = registry_.global(id);
    const llvm::StringRef name = linkerName({global.name.data(), global.name.size()});
    block.isStatic |= addresses_.isUsedByObjects(name);
    if (registry_.findVisible(name) == SymbolRef{SymbolKind::Thread, id.value, 0})
      described.exports.push_back({.name = name.str(), .threadLocal = described.offsets[i]});
  }
  return described;
}

namespace {

/// Whether the block fits what programs may take of the static space, which native libraries want as well.
/// There it exists in every thread, those included that run already; elsewhere a thread gets it with malloc
/// when it first uses it. What is taken is never given back: neither does the loader reliably.
bool takeStaticSpace(size_t size) {
  static std::atomic<size_t> left{1024};
  size_t before = left.load(std::memory_order_relaxed);
  while (size <= before) {
    if (left.compare_exchange_weak(before, before - size, std::memory_order_relaxed))
      return true;
  }
  return false;
}

Result<SyntheticLibrary> loadThreadBlock(const std::string& soname, std::span<const ExportedSymbol> exports,
                                         ThreadTemplate block, const SpareSegments* spare) {
  block.isStatic |= takeStaticSpace(block.size);
  Result<SyntheticLibrary> library = loadSyntheticLibrary(soname, exports, &block, /*global=*/false, spare);
  if (!library && block.isStatic) { // no room; they may not need it
    block.isStatic = false;
    library = loadSyntheticLibrary(soname, exports, &block, /*global=*/false, spare);
  }
  return library;
}

} // namespace

Status DataMaterializer::ensureThreadBlock(ImageId image, Session& session) {
  while (!registry_.threadLocalsOf(image).empty() && !hasThreadBlock(image)) {
    Result<ThreadBlock> described = describeThreadBlock(image, session);
    if (!described)
      return described.takeError();
    const SpareSegments headers{.headers = arena_.headersForOtherImage(), .above = arena_.codeBase()};
    // Without the lock: the loader has one, under which a library's constructor may need this one.
    Result<SyntheticLibrary> library =
        loadThreadBlock("tiercel-thread-locals-" + std::to_string(threadModulesMade_++), described->exports,
                        std::move(described->contents), headers.headers > 0 ? &headers : nullptr);
    if (!library)
      return library.takeError();
    if (!placeThreadBlock(image, *described, *library))
      closeSyntheticLibrary(library->handle); // another thread was first, or the program has changed
  }
  return {};
}

void DataMaterializer::imageCame(ImageId image) {
  LockGuard lock(mutex_);
  if (!registry_.threadLocalsOf(image).empty())
    came_.push_back(image);
}

std::vector<ImageId> DataMaterializer::takeImagesThatCame() {
  LockGuard lock(mutex_);
  return std::exchange(came_, {});
}

bool DataMaterializer::placeThreadBlock(ImageId image, const ThreadBlock& described,
                                        const SyntheticLibrary& library) {
  LockGuard lock(mutex_);
  if (threadModules_.size() <= image.value)
    threadModules_.resize(image.value + 1);
  SyntheticLibrary& known = threadModules_[image.value];
  if (known.tlsModule != 0 || !described.of || registry_.image(image) != described.of ||
      registry_.threadLocalsOf(image) != described.members)
    return false;
  known = library;
  arena_.showByOtherImage(library.segments, library.loadBase);
  for (size_t i = 0; i < described.members.size(); ++i) {
    GlobalRecord& global = registry_.global(described.members[i]);
    global.address.store(reinterpret_cast<std::byte*>(described.offsets[i]), std::memory_order_release);
    global.initialised.store(true, std::memory_order_release);
  }
  return true;
}

DataMaterializer::~DataMaterializer() {
  for (const SyntheticLibrary& library : threadModules_) {
    if (!library.handle)
      continue;
    arena_.leaveOtherImage(library.segments);
    closeSyntheticLibrary(library.handle);
  }
}

void* DataMaterializer::takeThreadBlock(ImageId image) {
  LockGuard lock(mutex_);
  if (threadModules_.size() <= image.value)
    return nullptr;
  const SyntheticLibrary library = std::exchange(threadModules_[image.value], {});
  arena_.leaveOtherImage(library.segments);
  return library.handle;
}

Result<void*> DataMaterializer::threadLibrary(GlobalId id, Session& session) {
  if (Result<ThreadLocalPlace> place = ensureThreadLocal(id, session); !place)
    return place.takeError();
  LockGuard lock(mutex_);
  return threadModules_[registry_.global(id).definition.load().image.value].handle;
}

Result<ThreadLocalPlace> DataMaterializer::ensureThreadLocal(GlobalId id, Session& session) {
  const GlobalRecord& global = registry_.global(id);
  for (;;) {
    const Definition where = global.definition.load();
    if (!where.exists())
      return Error(ErrorKind::MissingSymbol, "thread-local '" + std::string(global.name) + "'",
                   "it was removed while code that uses it was compiled");
    if (Status status = ensureThreadBlock(where.image, session); !status)
      return status.takeError();
    LockGuard lock(mutex_);
    if (global.definition.load() != where || threadModules_.size() <= where.image.value ||
        threadModules_[where.image.value].tlsModule == 0)
      continue; // changed this moment
    const SyntheticLibrary& library = threadModules_[where.image.value];
    ThreadLocalPlace place{library.tlsModule,
                           reinterpret_cast<size_t>(global.address.load(std::memory_order_relaxed)),
                           library.distance};
    if (place.distance)
      *place.distance += static_cast<int64_t>(place.offset);
    return place;
  }
}

} // namespace tiercel
