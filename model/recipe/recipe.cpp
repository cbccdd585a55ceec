#include "recipe/recipe.h"

#include "base/file_name.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace quantscope {

bool isBitWidth(double value) { return value >= 1 && value <= 32 && value == std::floor(value); }

bool isScale(double value)
{
    const auto scale = static_cast<float>(std::clamp(value, -1e300, 1e300));
    return scale > 0 && std::isfinite(scale);
}

std::optional<std::string> recipeBeside(const std::string &modelPath)
{
    const std::string beside = modelStem(modelPath) + ".recipe.toml";
    std::error_code ignored;
    return std::filesystem::is_regular_file(beside, ignored) ? std::optional(beside) : std::nullopt;
}

} // namespace quantscope
