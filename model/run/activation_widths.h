#pragma once

#include "lab/sweep.h"
#include "network/network.h"
#include "run/run_result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// Whose widths a walk chooses.
enum class WalkOver { Weights, Activations, Both };
/// "weights", "activations", "both".
std::string_view walkOverName(WalkOver over);
std::optional<WalkOver> walkOverFromName(std::string_view name);

/// The widths of activations: each slot's own preset, else a fixed-point type with the integer bits that it has.
struct ActivationWidths {
    std::vector<SweepPoint> points; ///< whose `bits` are those of one element
    std::vector<std::string> missing; ///< layers with a quantizer of which no other width is known
};
/// Every width of [low, high], of these layers or of all. Slots that share another's quantizer go with that one.
/// Errors: those of gatherFacts.
Result<ActivationWidths> activationWidths(
    const Network &network, const std::vector<std::string> &layers, int low, int high);

/// What points take: of weights as they say; of activations one sample's elements, as they flowed through the slot and
/// those that share its quantizer, times the width; 0 where nothing was seen to flow.
std::vector<std::uint64_t> bitsOnData(
    const Network &network, const std::vector<SweepPoint> &points, const RunResult &own);

} // namespace quantscope
