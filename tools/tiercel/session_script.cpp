// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "session_script.h"

namespace tiercel::cli::session {

std::optional<Type> staticType(const Operand& operand) {
  if (const auto* literal = std::get_if<Literal>(&operand))
    return literal->value.type;
  if (const auto* load = std::get_if<Load>(&operand))
    return load->type;
  if (const auto* call = std::get_if<Call>(&operand))
    return call->result;
  if (std::holds_alternative<Address>(operand))
    return Type::Ptr;
  return std::nullopt;
}

bool isWholeReport(const Operand& operand) {
  const auto* query = std::get_if<ReportQuery>(&operand);
  return query != nullptr && query->key.empty();
}

} // namespace tiercel::cli::session
