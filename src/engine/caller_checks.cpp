// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/caller_checks.h"

#include "registry/values.h"
#include "unit/abi.h"

#include <map>
#include <memory>
#include <set>

namespace tiercel {

namespace {

/// An image, read by a reader of its own: bodies that are only looked at go again. And what in it means the
/// function that is redefined.
struct Callers {
  std::unique_ptr<ImageReader> reader;
  std::vector<const llvm::GlobalValue*> callees;
};

Result<Callers> openCallers(Registry& registry, ImageId image, FunctionId callee, Session& session) {
  Result<std::unique_ptr<ImageReader>> opened = session.open(registry.image(image));
  if (!opened)
    return opened.takeError();
  Callers callers{std::move(*opened), {}};
  for (uint32_t ordinal = 0; ordinal < callers.reader->valueCount(); ++ordinal) {
    const llvm::GlobalValue& value = *callers.reader->value(ordinal);
    const SymbolRef ref = registry.resolve(image, ordinal, value.getName());
    if (ref.kind == SymbolKind::Function && ref.id == callee.value)
      callers.callees.push_back(&value);
  }
  return callers;
}

/// A function that is not among `redefined` and whose body relies on what the old definition of `callee` was;
/// empty if there is none.
Result<std::string> findShapedCaller(Registry& registry, FunctionId callee, const ShapeClaims& news,
                                     const std::set<uint32_t>& redefined, Session& session) {
  std::map<uint32_t, Callers> images;
  for (FunctionId id : registry.functionsMentioning(callee)) {
    const FunctionRecord& record = registry.function(id);
    const Definition where = record.definition.load();
    if (redefined.contains(id.value) || !where.exists())
      continue;
    Callers& callers = images[where.image.value];
    if (!callers.reader) {
      Result<Callers> opened = openCallers(registry, where.image, callee, session);
      if (!opened)
        return opened.takeError();
      callers = std::move(*opened);
    }
    auto* body = llvm::dyn_cast<llvm::Function>(callers.reader->value(where.ordinal));
    if (!body || callers.callees.empty())
      continue;
    if (Status status = callers.reader->readBody(*body); !status)
      return status.takeError();
    for (const llvm::GlobalValue* value : callers.callees) {
      if (reliesOnShape(*body, *value, news))
        return std::string(record.name);
    }
  }
  return std::string();
}

/// The functions that get another body, so that they know the others as they will be.
std::set<uint32_t> functionsOf(Registry& registry, const std::string& module, const ImageReader& reader,
                               const std::vector<Likeness>& likeness) {
  std::set<uint32_t> redefined;
  for (uint32_t ordinal = 0; ordinal < reader.valueCount(); ++ordinal) {
    const llvm::GlobalValue& value = *reader.value(ordinal);
    if (likeness[ordinal] != Likeness::Different || !llvm::isa<llvm::Function>(value) ||
        !definesSymbol(value))
      continue;
    const SymbolRef ref = registry.findInModule(module, nameInModule(value), value.hasLocalLinkage()).ref;
    if (ref.kind == SymbolKind::Function)
      redefined.insert(ref.id);
  }
  return redefined;
}

} // namespace

Status checkCallers(Registry& registry, const std::string& module, ImageReader& reader, Session& session,
                    const std::vector<Likeness>& likeness) {
  for (uint32_t ordinal = 0; ordinal < reader.valueCount(); ++ordinal) {
    const auto* function = llvm::dyn_cast<llvm::Function>(reader.value(ordinal));
    if (!function || likeness[ordinal] != Likeness::Different || !definesSymbol(*function))
      continue;
    const OwnDefinition own =
        registry.findInModule(module, nameInModule(*function), function->hasLocalLinkage());
    if (own.ref.kind != SymbolKind::Function || !own.where.exists())
      continue;
    Result<ImageReader*> old = session.reader(own.where.image);
    if (!old)
      return old.takeError();
    const auto* before = llvm::dyn_cast<llvm::Function>((*old)->value(own.where.ordinal));
    const ShapeClaims news = before ? newBehaviour(*before, *function) : ShapeClaims();
    if (!news.unwinds && !news.returns)
      continue;
    Result<std::string> caller = findShapedCaller(registry, FunctionId(own.ref.id), news,
                                                  functionsOf(registry, module, reader, likeness), session);
    if (!caller)
      return caller.takeError();
    if (!caller->empty())
      return Error(ErrorKind::BadInput, "redefinition of '" + linkerName(*function).str() + "'",
                   "its type is '" + signatureText(*before) + (news.unwinds ? " nounwind" : " noreturn") +
                       "', the new one's '" + signatureText(*function) + "', which may " +
                       (news.unwinds ? "throw" : "return") + ", and '" + *caller +
                       "' was made for the old one: redefine it, too");
  }
  return {};
}

} // namespace tiercel
