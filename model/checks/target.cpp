#include "checks/target.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace quantscope {

namespace {

constexpr std::array<std::string_view, 6> kTargetNames = {"finn", "hls4ml", "dpu", "onnx", "pytorch", "hls"};
constexpr std::array<std::string_view, 6> kTargetTitles
    = {"FINN", "hls4ml", "The DPU", "ONNX Runtime", "PyTorch", "HLS"};

} // namespace

std::string_view targetName(Target target) { return kTargetNames[static_cast<std::size_t>(target)]; }

std::string_view targetTitle(Target target) { return kTargetTitles[static_cast<std::size_t>(target)]; }

std::optional<Target> targetFromName(std::string_view name)
{
    const auto found = std::ranges::find(kTargetNames, name);
    return found == kTargetNames.end() ? std::nullopt
                                       : std::optional(static_cast<Target>(found - kTargetNames.begin()));
}

std::span<const std::string_view> targetNames() { return kTargetNames; }

} // namespace quantscope
