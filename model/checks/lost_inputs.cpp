#include "checks/lost_inputs.h"

#include "base/parse_number.h"

#include <algorithm>
#include <set>

namespace quantscope {

namespace {

using enum Propagation;

const std::vector<PropagationRow> kPropagationRows = {
    {{"Relu", "relu"}, Lost, Lost, Lost, Lost,
        "torch.relu loses it in every version of Brevitas; F.relu and nn.ReLU keep it, and a graph cannot tell them "
        "apart",
        "write F.relu or nn.ReLU instead of torch.relu, or QuantReLU(return_quant_tensor=True), which quantizes anew"},
    {{"Clip", "clamp", "clamp_min", "clamp_max", "hardtanh", "relu6"}, Lost, Lost, Lost, Lost,
        "clamping is none of the operations that are known to keep it",
        "write QuantHardTanh(return_quant_tensor=True), or leave the limits to the quantizer"},
    {{"Sigmoid", "sigmoid"}, Lost, Lost, Lost, Lost, "torch.sigmoid loses it in every version of Brevitas",
        "write QuantSigmoid(return_quant_tensor=True)"},
    {{"Tanh", "tanh"}, Lost, Lost, Lost, Lost, "its results are on no grid",
        "write QuantTanh(return_quant_tensor=True)"},
    {{"ReduceMean", "mean"}, Lost, Lost, Lost, Lost, "mean loses it in every version of Brevitas",
        "write QuantIdentity(return_quant_tensor=True) behind it"},
    {{"AveragePool", "avg_pool1d", "avg_pool2d", "avg_pool3d"}, Lost, Lost, Lost, Raises,
        "avg_pool2d loses it up to Brevitas 0.10 and raises with its defaults from 0.11 on",
        "write TruncAvgPool2d (0.6: QuantAvgPool2d), or QuantIdentity(return_quant_tensor=True) behind the pool"},
    {{"GlobalAveragePool", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"}, Lost, Lost, Lost, Kept,
        "adaptive_avg_pool2d loses it up to Brevitas 0.10, and 0.11 gives an invalid tensor",
        "write TruncAdaptiveAvgPool2d (0.6: QuantAdaptiveAvgPool2d), or QuantIdentity(return_quant_tensor=True) behind "
        "it"},
    {{"BatchNormalization", "batch_norm"}, Raises, Lost, Lost, Lost,
        "BatchNorm2d loses it from Brevitas 0.7 on and raises in 0.6",
        "merge it into the layer before (brevitas.nn.utils.merge_bn), or write QuantIdentity(return_quant_tensor=True) "
        "behind it"},
    {{"Slice", "slice"}, Raises, Raises, Raises, Raises,
        "x[:, a:b] of a QuantTensor raises in every version of Brevitas",
        "write QuantIdentity(return_quant_tensor=True) behind it, with the same scale"},
    {{"Gather", "select", "index", "index_select", "__getitem__"}, Lost, Lost, Lost, Lost,
        "indexing (x[0]) loses it in every version of Brevitas",
        "write QuantIdentity(return_quant_tensor=True) behind it, with the same scale"},
    {{"Split", "chunk", "split", "split_with_sizes", "unsafe_chunk", "unsafe_split", "tensor_split", "unbind"}, Lost,
        Lost, Lost, Lost, "torch.chunk loses it in every version of Brevitas",
        "write QuantIdentity(return_quant_tensor=True) behind it, with the same scale"},
    {{"Pad", "pad", "constant_pad_nd"}, Lost, Kept, Kept, Kept, "F.pad loses it in Brevitas 0.6",
        "let the convolution pad, or take Brevitas 0.7 or later"},
    {{"DepthToSpace", "pixel_shuffle"}, Lost, Lost, Kept, Kept, "pixel_shuffle loses it up to Brevitas 0.9",
        "take Brevitas 0.10 or later, or write QuantIdentity(return_quant_tensor=True) behind it"},
    {{"Resize", "Upsample", "upsample_bilinear2d", "upsample_linear1d", "upsample_trilinear3d", "upsample_bicubic2d"},
        Lost, Lost, Lost, Lost, "interpolation other than nearest loses it in every version of Brevitas",
        "write QuantUpsample(mode=\"nearest\"), or QuantIdentity(return_quant_tensor=True) behind it"},
    {{"Mul", "mul", "Div", "div"}, Lost, Lost, Lost, Lost,
        "multiplying with a constant loses it in every version of "
        "Brevitas but 0.11 and 0.12, which change its scale",
        "take the factor into the weights or the scale, or write QuantIdentity(return_quant_tensor=True) behind it"},
    {{"Add", "add", "Sub", "sub", "rsub"}, Lost, Lost, Lost, Lost,
        "a sum with a number or a tensor that is not quantized loses it up to Brevitas 0.10; later the zero point is "
        "no "
        "integer",
        "quantize the other summand with the same scale, or write QuantIdentity(return_quant_tensor=True) behind it"},
};

std::string_view plainOperator(std::string_view opType)
{
    if (opType.ends_with('_') && !opType.ends_with("__"))
        opType.remove_suffix(1);
    return opType;
}

/// Follows what arrives at nodes back to the quantizer that made it.
class LossSearch {
public:
    LossSearch(const Arrivals &arrivals, bool scalesCarried, const std::optional<std::string> &brevitas)
        : m_arrivals(arrivals)
        , m_flow(arrivals.network().flow)
        , m_scalesCarried(scalesCarried)
        , m_brevitas(brevitas)
    {
    }

    std::optional<LostInput> behind(const Arrival &arrival, FlowNodeId reader) const
    {
        const bool plain = arrival.kind == Arrival::Kind::Plain;
        if (!plain && !(m_scalesCarried && arrival.kind == Arrival::Kind::Quantized))
            return std::nullopt;
        std::set<FlowNodeId> seen;
        std::vector<FlowNodeId> open{m_flow.edges()[arrival.edge].from};
        for (std::size_t next = 0; next < open.size() && open.size() < kMostFollowed; ++next) {
            if (m_flow.node(open[next]).kind != FlowNode::Kind::Operator || !seen.insert(open[next]).second)
                continue;
            if (auto found = plain ? lostHere(open[next]) : scaleLostHere(open[next])) {
                found->reader = reader;
                return found;
            }
            for (const Arrival &above : m_arrivals.into(open[next]))
                open.push_back(m_flow.edges()[above.edge].from);
        }
        return std::nullopt;
    }

private:
    /// An operator that computes others from what a quantizer made.
    std::optional<LostInput> lostHere(FlowNodeId node) const
    {
        std::size_t quantized = 0;
        std::optional<LostInput> out;
        bool sums = false;
        for (const Arrival &above : m_arrivals.into(node)) {
            const FlowEdge &edge = m_flow.edges()[above.edge];
            if (edge.use == FlowUse::Keeps || edge.use == FlowUse::Merges)
                return std::nullopt; // what else it reads is a shape or positions
            sums = sums || edge.use == FlowUse::Sums;
            if (above.kind != Arrival::Kind::Quantized)
                continue;
            ++quantized;
            if (!edge.constant)
                out = LostInput{.by = node, .quantizer = *above.quantizer};
        }
        const std::string_view opType = plainOperator(m_flow.node(node).opType);
        const bool multiplies = opType == "Mul" || opType == "mul" || opType == "MatMul" || opType == "matmul";
        // Sums and products of QuantTensors are QuantTensors.
        return quantized > 1 && (sums || multiplies) ? std::nullopt : out;
    }

    /// An operator that hands the values on, of which Brevitas does not know the scale behind it.
    std::optional<LostInput> scaleLostHere(FlowNodeId node) const
    {
        const PropagationRow *row = propagationRow(m_flow.node(node).opType);
        if (row == nullptr || isNearest(node) || propagationIn(*row, m_brevitas) == Kept)
            return std::nullopt;
        for (const Arrival &above : m_arrivals.into(node))
            if (above.kind == Arrival::Kind::Quantized)
                return LostInput{.by = node, .quantizer = *above.quantizer, .offGrid = false};
        return std::nullopt;
    }

    /// A Resize that keeps the values.
    bool isNearest(FlowNodeId node) const
    {
        const std::string &opType = m_flow.node(node).opType;
        return opType == "Resize" || opType == "Upsample" || opType == "Pad" || opType.starts_with("upsample_nearest");
    }

    static constexpr std::size_t kMostFollowed = 512;
    const Arrivals &m_arrivals;
    const Flow &m_flow;
    bool m_scalesCarried;
    const std::optional<std::string> &m_brevitas;
};

bool isQuantizedLayer(const Network &network, LayerId id)
{
    const auto has = [&](Slot slot) {
        const SlotQuantizer *known = network.layer(id).slot(slot);
        return known != nullptr && known->quantizer && known->tensor;
    };
    return has(Slot::Weight) || has(Slot::Bias);
}

} // namespace

const PropagationRow *propagationRow(std::string_view opType)
{
    const auto found
        = std::ranges::find_if(kPropagationRows, [name = plainOperator(opType)](const PropagationRow &row) {
              return std::ranges::find(row.names, name) != row.names.end();
          });
    return found == kPropagationRows.end() ? nullptr : &*found;
}

std::optional<int> minorOf(const std::optional<std::string> &brevitas)
{
    if (!brevitas || !brevitas->starts_with("0."))
        return std::nullopt;
    const std::string_view rest = std::string_view(*brevitas).substr(2);
    return parseNumber<int>(rest.substr(0, rest.find('.')));
}

Propagation propagationIn(const PropagationRow &row, const std::optional<std::string> &brevitas)
{
    const auto minor = minorOf(brevitas);
    if (!minor) {
        const auto columns = {row.upTo010, row.later, row.upTo09};
        return std::ranges::find(columns, Kept) != columns.end() ? Kept : row.upTo010;
    }
    return *minor <= 6 ? row.upTo06 : *minor <= 9 ? row.upTo09 : *minor == 10 ? row.upTo010 : row.later;
}

std::vector<LostInput> lostInputs(
    const Arrivals &arrivals, bool scalesCarried, const std::optional<std::string> &brevitas)
{
    const Network &network = arrivals.network();
    const Flow &flow = network.flow;
    const LossSearch search(arrivals, scalesCarried, brevitas);
    std::vector<LostInput> out;
    for (std::size_t i = 0; i < flow.nodes().size(); ++i) {
        const auto id = static_cast<FlowNodeId>(i);
        const FlowNode &node = flow.node(id);
        const bool layer = node.layer && isQuantizedLayer(network, *node.layer);
        if (!layer && node.kind != FlowNode::Kind::Operator)
            continue;
        for (const Arrival &arrival : arrivals.into(id)) {
            const FlowEdge &edge = flow.edges()[arrival.edge];
            const bool joins = edge.use == FlowUse::Merges || edge.use == FlowUse::Sums;
            if (edge.requantizer || edge.constant || (!layer && !joins))
                continue;
            if (const auto lost = search.behind(arrival, id))
                out.push_back(*lost);
        }
    }
    return out;
}

} // namespace quantscope
