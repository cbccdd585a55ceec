#pragma once

#include "analysis/inspection.h"
#include "base/progress.h"

#include <string>

namespace quantscope {

/// One layer of a report: its quantizers with the origin of each field, and charts of what its tensors hold (codes,
/// values, the scales of channels). With `charts` each tensor is read twice more. Throws CancelledError.
std::string htmlLayer(const Inspection &inspection, const Layer &layer, bool charts, const Progress &progress);

/// The id of the layer's section: "layer-3".
std::string htmlAnchor(const Layer &layer);

} // namespace quantscope
