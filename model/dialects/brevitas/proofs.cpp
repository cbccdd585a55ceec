#include "dialects/brevitas/proofs.h"

#include "base/file_name.h"
#include "base/text.h"
#include "quant/code_hash.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace quantscope {

std::string tellerOf(const RecipeProof &proof) { return proof.from ? printable(*proof.from) : "the live model"; }

bool hasScaleOf(const SlotQuantizer &slot, const RecipeProof &proof)
{
    if (!slot.quantizer || !slot.quantizer->scale || !proof.scale)
        return false;
    const std::vector<float> &scales = slot.quantizer->scale->values;
    return std::vector<double>(scales.begin(), scales.end()) == *proof.scale;
}

namespace {

constexpr std::uint64_t kMostHinted = 1ull << 24; ///< a hint takes a pass over the tensor for each rounding
/// Further apart than sums in another order come: another rule.
constexpr float kLastBits = 16 * std::numeric_limits<float>::epsilon();

constexpr std::string_view kSettled = "; its last bit is that of ", kByProof = "the live model (proof ",
                           kByTold = "the recipe's proof ";

bool sameNumber(double here, double there) { return here == there || (std::isnan(here) && std::isnan(there)); }

/// Why two lists differ, naming the first index; empty when they agree. One value stands for all.
std::string listDifference(
    const char *field, const std::vector<float> &here, const std::vector<double> &there, const std::string &teller)
{
    if (here.size() != there.size() && here.size() != 1 && there.size() != 1)
        return fmt::format("{} {} values here and {} in {}", field, here.size(), there.size(), teller);
    const std::size_t count = std::max(here.size(), there.size());
    for (std::size_t i = 0; i < count; ++i) {
        const float mine = here[here.size() == 1 ? 0 : i];
        const double theirs = there[there.size() == 1 ? 0 : i];
        if (!sameNumber(static_cast<double>(mine), theirs))
            return fmt::format("{}[{}] is {} here and {} in {}", field, i, shortest(mine),
                static_cast<double>(static_cast<float>(theirs)) == theirs ? shortest(static_cast<float>(theirs))
                                                                          : shortest(theirs),
                teller);
    }
    return {};
}

/// Compares one slot; stops at the first difference.
class ProofComparison {
public:
    ProofComparison(SlotQuantizer &slot, const RecipeProof &proof, const Progress &progress)
        : m_slot(slot)
        , m_quantizer(*slot.quantizer)
        , m_proof(proof)
        , m_teller(tellerOf(proof))
        , m_progress(progress)
    {
    }

    /// How they differ; empty when they agree. What an export told is no word of the live model: it gives no verdict.
    std::string run()
    {
        compareField("bit_width", m_quantizer.bitWidth, m_proof.bitWidth, [this](int here, double there) {
            return here == there ? std::string()
                                 : fmt::format("{} bits here and {} in {}", here, shortest(there), m_teller);
        });
        compareField("signed", m_quantizer.isSigned, m_proof.isSigned, [this](bool here, bool there) {
            const auto word = [](bool isSigned) { return isSigned ? "signed" : "unsigned"; };
            return here == there ? std::string()
                                 : fmt::format("{} here and {} in {}", word(here), word(there), m_teller);
        });
        compareField("scale", m_quantizer.scale, m_proof.scale,
            [this](const Granular &here, const auto &there) { return difference("scale", here, there); });
        compareField("zero_point", m_quantizer.zeroPoint, m_proof.zeroPoint,
            [this](const Granular &here, const auto &there) { return difference("zero_point", here, there); });
        compareCodes();
        if (!m_proof.from)
            conclude();
        return m_difference;
    }

private:
    std::string difference(const char *field, const Granular &here, const std::vector<double> &there) const
    {
        return listDifference(field, here.values, there, m_teller);
    }

    template <class Here, class There>
    void compareField(
        const char *field, const std::optional<Here> &here, const std::optional<There> &there, auto difference)
    {
        m_complete = m_complete && here && there;
        if (!here || !there || !m_difference.empty())
            return;
        ++m_compared;
        m_difference = difference(*here, *there);
        if (m_difference.empty())
            m_confirmed.push_back(field);
        else
            m_differing = field;
    }

    void compareCodes()
    {
        if (!m_slot.hasCodes() || !m_difference.empty()) {
            const bool unreadable = m_slot.tensor && m_quantizer.kind != QuantizerKind::Minifloat;
            m_complete = m_complete && !unreadable;
            return;
        }
        const auto here = m_proof.codesSha256 ? codesSha256(m_slot, m_progress) : std::nullopt;
        m_complete = m_complete && here;
        if (!here)
            return;
        ++m_compared;
        if (*here == *m_proof.codesSha256) {
            m_confirmed.insert(m_confirmed.end(), {"narrow", "rounding"});
            return;
        }
        m_differing = "rounding";
        m_difference = fmt::format("its codes are not those of {}{}", m_teller, codesHint());
    }

    /// The rounding that would make them equal, when one does.
    std::string codesHint() const
    {
        if (m_slot.tensor->count() > kMostHinted)
            return {};
        const auto other = quantizerWithCodes(m_slot, *m_proof.codesSha256, m_progress);
        if (!other)
            return {};
        if (other->rounding == Rounding::Up || other->rounding == Rounding::HalfUp
            || other->rounding == Rounding::HalfDown)
            return fmt::format("; they are with {}, which no keyword of Brevitas says", roundingName(other->rounding));
        if (other->rounding != m_quantizer.rounding)
            return fmt::format("; they are with float_to_int_impl_type = \"{}\"", roundingName(other->rounding));
        return fmt::format("; they are with narrow_range = {}", other->narrow.value_or(false));
    }

    void conclude()
    {
        if (m_compared == 0)
            return;
        for (const char *field : m_confirmed)
            if (Provenance &origin = m_quantizer.origin[field]; origin.origin == Origin::Assumed)
                origin = {Origin::Recipe, fmt::format("{}; the live model has the same ({})", origin.detail, name())};
        if (!m_difference.empty()) {
            m_slot.proof = ProofVerdict::Differs;
            m_slot.proofDifference = m_difference;
            m_slot.assumed = true;
            Provenance &origin = m_quantizer.origin[m_differing];
            origin = {Origin::Assumed, fmt::format("{}; the live model has another ({})", origin.detail, name())};
            return;
        }
        m_slot.proof = ProofVerdict::Confirmed;
        if (!m_complete)
            return;
        m_slot.assumed = m_slot.presetAssumed = false;
        m_slot.alternatives.clear();
    }

    std::string name() const { return fmt::format("proof {}", m_proof.number); }

    SlotQuantizer &m_slot;
    Quantizer &m_quantizer;
    const RecipeProof &m_proof;
    const std::string m_teller;
    const Progress &m_progress;
    int m_compared = 0;
    bool m_complete = true; ///< everything that can be compared was
    std::string m_difference;
    std::string m_differing; ///< its field
    std::vector<const char *> m_confirmed;
};

bool areLastBits(const std::vector<float> &here, const std::vector<double> &there)
{
    return here.size() == there.size()
        && std::equal(here.begin(), here.end(), there.begin(), [](float mine, double theirs) {
               return static_cast<double>(static_cast<float>(theirs)) == theirs
                   && std::fabs(theirs - mine) <= kLastBits * std::fabs(mine);
           });
}

/// What the framework itself computed, and who says so.
struct KnownScale {
    std::vector<double> values;
    std::string from;
};

/// Of a proof, else of the export beside the file; empty when neither has it.
KnownScale knownScale(const SlotWork &work)
{
    const BrevitasFacts &facts = work.facts;
    if (const RecipeProof *proof = proofOf(facts, work.index); proof != nullptr && proof->scale)
        return {*proof->scale,
            proof->from ? fmt::format("{}{}, from {}", kByTold, proof->number, tellerOf(*proof))
                        : fmt::format("{}{})", kByProof, proof->number)};
    const Layer *layer = facts.exported == nullptr ? nullptr : facts.exported->layer(work.layer().name);
    const SlotQuantizer *slot = layer == nullptr ? nullptr : layer->slot(work.slot.slot);
    if (slot == nullptr || !slot->quantizer || !slot->quantizer->scale)
        return {};
    const std::vector<float> &scales = slot->quantizer->scale->values;
    return {{scales.begin(), scales.end()}, fileName(facts.exported->file->path)};
}

} // namespace

void linkProofs(BrevitasFacts &facts)
{
    for (std::size_t i = 0; i < facts.recipe.proofs.size(); ++i) {
        const RecipeProof &proof = facts.recipe.proofs[i];
        const Layer *layer = facts.layerNamed(proof.layer);
        const auto index = layer == nullptr ? std::nullopt : facts.find(layer->name, proof.slot);
        if (index && !facts.slots[*index].proof)
            facts.slots[*index].proof = i;
    }
}

const RecipeProof *proofOf(const BrevitasFacts &facts, SlotIndex index)
{
    if (facts.recipe.proofs.empty())
        return nullptr;
    const SlotIndex owner = facts.slots[index].owner.value_or(index);
    std::vector<SlotIndex> members = {index, owner};
    members.insert(members.end(), facts.slots[owner].sharers.begin(), facts.slots[owner].sharers.end());
    for (const SlotIndex member : members)
        if (facts.slots[member].proof)
            return &facts.recipe.proofs[*facts.slots[member].proof];
    return nullptr;
}

void settleLastBits(SlotWork &work)
{
    if (!work.spec || !work.slot.quantizer || !work.slot.quantizer->scale)
        return;
    if (!work.restsOnMean && work.spec->restriction != Restriction::LogFloat)
        return;
    Granular &scale = *work.slot.quantizer->scale;
    const KnownScale known = knownScale(work);
    if (!areLastBits(scale.values, known.values))
        return;
    const std::vector<float> settled(known.values.begin(), known.values.end());
    work.restsOnMean = false;
    work.slot.quantizer->origin["scale"].detail += fmt::format("{}{}", kSettled, known.from);
    if (settled != scale.values)
        work.slot.formula += fmt::format("\nin the order of the framework's own sums: {}", shortest(settled.front()));
    scale.values = settled;
}

bool isSettledByExport(const SlotQuantizer &slot)
{
    if (!slot.quantizer || !slot.quantizer->scale || !slot.quantizer->origin.contains("scale"))
        return false;
    const std::string_view detail = slot.quantizer->origin.at("scale").detail;
    const auto settled = detail.find(kSettled);
    if (settled == detail.npos)
        return false;
    const std::string_view by = detail.substr(settled + kSettled.size());
    return !by.starts_with(kByProof) && !by.starts_with(kByTold);
}

namespace {

/// A bias and a truncation have a scale of their own under one quantizer object.
bool hasScaleOfItsOwn(const SlotQuantizer &slot)
{
    const Slot kind = presetSlot(slot.slot);
    return kind == Slot::Bias || kind == Slot::Trunc;
}

/// The proof of one slot of a quantizer object is of all of them, but for the codes.
void compareWithSharersProof(const BrevitasFacts &facts, SlotIndex index, SlotQuantizer &slot, const Progress &progress)
{
    const RecipeProof *told = proofOf(facts, index);
    if (told == nullptr || told->from || !slot.quantizer || slot.quantizer->opaque || hasScaleOfItsOwn(slot))
        return;
    RecipeProof fields = *told;
    fields.codesSha256.reset();
    SlotQuantizer compared = slot;
    if (ProofComparison(compared, fields, progress).run().empty())
        return;
    slot = std::move(compared);
    slot.proofDifference
        += fmt::format(", as the proof of {} {} has it: they are one quantizer", told->layer, told->slot);
}

} // namespace

void compareWithProof(const BrevitasFacts &facts, SlotIndex index, ResolvedSlot &resolved, const Progress &progress)
{
    const auto proof = facts.slots[index].proof;
    SlotQuantizer &slot = resolved.slot;
    if (!proof)
        return compareWithSharersProof(facts, index, slot, progress);
    if (slot.quantizer && slot.quantizer->opaque)
        return; // its fields are the proof's own
    const RecipeProof &told = facts.recipe.proofs[*proof];
    if (slot.quantizer) {
        const std::string difference = ProofComparison(slot, told, progress).run();
        if (told.from && !difference.empty())
            resolved.warnings.push_back(
                {"proof-from-export", fmt::format("{}, as proof {} of the recipe has it", difference, told.number)});
        return;
    }
    if (resolved.failure || told.from)
        return; // nothing to compare, which the failure says
    slot.proof = ProofVerdict::Differs;
    slot.proofDifference = "it has no quantizer here and one in the live model";
    slot.assumed = true;
}

void contradictSharers(Network &network, const BrevitasFacts &facts)
{
    const auto slotAt = [&](SlotIndex index) -> SlotQuantizer & {
        return network.layers[facts.slots[index].layer].slots[facts.slots[index].slot];
    };
    for (SlotIndex i = 0; i < facts.slots.size(); ++i) {
        const SlotQuantizer &contradicted = slotAt(i);
        if (!facts.slots[i].proof || contradicted.proof != ProofVerdict::Differs || !contradicted.quantizer)
            continue;
        const SlotIndex owner = facts.slots[i].owner.value_or(i);
        std::vector<SlotIndex> members = facts.slots[owner].sharers;
        members.push_back(owner);
        for (const SlotIndex member : members) {
            SlotQuantizer &slot = slotAt(member);
            if (facts.slots[member].proof || slot.proof != ProofVerdict::None || !slot.quantizer
                || hasScaleOfItsOwn(slot))
                continue;
            slot.proof = ProofVerdict::Differs;
            slot.proofDifference = fmt::format("one quantizer with {} {}, which differs: {}", facts.layerOf(i).name,
                contradicted.slot, contradicted.proofDifference);
            slot.assumed = true;
        }
    }
}

} // namespace quantscope
