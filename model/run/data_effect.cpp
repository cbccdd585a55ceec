#include "run/data_effect.h"

#include "analysis/figure_kernels.h"

#include <algorithm>

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
    if (hasClasses(y))
        out.predictionsChanged = changedPredictions(y, other);
    return out;
}

Result<std::vector<DataEffect>> measureEffects(
    RunClient &client, const RunRequest &own, const std::vector<std::string> &choices, const Progress &progress)
{
    std::uint64_t done = 0;
    const auto total = choices.size() + 1;
    const auto run = [&](const std::vector<std::string> &with) {
        RunRequest request = own;
        request.outputs = true;
        request.with.insert(request.with.end(), with.begin(), with.end());
        auto result = client.run(request, Progress([&](std::uint64_t, std::uint64_t) {
            progress.step(done, total);
            return true;
        }));
        ++done;
        if (result && result->stopped)
            return Result<RunResult>(
                tl::unexpected(Error{ErrorKind::Io, own.model.path, std::nullopt, *result->stopped}));
        return result;
    };
    const auto before = run({});
    if (!before)
        return tl::unexpected(before.error());
    std::vector<DataEffect> out;
    for (const std::string &choice : choices) {
        const auto after = run({choice});
        if (!after)
            return tl::unexpected(after.error());
        out.push_back(effectOf(*before, *after));
    }
    return out;
}

} // namespace quantscope
