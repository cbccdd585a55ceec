#pragma once

#include "base/progress.h"
#include "lab/candidates.h"
#include "lab/comparison.h"
#include "network/network.h"

#include <string>
#include <vector>

namespace quantscope {

struct BrevitasFacts;

struct CompareOptions {
    Slot slot = Slot::Weight;
    bool hash = false;
    /// List what cannot be had for a slot (a preset whose scale must be trained) as unavailable instead of an error.
    bool skipUnavailable = false;
};

/// The layers whose slot holds values that can be compared.
std::vector<std::string> comparableLayers(const Network &network, Slot slot);

/// Errors (Usage): an unknown layer, a slot without floats, a candidate that cannot be had; Parse; Cancelled.
Result<std::vector<SlotComparison>> compareCandidates(const Network &network, const std::vector<std::string> &layers,
    const std::vector<CandidateText> &candidates, const CompareOptions &options = {}, const Progress &progress = {});

/// The same with the facts of the network, for who compares its layers one after the other: gathering them costs as
/// much as a network of thousands has layers.
Result<std::vector<SlotComparison>> compareCandidatesWith(const Network &network, const Result<BrevitasFacts> &facts,
    const std::vector<std::string> &layers, const std::vector<CandidateText> &candidates,
    const CompareOptions &options = {}, const Progress &progress = {});

} // namespace quantscope
