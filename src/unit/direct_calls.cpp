// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/direct_calls.h"

#include "unit/link_name.h"

#include "llvm/MC/MCCodeEmitter.h"
#include "llvm/MC/MCExpr.h"
#include "llvm/MC/MCFixup.h"
#include "llvm/MC/MCSymbol.h"
#include "llvm/Support/Casting.h"

#include <memory>

namespace tiercel {

namespace {

constexpr char kPrefix = 0x67;
constexpr size_t kBranchBytes = 5;

const llvm::Target* plainTarget = nullptr; // set before any encoder is made

/// Whether the expression is a function of the program, plus the constant that makes it relative.
bool namesFunction(const llvm::MCExpr& expression) {
  const llvm::MCExpr* symbol = &expression;
  if (const auto* sum = llvm::dyn_cast<llvm::MCBinaryExpr>(symbol))
    symbol = sum->getLHS();
  const auto* reference = llvm::dyn_cast<llvm::MCSymbolRefExpr>(symbol);
  if (!reference)
    return false;
  const std::optional<LinkName> name = parseLinkName(reference->getSymbol().getName());
  return name && name->kind == LinkKind::Function;
}

class PrefixingEncoder : public llvm::MCCodeEmitter {
public:
  explicit PrefixingEncoder(std::unique_ptr<llvm::MCCodeEmitter> plain) : plain_(std::move(plain)) {}

  void reset() override { plain_->reset(); }

  void encodeInstruction(const llvm::MCInst& instruction, llvm::SmallVectorImpl<char>& bytes,
                         llvm::SmallVectorImpl<llvm::MCFixup>& fixups,
                         const llvm::MCSubtargetInfo& subtarget) const override {
    const size_t start = bytes.size();
    const size_t firstFixup = fixups.size();
    plain_->encodeInstruction(instruction, bytes, fixups, subtarget);
    // Offsets of fixups count from the start of the instruction.
    if (bytes.size() - start != kBranchBytes || fixups.size() - firstFixup != 1)
      return;
    const auto opcode = static_cast<uint8_t>(bytes[start]);
    llvm::MCFixup& operand = fixups.back();
    if ((opcode != 0xe8 && opcode != 0xe9) || !namesFunction(*operand.getValue()))
      return;
    bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(start), kPrefix);
    operand.setOffset(operand.getOffset() + 1);
  }

private:
  const std::unique_ptr<llvm::MCCodeEmitter> plain_;
};

llvm::MCCodeEmitter* makeEncoder(const llvm::MCInstrInfo& instructions, llvm::MCContext& context) {
  return new PrefixingEncoder(
      std::unique_ptr<llvm::MCCodeEmitter>(plainTarget->createMCCodeEmitter(instructions, context)));
}

} // namespace

const llvm::Target& withDirectCalls(const llvm::Target& x86) {
  // A copy: the registered target is the host's too.
  static const llvm::Target target = [&] {
    plainTarget = &x86;
    llvm::Target copy(x86);
    llvm::TargetRegistry::RegisterMCCodeEmitter(copy, makeEncoder);
    return copy;
  }();
  return target;
}

} // namespace tiercel
