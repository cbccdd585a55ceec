#include "checks/product_factors.h"

#include "graph/script_notes.h"

#include <algorithm>
#include <array>

namespace quantscope {

namespace {

/// An operator that sums products and does more; names are empty where it does not.
struct ScaledProduct {
    std::string_view domain, opType;
    std::string_view alpha = "", beta = "";
    std::string_view activation = "";
    std::size_t addend = 0; ///< position of another tensor that it adds
};

constexpr std::string_view kContrib = "com.microsoft";

constexpr std::array kScaledProducts = {
    ScaledProduct{"", "Gemm", "alpha", "beta"},
    ScaledProduct{kContrib, "FusedGemm", "alpha", "beta", "activation"},
    ScaledProduct{kContrib, "QGemm", "alpha"},
    ScaledProduct{kContrib, "FusedMatMul", "alpha"},
    ScaledProduct{kContrib, "TransposeMatMul", "alpha"},
    ScaledProduct{kContrib, "FusedConv", "", "", "activation", 3},
    ScaledProduct{kContrib, "NhwcFusedConv", "", "", "activation", 3},
    ScaledProduct{"aten", "addmm", "alpha", "beta"},
};

/// An attribute; 1 where it is absent or None. TorchScript's may be computed: then it is an input of that name.
std::optional<double> factorOf(const Node &node, std::string_view name)
{
    if (name.empty())
        return 1;
    const Attribute *named = node.attribute(script::kNamedInputs);
    if (named != nullptr && std::ranges::find(named->strings, name) != named->strings.end())
        return std::nullopt;
    const Attribute *given = node.attribute(name);
    if (given == nullptr)
        return 1;
    if (given->kind == Attribute::Kind::Int)
        return static_cast<double>(given->i);
    if (given->kind == Attribute::Kind::Float)
        return given->real != 0 ? given->real : static_cast<double>(given->f);
    return 1;
}

bool isCutting(const Node &node, std::string_view name)
{
    const Attribute *given = name.empty() ? nullptr : node.attribute(name);
    return given == nullptr || given->s.empty() || given->s == "Relu" || given->s == "Clip";
}

} // namespace

float ProductFactors::sumStep(float weightScale, float inputScale) const
{
    // float64 holds the product of two floats exactly
    return static_cast<float>(static_cast<double>(weightScale) * static_cast<double>(inputScale) * sums);
}

float ProductFactors::biasStep(float biasScale) const
{
    return static_cast<float>(static_cast<double>(biasScale) * bias);
}

std::optional<ProductFactors> productFactors(const Network &network, const Layer &layer)
{
    ProductFactors out;
    const auto flowNode = network.file && network.file->graph ? network.flow.nodeOf(layer.id) : std::nullopt;
    if (!flowNode)
        return out;
    const std::vector<Node> &nodes = network.file->graph->nodes;
    for (const NodeId id : network.flow.node(*flowNode).graphNodes) {
        if (id >= nodes.size())
            continue;
        const Node &node = nodes[id];
        const auto row = std::ranges::find_if(kScaledProducts, [&](const ScaledProduct &product) {
            return product.opType == node.opType && product.domain == (node.domain == "ai.onnx" ? "" : node.domain);
        });
        if (row == kScaledProducts.end())
            continue;
        const auto alpha = factorOf(node, row->alpha), beta = factorOf(node, row->beta);
        if (!alpha || !beta)
            return std::nullopt;
        out.sums *= *alpha;
        out.bias *= *beta;
        const bool adds = row->addend != 0 && node.input(row->addend) != kNoValue;
        out.computesMore = out.computesMore || adds || !isCutting(node, row->activation);
    }
    return out;
}

} // namespace quantscope
