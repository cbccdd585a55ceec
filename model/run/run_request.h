#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// Which model runs, as openNetwork takes it.
struct RunModel {
    std::string path;
    std::optional<std::string> recipe, part, quantInfo;
    std::optional<std::string> recipeText; ///< TOML in the place of the recipe's file: one that is edited and not saved
    bool operator==(const RunModel &) const = default;
};

/// What flows through it: FILE, or FILE.npz:KEY.
struct RunData {
    std::string samples;
    std::optional<std::string> labels;
    std::optional<std::uint64_t> limit; ///< the first samples alone
    bool operator==(const RunData &) const = default;
};

struct RunRequest {
    RunModel model;
    RunData data;
    std::vector<std::string> with; ///< LAYER[:SLOT]=CANDIDATE
    bool allFloat = false; ///< every quantizer off
    bool layerOutputs = false; ///< arrays `layer/NAME` beside the graph's outputs
    bool outputs = false; ///< fill RunOutput::values
    bool magnitudes = false; ///< fill FlowFigures::magnitudes
};

} // namespace quantscope
