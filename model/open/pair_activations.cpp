#include "open/pair_activations.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>

namespace quantscope {

namespace {

bool isActivation(Slot slot) { return slot != Slot::Weight && slot != Slot::Bias && slot != Slot::Trunc; }

/// An activation quantizer, where it stands, and what its scale follows from.
struct Activation {
    std::size_t layer = 0;
    Slot slot = Slot::Act;
    std::vector<float> stored; ///< of the checkpoint: thresholds, or their logarithms
    const Quantizer *quantizer = nullptr; ///< of the export
};

/// Activations between two neighbouring pairs of weights.
struct Segment {
    std::vector<Activation> checkpoint, exported;
};

bool isClose(float a, float b)
{
    return std::fabs(a - b) <= 4 * std::numeric_limits<float>::epsilon() * std::max(std::fabs(a), std::fabs(b));
}

/// The scale is a threshold, in any domain that Brevitas stores one in, by the largest code of any range.
bool scaleFollows(float stored, float scale, int bits, bool isSigned)
{
    const float span = std::ldexp(1.0f, isSigned ? bits - 1 : bits);
    for (const float threshold : {std::fabs(stored), std::exp2(stored), std::exp2(std::ceil(stored)),
             std::exp2(std::nearbyint(stored)), std::exp2(std::floor(stored))})
        // Half of an unsigned span: it shares the integer scaling of a signed quantizer.
        for (const float n : {span, span - 1, span - 2, isSigned ? 1.0f : span / 2})
            if (n > 0 && isClose(std::max(threshold, 1e-10f) / n, scale))
                return true;
    return false;
}

bool fits(const Activation &mine, const Activation &theirs)
{
    const Quantizer &q = *theirs.quantizer;
    const std::vector<float> &scales = q.scale->values;
    if (mine.stored.size() != scales.size())
        return false;
    for (std::size_t i = 0; i < scales.size(); ++i)
        if (!scaleFollows(mine.stored[i], scales[i], q.bitWidth.value_or(q.wordBits()), *q.isSigned))
            return false;
    return true;
}

bool sameQuantizer(const Quantizer &a, const Quantizer &b)
{
    return a.scale->values == b.scale->values && a.zeroPoint->values == b.zeroPoint->values && a.bitWidth == b.bitWidth
        && a.isSigned == b.isSigned && a.narrow == b.narrow && a.rounding == b.rounding && a.kind == b.kind;
}

/// The longest run of pairs that stand in one order in both files; its members part the activations.
std::vector<LayerPair> anchorsOf(std::vector<LayerPair> pairs)
{
    constexpr std::size_t kMost = 4096;
    std::ranges::sort(pairs, {}, &LayerPair::checkpoint);
    pairs.resize(std::min(pairs.size(), kMost));
    std::vector<std::size_t> length(pairs.size(), 1), before(pairs.size(), pairs.size());
    std::size_t last = pairs.size();
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j)
            if (pairs[j].exported < pairs[i].exported && length[j] + 1 > length[i]) {
                length[i] = length[j] + 1;
                before[i] = j;
            }
        if (last == pairs.size() || length[i] > length[last])
            last = i;
    }
    std::vector<LayerPair> out;
    for (std::size_t at = last; at < pairs.size(); at = before[at])
        out.push_back(pairs[at]);
    std::ranges::reverse(out);
    return out;
}

class ActivationPairing {
public:
    ActivationPairing(const Network &listed, const Network &exported, const std::vector<LayerPair> &weights)
        : m_listed(listed)
        , m_exported(exported)
        , m_anchors(anchorsOf(weights))
        , m_segments(m_anchors.size() + 1)
    {
        std::set<std::string_view> here, there;
        for (const Layer &layer : listed.layers)
            here.insert(layer.name);
        for (const Layer &layer : exported.layers)
            there.insert(layer.name);
        collectCheckpoint(there);
        collectExported(here);
    }

    std::vector<SlotPair> run()
    {
        for (Segment &segment : m_segments) {
            pairInOrder(segment);
            pairByValue(segment);
        }
        return std::move(m_pairs);
    }

private:
    /// What an `input` quantizer works on stands before its layer's weight.
    void collectCheckpoint(const std::set<std::string_view> &there)
    {
        std::size_t segment = 0;
        for (std::size_t c = 0; c < m_listed.layers.size(); ++c) {
            const Layer &layer = m_listed.layers[c];
            const bool anchor = segment < m_anchors.size() && m_anchors[segment].checkpoint == c;
            for (const SlotQuantizer &slot : layer.slots) {
                if (!isActivation(slot.slot) || !slot.storedScale || there.contains(layer.name))
                    continue;
                const std::size_t at = segment + (anchor && slot.slot != Slot::Input ? 1u : 0u);
                m_segments[at].checkpoint.push_back(
                    {c, slot.slot, readFloats(m_listed.file->tensors[*slot.storedScale], kMostScales), nullptr});
            }
            if (anchor)
                ++segment;
        }
    }

    void collectExported(const std::set<std::string_view> &here)
    {
        std::size_t segment = 0;
        for (std::size_t e = 0; e < m_exported.layers.size(); ++e) {
            const Layer &layer = m_exported.layers[e];
            if (segment < m_anchors.size() && m_anchors[segment].exported == e)
                ++segment;
            for (const SlotQuantizer &slot : layer.slots)
                if (isActivation(slot.slot) && slot.quantizer && slot.quantizer->isComplete()
                    && !here.contains(layer.name))
                    m_segments[segment].exported.push_back({e, slot.slot, {}, &*slot.quantizer});
        }
    }

    void claim(const Activation &mine, const Activation &theirs)
    {
        m_pairs.push_back({mine.layer, mine.slot, theirs.layer, theirs.slot});
    }

    /// As many here as there, and each fits where it stands; no two that differ could change places.
    void pairInOrder(Segment &segment)
    {
        const auto &mine = segment.checkpoint, &theirs = segment.exported;
        if (mine.empty() || mine.size() != theirs.size() || mine.size() > kMostBetween)
            return;
        for (std::size_t i = 0; i < mine.size(); ++i) {
            if (!fits(mine[i], theirs[i]))
                return;
            for (std::size_t j = 0; j < i; ++j)
                if (fits(mine[i], theirs[j]) && fits(mine[j], theirs[i])
                    && !sameQuantizer(*theirs[i].quantizer, *theirs[j].quantizer))
                    return;
        }
        for (std::size_t i = 0; i < mine.size(); ++i)
            claim(mine[i], theirs[i]);
        segment = {};
    }

    /// Those that fit nothing else, counting equal quantizers of the export as one.
    void pairByValue(const Segment &segment)
    {
        if (segment.checkpoint.size() > kMostBetween || segment.exported.size() > kMostBetween)
            return;
        for (const Activation &mine : segment.checkpoint) {
            const Activation *only = nullptr;
            bool several = false;
            for (const Activation &theirs : segment.exported) {
                if (!fits(mine, theirs))
                    continue;
                several = several || (only != nullptr && !sameQuantizer(*only->quantizer, *theirs.quantizer));
                only = only == nullptr ? &theirs : only;
            }
            const auto fitting = std::ranges::count_if(
                segment.checkpoint, [&](const Activation &other) { return only != nullptr && fits(other, *only); });
            if (only != nullptr && !several && fitting == 1)
                claim(mine, *only);
        }
    }

    static constexpr std::size_t kMostBetween = 512; ///< activations between two layers
    static constexpr std::uint64_t kMostScales = 1u << 16;

    const Network &m_listed, &m_exported;
    std::vector<LayerPair> m_anchors;
    std::vector<Segment> m_segments; ///< before, between and behind the anchors
    std::vector<SlotPair> m_pairs;
};

} // namespace

std::vector<SlotPair> pairActivations(
    const Network &listed, const Network &exported, const std::vector<LayerPair> &weights)
{
    return ActivationPairing(listed, exported, weights).run();
}

} // namespace quantscope
