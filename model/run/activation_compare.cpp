#include "run/activation_compare.h"

#include "lab/candidate_slot.h"
#include "run/data_range.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

tl::expected<CandidateResult, std::string> activationCandidate(const Network &network, const BrevitasFacts &facts,
    const SlotId &slot, const CandidateText &candidate, const LayerFlow *seen)
{
    CandidateResult out;
    out.name = candidate.text;
    if (candidate.settings.preset == "file") {
        out.slot = *network.slot(slot);
        return out;
    }
    const auto known = withDataRange(candidate, seen);
    if (!known)
        return tl::unexpected(known.error().message);
    auto made = candidateSlot(network, facts, slot, known->settings, nullptr, {});
    if (!made)
        return tl::unexpected(made.error().text);
    if (!made->quantizer || !made->quantizer->isComplete()
        || !std::ranges::all_of(made->quantizer->scale->values, [](float s) { return std::isfinite(s); }))
        return tl::unexpected(std::string("its scale is not finite"));
    out.slot = std::move(*made);
    out.settings.preset = out.slot.preset;
    out.settings.overrides = out.slot.overrides;
    return out;
}

void takeFlow(CandidateResult &candidate, const LayerFlow *seen)
{
    if (seen == nullptr || seen->figures.seen.count == 0)
        candidate.note = "nothing was seen to flow into it";
    else if (!seen->figures.hasCodes || !seen->figures.seen.clipped)
        candidate.note = "what it rounds is not seen";
    else
        candidate.figures = seen->figures.seen;
}

std::vector<std::string> activationLayers(const Network &network, Slot slot)
{
    std::vector<std::string> out;
    for (const Layer &layer : network.layers)
        if (const SlotQuantizer *own = layer.slot(slot);
            own != nullptr && !own->tensor && own->quantizer && own->quantizer->isComplete())
            out.push_back(layer.name);
    return out;
}

Result<SlotComparison> activationCandidates(const Network &network, const SlotId &slot,
    const std::vector<CandidateText> &candidates, const LayerFlow *seen, bool skipUnavailable)
{
    const auto facts = gatherFacts(network);
    if (!facts)
        return tl::unexpected(facts.error());
    SlotComparison out{network.layer(slot.layer).name, slot.slot, false, {}, {}};
    CandidateResult file;
    file.name = "file";
    file.slot = *network.slot(slot);
    out.candidates.push_back(std::move(file));
    for (const CandidateText &candidate : candidates) {
        auto made = activationCandidate(network, *facts, slot, candidate, seen);
        if (made)
            out.candidates.push_back(std::move(*made));
        else if (skipUnavailable)
            out.unavailable.push_back({candidate.text, made.error()});
        else
            return tl::unexpected(Error{ErrorKind::Usage, network.file->path, std::nullopt,
                fmt::format("{} cannot be had for {} {}: {}", candidate.text, out.layer, out.slot, made.error())});
    }
    return out;
}

namespace {

/// One slot, candidate by candidate.
class ActivationRuns {
public:
    ActivationRuns(RunClient &client, const RunRequest &own, const Network &network, const SlotId &slot,
        std::size_t candidates, const Progress &progress)
        : m_client(client)
        , m_own(own)
        , m_network(network)
        , m_slot(slot)
        , m_within([this, candidates, &progress](std::uint64_t, std::uint64_t) {
            progress.step(m_done, candidates + 1);
            return true;
        })
    {
        m_out.comparison.layer = network.layer(slot.layer).name;
        m_out.comparison.slot = slot.slot;
    }

    Result<ActivationComparison> run(const std::vector<CandidateText> &candidates, bool skipUnavailable)
    {
        const auto facts = gatherFacts(m_network);
        if (!facts)
            return tl::unexpected(facts.error());
        if (const auto ran = runOwn(candidates); !ran)
            return tl::unexpected(ran.error());
        for (const CandidateText &candidate : candidates) {
            const auto tried = runCandidate(*facts, candidate);
            if (tried)
                continue;
            if (tried.error().kind != ErrorKind::Usage)
                return tl::unexpected(tried.error());
            if (!skipUnavailable)
                return tl::unexpected(Error{ErrorKind::Usage, m_network.file->path, std::nullopt,
                    fmt::format("{} cannot be had for {} {}: {}", candidate.text, m_out.comparison.layer,
                        m_out.comparison.slot, tried.error().message)});
            m_out.comparison.unavailable.push_back({candidate.text, tried.error().message});
        }
        return std::move(m_out);
    }

private:
    Result<void> runOwn(const std::vector<CandidateText> &candidates)
    {
        RunRequest request = m_own;
        request.magnitudes
            = std::ranges::any_of(candidates, [](const CandidateText &c) { return c.range.has_value(); });
        auto ran = runWith(m_client, request, {}, m_within);
        if (!ran)
            return tl::unexpected(ran.error());
        m_before = std::move(*ran);
        CandidateResult file;
        file.name = "file";
        file.slot = *m_network.slot(m_slot);
        add(std::move(file), m_before);
        return {};
    }

    Result<void> runCandidate(const BrevitasFacts &facts, const CandidateText &candidate)
    {
        auto made = activationCandidate(m_network, facts, m_slot, candidate, m_before.at(m_slot.layer, m_slot.slot));
        if (!made)
            return tl::unexpected(Error{ErrorKind::Usage, "", std::nullopt, std::move(made.error())});
        if (made->settings.preset.empty()) { // the file's own once more
            add(std::move(*made), m_before);
            return {};
        }
        const auto after
            = runWith(m_client, m_own, {choiceText(m_out.comparison.layer, m_slot.slot, made->settings)}, m_within);
        if (!after)
            return tl::unexpected(after.error());
        add(std::move(*made), *after);
        return {};
    }

    void add(CandidateResult candidate, const RunResult &ran)
    {
        takeFlow(candidate, ran.at(m_slot.layer, m_slot.slot));
        m_out.comparison.candidates.push_back(std::move(candidate));
        m_out.effects.push_back(effectOf(m_before, ran));
        ++m_done;
    }

    RunClient &m_client;
    const RunRequest &m_own;
    const Network &m_network;
    SlotId m_slot;
    std::uint64_t m_done = 0;
    Progress m_within;
    RunResult m_before;
    ActivationComparison m_out;
};

} // namespace

Result<ActivationComparison> compareActivation(RunClient &client, const RunRequest &own, const Network &network,
    const SlotId &slot, const std::vector<CandidateText> &candidates, bool skipUnavailable, const Progress &progress)
{
    return ActivationRuns(client, own, network, slot, candidates.size(), progress).run(candidates, skipUnavailable);
}

} // namespace quantscope
