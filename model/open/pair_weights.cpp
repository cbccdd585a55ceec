#include "open/pair_weights.h"

#include "network/align_slot.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace quantscope {

namespace {

/// Pairs of one shape that are looked at; networks of more equal layers have names.
constexpr std::size_t kMostOfOneShape = 1u << 16;

/// What tensors of one content have in common, however a matrix stands and wherever axes of one element are.
Shape shapeClass(Shape shape)
{
    std::erase(shape, 1);
    if (shape.size() == 2)
        std::ranges::sort(shape);
    return shape;
}

struct Candidates {
    std::vector<std::size_t> checkpoint, exported;
};

/// One reading of a weight each, however many others it is compared with.
class Samples {
public:
    Samples(const Network &listed, const Network &exported)
        : m_listed(listed)
        , m_exported(exported)
    {
    }

    struct Best {
        Evidence evidence = Evidence::Against;
        bool transposed = false;
        bool aligned = false; ///< the shapes fit
    };

    Best compare(std::size_t checkpoint, std::size_t exported)
    {
        const SlotQuantizer &mine = *m_listed.layers[checkpoint].slot(Slot::Weight);
        Best best;
        for (const bool transposed : {false, true}) {
            const ElementSample *theirs = sampleOf(exported, mine.shape, transposed);
            if (theirs == nullptr)
                continue;
            const Evidence evidence = evidenceOf(floatsOf(checkpoint), *theirs, mine.shape, mine.channelAxis);
            if (!best.aligned || evidence > best.evidence)
                best = {evidence, transposed, true};
        }
        return best;
    }

    /// Two layers of the export hold the same weight: a layer that the network uses twice.
    bool areOne(std::size_t a, std::size_t b)
    {
        const SlotQuantizer &first = *m_exported.layers[a].slot(Slot::Weight),
                            &second = *m_exported.layers[b].slot(Slot::Weight);
        if (first.shape != second.shape || first.quantizer.has_value() != second.quantizer.has_value()
            || (first.quantizer && first.quantizer->scale != second.quantizer->scale))
            return false;
        const ElementSample *x = sampleOf(a, first.shape, false), *y = sampleOf(b, second.shape, false);
        return x != nullptr && y != nullptr && x->values == y->values;
    }

private:
    const ElementSample &floatsOf(std::size_t layer)
    {
        const auto [at, isNew] = m_floats.try_emplace(layer);
        if (isNew)
            at->second = sampleFloats(*m_listed.layers[layer].slot(Slot::Weight)->tensor);
        return at->second;
    }

    const ElementSample *sampleOf(std::size_t layer, const Shape &shape, bool transposed)
    {
        const auto aligned = alignedTo(*m_exported.layers[layer].slot(Slot::Weight), shape, transposed);
        if (!aligned)
            return nullptr;
        const auto [at, isNew] = m_quantized.try_emplace(std::pair(layer, transposed));
        if (isNew)
            at->second = sampleQuantized(*aligned);
        return &at->second;
    }

    const Network &m_listed, &m_exported;
    std::map<std::size_t, ElementSample> m_floats;
    std::map<std::pair<std::size_t, bool>, ElementSample> m_quantized;
};

bool hasWeight(const Layer &layer)
{
    const SlotQuantizer *weight = layer.slot(Slot::Weight);
    return weight != nullptr && weight->tensor && weight->shape.size() >= 2;
}

class WeightPairing {
public:
    WeightPairing(const Network &listed, const Network &exported)
        : m_listed(listed)
        , m_exported(exported)
        , m_samples(listed, exported)
    {
    }

    std::vector<LayerPair> run()
    {
        pairByName();
        std::vector<LayerPair> others;
        for (const auto &[shape, candidates] : m_open)
            pairByValues(candidates, others);
        const bool anyEvidence
            = std::ranges::any_of(others, [](const LayerPair &pair) { return pair.evidence > Evidence::Few; });
        if (!anyEvidence)
            others = pairsInOrder();
        std::ranges::sort(others, {}, &LayerPair::checkpoint);
        m_pairs.insert(m_pairs.end(), others.begin(), others.end());
        return std::move(m_pairs);
    }

private:
    void pairByName()
    {
        std::unordered_map<std::string_view, std::size_t> positions;
        for (std::size_t e = 0; e < m_exported.layers.size(); ++e)
            positions.emplace(m_exported.layers[e].name, e);
        std::vector<bool> taken(m_exported.layers.size(), false);
        for (std::size_t c = 0; c < m_listed.layers.size(); ++c) {
            const auto found = positions.find(m_listed.layers[c].name);
            if (found != positions.end())
                taken[found->second] = true;
            if (!hasWeight(m_listed.layers[c]))
                continue;
            if (found == positions.end())
                m_open[shapeClass(m_listed.layers[c].slot(Slot::Weight)->shape)].checkpoint.push_back(c);
            else if (m_exported.layers[found->second].slot(Slot::Weight) != nullptr)
                addNamed(c, found->second);
        }
        for (std::size_t e = 0; e < m_exported.layers.size(); ++e)
            if (!taken[e] && hasWeight(m_exported.layers[e]))
                m_open[shapeClass(m_exported.layers[e].slot(Slot::Weight)->shape)].exported.push_back(e);
    }

    void addNamed(std::size_t c, std::size_t e)
    {
        const Samples::Best best = m_samples.compare(c, e);
        const auto &theirs = m_exported.layers[e].slot(Slot::Weight)->tensor;
        const bool unlike = !best.aligned && theirs && theirs->readable(); // by their shapes
        m_pairs.push_back({c, e, true, best.transposed,
            best.aligned ? best.evidence
                : unlike ? Evidence::Against
                         : Evidence::None});
    }

    /// Weights of some elements each, as many here as there: each fits where it stands.
    std::vector<LayerPair> pairsInOrder()
    {
        std::vector<std::size_t> mine, theirs;
        for (const auto &[shape, candidates] : m_open) {
            mine.insert(mine.end(), candidates.checkpoint.begin(), candidates.checkpoint.end());
            theirs.insert(theirs.end(), candidates.exported.begin(), candidates.exported.end());
        }
        if (mine.size() != theirs.size() || !m_pairs.empty())
            return {};
        std::ranges::sort(mine);
        std::ranges::sort(theirs);
        std::vector<LayerPair> out;
        for (std::size_t i = 0; i < mine.size(); ++i) {
            const Samples::Best best = m_samples.compare(mine[i], theirs[i]);
            if (!best.aligned || best.evidence != Evidence::Few)
                return {};
            out.push_back({mine[i], theirs[i], false, best.transposed, best.evidence});
        }
        return out;
    }

    /// Pairs that are each other's only best ones.
    void pairByValues(const Candidates &group, std::vector<LayerPair> &out)
    {
        const std::size_t rows = group.checkpoint.size(), columns = group.exported.size();
        if (rows == 0 || columns == 0 || rows * columns > kMostOfOneShape)
            return;
        std::vector<Samples::Best> table;
        for (const std::size_t c : group.checkpoint)
            for (const std::size_t e : group.exported)
                table.push_back(m_samples.compare(c, e));
        std::vector<bool> rowTaken(rows, false), columnTaken(columns, false);
        for (std::size_t row = 0; row < rows; ++row) {
            const auto column = onlyBestColumn(table, group.exported, row);
            if (!column || !isOnlyBestRow(table, rows, columns, row, *column))
                continue;
            const Samples::Best &best = table[row * columns + *column];
            out.push_back({group.checkpoint[row], group.exported[*column], false, best.transposed, best.evidence});
            rowTaken[row] = columnTaken[*column] = true;
        }
        pairLast(group, table, rowTaken, columnTaken, out);
    }

    /// The column of the strongest evidence in a row, when no other is as strong but the same weight once more.
    std::optional<std::size_t> onlyBestColumn(
        const std::vector<Samples::Best> &table, const std::vector<std::size_t> &exported, std::size_t row)
    {
        std::optional<std::size_t> best;
        Evidence strongest = Evidence::Few;
        bool tied = false;
        for (std::size_t column = 0; column < exported.size(); ++column) {
            const Evidence evidence = table[row * exported.size() + column].evidence;
            if (evidence > strongest) {
                best = column;
                strongest = evidence;
                tied = false;
            } else if (best && evidence == strongest) {
                tied = tied || !m_samples.areOne(exported[*best], exported[column]);
            }
        }
        return tied ? std::nullopt : best;
    }

    static bool isOnlyBestRow(const std::vector<Samples::Best> &table, std::size_t rows, std::size_t columns,
        std::size_t row, std::size_t column)
    {
        for (std::size_t other = 0; other < rows; ++other)
            if (other != row && table[other * columns + column].evidence >= table[row * columns + column].evidence)
                return false;
        return true;
    }

    /// Values too few to tell anything, but no other layer of that shape is left.
    static void pairLast(const Candidates &group, const std::vector<Samples::Best> &table,
        const std::vector<bool> &rowTaken, const std::vector<bool> &columnTaken, std::vector<LayerPair> &out)
    {
        if (std::ranges::count(rowTaken, false) != 1 || std::ranges::count(columnTaken, false) != 1)
            return;
        const auto row = static_cast<std::size_t>(std::ranges::find(rowTaken, false) - rowTaken.begin());
        const auto column = static_cast<std::size_t>(std::ranges::find(columnTaken, false) - columnTaken.begin());
        const Samples::Best &best = table[row * columnTaken.size() + column];
        if (best.evidence == Evidence::None || best.evidence == Evidence::Few)
            out.push_back({group.checkpoint[row], group.exported[column], false, best.transposed, best.evidence});
    }

    const Network &m_listed, &m_exported;
    Samples m_samples;
    std::map<Shape, Candidates> m_open; ///< by shape, layers whose names do not meet
    std::vector<LayerPair> m_pairs;
};

} // namespace

std::vector<LayerPair> pairWeights(const Network &listed, const Network &exported)
{
    return WeightPairing(listed, exported).run();
}

} // namespace quantscope
