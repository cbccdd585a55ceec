#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace quantscope::test {

/// Reads a JSON golden; QFAILs are the caller's: an absent file gives a null value.
nlohmann::json golden(const std::string &path);

/// The floats that a golden writes in hexadecimal.
std::vector<float> hexFloats(const nlohmann::json &texts);

} // namespace quantscope::test
