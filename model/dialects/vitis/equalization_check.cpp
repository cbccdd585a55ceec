#include "dialects/vitis/equalization_check.h"

#include "base/error.h"
#include "dialects/vitis/convolution_chains.h"
#include "dialects/vitis/equalization.h"
#include "dialects/vitis/fix_position.h"
#include "quant/fixed_point.h"

#include <algorithm>

namespace quantscope::vitis {

namespace {

/// Elements of one chain; what has more is not read for this.
constexpr std::uint64_t kMostChainElements = 1ull << 25;

using PositionsOf = std::vector<int> (*)(std::span<const float>, std::int64_t);

bool holds(const std::vector<int> &positions, int position)
{
    return std::ranges::find(positions, position) != positions.end();
}

/// The float tensor of the checkpoint behind a slot: of a bias before its correction.
const TensorInfo *storedValues(const Network &network, const SlotQuantizer *slot)
{
    if (slot == nullptr || !slot->tensor || !slot->quantizer || slot->quantizer->opaque || !slot->quantizer->scale
        || !slot->quantizer->scale->perTensor() || !fractionalBits(slot->quantizer->scale->values[0]))
        return nullptr;
    const auto own = network.file->find(slot->tensorName);
    const TensorInfo *tensor = own ? &network.file->tensors[*own] : slot->tensor.get();
    return tensor->readable() && isFloating(tensor->dtype) ? tensor : nullptr;
}

/// The values of each layer of a chain; nothing where one cannot be had.
std::optional<std::vector<ConvolutionValues>> valuesOfChain(const Network &network, const ConvolutionChain &chain)
{
    std::vector<ConvolutionValues> out;
    std::uint64_t elements = 0;
    for (const LayerId id : chain) {
        const Layer &layer = network.layer(id);
        const TensorInfo *weight = storedValues(network, layer.slot(Slot::Weight)),
                         *bias = storedValues(network, layer.slot(Slot::Bias));
        if (weight == nullptr || bias == nullptr || weight->shape.size() < 4)
            return std::nullopt;
        elements += weight->count() + bias->count();
        if (elements > kMostChainElements)
            return std::nullopt;
        try {
            out.push_back({weight->shape, readFloats(*weight), readFloats(*bias)});
        } catch (const ParseError &) {
            return std::nullopt; // who reads the codes is told
        }
    }
    return out;
}

/// Compares the positions of one chain before and after. One use: run().
class ChainCheck {
public:
    ChainCheck(const Network &network, const ConvolutionChain &chain, std::vector<ConvolutionValues> own)
        : m_network(network)
        , m_chain(chain)
        , m_own(std::move(own))
        , m_equalized(m_own)
        , m_outputFactors(chain.size())
        , m_inputFactors(chain.size())
    {
    }

    std::optional<EqualizedChain> run()
    {
        for (std::size_t i = 0; i + 1 < m_chain.size(); ++i) {
            const std::vector<float> divisors = equalize(m_equalized[i], m_equalized[i + 1]);
            if (divisors.empty())
                return std::nullopt;
            for (const float divisor : divisors) {
                m_outputFactors[i].push_back(1 / static_cast<double>(divisor));
                m_inputFactors[i + 1].push_back(static_cast<double>(divisor));
            }
        }
        EqualizedChain out;
        out.layers = m_chain;
        for (std::size_t i = 0; i < m_chain.size(); ++i)
            addLayer(out, i);
        out.evidence = evidence(leastSquaresPositions);
        if (out.evidence == EqualizationEvidence::Neither)
            out.evidence = evidence(widestPosition); // diffs_mode maxmin
        return out;
    }

private:
    static bool isOne(const std::vector<double> &factors)
    {
        return std::ranges::all_of(factors, [](double factor) { return factor == 1; });
    }

    int filePosition(std::size_t layer, Slot slot) const
    {
        const SlotQuantizer &found = *m_network.layer(m_chain[layer]).slot(slot);
        return fractionalBits(found.quantizer->scale->values[0]).value_or(0);
    }

    int bits(std::size_t layer, Slot slot) const
    {
        return m_network.layer(m_chain[layer]).slot(slot)->quantizer->bitWidth.value_or(0);
    }

    void add(EqualizedChain &out, std::size_t layer, Slot slot, int axis, const std::vector<double> &factors) const
    {
        if (isOne(factors))
            return;
        EqualizedSlot changed{{m_chain[layer], slot}, axis, factors, false, {}, true};
        changed.bothAxes = slot == Slot::Weight && axis == 0 && !isOne(m_inputFactors[layer]);
        changed.ownPositions = leastSquaresPositions(valuesIn(m_own, layer, slot), bits(layer, slot));
        changed.ownFits = holds(changed.ownPositions, filePosition(layer, slot));
        out.slots.push_back(std::move(changed));
    }

    /// A weight between two others has factors on both axes; those of its outputs are named.
    void addLayer(EqualizedChain &out, std::size_t layer) const
    {
        if (!isOne(m_outputFactors[layer]) || isOne(m_inputFactors[layer]))
            add(out, layer, Slot::Weight, 0, m_outputFactors[layer]);
        else
            add(out, layer, Slot::Weight, 1, m_inputFactors[layer]);
        add(out, layer, Slot::Bias, 0, m_outputFactors[layer]);
    }

    static std::span<const float> valuesIn(const std::vector<ConvolutionValues> &values, std::size_t layer, Slot slot)
    {
        return slot == Slot::Weight ? values[layer].weight : values[layer].bias;
    }

    EqualizationEvidence evidence(PositionsOf positionsOf) const
    {
        bool own = true, equalized = true;
        for (std::size_t i = 0; i < m_chain.size(); ++i)
            for (const Slot slot : {Slot::Weight, Slot::Bias}) {
                const int position = filePosition(i, slot);
                own = own && holds(positionsOf(valuesIn(m_own, i, slot), bits(i, slot)), position);
                equalized = equalized && holds(positionsOf(valuesIn(m_equalized, i, slot), bits(i, slot)), position);
            }
        return own      ? equalized ? EqualizationEvidence::Open : EqualizationEvidence::Against
            : equalized ? EqualizationEvidence::Proven
                        : EqualizationEvidence::Neither;
    }

    const Network &m_network;
    const ConvolutionChain &m_chain;
    std::vector<ConvolutionValues> m_own, m_equalized;
    std::vector<std::vector<double>> m_outputFactors, m_inputFactors; ///< of each layer; empty where it has none
};

} // namespace

std::optional<std::vector<EqualizedChain>> equalizedChains(
    const Network &network, const QuantInfo &info, const QuantInfoJoin &join)
{
    const auto chains = convolutionChains(network, info, join);
    if (!chains)
        return std::nullopt;
    std::vector<EqualizedChain> out;
    for (const ConvolutionChain &chain : *chains) {
        auto values = valuesOfChain(network, chain);
        auto checked = values ? ChainCheck(network, chain, std::move(*values)).run() : std::nullopt;
        if (!checked)
            return std::nullopt;
        out.push_back(std::move(*checked));
    }
    return out;
}

} // namespace quantscope::vitis
