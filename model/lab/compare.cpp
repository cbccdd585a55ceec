#include "lab/compare.h"

#include "analysis/analyse.h"
#include "base/text.h"
#include "lab/candidate_slot.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <new>

#include <fmt/format.h>
#include <tbb/parallel_for.h>

namespace quantscope {

namespace {

tl::unexpected<Error> usage(const std::string &path, std::string message)
{
    return tl::unexpected(Error{ErrorKind::Usage, path, std::nullopt, std::move(message)});
}

bool finiteScale(const Quantizer &q)
{
    return q.isComplete()
        && std::all_of(q.scale->values.begin(), q.scale->values.end(), [](float s) { return std::isfinite(s); });
}

/// The figures of values against themselves.
void compareWithItself(SlotStatistics &figures, const TensorInfo &values)
{
    QuantizationError &error = figures.error;
    for (const float v : readFloats(values))
        if (std::isfinite(v)) {
            ++error.count;
            error.signalPower += static_cast<double>(v) * static_cast<double>(v);
        }
    error.valuePower = error.product = error.signalPower;
    figures.hasFloats = true;
    figures.clipped = 0;
}

/// One task of the lab: a slot under one candidate.
struct Task {
    std::size_t comparison = 0, position = 0;
    SlotId slot;
    const CandidateText *candidate = nullptr; ///< nullptr: the file's own
    std::shared_ptr<const TensorInfo> floats; ///< in the place of a tensor that holds only quantized values
    std::string refused; ///< why it cannot be had
    std::optional<Error> error; ///< what ends the whole comparison
};

/// What every task reads and none changes.
struct Bench {
    const Network &network;
    const BrevitasFacts &facts;
    const CompareOptions &options;
    const Progress &progress;

    Error error(ErrorKind kind, std::string message) const
    {
        return {kind, network.file->path, std::nullopt, std::move(message)};
    }
};

/// The slot under the task's candidate; nullopt when the task says why it cannot be had.
std::optional<SlotQuantizer> triedSlot(const Bench &bench, Task &task)
{
    if (task.candidate == nullptr)
        return *bench.network.slot(task.slot);
    auto slot
        = candidateSlot(bench.network, bench.facts, task.slot, task.candidate->settings, task.floats, bench.progress);
    if (slot)
        return std::move(*slot);
    if (slot.error().reach == SlotFailure::Reach::Cancelled)
        task.error = bench.error(ErrorKind::Cancelled, slot.error().text);
    else
        task.refused = slot.error().text;
    return std::nullopt;
}

void runTask(const Bench &bench, Task &task, CandidateResult &out)
{
    auto slot = triedSlot(bench, task);
    if (!slot)
        return;
    out.slot = std::move(*slot);
    if (!out.slot.quantizer || !out.slot.quantizer->isComplete()) {
        out.note = "no quantizer is known";
        return;
    }
    if (!finiteScale(*out.slot.quantizer)) {
        out.note = "its scale is not finite";
        return;
    }
    auto figures = analyse(out.slot, {.hash = bench.options.hash, .channels = false}, bench.progress);
    if (figures) {
        if (task.candidate == nullptr && task.floats)
            compareWithItself(*figures, *task.floats);
        out.figures = std::move(*figures);
    } else if (figures.error().kind == ErrorKind::Parse) {
        task.refused = figures.error().message;
    } else {
        task.error = figures.error();
    }
}

/// Whatever a task comes upon is its error: nothing is thrown across threads.
void runGuarded(const Bench &bench, Task &task, CandidateResult &out) noexcept
{
    try {
        runTask(bench, task, out);
    } catch (const CancelledError &) {
        task.error = bench.error(ErrorKind::Cancelled, "was cancelled");
    } catch (const std::bad_alloc &) {
        task.error = bench.error(ErrorKind::Io, "there is not enough memory to compare it");
    } catch (const std::exception &error) {
        task.refused = error.what();
    }
}

/// Runs every task; those that wait when one ends the comparison are not begun.
void runTasks(const Bench &bench, std::vector<Task> &tasks, std::vector<SlotComparison> &out)
{
    std::atomic<bool> ended = false;
    tbb::parallel_for(std::size_t{0}, tasks.size(), [&](std::size_t i) {
        if (ended)
            return;
        runGuarded(bench, tasks[i], out[tasks[i].comparison].candidates[tasks[i].position]);
        if (tasks[i].error)
            ended = true;
    });
}

Result<const SlotQuantizer *> comparedSlot(const Network &network, const std::string &name, Slot wanted)
{
    const Layer *layer = network.layer(name);
    if (layer == nullptr) {
        std::vector<std::string> names;
        for (const Layer &known : network.layers)
            names.push_back(known.name);
        return usage(network.file->path, fmt::format("has no layer \"{}\"{}", name, didYouMean(name, names)));
    }
    const SlotQuantizer *slot = layer->slot(wanted);
    if (slot == nullptr || !slot->tensor || !slot->tensor->readable())
        return usage(
            network.file->path, fmt::format("layer \"{}\" has no readable tensor in slot \"{}\"", name, wanted));
    if (slot->quantizer && slot->quantizer->kind == QuantizerKind::Codebook)
        return usage(network.file->path,
            fmt::format("layer \"{}\" holds places in a table of values in slot \"{}\": no scale describes those, so "
                        "there is nothing to compare",
                name, wanted));
    if (slot->holdsCodes() && slot->hasCodes() && !slot->hasValues())
        return usage(network.file->path,
            fmt::format("layer \"{}\" holds integers in slot \"{}\" and no scale: what they stand for is not known, so "
                        "there is nothing to compare",
                name, wanted));
    if (slot->holdsCodes() && !(slot->quantizer && slot->quantizer->isComplete()))
        return usage(network.file->path,
            fmt::format("layer \"{}\" has neither floats nor a quantizer in slot \"{}\"", name, wanted));
    return slot;
}

} // namespace

std::vector<std::string> comparableLayers(const Network &network, Slot wanted)
{
    std::vector<std::string> names;
    for (const Layer &layer : network.layers) {
        const SlotQuantizer *slot = layer.slot(wanted);
        if (slot && slot->tensor && slot->tensor->readable() && slot->tensor->count() > 0
            && (!slot->holdsCodes() || (slot->quantizer && slot->quantizer->isComplete())))
            names.push_back(layer.name);
    }
    return names;
}

namespace {

/// What was refused is listed, or is the error; the file's own keeps its row and says why it has no figures.
std::optional<Error> settle(
    const Network &network, std::vector<Task> &tasks, std::vector<SlotComparison> &out, bool skipUnavailable)
{
    for (Task &task : tasks)
        if (task.error) {
            task.error->path = network.file->path;
            return task.error;
        }
    for (std::size_t i = tasks.size(); i-- > 0;) { // from behind, so that positions stay right while rows are removed
        Task &task = tasks[i];
        SlotComparison &comparison = out[task.comparison];
        if (task.refused.empty())
            continue;
        if (task.position == 0) {
            comparison.candidates[0].note = task.refused;
            continue;
        }
        const std::string &name = comparison.candidates[task.position].name;
        if (!skipUnavailable)
            return Error{ErrorKind::Usage, network.file->path, std::nullopt,
                fmt::format("{} cannot be had for {} {}: {}", name, comparison.layer, comparison.slot, task.refused)};
        comparison.unavailable.insert(comparison.unavailable.begin(), {name, task.refused});
        comparison.candidates.erase(comparison.candidates.begin() + static_cast<std::ptrdiff_t>(task.position));
    }
    return std::nullopt;
}

/// A tensor that nothing can read is the file's fault, not that of the candidates.
std::optional<Error> unreadable(const Network &network, const SlotComparison &comparison, const Task &file)
{
    const auto &all = comparison.candidates;
    if (file.refused.empty()
        || std::any_of(all.begin(), all.end(), [](const CandidateResult &c) { return c.figures.has_value(); }))
        return std::nullopt;
    return Error{ErrorKind::Parse, network.file->path, std::nullopt,
        fmt::format("{} {}: {}", comparison.layer, comparison.slot, file.refused)};
}

/// The tasks of one slot: the file's own quantizer, then every candidate.
void addTasks(std::vector<Task> &tasks, SlotComparison &comparison, const Task &file,
    const std::vector<CandidateText> &candidates)
{
    comparison.candidates.resize(1 + candidates.size());
    comparison.candidates[0].name = "file";
    tasks.push_back(file);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        comparison.candidates[i + 1].name = candidates[i].text;
        comparison.candidates[i + 1].settings = candidates[i].settings;
        Task task = file;
        task.position = i + 1;
        task.candidate = candidates[i].settings.preset == "file" ? nullptr : &candidates[i];
        tasks.push_back(std::move(task));
    }
}

/// Comparisons without figures yet, and the tasks that give them theirs.
Result<std::vector<SlotComparison>> prepared(const Network &network, const std::vector<std::string> &layers,
    const std::vector<CandidateText> &candidates, Slot wanted, std::vector<Task> &tasks)
{
    std::vector<SlotComparison> out;
    for (const std::string &name : layers) {
        const auto slot = comparedSlot(network, name, wanted);
        if (!slot)
            return tl::unexpected(slot.error());
        SlotComparison comparison{name, wanted, (*slot)->holdsCodes(), {}, {}};
        Task file;
        file.comparison = out.size();
        file.slot = {network.layer(name)->id, wanted};
        try {
            if (comparison.againstQuantized)
                file.floats = dequantizedTensor(**slot);
        } catch (const ParseError &error) {
            return tl::unexpected(
                Error{ErrorKind::Parse, network.file->path, error.offset(), fmt::format("{}: {}", name, error.what())});
        }
        addTasks(tasks, comparison, file, candidates);
        out.push_back(std::move(comparison));
    }
    return out;
}

} // namespace

Result<std::vector<SlotComparison>> compareCandidates(const Network &network, const std::vector<std::string> &layers,
    const std::vector<CandidateText> &candidates, const CompareOptions &options, const Progress &progress)
{
    return compareCandidatesWith(network, gatherFacts(network), layers, candidates, options, progress);
}

Result<std::vector<SlotComparison>> compareCandidatesWith(const Network &network, const Result<BrevitasFacts> &facts,
    const std::vector<std::string> &layers, const std::vector<CandidateText> &candidates, const CompareOptions &options,
    const Progress &progress)
{
    std::vector<Task> tasks;
    auto out = prepared(network, layers, candidates, options.slot, tasks);
    if (!out)
        return out;
    if (!facts)
        return tl::unexpected(facts.error());
    runTasks({network, *facts, options, progress}, tasks, *out);
    if (auto error = settle(network, tasks, *out, options.skipUnavailable))
        return tl::unexpected(std::move(*error));
    for (const Task &task : tasks)
        if (task.position == 0)
            if (auto error = unreadable(network, (*out)[task.comparison], task))
                return tl::unexpected(std::move(*error));
    return out;
}

} // namespace quantscope
