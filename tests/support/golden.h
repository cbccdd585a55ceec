#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace quantscope::test {

/// Reads a JSON golden; QFAILs are the caller's: an absent file gives a null value.
nlohmann::json golden(const std::string &path);

} // namespace quantscope::test
