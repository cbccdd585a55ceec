#include "dialects/vitis/xir_plan.h"

#include "network/layer_kinds.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

namespace quantscope::vitis {

namespace {

/// "conv1" of "conv1_weight(reshaped)"; empty for other names.
std::string ownerOf(std::string name)
{
    constexpr std::string_view kReshaped = "(reshaped)";
    if (name.ends_with(kReshaped))
        name.resize(name.size() - kReshaped.size());
    for (const std::string_view end : {"_weight", "_weights", ".weight", "_kernel"})
        if (name.ends_with(end))
            return name.substr(0, name.size() - end.size());
    return {};
}

/// Without what the compiler puts behind a name: "fc1(TransferMatMulToConv2d)".
std::string withoutMark(const std::string &name)
{
    const std::size_t open = name.find('(');
    return open == std::string::npos || open == 0 ? name : name.substr(0, open);
}

std::string withoutEnd(const std::string &name, std::string_view end)
{
    return name.ends_with(end) && name.size() > end.size() ? name.substr(0, name.size() - end.size()) : name;
}

/// One use: run().
class XirPlanner {
public:
    explicit XirPlanner(const XirGraph &graph)
        : m_graph(graph)
        , m_claimed(graph.size(), false)
    {
    }

    std::vector<XirLayer> run()
    {
        for (const NodeId id : m_graph.order()) {
            if (m_claimed[id] || m_graph.followsFromConstants(id))
                continue;
            const XirOperator *op = m_graph.findOperator(id);
            const auto weight = op == nullptr ? std::nullopt : parameter(id, *op);
            if (weight)
                addCompute(id, *op, *weight);
            else if (m_graph.fixOf(id) && !handsOn(id))
                addActivation(id);
        }
        return std::move(m_layers);
    }

private:
    /// A constant with what quantizes it.
    struct Parameter {
        NodeId constant;
        std::optional<NodeId> fix;
    };

    std::optional<Parameter> constantOf(ValueId value) const
    {
        constexpr int kLongestWay = 8;
        std::optional<NodeId> fix;
        for (int step = 0; step < kLongestWay; ++step) {
            const auto id = m_graph.producer(value);
            if (!id || !m_graph.followsFromConstants(*id))
                return std::nullopt;
            if (!fix && m_graph.fixOf(*id))
                fix = *id;
            if (m_graph.isConstant(*id))
                return Parameter{*id, fix};
            if (!m_graph.isQuantizer(*id) && !m_graph.isType(*id, "identity"))
                return std::nullopt;
            value = m_graph.node(*id).input(0);
        }
        return std::nullopt;
    }

    std::optional<Parameter> parameter(NodeId id, const XirOperator &op) const
    {
        const auto values = m_graph.argument(id, op.weight);
        const std::size_t place = op.weights == XirOperator::Weights::Product ? 1 : 0;
        return place < values.size() ? constantOf(values[place]) : std::nullopt;
    }

    std::string unique(std::string name)
    {
        if (name.empty())
            name = fmt::format("layer_{}", m_layers.size());
        const std::string wanted = name;
        for (int &number = m_lastNumber.try_emplace(wanted, 1).first->second; !m_names.insert(name).second;)
            name = fmt::format("{}_{}", wanted, ++number);
        return name;
    }

    void addCompute(NodeId id, const XirOperator &op, const Parameter &weight)
    {
        XirLayer layer;
        const std::string owner = ownerOf(m_graph.shortName(m_graph.node(weight.constant).name));
        layer.name = unique(owner.empty() ? withoutMark(m_graph.shortName(m_graph.node(id).name)) : owner);
        const bool wasMatrix = m_graph.node(id).name.find("(TransferMatMulToConv2d)") != std::string::npos;
        const bool isConvolution = op.kernelAxes > 0 && !wasMatrix;
        layer.kind = isConvolution ? convolutionName(op.kernelAxes + 2, op.kind == "ConvTranspose")
            : wasMatrix            ? "Linear"
                                   : std::string(op.kind);
        const std::int64_t groups = op.type.find("depthwise") != op.type.npos ? channelsOf(weight.constant)
                                                                              : m_graph.node(id).integer("group", 1);
        layer.groups = static_cast<int>(std::clamp<std::int64_t>(groups, 1, 1 << 20));
        layer.compute = id;
        layer.nodes = {id};
        layer.slots.push_back({Slot::Weight, weight.constant, weight.fix, &op, id, wasMatrix, flattenedBefore(id, op)});
        const auto bias = op.bias.empty() ? std::vector<ValueId>() : m_graph.argument(id, op.bias);
        if (const auto found = bias.empty() ? std::nullopt : constantOf(bias[0]))
            layer.slots.push_back({Slot::Bias, found->constant, found->fix});
        addOutput(id, layer);
        claim(std::move(layer));
    }

    /// Its own quantizer, of a compiled operator, or the one that follows it alone.
    void addOutput(NodeId id, XirLayer &layer) const
    {
        const auto next = m_graph.onlyConsumer(id);
        if (m_graph.fixOf(id)) {
            layer.slots.push_back({Slot::Output, {}, id});
        } else if (next && !m_claimed[*next] && m_graph.isQuantizer(*next) && m_graph.fixOf(*next)) {
            layer.slots.push_back({Slot::Output, {}, *next});
            layer.nodes.push_back(*next);
        }
    }

    /// A quantizer that what it reads has already: it moves or hands on the same codes.
    bool handsOn(NodeId id) const
    {
        const auto from = m_graph.firstProducer(id);
        const auto before = from ? fixBehind(*from) : std::nullopt;
        return m_graph.isCarrier(id) && before && before->sameAs(*m_graph.fixOf(id));
    }

    /// Of what an operator hands on.
    std::optional<ReadFix> fixBehind(NodeId id) const
    {
        constexpr int kLongestWay = 64;
        std::optional<NodeId> at = id;
        for (int step = 0; at && step < kLongestWay; ++step) {
            if (auto found = m_graph.fixOf(*at))
                return found;
            if (!m_graph.isCarrier(*at))
                return std::nullopt;
            at = m_graph.firstProducer(*at);
        }
        return std::nullopt;
    }

    void addActivation(NodeId id)
    {
        XirLayer layer;
        const auto from = m_graph.isQuantizer(id) ? m_graph.firstProducer(id) : std::nullopt;
        const bool isData = from && m_graph.isData(*from);
        const bool ofOperator = from && !isData && !m_claimed[*from] && !m_graph.fixOf(*from)
            && !m_graph.isCarrier(*from) && m_graph.onlyConsumer(*from) == id;
        const NodeId named = ofOperator || isData ? *from : id;
        layer.name = unique(withoutMark(withoutEnd(m_graph.shortName(m_graph.node(named).name), "_fix")));
        layer.kind = named == id && m_graph.isQuantizer(id) ? "Identity" : operatorKind(m_graph.node(named));
        if (ofOperator)
            layer.nodes.push_back(*from);
        layer.nodes.push_back(id);
        layer.slots.push_back({Slot::Act, {}, id});
        claim(std::move(layer));
    }

    void claim(XirLayer layer)
    {
        for (const NodeId id : layer.nodes)
            m_claimed[id] = true;
        m_layers.push_back(std::move(layer));
    }

    std::int64_t channelsOf(NodeId constant) const
    {
        const auto dims = m_graph.dims(constant);
        return dims.empty() ? 1 : dims.back();
    }

    /// The axes behind the batch that a matrix product reads laid flat, as its weight's columns lie. PyTorch lays
    /// channels, then kernel axes; XIR keeps channels last. Nothing where the order is one, or the model's own.
    std::vector<std::int64_t> flattenedBefore(NodeId id, const XirOperator &op) const
    {
        if ((op.weights != XirOperator::Weights::Product && op.weights != XirOperator::Weights::Rows)
            || m_graph.ofTensorFlow())
            return {};
        constexpr int kLongestWay = 16;
        auto at = m_graph.firstProducer(id);
        bool flat = op.weights == XirOperator::Weights::Rows;
        std::vector<std::int64_t> axes;
        for (int step = 0; at && step < kLongestWay; ++step) {
            const auto dims = m_graph.dims(*at);
            if (m_graph.isType(*at, "transpose"))
                return {}; // the network itself put them in another order
            if (flat && axes.empty() && dims.size() >= 3)
                axes.assign(dims.begin() + 1, dims.end());
            const bool flattens = m_graph.isType(*at, "reshape") || m_graph.isType(*at, "flatten");
            if (!keepsOrder(*at) && (!flattens || !axes.empty()))
                break;
            flat = flat || flattens;
            at = m_graph.firstProducer(*at);
        }
        return isMoved(axes) ? axes : std::vector<std::int64_t>();
    }

    static bool isMoved(const std::vector<std::int64_t> &axes)
    {
        return axes.size() >= 2 && axes.back() > 1
            && std::any_of(axes.begin(), axes.end() - 1, [](std::int64_t size) { return size > 1; });
    }

    bool keepsOrder(NodeId id) const
    {
        static constexpr std::array<std::string_view, 14> kElementwise
            = {"fix", "float2fix", "fix2float", "relu", "relu6", "leaky-relu", "hard-sigmoid", "hard-swish", "sigmoid",
                "tanh", "identity", "upload", "download", "squeeze"};
        return std::ranges::any_of(kElementwise, [&](std::string_view type) { return m_graph.isType(id, type); });
    }

    const XirGraph &m_graph;
    std::vector<bool> m_claimed;
    std::vector<XirLayer> m_layers;
    std::unordered_set<std::string> m_names;
    std::unordered_map<std::string, int> m_lastNumber;
};

} // namespace

std::vector<XirLayer> planXir(const XirGraph &graph) { return XirPlanner(graph).run(); }

} // namespace quantscope::vitis
