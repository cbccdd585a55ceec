#include "analysis/compare.h"

#include "base/text.h"
#include "quant/codes.h"
#include "quant/fixed_point.h"
#include "quant/lab_quantizers.h"
#include "quant/resolver.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

namespace quantscope {

namespace {

tl::unexpected<Error> usage(const std::string &path, std::string message)
{
    return tl::unexpected(Error{ErrorKind::Usage, path, std::nullopt, std::move(message)});
}

/// Splits at commas outside < >: "ap_fixed<6,0>,bit_width=4".
std::vector<std::string> splitCandidate(const std::string &text)
{
    std::vector<std::string> parts(1);
    int depth = 0;
    for (const char c : text) {
        depth += c == '<' ? 1 : c == '>' ? -1 : 0;
        if (c == ',' && depth == 0)
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
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

/// One task of the lab: a slot under one candidate.
struct Task {
    std::size_t comparison = 0, position = 0;
    const CandidateText *candidate = nullptr; ///< nullptr: the file's own
    std::shared_ptr<const TensorInfo> floats;
    bool skipped = false;
    std::optional<Error> error;
};

void runTask(Task &task, SlotComparison &comparison, const SlotQuantizer &file, Resolver &resolver,
    const CompareOptions &options, const Progress &progress)
{
    CandidateResult &out = comparison.candidates[task.position];
    try {
        out.slot = task.candidate == nullptr
            ? file
            : resolver.candidate(comparison.layer, comparison.slot, task.candidate->settings, task.floats);
    } catch (const RecipeMismatch &error) {
        task.skipped = options.skipUnavailable;
        if (!task.skipped)
            task.error = Error{ErrorKind::Usage, "", std::nullopt, error.what()};
        return;
    } catch (const ParseError &error) {
        task.error = Error{ErrorKind::Parse, "", error.offset(), error.what()};
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
    if (figures)
        out.figures = std::move(*figures);
    else
        task.error = figures.error();
}

Result<const SlotQuantizer *> comparedSlot(const Network &network, const std::string &name, const std::string &slotName)
{
    const Layer *layer = network.layer(name);
    if (layer == nullptr) {
        std::vector<std::string> names;
        for (const Layer &known : network.layers)
            names.push_back(known.name);
        return usage(network.file->path,
            fmt::format("has no layer \"{}\"; did you mean \"{}\"?", name, nearestWord(name, names)));
    }
    const SlotQuantizer *slot = layer->slot(slotName);
    if (slot == nullptr || !slot->tensor || !slot->tensor->readable())
        return usage(
            network.file->path, fmt::format("layer \"{}\" has no readable tensor in slot \"{}\"", name, slotName));
    if (!isFloating(slot->tensor->dtype) && !(slot->quantizer && slot->quantizer->isComplete()))
        return usage(network.file->path,
            fmt::format("layer \"{}\" has neither floats nor a quantizer in slot \"{}\"", name, slotName));
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
                runTask(tasks[i], out[tasks[i].comparison], *files[tasks[i].comparison], resolver, options, progress);
        });
}

} // namespace

Result<CandidateText> parseCandidate(const std::string &text)
{
    CandidateText out{text, {}};
    const std::vector<std::string> parts = splitCandidate(text);
    out.settings.preset = parts[0];
    out.settings.mentioned = true;
    if (findPreset(parts[0]) == nullptr && !isLabQuantizer(parts[0]) && parts[0] != "file") {
        std::vector<std::string> known = presetNames();
        for (std::string &lab : labQuantizerNames())
            known.push_back(std::move(lab));
        known.emplace_back("file");
        return usage(
            "", fmt::format("\"{}\" is not a candidate; did you mean \"{}\"?", parts[0], nearestWord(parts[0], known)));
    }
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const auto equals = parts[i].find('=');
        const std::string keyword = parts[i].substr(0, equals);
        if (equals == std::string::npos || findOverride(keyword) == nullptr)
            return usage("",
                fmt::format("\"{}\" in candidate {} is not keyword=value; did you mean \"{}\"?", parts[i], text,
                    nearestWord(keyword, overrideNames())));
        out.settings.overrides.emplace_back(keyword, parts[i].substr(equals + 1));
    }
    return out;
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

std::vector<std::size_t> SlotComparison::best() const
{
    std::vector<std::size_t> out;
    double highest = -1e300;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const auto &figures = candidates[i].figures;
        if (!figures || figures->error.count == 0 || !figures->hasFloats)
            continue;
        const double sqnr = figures->error.errorPower == 0 ? 1e300 : figures->error.sqnrDb().value_or(-1e299);
        if (sqnr > highest)
            out.clear();
        if (sqnr >= highest) {
            highest = sqnr;
            out.push_back(i);
        }
    }
    return out;
}

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
        SlotComparison comparison{name, options.slot, !isFloating((*slot)->tensor->dtype), {}};
        std::shared_ptr<const TensorInfo> floats;
        try {
            if (comparison.againstQuantized)
                floats = dequantized(**slot);
        } catch (const ParseError &error) {
            return tl::unexpected(
                Error{ErrorKind::Parse, network.file->path, error.offset(), fmt::format("{}: {}", name, error.what())});
        }
        comparison.candidates.resize(1 + candidates.size());
        comparison.candidates[0].name = "file";
        tasks.push_back({out.size(), 0, nullptr, floats, false, {}});
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            comparison.candidates[i + 1].name = candidates[i].text;
            tasks.push_back({out.size(), i + 1, candidates[i].settings.preset == "file" ? nullptr : &candidates[i],
                floats, false, {}});
        }
        files.push_back(*slot);
        out.push_back(std::move(comparison));
    }
    try {
        runTasks(network, tasks, out, files, options, progress);
    } catch (const CancelledError &) {
        return tl::unexpected(Error{ErrorKind::Cancelled, network.file->path, std::nullopt, "was cancelled"});
    }
    for (std::size_t i = tasks.size(); i-- > 0;) {
        if (tasks[i].error) {
            tasks[i].error->path = network.file->path;
            return tl::unexpected(*tasks[i].error);
        }
        if (tasks[i].skipped) {
            auto &list = out[tasks[i].comparison].candidates;
            list.erase(list.begin() + static_cast<std::ptrdiff_t>(tasks[i].position));
        }
    }
    return out;
}

std::vector<CandidateText> offeredCandidates(const SlotQuantizer &slot)
{
    const int bits = slot.quantizer && slot.quantizer->bitWidth ? *slot.quantizer->bitWidth : 8;
    std::vector<CandidateText> out;
    const auto add = [&](const std::string &text) {
        if (auto candidate = parseCandidate(text))
            out.push_back(std::move(*candidate));
    };
    for (const Preset &preset : presets()) {
        if (preset.slot != "weight" || !preset.decoded || preset.kind == QuantizerKind::Minifloat)
            continue;
        const bool fixedWidth = preset.source == ScaleSource::Constant;
        add(fixedWidth || preset.bits == bits ? std::string(preset.name)
                                              : fmt::format("{},bit_width={}", preset.name, bits));
    }
    if (const auto type = slot.quantizer ? fixedType(*slot.quantizer) : std::nullopt) {
        add(apFixedName({type->width, type->integerBits - 1, true}));
        add(apFixedName({type->width, type->integerBits, true}));
        add(apFixedName({type->width, type->integerBits + 1, true}));
    }
    for (const char *name : {"torch_per_tensor_affine", "torch_per_channel_affine"})
        add(bits == 8 ? name : fmt::format("{},bit_width={}", name, bits));
    add("binary");
    add("ternary");
    return out;
}

std::vector<CandidateText> atWidths(const std::vector<CandidateText> &candidates, int low, int high)
{
    std::vector<CandidateText> out;
    for (const CandidateText &candidate : candidates)
        for (int bits = low; bits <= high; ++bits) {
            CandidateText wide = candidate;
            std::erase_if(wide.settings.overrides, [](const auto &o) { return o.first == "bit_width"; });
            wide.settings.overrides.emplace_back("bit_width", std::to_string(bits));
            wide.text = wide.settings.preset;
            for (const auto &[keyword, value] : wide.settings.overrides)
                wide.text += "," + keyword + "=" + value;
            out.push_back(std::move(wide));
        }
    return out;
}

} // namespace quantscope
