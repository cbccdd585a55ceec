#include "lab/compare.h"

#include "base/text.h"
#include "dialects/brevitas/resolver.h"
#include "network/feeds.h"
#include "quant/code_reader.h"
#include "quant/fixed_point.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

namespace quantscope {

namespace {

tl::unexpected<Error> usage(const std::string &path, std::string message)
{
    return tl::unexpected(Error{ErrorKind::Usage, path, std::nullopt, std::move(message)});
}

/// The values that a file without floats stands for, as a float tensor in memory.
std::shared_ptr<const TensorInfo> dequantized(const SlotQuantizer &slot)
{
    CodeReader reader(slot);
    std::vector<float> values(reader.count());
    reader.values(0, values);
    std::vector<std::byte> bytes(values.size() * sizeof(float));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    auto tensor = std::make_shared<TensorInfo>();
    tensor->name = slot.tensorName;
    tensor->dtype = DType::Float32;
    tensor->shape = slot.shape;
    tensor->storage.bytes = bytes.size();
    tensor->storage.source = std::make_shared<MemorySource>(std::move(bytes));
    return tensor;
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

/// Why a candidate is none for this slot, whatever the tensor holds; empty when it is one.
std::string refusal(const Network &network, const SlotQuantizer &file, const SlotSettings &settings)
{
    const Preset *preset = findPreset(settings.preset);
    if (preset == nullptr)
        return {};
    if (preset->slot != presetSlot(file.slot))
        return fmt::format("it is a preset of slot \"{}\"", preset->slot);
    const int version = versionOf(network.recipe);
    if (!existsIn(*preset, version))
        return fmt::format("Brevitas {} does not have it", versionText(version));
    const auto spec = makeSpec(settings, version);
    const bool asInTheFile = settings.preset == file.preset
        && std::is_permutation(
            settings.overrides.begin(), settings.overrides.end(), file.overrides.begin(), file.overrides.end());
    if (spec && spec->decoded && needsStored(*spec) && !asInTheFile)
        return "its numbers are trained or searched and stored: only the candidate \"file\" shows them";
    return {};
}

/// One task of the lab: a slot under one candidate.
struct Task {
    std::size_t comparison = 0, position = 0;
    const CandidateText *candidate = nullptr; ///< nullptr: the file's own
    std::shared_ptr<const TensorInfo> floats; ///< in the place of a tensor that holds only quantized values
    std::string refused; ///< why it cannot be had
    std::optional<Error> error; ///< what ends the whole comparison
};

SlotQuantizer candidateSlot(const Task &task, const SlotComparison &comparison, const SlotQuantizer &file,
    Resolver &resolver, const Network &network)
{
    if (task.candidate == nullptr)
        return file;
    SlotSettings settings = task.candidate->settings;
    if (const std::string why = refusal(network, file, settings); !why.empty())
        throw RecipeMismatch(why);
    // What the recipe says about the layer's input stays, as in withChoice.
    const SlotSettings said = settingsFor(network.recipe, comparison.layer, comparison.slot);
    settings.input = said.input;
    settings.inputScale = said.inputScale;
    settings.inputBitWidth = said.inputBitWidth;
    settings.inputSigned = said.inputSigned;
    // Where an export of the network told it, the recipe need not.
    const Layer &layer = *network.layer(comparison.layer);
    if (settings.input.empty() && layer.slot(Slot::Input) == nullptr)
        settings.input = onlyInput(network, layer.id);
    return resolver.candidate(comparison.layer, comparison.slot, settings, task.floats);
}

/// The resolver's sentence without the names that stand beside it anyway.
std::string reasonOf(std::string sentence, const std::string &preset, const SlotComparison &comparison)
{
    const std::string where = fmt::format("{} {}: ", comparison.layer, comparison.slot);
    for (const std::string &prefix : {fmt::format("{} cannot be had for {}", preset, where), where})
        if (sentence.starts_with(prefix))
            sentence.erase(0, prefix.size());
    return sentence;
}

void runTask(Task &task, SlotComparison &comparison, const SlotQuantizer &file, Resolver &resolver,
    const Network &network, const CompareOptions &options, const Progress &progress)
{
    CandidateResult &out = comparison.candidates[task.position];
    try {
        out.slot = candidateSlot(task, comparison, file, resolver, network);
    } catch (const RecipeMismatch &error) {
        task.refused = reasonOf(error.what(), task.candidate->settings.preset, comparison);
        return;
    } catch (const ParseError &error) {
        task.refused = error.what();
        return;
    }
    if (!out.slot.quantizer || !out.slot.quantizer->isComplete()) {
        out.note = "no quantizer is known";
        return;
    }
    if (!finiteScale(*out.slot.quantizer)) {
        out.note = "its scale is not finite";
        return;
    }
    auto figures = analyse(out.slot, {.hash = options.hash, .channels = false}, progress);
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
    if (!isFloating(slot->tensor->dtype) && !(slot->quantizer && slot->quantizer->isComplete()))
        return usage(network.file->path,
            fmt::format("layer \"{}\" has neither floats nor a quantizer in slot \"{}\"", name, wanted));
    return slot;
}

/// Runs every task; a candidate is tried in place, so each range of tasks has its own copy of the network.
void runTasks(const Network &network, std::vector<Task> &tasks, std::vector<SlotComparison> &out,
    const std::vector<const SlotQuantizer *> &files, const CompareOptions &options, const Progress &progress)
{
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, tasks.size()), [&](const tbb::blocked_range<std::size_t> &range) {
            Network copy = network;
            Resolver resolver(copy, progress);
            for (std::size_t i = range.begin(); i < range.end(); ++i)
                runTask(tasks[i], out[tasks[i].comparison], *files[tasks[i].comparison], resolver, network, options,
                    progress);
        });
}

} // namespace

std::vector<std::string> comparableLayers(const Network &network, Slot wanted)
{
    std::vector<std::string> names;
    for (const Layer &layer : network.layers) {
        const SlotQuantizer *slot = layer.slot(wanted);
        if (slot && slot->tensor && slot->tensor->readable() && slot->tensor->count() > 0
            && (isFloating(slot->tensor->dtype) || (slot->quantizer && slot->quantizer->isComplete())))
            names.push_back(layer.name);
    }
    return names;
}

std::uint64_t CandidateResult::bits() const
{
    return slot.tensor && slot.quantizer && slot.quantizer->isComplete() ? slot.tensor->count()
            * static_cast<std::uint64_t>(slot.quantizer->bitWidth.value_or(slot.quantizer->wordBits()))
                                                                         : 0;
}

std::uint64_t CandidateResult::codesTotal() const
{
    if (!slot.quantizer || !slot.quantizer->isComplete())
        return 0;
    return slot.quantizer->kind == QuantizerKind::Binary ? 2 : codeRange(*slot.quantizer).size();
}

bool CandidateResult::fixedExact() const { return slot.quantizer && fixedType(*slot.quantizer).has_value(); }

std::vector<std::size_t> SlotComparison::ranks() const
{
    constexpr double kExact = std::numeric_limits<double>::infinity();
    const auto quality = [&](const CandidateResult &candidate) -> std::optional<double> {
        if (!candidate.figures || !candidate.figures->hasFloats || candidate.figures->error.count == 0)
            return std::nullopt;
        return candidate.figures->error.isExact() ? kExact : candidate.figures->error.sqnrDb();
    };
    std::vector<std::optional<double>> all;
    for (const CandidateResult &candidate : candidates)
        all.push_back(quality(candidate));
    std::vector<std::size_t> out;
    for (const auto &own : all)
        out.push_back(
            !own ? 0 : 1 + static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto &other) {
                return other && *other > *own;
            })));
    return out;
}

std::vector<std::size_t> SlotComparison::best() const
{
    std::vector<std::size_t> out;
    const std::vector<std::size_t> places = ranks();
    for (std::size_t i = 0; i < places.size(); ++i)
        if (places[i] == 1)
            out.push_back(i);
    return out;
}

namespace {

/// What was refused is listed, or is the error; the file's own keeps its row and says why it has no figures.
std::optional<Error> settle(
    const Network &network, std::vector<Task> &tasks, std::vector<SlotComparison> &out, bool skipUnavailable)
{
    for (std::size_t i = tasks.size(); i-- > 0;) { // from behind, so that positions stay right while rows are removed
        Task &task = tasks[i];
        SlotComparison &comparison = out[task.comparison];
        if (task.error) {
            task.error->path = network.file->path;
            return task.error;
        }
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
void addTasks(std::vector<Task> &tasks, SlotComparison &comparison, std::size_t index,
    const std::vector<CandidateText> &candidates, const std::shared_ptr<const TensorInfo> &floats)
{
    comparison.candidates.resize(1 + candidates.size());
    comparison.candidates[0].name = "file";
    tasks.push_back({index, 0, nullptr, floats, {}, {}});
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        comparison.candidates[i + 1].name = candidates[i].text;
        comparison.candidates[i + 1].settings = candidates[i].settings;
        const bool own = candidates[i].settings.preset == "file";
        tasks.push_back({index, i + 1, own ? nullptr : &candidates[i], floats, {}, {}});
    }
}

} // namespace

Result<std::vector<SlotComparison>> compareCandidates(const Network &network, const std::vector<std::string> &layers,
    const std::vector<CandidateText> &candidates, const CompareOptions &options, const Progress &progress)
{
    std::vector<SlotComparison> out;
    std::vector<const SlotQuantizer *> files;
    std::vector<Task> tasks;
    for (const std::string &name : layers) {
        const auto slot = comparedSlot(network, name, options.slot);
        if (!slot)
            return tl::unexpected(slot.error());
        SlotComparison comparison{name, options.slot, !isFloating((*slot)->tensor->dtype), {}, {}};
        std::shared_ptr<const TensorInfo> floats;
        try {
            if (comparison.againstQuantized)
                floats = dequantized(**slot);
        } catch (const ParseError &error) {
            return tl::unexpected(
                Error{ErrorKind::Parse, network.file->path, error.offset(), fmt::format("{}: {}", name, error.what())});
        }
        addTasks(tasks, comparison, out.size(), candidates, floats);
        files.push_back(*slot);
        out.push_back(std::move(comparison));
    }
    try {
        runTasks(network, tasks, out, files, options, progress);
    } catch (const CancelledError &) {
        return tl::unexpected(Error{ErrorKind::Cancelled, network.file->path, std::nullopt, "was cancelled"});
    }
    if (auto error = settle(network, tasks, out, options.skipUnavailable))
        return tl::unexpected(std::move(*error));
    for (const Task &task : tasks)
        if (task.position == 0)
            if (auto error = unreadable(network, out[task.comparison], task))
                return tl::unexpected(std::move(*error));
    return out;
}

} // namespace quantscope
