#pragma once

#include "checks/bias_scale.h"
#include "checks/rule.h"

#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace quantscope {

/// Layers with a quantized weight whose bias has such a scale.
std::vector<const Layer *> layersWithBias(const CheckFacts &facts, BiasScale scale);
/// Layers that multiply with a weight of two or more axes which nothing quantizes, as far as is known.
std::vector<const Layer *> layersWithFloatWeight(const CheckFacts &facts);
/// Layers with a quantized weight that read values which no quantizer made: an input of the network, or what layers and
/// operators computed. Needs a graph.
std::vector<const Layer *> layersWithFloatInput(const CheckFacts &facts);

/// What an activation quantizer stands behind; nothing where a state_dict leaves it open.
enum class ActivationKind { Relu, Identity, Other };
std::optional<ActivationKind> activationKindOf(const CheckedSlot &checked);

/// Operators of the flow without quantizers, each type once: "BEFORE Erf: 2 of them, a.Erf first". What is computed
/// from shapes alone is left out, since it is folded.
void addOperators(const CheckFacts &facts, Findings &out, Severity severity,
    const std::function<bool(FlowNodeId)> &wanted, std::string_view before, std::string_view fix);
/// Of one of these types, which are compared without case and underscores: ONNX, TorchScript and XIR name them alike.
/// Not where outputs of the network alone read it: what stands there is the host's.
bool isOfHost(const Flow &flow, FlowNodeId node, std::span<const std::string_view> types);

/// The same words for each layer, at the severity of the rule at hand.
void addForEach(
    Findings &out, const std::vector<const Layer *> &layers, Slot slot, std::string_view text, std::string_view fix);

/// The same words for each layer that reads what is not quantized.
void addFloatInputs(const CheckFacts &facts, Findings &out, std::string_view text, std::string_view fix);
/// QONNX that Brevitas wrote with wrong attributes, for readers that take it at its word.
void addFaultyExport(const CheckFacts &facts, Findings &out);
/// What makes QONNX of the file, for readers of it alone.
std::string_view wayToQonnx(const Network &network);

} // namespace quantscope
