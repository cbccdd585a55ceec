#include "dialects/vitis/xir_network.h"

#include "base/text.h"
#include "dialects/onnx/labels.h"
#include "dialects/vitis/fix_quantizer.h"
#include "dialects/vitis/xir_flow.h"
#include "dialects/vitis/xir_weights.h"

#include <fmt/format.h>

namespace quantscope {

namespace {

using vitis::ReadFix;
using vitis::XirGraph;
using vitis::XirLayer;
using vitis::XirSlot;

/// "fix operator LeNet__conv1_weight_fix", "output tensor of LeNet__conv1".
std::string placeOf(const XirGraph &graph, NodeId id, const ReadFix &fix)
{
    const Node &node = graph.node(id);
    return fix.ofTensor ? fmt::format(
               "{} {}, output tensor {}", node.opType, printable(node.name), printable(graph.text(id, "tensor.name")))
                        : fmt::format("{} {}", node.opType, printable(node.name));
}

void fillOrigins(Quantizer &q, const XirGraph &graph, NodeId id, const ReadFix &fix)
{
    const std::string place = placeOf(graph, id, fix);
    q.origin["scale"] = {Origin::Read, fmt::format("{}, fix_point {}", place, fix.fixPoint)};
    q.origin["bit_width"] = {Origin::Read, fmt::format("{}, bit_width", place)};
    q.origin["signed"] = fix.isSigned ? Provenance{Origin::Read, fmt::format("{}, if_signed", place)}
                                      : Provenance{Origin::Computed, "XIR takes what has no if_signed for signed"};
    q.origin["rounding"] = fix.roundMode.empty()
        ? Provenance{Origin::Computed,
            "XIR's default where round_mode is absent: STD_ROUND of constants, else DPU_ROUND"}
        : Provenance{Origin::Read, fmt::format("{}, round_mode {}", place, printable(fix.roundMode))};
    q.origin["zero_point"] = {Origin::Computed, "XIR's fixed point has none"};
    q.origin["narrow"] = {Origin::Computed, "XIR clamps to all codes"};
}

class XirDecoder {
public:
    XirDecoder(const XirGraph &graph, Network &network)
        : m_graph(graph)
        , m_network(network)
    {
    }

    SlotQuantizer list(const XirSlot &planned)
    {
        SlotQuantizer out;
        out.slot = planned.slot;
        m_order = planned.constant ? vitis::takeConstant(out, planned, m_graph, m_network.file) : std::string();
        return out;
    }

    SlotQuantizer decode(const XirSlot &planned, const Layer &layer)
    {
        SlotQuantizer out = list(planned);
        if (planned.fix)
            takeQuantizer(out, planned, layer);
        if (out.quantizer) {
            out.formula = interpret::formulaOf(*out.quantizer);
            out.formula += m_order.empty() ? "" : "\n" + m_order;
        }
        const bool missing = out.tensor && out.quantizer && !out.tensor->readable();
        m_missing += missing ? 1u : 0u;
        return out;
    }

    std::size_t missing() const { return m_missing; }

private:
    void takeQuantizer(SlotQuantizer &out, const XirSlot &planned, const Layer &layer)
    {
        const ReadFix fix = *m_graph.fixOf(*planned.fix);
        const bool ofConstant = planned.constant.has_value();
        const auto rounding = fix.roundMode.empty()
            ? std::optional(ofConstant ? Rounding::StdRound : Rounding::DpuRound)
            : vitis::xirRounding(fix.roundMode);
        try {
            Quantizer q = vitis::quantizerOf(
                {fix.fixPoint, fix.bitWidth, fix.isSigned.value_or(true), rounding.value_or(Rounding::DpuRound)});
            fillOrigins(q, m_graph, *planned.fix, fix);
            if (!rounding) {
                q.opaque = true;
                report(layer, out, "rounding-mode",
                    fmt::format("the round mode '{}' is not known: its codes are not shown", printable(fix.roundMode)));
            }
            if (out.tensor && isInteger(out.tensor->dtype))
                q.rule = CodeRule::Stored;
            out.quantizer = std::move(q);
        } catch (const ParseError &error) {
            report(layer, out, "quantizer-not-known",
                fmt::format("{}: {}", placeOf(m_graph, *planned.fix, fix), error.what()));
        }
    }

    void report(const Layer &layer, const SlotQuantizer &slot, const char *rule, const std::string &text)
    {
        m_network.diagnostics.push_back(
            {rule, Severity::Error, {layer.id, slot.slot}, fmt::format("{} {}: {}", layer.name, slot.slot, text)});
    }

    const XirGraph &m_graph;
    Network &m_network;
    std::string m_order; ///< what was done to the order of the last tensor
    std::size_t m_missing = 0;
};

/// The compiler's own numbers; with a hard sigmoid the sum is brought onto that one's grid.
DpuFacts dpuFacts(const XirGraph &graph, NodeId id)
{
    constexpr std::int64_t kNone = -128, kMost = 1000;
    const auto number = [&](const char *name) {
        const std::int64_t found = graph.node(id).integer(name, kNone);
        return found == kNone || found < -kMost || found > kMost ? std::nullopt
                                                                 : std::optional(static_cast<int>(found));
    };
    DpuFacts out;
    out.shiftCut = number("shift_cut");
    out.shiftBias = number("shift_bias");
    out.outputPosition = number("hsigmoid_in");
    return out;
}

Layer layerOf(const XirGraph &graph, const XirLayer &planned)
{
    Layer layer;
    layer.name = planned.name;
    layer.kind = planned.kind;
    layer.groups = planned.groups;
    if (planned.compute)
        layer.dpu = dpuFacts(graph, *planned.compute);
    return layer;
}

} // namespace

Network listXmodel(std::shared_ptr<const ModelFile> file)
{
    Network network;
    network.file = file;
    network.dialect = Dialect::Xmodel;
    const XirGraph graph(*file);
    const std::vector<XirLayer> plan = vitis::planXir(graph);
    XirDecoder decoder(graph, network);
    for (const XirLayer &planned : plan) {
        Layer layer = layerOf(graph, planned);
        for (const XirSlot &slot : planned.slots)
            layer.slots.push_back(decoder.list(slot));
        network.add(std::move(layer));
    }
    network.flow = vitis::flowOf(graph, plan);
    return network;
}

void recoverXmodel(Network &network, const Progress &progress)
{
    const XirGraph graph(*network.file);
    const std::vector<XirLayer> plan = vitis::planXir(graph);
    XirDecoder decoder(graph, network);
    for (std::size_t i = 0; i < plan.size(); ++i) {
        progress.step(i, plan.size());
        Layer &layer = network.layers[i];
        for (std::size_t slot = 0; slot < plan[i].slots.size(); ++slot)
            layer.slots[slot] = decoder.decode(plan[i].slots[slot], layer);
    }
    if (decoder.missing() > 0)
        network.diagnostics.push_back({"codes-not-stored", Severity::Warning, "",
            fmt::format(
                "the codes of {} weights and biases are not in a compiled xmodel: they lie in the DPU's own order "
                "inside its instructions; open the *_int.xmodel that it was compiled from, which has them",
                decoder.missing())});
    progress.step(plan.size(), plan.size());
}

} // namespace quantscope
