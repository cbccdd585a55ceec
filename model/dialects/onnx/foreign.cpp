#include "dialects/onnx/foreign.h"

#include "base/text.h"
#include "dialects/onnx/finn_planner.h"
#include "dialects/onnx/labels.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

/// FINN's and qonnx' nodes that stand for a network in a file of its own.
void reportChildren(const Graph &graph, Network &network)
{
    for (const Node &node : graph.nodes) {
        const Attribute *file = node.attribute("model");
        if (!node.opType.ends_with("Partition") || file == nullptr || file->s.empty())
            continue;
        const std::string name = file->s.substr(file->s.find_last_of("/\\") + 1);
        network.diagnostics.push_back({"network-elsewhere", Severity::Warning, "",
            fmt::format("The network of {} is not in this file but in {}: open that{}.", operatorLabel(node),
                printable(file->s), name == file->s ? "" : ", or " + printable(name) + " where it was copied to")});
    }
}

/// What annotations say of the network's inputs, where no layer shows it.
void reportInputs(const Graph &graph, const Plan &plan, Network &network)
{
    for (const ValueId input : graph.inputs) {
        const Value *value = graph.value(input);
        if (value == nullptr || value->tensor || !saysFinnType(*value))
            continue;
        const bool shown = std::ranges::any_of(plan.layers, [&](const PlannedLayer &layer) {
            return std::ranges::any_of(
                layer.slots, [&](const PlannedSlot &slot) { return slot.form == Form::Finn && slot.value == input; });
        });
        if (!shown)
            network.diagnostics.push_back({"input-datatype", Severity::Note, "",
                fmt::format("The input '{}' of the network holds {} (finn_datatype).", printable(value->name),
                    printable(value->finnDatatype))});
    }
}

} // namespace

void reportForeign(Constants &constants, const Plan &plan, Network &network)
{
    reportChildren(constants.graph(), network);
    reportInputs(constants.graph(), plan, network);
    if (plan.foreignOperators.empty())
        return;
    network.diagnostics.push_back({"dialect-not-decoded", Severity::Warning, "",
        fmt::format(
            "Quantizers written as {} are listed, but not decoded yet.", fmt::join(plan.foreignOperators, ", "))});
}

} // namespace quantscope::interpret
