#include "items/model_summary.h"

#include "items/text.h"
#include "report/layer_table.h"

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

constexpr std::size_t kNamed = 5;

struct Score {
    QString layer, value;
    double badness;
};

std::vector<RankedLayer> worst(std::vector<Score> scores)
{
    std::stable_sort(
        scores.begin(), scores.end(), [](const Score &a, const Score &b) { return a.badness > b.badness; });
    std::vector<RankedLayer> named;
    for (std::size_t i = 0; i < std::min(kNamed, scores.size()); ++i)
        named.push_back({scores[i].layer, scores[i].value});
    return named;
}

std::uint64_t codesOf(const Quantizer &quantizer)
{
    return quantizer.kind == QuantizerKind::Binary ? 2 : codeRange(quantizer).size();
}

/// What the statistics of a layer's weight tell.
struct Ranking {
    std::vector<Score> noisiest, saturated, wasteful;

    void add(const Layer &layer, const SlotQuantizer &weight, const SlotStatistics &statistics)
    {
        const QString name = qs(layer.name);
        if (const auto db = statistics.hasFloats ? statistics.error.sqnrDb() : std::nullopt)
            noisiest.push_back({name, decibelText(db), -*db});
        if (weight.quantizer->kind == QuantizerKind::Minifloat || statistics.count == 0)
            return;
        const double limit = static_cast<double>(statistics.atLimit) / static_cast<double>(statistics.count);
        if (limit > 0)
            saturated.push_back({name, shareText(limit), limit});
        const std::uint64_t all = codesOf(*weight.quantizer);
        if (!statistics.codes.usedKnown || statistics.codes.used >= all)
            return;
        const std::uint64_t unused = all - statistics.codes.used;
        wasteful.push_back({name, u"%1 of %2"_s.arg(groupedText(unused), groupedText(all)),
            static_cast<double>(unused) / static_cast<double>(all)});
    }
};

} // namespace

ModelSummary modelSummary(const Inspection &inspection)
{
    ModelSummary summary;
    if (!inspection.network)
        return summary;
    const Network &network = *inspection.network;
    std::uint64_t elements = 0;
    Ranking ranking;
    for (const Layer &layer : network.layers) {
        std::uint64_t bits = 0;
        for (const SlotQuantizer &slot : layer.slots) {
            elements += slot.tensor ? slot.tensor->count() : 0;
            bits += codeBits(slot);
        }
        if (bits > 0)
            summary.bits.push_back({qs(layer.name), bits});
        summary.totalBits += bits;
        const SlotQuantizer *weight = layer.slot(Slot::Weight);
        const SlotStatistics *statistics = weight ? inspection.of({layer.id, Slot::Weight}) : nullptr;
        if (statistics && weight->quantizer && weight->quantizer->knowsCodes())
            ranking.add(layer, *weight, *statistics);
    }
    summary.facts = QStringList{countText(network.layers.size(), u"layer"_s),
        u"%1 weights + biases"_s.arg(groupedText(elements)), bitText(summary.totalBits)}
                        .join(u" · "_s);
    summary.noisiest = worst(std::move(ranking.noisiest));
    summary.saturated = worst(std::move(ranking.saturated));
    summary.wasteful = worst(std::move(ranking.wasteful));
    return summary;
}

} // namespace quantscope
