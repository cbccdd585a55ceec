#include "run/data_effect.h"

#include "analysis/figure_kernels.h"
#include "run/largest_value.h"

#include <cmath>
#include <limits>

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
        changed += placeOfLargest(a) != placeOfLargest(b) ? 1u : 0u;
    }
    return changed;
}

/// One of them is no finite number where the other is another: no error tells how far they are apart.
bool partsAtInfinity(std::span<const float> a, std::span<const float> b)
{
    for (std::size_t i = 0; i < a.size(); ++i)
        if (!(std::isfinite(a[i]) && std::isfinite(b[i])) && a[i] != b[i] && !(std::isnan(a[i]) && std::isnan(b[i])))
            return true;
    return false;
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
    const bool apart = partsAtInfinity(y.values, other.values);
    out.outputSqnrDb = apart ? std::nullopt : error.sqnrDb();
    out.isExact = !apart && error.isExact();
    out.outputErrorPower = apart ? std::numeric_limits<double>::infinity() : error.errorPower;
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
    const Progress &progress, const std::function<void(const WidthWalk &)> &show, const BitsOfRun &bitsOf)
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
    const BitsOfPoints bits = bitsOf ? BitsOfPoints([&] { return bitsOf(*before); }) : BitsOfPoints();
    return walkWidths(points, evaluate, progress, show, bits);
}

} // namespace quantscope
