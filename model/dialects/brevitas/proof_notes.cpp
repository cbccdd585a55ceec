#include "dialects/brevitas/proof_notes.h"

#include "base/text.h"
#include "dialects/brevitas/proofs.h"
#include "recipe/layer_match.h"

#include <map>
#include <set>

#include <fmt/format.h>

namespace quantscope {

namespace {

void noteUnlinked(Network &network, const BrevitasFacts &facts)
{
    constexpr std::size_t kMostWarnings = 20;
    std::vector<bool> linked(facts.recipe.proofs.size());
    for (const BrevitasSlotFacts &slot : facts.slots)
        if (slot.proof)
            linked[*slot.proof] = true;
    std::vector<std::string> names;
    for (const Layer &layer : network.layers)
        names.push_back(layer.name);
    std::size_t told = 0, unlinked = 0;
    for (const RecipeProof &proof : facts.recipe.proofs) {
        if (linked[static_cast<std::size_t>(proof.number - 1)] || ++unlinked > kMostWarnings)
            continue;
        ++told;
        const Layer *layer = facts.layerNamed(proof.layer);
        const bool known = layer != nullptr;
        const bool repeated = known && facts.find(layer->name, proof.slot).has_value();
        network.diagnostics.push_back({"proof-unused", Severity::Warning, "",
            fmt::format("proof {} of the recipe (line {}) is of {} {}, {}{}", proof.number, proof.line, proof.layer,
                proof.slot,
                repeated    ? "which another proof is of"
                    : known ? "and that layer has no such slot"
                            : "and the file has no such layer",
                known ? std::string() : didYouMean(proof.layer, names))});
    }
    if (unlinked > told)
        network.diagnostics.push_back({"proof-unused", Severity::Warning, "",
            fmt::format("{} more proofs of the recipe are of layers that the file does not have", unlinked - told)});
}

/// Nothing that can be compared is left out.
bool isWhole(const RecipeProof &proof, const SlotQuantizer &slot)
{
    const bool hasCodes = slot.tensor && slot.quantizer && slot.quantizer->kind != QuantizerKind::Minifloat;
    return proof.bitWidth && proof.isSigned && proof.scale && proof.zeroPoint && (proof.codesSha256 || !hasCodes);
}

/// Quantizers that a live model confirmed by proofs that do not tell everything.
std::size_t partlyConfirmed(const Network &network, const BrevitasFacts &facts)
{
    std::size_t out = 0;
    for (const BrevitasSlotFacts &of : facts.slots) {
        const SlotQuantizer &slot = network.layers[of.layer].slots[of.slot];
        if (of.proof && slot.proof == ProofVerdict::Confirmed && !isWhole(facts.recipe.proofs[*of.proof], slot))
            ++out;
    }
    return out;
}

/// What exports told is said to be theirs, whatever confirms the rest.
void noteTold(Network &network, const BrevitasFacts &facts)
{
    std::size_t agreeing = 0;
    std::set<std::string> tellers;
    for (const BrevitasSlotFacts &of : facts.slots) {
        const RecipeProof *proof = of.proof ? &facts.recipe.proofs[*of.proof] : nullptr;
        if (proof == nullptr || !proof->from || !hasScaleOf(network.layers[of.layer].slots[of.slot], *proof))
            continue;
        ++agreeing;
        tellers.insert(tellerOf(*proof));
    }
    if (agreeing > 0)
        network.diagnostics.push_back({"proof-from-export", Severity::Note, "",
            fmt::format(
                "the recipe's scales of {} quantizer{} are those that {} told, and no live model confirmed them",
                agreeing, agreeing == 1 ? "" : "s", fmt::join(tellers, " and "))});
}

} // namespace

void noteProofs(Network &network, const BrevitasFacts &facts)
{
    if (facts.recipe.proofs.empty())
        return;
    noteUnlinked(network, facts);
    noteTold(network, facts);
    std::size_t confirmed = 0, differing = 0, unproven = 0;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots) {
            confirmed += slot.proof == ProofVerdict::Confirmed ? 1u : 0u;
            unproven += slot.quantizer && slot.proof == ProofVerdict::None ? 1u : 0u;
            if (slot.proof != ProofVerdict::Differs)
                continue;
            ++differing;
            network.diagnostics.push_back({"proof-differs", Severity::Error, {layer.id, slot.slot},
                fmt::format("{} {}: {}", layer.name, slot.slot, slot.proofDifference)});
        }
    if (confirmed == 0 || differing > 0)
        return;
    const std::size_t partly = partlyConfirmed(network, facts);
    const auto quantizers
        = [](std::size_t count) { return fmt::format("{} quantizer{}", count, count == 1 ? "" : "s"); };
    network.diagnostics.push_back({"proof-confirmed", Severity::Note, "",
        fmt::format("recipe confirmed by the live model: {}{}{}", quantizers(confirmed),
            partly == 0 ? ""
                        : fmt::format(", {} of them not in all fields and codes, which their proofs leave out", partly),
            unproven == 0 ? "" : fmt::format("; {} without a proof", quantizers(unproven)))});
}

ProofState proofState(const Network &network)
{
    const auto &proofs = network.recipe.proofs;
    std::map<std::pair<std::string, Slot>, const RecipeProof *> byName;
    for (const RecipeProof &proof : proofs)
        byName.emplace(std::pair(withoutWrappers(proof.layer), proof.slot), &proof);
    bool all = !proofs.empty(), whole = true;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots) {
            if (slot.proof == ProofVerdict::Differs)
                return ProofState::Differs;
            if (!slot.quantizer)
                continue;
            const auto proof = byName.find({withoutWrappers(layer.name), slot.slot});
            all = all && slot.proof == ProofVerdict::Confirmed;
            whole = whole && proof != byName.end() && isWhole(*proof->second, slot);
        }
    return !all ? ProofState::None : whole ? ProofState::Confirmed : ProofState::Partly;
}

} // namespace quantscope
