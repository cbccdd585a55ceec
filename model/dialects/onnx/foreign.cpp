#include "dialects/onnx/foreign.h"

#include "base/text.h"
#include "dialects/onnx/labels.h"

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

} // namespace

void reportForeign(Constants &constants, const Plan &plan, Network &network)
{
    reportChildren(constants.graph(), network);
    if (plan.foreignOperators.empty())
        return;
    network.diagnostics.push_back({"dialect-not-decoded", Severity::Warning, "",
        fmt::format(
            "Quantizers written as {} are listed, but not decoded yet.", fmt::join(plan.foreignOperators, ", "))});
}

} // namespace quantscope::interpret
