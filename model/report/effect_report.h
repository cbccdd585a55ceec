#pragma once

#include "lab/comparison.h"
#include "run/data_effect.h"

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

/// LAYER:SLOT=CANDIDATE of every candidate of the comparisons, in their order.
std::vector<std::string> choicesOf(const std::vector<SlotComparison> &comparisons);

/// To a document of compareJson, what each candidate does on data; `effects` are in the order of choicesOf.
void addEffects(nlohmann::ordered_json &document, const std::vector<DataEffect> &effects);
/// One table a layer.
std::string effectsText(const std::vector<SlotComparison> &comparisons, const std::vector<DataEffect> &effects);

} // namespace quantscope
