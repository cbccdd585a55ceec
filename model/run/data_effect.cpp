#include "run/data_effect.h"

#include "analysis/figure_kernels.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

bool hasClasses(const RunOutput &output) { return output.shape.size() == 2 && output.shape[1] > 0; }

std::uint64_t changedPredictions(const RunOutput &own, const RunOutput &other)
{
    const auto classes = static_cast<std::size_t>(own.shape[1]);
    std::uint64_t changed = 0;
    for (std::size_t at = 0; at + classes <= own.values.size(); at += classes) {
        const auto a = std::span(own.values).subspan(at, classes), b = std::span(other.values).subspan(at, classes);
        changed += std::ranges::max_element(a) - a.begin() != std::ranges::max_element(b) - b.begin() ? 1u : 0u;
    }
    return changed;
}

} // namespace

DataEffect effectOf(const RunResult &own, const RunResult &candidate)
{
    DataEffect out;
    out.accuracy = candidate.accuracy();
    if (own.outputs.empty() || candidate.outputs.empty())
        return out;
    const RunOutput &y = own.outputs.front(), &other = candidate.outputs.front();
    if (y.values.empty() || y.shape != other.shape || y.values.size() != other.values.size())
        return out;
    QuantizationError error;
    RunFigures figures;
    addError(y.values, other.values, error, figures);
    out.outputSqnrDb = error.sqnrDb();
    out.isExact = error.isExact();
    out.outputErrorPower = error.errorPower;
    if (hasClasses(y))
        out.predictionsChanged = changedPredictions(y, other);
    return out;
}

std::string choiceText(const std::string &layer, Slot slot, const SlotSettings &settings)
{
    return fmt::format("{}:{}={}", layer, slotName(slot), settingsText(settings));
}

Result<RunResult> runWith(
    RunClient &client, RunRequest request, const std::vector<std::string> &choices, const Progress &progress)
{
    request.outputs = true;
    request.with.insert(request.with.end(), choices.begin(), choices.end());
    auto result = client.run(request, progress);
    if (result && result->stopped)
        return tl::unexpected(Error{ErrorKind::Io, request.model.path, std::nullopt, *result->stopped});
    return result;
}

namespace {

/// Cancels a run of several, whose own progress counts something else.
Progress withinOne(const Progress &all, std::uint64_t done, std::uint64_t total)
{
    return Progress([&all, done, total](std::uint64_t, std::uint64_t) {
        all.step(done, total);
        return true;
    });
}

} // namespace

Result<std::vector<DataEffect>> measureEffects(
    RunClient &client, const RunRequest &own, const std::vector<std::string> &choices, const Progress &progress)
{
    const auto total = choices.size() + 1;
    const auto before = runWith(client, own, {}, withinOne(progress, 0, total));
    if (!before)
        return tl::unexpected(before.error());
    std::vector<DataEffect> out;
    for (const std::string &choice : choices) {
        const auto after = runWith(client, own, {choice}, withinOne(progress, out.size() + 1, total));
        if (!after)
            return tl::unexpected(after.error());
        out.push_back(effectOf(*before, *after));
    }
    return out;
}

Result<WidthWalk> measureWalk(RunClient &client, const RunRequest &own, const std::vector<SweepPoint> &points,
    const Progress &progress, const std::function<void(const WidthWalk &)> &show)
{
    std::optional<RunResult> before;
    std::uint64_t done = 0;
    const std::uint64_t total = walkCount(points).total();
    const auto evaluate = [&](const std::vector<std::size_t> &chosen) -> Result<DataEffect> {
        std::vector<std::string> choices;
        for (const std::size_t i : chosen)
            choices.push_back(choiceText(points[i].layer, points[i].slot, points[i].settings));
        auto after = runWith(client, own, choices, withinOne(progress, done, total));
        if (!after)
            return tl::unexpected(after.error());
        ++done;
        if (!before) // a walk begins with the network as it is
            before = std::move(*after);
        return effectOf(*before, chosen.empty() ? *before : *after);
    };
    return walkWidths(points, evaluate, progress, show);
}

} // namespace quantscope
