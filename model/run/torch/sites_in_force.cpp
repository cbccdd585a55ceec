#include "run/torch/sites_in_force.h"

#include "base/text.h"
#include "run/torch/op_table.h"
#include "run/torch/quantize_tensor.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

using Kind = SiteInForce::Kind;

bool isSameInForce(const SiteInForce &a, const SiteInForce &b)
{
    if (a.kind != b.kind || a.slot.has_value() != b.slot.has_value())
        return false;
    return !a.slot || (a.slot->quantizer == b.slot->quantizer && a.slot->tensor == b.slot->tensor);
}

/// What a run needs of a slot: numbers, not where they come from.
SlotQuantizer bare(const SlotQuantizer &slot)
{
    SlotQuantizer out;
    out.slot = slot.slot;
    out.tensor = slot.tensor;
    out.shape = slot.shape;
    out.quantizer = slot.quantizer;
    if (out.quantizer)
        out.quantizer->origin.clear();
    return out;
}

} // namespace

SitesInForce::SitesInForce(const RunGraph &graph)
    : m_graph(graph)
{
    for (const RunSite &site : graph.sites())
        m_own.push_back(ownOf(site));
    m_sites = m_own;
}

/// Other types round on the way, which is the business of the graph's own operators.
bool SitesInForce::isFloat32(const SlotQuantizer &slot) const
{
    return std::ranges::none_of(slot.sources, [&](std::size_t tensor) {
        const DType dtype = m_graph.file().tensors.at(tensor).dtype;
        return isFloating(dtype) && dtype != DType::Float32;
    });
}

SiteInForce SitesInForce::ownOf(const RunSite &site) const
{
    if (site.span.from == site.span.to || site.makesCodes || site.within)
        return {};
    for (const SlotId &owner : site.owners) {
        const SlotQuantizer &slot = *m_graph.network().slot(owner);
        // What is truncated has two scales, of which a quantizer tells one.
        if (slot.slot == Slot::Trunc || slot.assumed || !slot.quantizer || !isFloat32(slot))
            continue;
        if (site.isActivation ? quantizesNumbers(*slot.quantizer) : slot.hasValues())
            return {Kind::Quantizer, bare(slot)};
    }
    return {};
}

bool SitesInForce::readsInput(std::size_t site) const
{
    return m_sites[site].kind != Kind::Tensor && (m_graph.sites()[site].isActivation || !m_sites[site].slot);
}

HeldValue SitesInForce::valueAt(std::size_t at, const HeldValue &input) const
{
    const SiteInForce &site = m_sites[at];
    if (!readsInput(at))
        return std::make_shared<const LaneValues>(slotValues(*site.slot));
    std::vector<at::Tensor> pieces;
    for (std::size_t i = 0; i < input->count(); ++i) {
        if (!input->at(i).isTensor())
            throw RunError("what is quantized there is no tensor");
        pieces.push_back(input->at(i).toTensor());
    }
    if (site.kind != Kind::Quantizer)
        return input;
    return heldPieces(quantizedPieces(pieces, *site.slot->quantizer));
}

const Quantizer *SitesInForce::quantizerAt(std::size_t at) const
{
    const SiteInForce &site = m_sites[at];
    const SlotId owner = m_graph.sites()[at].owners.front();
    const SlotQuantizer *slot = site.slot ? &*site.slot
        : site.kind == Kind::Nodes        ? m_graph.network().slot(owner)
                                          : nullptr;
    const bool isKnown
        = slot != nullptr && owner.slot != Slot::Trunc && slot->quantizer && quantizesNumbers(*slot->quantizer);
    return isKnown ? &*slot->quantizer : nullptr;
}

Error SitesInForce::error(const SlotId &id, const std::string &why) const
{
    return {ErrorKind::Usage, m_graph.file().path, {},
        fmt::format("{} ({}): {}", printable(m_graph.network().layer(id.layer).name), id.slot, why)};
}

Result<SiteInForce> SitesInForce::chosen(const RunSite &site, const QuantizerChoice &choice) const
{
    const auto &[id, other] = choice;
    const SlotQuantizer &own = *m_graph.network().slot(id);
    const SiteInForce given{Kind::Quantizer, other ? std::optional(bare(*other)) : std::nullopt};
    if ((site.makesCodes || site.within) && isSameInForce(given, {Kind::Quantizer, bare(own)}))
        return SiteInForce{}; // its operators, with the bits that they have
    if (id.slot == Slot::Trunc)
        return tl::unexpected(error(id, "a truncation is not exchanged for another quantizer"));
    const Value &value = m_graph.graph().values[site.span.to];
    const bool isFloat = value.tensor && isFloating(m_graph.file().tensors[*value.tensor].dtype);
    if (site.span.from == site.span.to && !isFloat && !site.makesCodes)
        return tl::unexpected(
            error(id, "an operator of the graph computes with its codes, so no other can stand there"));
    if (!other || !other->quantizer) {
        if (site.isActivation)
            return SiteInForce{Kind::Float, {}};
        if (other && other->tensor != nullptr)
            return SiteInForce{Kind::Tensor, bare(*other)};
        if (!own.quantizer || !own.holdsCodes())
            return SiteInForce{own.tensor != nullptr && site.span.from == site.span.to ? Kind::Nodes : Kind::Float, {}};
        return SiteInForce{Kind::Quantizer, bare(own)}; // codes alone: their dequantized values
    }
    if (site.isActivation)
        return quantizesNumbers(*other->quantizer)
            ? Result<SiteInForce>(SiteInForce{Kind::Quantizer, bare(*other)})
            : tl::unexpected(error(id, "its quantizer is not known well enough to run"));
    if (!other->hasValues())
        return tl::unexpected(error(id, "its quantizer is not known well enough to run"));
    if (own.tensor != nullptr && other->tensor->shape != own.tensor->shape)
        return tl::unexpected(error(id,
            fmt::format("has shape [{}], and its place in the graph [{}]", fmt::join(other->tensor->shape, ", "),
                fmt::join(own.tensor->shape, ", "))));
    return SiteInForce{Kind::Quantizer, bare(*other)};
}

Result<std::vector<std::size_t>> SitesInForce::exchange(const std::vector<QuantizerChoice> &choices)
{
    std::vector<SiteInForce> next = m_own;
    for (const QuantizerChoice &choice : choices) {
        bool found = false;
        for (std::size_t i = 0; i < next.size(); ++i) {
            const RunSite &site = m_graph.sites()[i];
            if (std::ranges::find(site.owners, choice.first) == site.owners.end())
                continue;
            auto chosenHere = chosen(site, choice);
            if (!chosenHere)
                return tl::unexpected(chosenHere.error());
            next[i] = std::move(*chosenHere);
            found = true;
        }
        if (!found)
            return tl::unexpected(error(
                choice.first, "no place in the graph is known where another quantizer could stand instead of it"));
    }
    std::vector<bool> givesFloats;
    for (std::size_t i = 0; i < next.size(); ++i)
        givesFloats.push_back(m_graph.sites()[i].makesCodes && next[i].kind != Kind::Nodes);
    auto floats = floatFlow(m_graph, givesFloats);
    if (!floats)
        return tl::unexpected(floats.error());
    std::vector<std::size_t> changed;
    for (std::size_t i = 0; i < next.size(); ++i)
        if (!isSameInForce(next[i], m_sites[i]))
            changed.push_back(i);
    m_sites = std::move(next);
    m_floats = std::move(*floats);
    findWithin();
    return changed;
}

void SitesInForce::findWithin()
{
    m_within.clear();
    for (std::size_t i = 0; i < m_sites.size(); ++i) {
        const RunSite &site = m_graph.sites()[i];
        if (!site.within || m_sites[i].kind == Kind::Nodes)
            continue;
        std::vector<WithinChoice> &choices = m_within[*m_graph.graph().values[site.span.to].producer];
        if (choices.size() <= *site.within)
            choices.resize(*site.within + 1);
        choices[*site.within] = {true, m_sites[i].slot ? &*m_sites[i].slot->quantizer : nullptr};
    }
}

std::span<const WithinChoice> SitesInForce::within(NodeId node) const
{
    const auto found = m_within.find(node);
    return found == m_within.end() ? std::span<const WithinChoice>() : std::span(found->second);
}

HeldValue SitesInForce::onGrid(ValueId value, HeldValue made) const
{
    if (!hasFloats(value) || !m_floats.isRepeated[value])
        return made;
    const SiteInForce &site = m_sites[*m_floats.site[value]];
    if (site.kind != Kind::Quantizer)
        return made;
    std::vector<at::Tensor> pieces;
    for (std::size_t i = 0; i < made->count(); ++i)
        pieces.push_back(made->at(i).toTensor());
    return heldPieces(quantizedPieces(pieces, *site.slot->quantizer));
}

} // namespace quantscope
