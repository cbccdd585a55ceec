#pragma once

#include "dialects/brevitas/facts.h"
#include "lab/comparison.h"
#include "run/data_effect.h"

#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace quantscope {

/// An activation under a candidate, whose settings are those that a recipe takes; `seen` is what flowed into the slot
/// under its own quantizer, with magnitudes, where the candidate takes its range from there. It has no figures yet. The
/// error is a sentence: why it cannot be had.
tl::expected<CandidateResult, std::string> activationCandidate(const Network &network, const BrevitasFacts &facts,
    const SlotId &slot, const CandidateText &candidate, const LayerFlow *seen);

/// A slot under its own quantizer and every candidate, without figures: those that cannot be had are unavailable, or
/// where `skipUnavailable` is not set the error (Usage).
Result<SlotComparison> activationCandidates(const Network &network, const SlotId &slot,
    const std::vector<CandidateText> &candidates, const LayerFlow *seen, bool skipUnavailable);

/// The figures of what flowed into a slot in a run, as those of a tensor; why there are none is its note.
void takeFlow(CandidateResult &candidate, const LayerFlow *seen);

/// The slots of activations whose quantizer is known: what can be compared on data.
std::vector<std::string> activationLayers(const Network &network, Slot slot);

/// A slot under every candidate on data: figures of what flowed into it, and what became of the output.
struct ActivationComparison {
    SlotComparison comparison;
    std::vector<DataEffect> effects; ///< of its candidates, in their order
};

/// Runs the network with each candidate alone, and once with its own; `own` names model and data. Progress counts runs.
/// Errors as runWith; Usage: no such layer or slot, and a candidate that cannot be had unless `skipUnavailable`.
Result<ActivationComparison> compareActivation(RunClient &client, const RunRequest &own, const Network &network,
    const SlotId &slot, const std::vector<CandidateText> &candidates, bool skipUnavailable,
    const Progress &progress = {});

} // namespace quantscope
