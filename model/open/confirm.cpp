#include "open/confirm.h"

#include "base/file_name.h"
#include "base/text.h"
#include "quant/code_reader.h"
#include "tensor/index.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kChunk = 1ull << 16;
constexpr const char *kRawWeights
    = "stands there as float weights that a plain Quant node rounds half to even, whatever "
      "the model does, as Brevitas 0.12.1 writes every QONNX";

enum class Knowledge { Absent, Float, Unknown, Quantized };

Knowledge knowledgeOf(const Network &network, const std::string &name, const SlotQuantizer *slot)
{
    if (slot == nullptr)
        return Knowledge::Absent;
    if (slot->quantizer)
        return slot->quantizer->isComplete() ? Knowledge::Quantized : Knowledge::Unknown;
    return problemOf(network, {network.layer(name)->id, slot->slot}) != nullptr ? Knowledge::Unknown : Knowledge::Float;
}

bool sameScale(float a, float b) { return a == b || (a != a && b != b); }
/// The powers and means of torch are not the same on every machine to the last bit.
bool nextToEachOther(float a, float b) { return std::nextafter(a, b) == b; }

/// Compares one network with one export, slot by slot; of each slot up to its first difference.
class Comparison {
public:
    /// Of the layers in `found` only what both have is compared.
    Comparison(const Network &checkpoint, const Network &exported, std::span<const std::string> found,
        const Progress &progress)
        : m_checkpoint(checkpoint)
        , m_exported(exported)
        , m_found(found)
        , m_progress(progress)
    {
    }

    Confirmation run()
    {
        for (const Layer &layer : m_checkpoint.layers)
            for (const Slot slot : slotsOf(layer.name))
                compareSlot(layer.name, slot);
        for (const Layer &layer : m_exported.layers)
            if (m_checkpoint.layer(layer.name) == nullptr)
                for (const SlotQuantizer &slot : layer.slots)
                    if (knowledgeOf(m_exported, layer.name, &slot) == Knowledge::Quantized)
                        m_out.open[fmt::format("{} {}", layer.name, slot.slot)] = AllFields;
        return std::move(m_out);
    }

    /// One slot alone, which both have.
    Confirmation runSlot(const std::string &layer, const SlotQuantizer &mine, const SlotQuantizer &theirs)
    {
        m_name = fmt::format("{} {}", layer, mine.slot);
        compareQuantizers(mine, theirs);
        return std::move(m_out);
    }

private:
    const SlotQuantizer *find(const Network &network, const std::string &layer, Slot slot) const
    {
        const Layer *found = network.layer(layer);
        return found == nullptr ? nullptr : found->slot(slot);
    }

    /// Those of the checkpoint in its order, then those that only the export has.
    std::vector<Slot> slotsOf(const std::string &layer) const
    {
        std::vector<Slot> slots;
        for (const Network *network : {&m_checkpoint, &m_exported})
            if (const Layer *found = network->layer(layer))
                for (const SlotQuantizer &slot : found->slots)
                    if (std::ranges::find(slots, slot.slot) == slots.end())
                        slots.push_back(slot.slot);
        return slots;
    }

    void differ(const std::string &what)
    {
        m_differs = true;
        m_out.agreed[m_name] = 0;
        if (m_out.difference.empty())
            m_out.difference = fmt::format("{}{}", m_name, what);
    }

    void compareSlot(const std::string &layer, Slot slot)
    {
        m_name = fmt::format("{} {}", layer, slot);
        m_differs = false;
        const SlotQuantizer *mine = find(m_checkpoint, layer, slot), *theirs = find(m_exported, layer, slot);
        const Knowledge here = knowledgeOf(m_checkpoint, layer, mine), there = knowledgeOf(m_exported, layer, theirs);
        const bool oneSided = here != Knowledge::Quantized || there != Knowledge::Quantized;
        if (!oneSided)
            compareQuantizers(*mine, *theirs);
        else if (std::ranges::binary_search(m_found, layer)
            && (here == Knowledge::Absent || there == Knowledge::Absent))
            m_out.open[m_name] = AllFields; // the other may stand under a name that was not found
        else if (here == Knowledge::Unknown || (here == Knowledge::Quantized && m_exported.layer(layer) == nullptr)
            || (there == Knowledge::Unknown && here == Knowledge::Quantized))
            m_out.open[m_name] = AllFields;
        else if (here == Knowledge::Quantized)
            differ(": is quantized here and not there");
        else if (there == Knowledge::Quantized)
            differ(fmt::format(": has no quantizer here and one of {} bits there", theirs->quantizer->wordBits()));
    }

    void compareQuantizers(const SlotQuantizer &mine, const SlotQuantizer &theirs)
    {
        ++m_out.compared;
        compareFields(mine, theirs);
        if (m_differs)
            return;
        const auto open = m_out.open.find(m_name);
        m_out.agreed[m_name] = AllFields & ~(open == m_out.open.end() ? 0u : open->second)
            & ~assumedFields(*theirs.quantizer, theirs.tensor != nullptr);
    }

    /// What the export itself leaves open, and so proves nothing about.
    static unsigned assumedFields(const Quantizer &theirs, bool hasCodes)
    {
        const auto isAssumed = [&](const char *field) {
            const auto found = theirs.origin.find(field);
            return found != theirs.origin.end() && found->second.origin == Origin::Assumed;
        };
        return (isAssumed("signed") ? SignField : 0u) | (isAssumed("narrow") ? NarrowField : 0u)
            | (isAssumed("rounding") ? RoundingField | (hasCodes ? CodesField : 0u) : 0u);
    }

    void compareFields(const SlotQuantizer &mine, const SlotQuantizer &theirs)
    {
        const Quantizer &here = *mine.quantizer, &there = *theirs.quantizer;
        compareValues("scale", *here.scale, *there.scale);
        if (roundedZeroPoints(*here.zeroPoint, *there.zeroPoint))
            faulty(
                ZeroPointField, "has a zero point that is no integer, which the export rounds, as Brevitas 0.7 does");
        else
            compareValues("zero point", *here.zeroPoint, *there.zeroPoint);
        compareField(BitWidthField, here.bitWidth, there.bitWidth, [](int b) { return fmt::format("{} bits", b); });
        if (!m_differs)
            compareCodes(mine, theirs);
        // Brevitas 0.10.0 to 0.10.2 swap the two on the weights of QONNX; where the codes do not tell, they stand so.
        if (mine.tensor && m_exported.dialect == Dialect::Qonnx && here.isSigned == there.narrow
            && here.narrow == there.isSigned)
            return;
        compareField(SignField, here.isSigned, there.isSigned, [](bool s) { return s ? "signed" : "unsigned"; });
        compareField(
            NarrowField, here.narrow, there.narrow, [](bool n) { return n ? "a narrow range" : "a full range"; });
        if (!mine.tensor && here.rounding != there.rounding && !m_differs)
            differ(fmt::format(
                ": rounds {} here and {} there", roundingName(here.rounding), roundingName(there.rounding)));
    }

    template <class T>
    void compareField(QuantizerField field, const std::optional<T> &here, const std::optional<T> &there, auto toText)
    {
        if (m_differs || !here)
            return;
        if (!there)
            m_out.open[m_name] |= field;
        else if (*here != *there)
            differ(fmt::format(": {} here and {} there", toText(*here), toText(*there)));
    }

    void compareValues(const char *what, const Granular &here, const Granular &there)
    {
        const std::size_t count = std::max(here.values.size(), there.values.size());
        const auto at = [](const std::vector<float> &v, std::size_t i) { return v[std::min(i, v.size() - 1)]; };
        for (std::size_t i = 0; !m_differs && i < count; ++i) {
            const float left = at(here.values, i), right = at(there.values, i);
            if (sameScale(left, right))
                continue;
            if (nextToEachOther(left, right))
                faulty(ScaleField,
                    "differs in the last bit of its scale, as sums of torch do between machines, and so do some wrong "
                    "recipes");
            else
                differ(fmt::format(": {} is {} here and {} there", count == 1 ? what : fmt::format("{} {}", what, i),
                    shortest(left), shortest(right)));
        }
    }

    /// An export may keep a linear weight transposed, or flattened: then elements cannot be paired.
    void compareCodes(const SlotQuantizer &mine, const SlotQuantizer &theirs)
    {
        if (!mine.tensor)
            return;
        if (!mine.tensor->readable() || !theirs.tensor || !theirs.tensor->readable() || mine.shape != theirs.shape) {
            m_out.open[m_name] |= CodesField;
            return;
        }
        CodeReader here(mine), there(theirs);
        std::vector<std::int64_t> x, y;
        for (std::uint64_t at = 0; at < here.count(); at += kChunk) {
            x.resize(std::min(kChunk, here.count() - at));
            y.resize(x.size());
            here.integers(at, x);
            there.integers(at, y);
            const auto [left, right] = std::mismatch(x.begin(), x.end(), y.begin());
            if (left != x.end()) {
                if (explainedByFault(mine, theirs, *left, *right))
                    m_out.open[m_name] |= CodesField;
                else
                    differ(fmt::format("[{}]: code {} here and {} there",
                        fmt::join(unflatten(at + static_cast<std::uint64_t>(left - x.begin()), mine.shape), ", "),
                        *left, *right));
                return;
            }
            m_progress.step(at + x.size(), here.count());
        }
        m_out.elements += here.count();
        if (mine.quantizer->rule == CodeRule::DivideAddRound && holdsRawWeights(mine, theirs))
            faulty(RoundingField, kRawWeights);
    }

    /// A known fault of the exporter, visible in the file itself, and not of the recipe.
    void faulty(QuantizerField field, const char *what)
    {
        m_out.open[m_name] |= field;
        if (m_out.knownFault.empty())
            m_out.knownFault = fmt::format("{} {}", m_name, what);
    }

    bool explainedByFault(const SlotQuantizer &mine, const SlotQuantizer &theirs, std::int64_t here, std::int64_t there)
    {
        const Quantizer &q = *mine.quantizer;
        const bool notPlain = q.rounding != Rounding::Round || q.divisor || q.shift || q.learnedRounding;
        if (notPlain && holdsRawWeights(mine, theirs))
            faulty(CodesField, kRawWeights);
        else if (theirs.quantizer->storageBits == 32 && here == -there && there == std::int64_t{-1} << 31)
            faulty(CodesField, "reaches 2^31, which wraps to -2^31 in the int32 of the export");
        else
            return false;
        return true;
    }

    static bool roundedZeroPoints(const Granular &here, const Granular &there)
    {
        return here.values.size() == there.values.size() && here.values != there.values
            && std::equal(here.values.begin(), here.values.end(), there.values.begin(),
                [](float mine, float theirs) { return std::nearbyint(mine) == theirs; });
    }

    /// A QONNX of Brevitas 0.12.1, or one whose weights were on the grid before: then the rounding plays no part.
    bool holdsRawWeights(const SlotQuantizer &mine, const SlotQuantizer &theirs) const
    {
        CodeReader reader(mine);
        if (m_exported.dialect != Dialect::Qonnx || mine.slot == Slot::Bias || !reader.hasFloats()
            || !isFloating(theirs.tensor->dtype))
            return false;
        TensorReader there(*theirs.tensor);
        std::vector<float> x, y, values;
        bool offGrid = false;
        for (std::uint64_t at = 0; at < reader.count(); at += kChunk) {
            x.resize(std::min(kChunk, reader.count() - at));
            y.resize(x.size());
            values.resize(x.size());
            reader.floats(at, x);
            there.floats(at, y);
            if (x != y)
                return false;
            reader.values(at, values);
            offGrid = offGrid || values != x;
        }
        return offGrid;
    }

    const Network &m_checkpoint;
    const Network &m_exported;
    std::span<const std::string> m_found; ///< sorted
    const Progress &m_progress;
    Confirmation m_out;
    std::string m_name; ///< "LAYER SLOT" of what is compared now
    bool m_differs = false; ///< that slot
};

const char *fieldName(unsigned field)
{
    switch (field) {
    case ScaleField: return "scale";
    case ZeroPointField: return "zero point";
    case BitWidthField: return "bit width";
    case SignField: return "sign";
    case NarrowField: return "narrow range";
    case RoundingField: return "rounding";
    default: return "codes";
    }
}

} // namespace

Result<Confirmation> confirmByExport(
    const Network &checkpoint, const Network &exported, const Progress &progress, std::span<const std::string> found)
{
    const std::string &path = exported.file->path;
    try {
        Confirmation out = Comparison(checkpoint, exported, found, progress).run();
        out.exportFile = fileName(path);
        return out;
    } catch (const ParseError &error) {
        return tl::unexpected(Error{ErrorKind::Parse, path, error.offset(), error.what()});
    } catch (const CancelledError &) {
        return tl::unexpected(Error{ErrorKind::Cancelled, path, std::nullopt, "was cancelled"});
    }
}

Confirmation compareSlots(const std::string &layer, const SlotQuantizer &mine, const SlotQuantizer &theirs,
    const Network &exported, const Progress &progress)
{
    return Comparison(exported, exported, {}, progress).runSlot(layer, mine, theirs);
}

OpenFields openInAll(std::span<const Confirmation> confirmations)
{
    OpenFields out;
    if (confirmations.empty())
        return out;
    for (const auto &[name, fields] : confirmations.front().open) {
        unsigned common = fields;
        for (const Confirmation &other : confirmations) {
            const auto found = other.open.find(name);
            common &= found == other.open.end() ? 0u : found->second;
        }
        if (common != 0)
            out.emplace(name, common);
    }
    return out;
}

std::string openText(const OpenFields &open)
{
    if (open.empty())
        return {};
    const auto &[name, fields] = *open.begin();
    std::vector<std::string> words;
    for (unsigned field = ScaleField; field < AllFields; field <<= 1)
        if ((fields & field) != 0)
            words.push_back(fieldName(field));
    std::string out = fields == AllFields ? name : fmt::format("{} of {}", fmt::join(words, ", "), name);
    return open.size() == 1 ? out : fmt::format("{}, and {} more", out, open.size() - 1);
}

} // namespace quantscope
