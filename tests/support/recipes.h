#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace quantscope::test {

/// The recipe, as TOML, of a golden that Brevitas wrote: one [[layer]] per layer and one [[quantizer]] per enabled
/// quantizer.
std::string recipeOfGolden(const nlohmann::json &golden);

} // namespace quantscope::test
