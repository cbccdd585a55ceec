#pragma once

#include "network/arrivals.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// A reading node whose input was quantized further up and is no longer.
struct LostInput {
    FlowNodeId reader{}; ///< a layer, or an operator that joins
    FlowNodeId by{}; ///< the first operator below the quantizer that lost it
    SlotId quantizer{}; ///< whose values they were
    bool offGrid = true; ///< the values are others now; else they are the quantizer's, without their scale
};

/// What the tensors of Brevitas do in an operator.
enum class Propagation { Kept, Lost, Raises };

/// An operator by its names in ONNX and in aten, with what becomes of a QuantTensor there.
struct PropagationRow {
    std::vector<std::string_view> names;
    Propagation upTo06, upTo09, upTo010, later; ///< Brevitas 0.6, 0.7 to 0.9, 0.10, 0.11 and 0.12
    std::string_view says; ///< "torch.relu loses it in every version, ..."
    std::string_view fix;
};
/// Nothing for operators that no row names. Rows by running each operation in Brevitas 0.6.0 to 0.12.1.
const PropagationRow *propagationRow(std::string_view opType);
/// For "0.10.2"; without a version, what holds for most: lost where any version loses it.
Propagation propagationIn(const PropagationRow &row, const std::optional<std::string> &brevitas);

/// Per layer with a quantized weight or bias, and per join: each input that arrives without the scale that a quantizer
/// gave it. Values that a layer of its own quantizes again are none, nor sums of quantized values. `scalesCarried`:
/// also those that keep their values in operators where Brevitas loses the scale (Slice, Gather).
std::vector<LostInput> lostInputs(
    const Arrivals &arrivals, bool scalesCarried, const std::optional<std::string> &brevitas);

/// The minor number of a version of Brevitas: 10 of "0.10.2".
std::optional<int> minorOf(const std::optional<std::string> &brevitas);

} // namespace quantscope
