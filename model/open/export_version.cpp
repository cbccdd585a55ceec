#include "open/export_version.h"

#include <algorithm>

namespace quantscope {

namespace {

bool says(const Network &network, std::string_view rule)
{
    return std::ranges::any_of(network.diagnostics, [&](const Diagnostic &d) { return d.rule == rule; });
}

/// 0.12 writes nodes of qonnx's domain under its own handlers' names; clean-ups that move nodes there rename them.
bool hasNodesOf012(const Network &network)
{
    return network.file->graph && std::ranges::any_of(network.file->graph->nodes, [](const Node &node) {
        return node.domain == "qonnx.custom_op.general" && node.name.find("export_handler") != std::string::npos;
    });
}

} // namespace

std::optional<std::string> provenVersion(const Network &exported)
{
    if (says(exported, "qonnx-signed-narrow-swapped"))
        return "0.10.2";
    if (says(exported, "qonnx-raw-weights") && hasNodesOf012(exported))
        return "0.12.1";
    return std::nullopt;
}

} // namespace quantscope
