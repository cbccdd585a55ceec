#pragma once

#include "report/layer_table.h"

#include <string>

namespace quantscope {

struct InspectOptions {
    bool hash = false;
    bool list = false;
    bool tensors = false;
    bool channels = false; ///< figures of every output channel too
};

/// Statistics of every slot that has a tensor and a quantizer, and what the rules of checks/ say of them; with
/// `options.list` what the network says alone. Slots of `before`, which was made with the same options, whose tensor
/// and quantizer are equal are taken over. A slot that cannot be read gets a diagnostic. Errors: Cancelled.
Result<Inspection> inspect(std::shared_ptr<const Network> network, const InspectOptions &options = {},
    const Progress &progress = {}, const Inspection *before = nullptr);

/// The diagnostics of an inspection from its network and statistics: the network's own, slots that could not be read
/// (slot -> why), and what the rules of checks/ say that the network does not say already.
void fillDiagnostics(Inspection &inspection, const std::map<SlotId, std::string> &unreadable = {});

std::string inspectCsv(const Inspection &inspection);
std::string inspectText(const Inspection &inspection, const InspectOptions &options);

} // namespace quantscope
