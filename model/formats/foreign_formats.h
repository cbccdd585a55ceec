#pragma once

#include "base/error.h"

#include <optional>
#include <span>
#include <string>

namespace quantscope {

/// Why a file cannot be read whose first bytes (512 and more, or all) tell for certain what else it is, whatever it is
/// called, and what to do; nullopt for bytes that tell nothing. `bytes` is not empty.
std::optional<ParseError> foreignFormat(std::span<const std::byte> bytes);

/// The same of a file that nothing recognises.
ParseError unreadable(const std::string &path);

} // namespace quantscope
