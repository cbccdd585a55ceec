#pragma once

#include "lab/comparison.h"
#include "run/data_effect.h"

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

/// LAYER:SLOT=CANDIDATE of every candidate of the comparisons that a network can run with, in their order: of those
/// that have figures, and of the file's own.
std::vector<std::string> choicesOf(const std::vector<SlotComparison> &comparisons);
/// The effects of choicesOf as those of every candidate: nothing of what does not run.
std::vector<DataEffect> effectsInOrder(
    const std::vector<SlotComparison> &comparisons, const std::vector<DataEffect> &ofChoices);

/// output_sqnr_db, predictions_changed and accuracy into an object.
void addEffect(nlohmann::ordered_json &object, const DataEffect &effect);
/// The same as cells, in that order; "exact" where the output does not change, "-" for what is not known.
std::vector<std::string> effectCells(const DataEffect &effect);
std::vector<std::string> effectHeadings();

/// To a document of compareJson, what each candidate does on data; `effects` are in the order of the candidates.
void addEffects(nlohmann::ordered_json &document, const std::vector<DataEffect> &effects);
/// One table a layer.
std::string effectsText(const std::vector<SlotComparison> &comparisons, const std::vector<DataEffect> &effects);

} // namespace quantscope
