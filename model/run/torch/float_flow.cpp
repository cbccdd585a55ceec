#include "run/torch/float_flow.h"

#include "base/text.h"
#include "run/torch/op_table.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Follows the floats of one place.
class FloatWalk {
public:
    FloatWalk(const RunGraph &graph, std::size_t site, FloatFlow &out)
        : m_graph(graph)
        , m_site(site)
        , m_out(out)
    {
    }

    /// Why it cannot be.
    std::optional<std::string> run()
    {
        std::vector<ValueId> open{m_graph.sites()[m_site].span.to};
        while (!open.empty()) {
            const ValueId value = open.back();
            open.pop_back();
            if (m_out.site[value] == m_site)
                continue;
            m_out.site[value] = m_site;
            if (auto why = isGivenAway(value))
                return why;
            for (const NodeId id : m_graph.graph().values[value].consumers)
                if (auto why = enter(id, value, open))
                    return why;
        }
        return std::nullopt;
    }

private:
    std::optional<std::string> isGivenAway(ValueId value) const
    {
        const Graph &graph = m_graph.graph();
        const bool isOutput = std::ranges::find(graph.outputs, value) != graph.outputs.end();
        if (isOutput && m_graph.file().format != "torchscript")
            return std::string("its codes are an output of the graph, so no other quantizer can stand there");
        for (NodeId id = 0; m_graph.hasBranches() && id < graph.nodes.size(); ++id)
            if (std::ranges::find(graph.nodes[id].innerOutputs, value) != graph.nodes[id].innerOutputs.end())
                return readsCodes(id);
        return std::nullopt;
    }

    std::string readsCodes(NodeId id) const
    {
        return fmt::format(
            "its codes are read by {}, which computes with nothing else, so no other quantizer can stand "
            "there",
            m_graph.nodeText(id));
    }

    std::optional<std::string> enter(NodeId id, ValueId value, std::vector<ValueId> &open)
    {
        const Node &node = m_graph.graph().nodes[id];
        const OpRow *row = operatorRow(node.domain, node.opType);
        const CodesRole role = row == nullptr ? CodesRole::None : row->codes;
        for (std::size_t i = 0; i < node.inputs.size(); ++i)
            if (node.inputs[i] == value && (i >= 64 || (row->floats >> i & 1u) == 0 || role == CodesRole::None))
                return readsCodes(id);
        if (role != CodesRole::Keeps && role != CodesRole::Repeats)
            return std::nullopt;
        for (const ValueId made : node.outputs)
            if (made != kNoValue) {
                m_out.isRepeated[made] = m_out.isRepeated[made] || role == CodesRole::Repeats;
                open.push_back(made);
            }
        return std::nullopt;
    }

    const RunGraph &m_graph;
    std::size_t m_site;
    FloatFlow &m_out;
};

} // namespace

Result<FloatFlow> floatFlow(const RunGraph &graph, const std::vector<bool> &isExchanged)
{
    FloatFlow out;
    if (std::ranges::find(isExchanged, true) == isExchanged.end())
        return out;
    out.site.resize(graph.graph().values.size());
    out.isRepeated.resize(graph.graph().values.size());
    for (std::size_t i = 0; i < isExchanged.size(); ++i)
        if (isExchanged[i])
            if (auto why = FloatWalk(graph, i, out).run()) {
                const SlotId owner = graph.sites()[i].owners.front();
                return tl::unexpected(Error{ErrorKind::Usage, graph.file().path, {},
                    fmt::format("{} ({}): {}", printable(graph.network().layer(owner.layer).name), owner.slot, *why)});
            }
    return out;
}

} // namespace quantscope
