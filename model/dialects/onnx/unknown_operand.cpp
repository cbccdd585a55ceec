#include "dialects/onnx/unknown_operand.h"

#include "base/text.h"
#include "dialects/onnx/labels.h"

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

/// A quantizer that is decoded where nothing stands behind it.
bool isKnownQuantizer(const Node &node)
{
    return isQuant(node) || isBipolar(node) || isQuantize(node) || isDequantize(node) || isFixNeuron(node)
        || isFloatQuant(node);
}

std::string tensorText(const Graph &graph, ValueId tensor)
{
    const Value *value = graph.value(tensor);
    return value == nullptr ? "the stored weight" : "the stored weight '" + printable(value->name) + "'";
}

/// Of an operand that the network computes, at least in part.
std::string computedText(const Constants &constants, ValueId id, const std::string &subject)
{
    const Graph &graph = constants.graph();
    const Value *value = graph.value(id);
    const Node *maker = graph.producerOf(id);
    const std::string from = maker != nullptr ? operatorLabel(*maker)
                                              : "the input '" + printable(value == nullptr ? "" : value->name) + "'";
    const ConstantPaths::Mixed mixed = constants.paths().mixedAbove(id);
    if (mixed.tensor == kNoValue)
        return fmt::format("{} is computed while the network runs, by {}: the file holds none.", subject, from);
    if (!mixed.rounder)
        return fmt::format("{} is computed while the network runs, by {} from {} and values that are not constant.",
            subject, from, tensorText(graph, mixed.tensor));
    return fmt::format("{} is rounded with numbers that are not constant: {} stands between {} and its layer.", subject,
        operatorLabel(graph.nodes[*mixed.rounder]), tensorText(graph, mixed.tensor));
}

} // namespace

Diagnostic unknownOperand(const Constants &constants, const PlannedSlot &slot, const Layer &layer)
{
    const Graph &graph = constants.graph();
    const ConstantPaths &paths = constants.paths();
    const std::string subject = fmt::format("The {} of {}", slot.slot, printable(layer.name));
    const auto warning = [&](const char *rule, const std::string &text) {
        return Diagnostic{rule, Severity::Warning, {layer.id, slot.slot}, text};
    };
    const Node *maker = graph.producerOf(slot.value);
    if (!paths.isStored(slot.value))
        return warning("quantizer-not-constant", computedText(constants, slot.value, subject));
    const auto unknown = paths.unknownAbove(slot.value), rounder = paths.rounderAbove(slot.value);
    const std::string tensor = tensorText(graph, paths.tensorBehind(slot.value));
    if (unknown && !isKnownQuantizer(graph.nodes[*unknown])) {
        const Node &node = graph.nodes[*unknown];
        if (node.domain.empty() && rounder && rounder != unknown)
            return warning("quantizer-not-understood",
                fmt::format("{} is rounded: {} stands between {} and its layer, and so does {}, which is not computed.",
                    subject, operatorLabel(graph.nodes[*rounder]), tensor, operatorLabel(node)));
        return warning("quantizer-operator-unknown",
            fmt::format("{} comes from {}, which is {}: what it makes of {} is not shown.", subject,
                operatorLabel(node), node.domain.empty() ? "not computed" : "not known", tensor));
    }
    if (rounder && isKnownQuantizer(graph.nodes[*rounder]) && maker != nullptr)
        return warning("quantizer-not-understood",
            fmt::format("{} is quantized by {}, but {} stands between that and the layer: what reaches the layer is no "
                        "grid that is known.",
                subject, operatorLabel(graph.nodes[*rounder]), operatorLabel(*maker)));
    if (!rounder)
        return warning("quantizer-not-understood",
            fmt::format(
                "{} is computed from the integers of {} by operators that are no quantizer that is known, {} the "
                "last.",
                subject, tensor, maker != nullptr ? operatorLabel(*maker) : "a cast"));
    return warning("quantizer-not-understood",
        fmt::format(
            "{} is rounded: {} stands between {} and its layer, and the operators around it are no quantizer that "
            "is known.",
            subject, operatorLabel(graph.nodes[*rounder]), tensor));
}

} // namespace quantscope::interpret
