#include "run/data_range.h"

#include "run/run_choices.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

tl::unexpected<Error> noRange(const CandidateText &candidate, std::string_view why)
{
    return tl::unexpected(Error{
        ErrorKind::Usage, "", std::nullopt, fmt::format("{} has no range from these data: {}", candidate.text, why)});
}

/// What flowed through a slot by the name of its layer.
const LayerFlow *flowAt(const RunResult &result, const RunChoice &choice)
{
    const auto found = std::ranges::find_if(result.layers,
        [&](const LayerFlow &flow) { return flow.layer == choice.layer && flow.slot == std::optional(choice.slot); });
    return found == result.layers.end() ? nullptr : &*found;
}

} // namespace

Result<CandidateText> withDataRange(CandidateText candidate, const LayerFlow *seen)
{
    if (!candidate.range)
        return candidate;
    if (seen == nullptr || seen->figures.seen.count == 0)
        return noRange(candidate, "nothing flowed into that quantizer");
    if (seen->figures.hasCodes && !seen->figures.seen.clipped)
        return noRange(candidate, "an operator quantizes within itself, so what flows in is not seen");
    const auto threshold = seen->figures.magnitudes.percentile(candidate.range->percent);
    if (!threshold)
        return noRange(candidate, "nothing finite flowed into that quantizer");
    if (*threshold == 0)
        return noRange(candidate, "that magnitude is 0");
    return withRange(std::move(candidate), *threshold);
}

Result<RunRequest> withDataRanges(RunClient &client, RunRequest request, const Progress &progress)
{
    std::vector<RunChoice> choices;
    for (const std::string &text : request.with) {
        auto choice = parseRunChoice(text);
        if (!choice)
            return tl::unexpected(choice.error());
        choices.push_back(std::move(*choice));
    }
    const auto asks = [](const RunChoice &choice) { return choice.candidate && choice.candidate->range; };
    if (std::ranges::none_of(choices, asks))
        return request;
    RunRequest own;
    own.model = request.model;
    own.data = request.data;
    own.magnitudes = true;
    const auto seen = client.run(own, progress);
    if (!seen)
        return tl::unexpected(seen.error());
    if (seen->stopped)
        return tl::unexpected(Error{ErrorKind::Io, own.model.path, std::nullopt, *seen->stopped});
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (!asks(choices[i]))
            continue;
        const auto known = withDataRange(*choices[i].candidate, flowAt(*seen, choices[i]));
        if (!known)
            return tl::unexpected(known.error());
        request.with[i]
            = fmt::format("{}:{}={}", choices[i].layer, slotName(choices[i].slot), settingsText(known->settings));
    }
    return request;
}

} // namespace quantscope
