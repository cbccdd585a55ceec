#include "dialects/brevitas/batch_norm.h"

#include "base/text.h"
#include "dialects/brevitas/settings.h"
#include "dialects/brevitas/version.h"
#include "network/recover.h"
#include "recipe/layer_match.h"
#include "tensor/memory_tensor.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// What the parameters of a batch norm make of its input: x * factor + offset, per channel.
struct ChannelAffine {
    std::vector<float> factor, offset;
};

std::vector<float> channelParameter(const ModelFile &file, const std::string &name, std::size_t channels)
{
    const auto index = file.find(name);
    if (!index)
        throw ParseError(name + " is not in the file");
    std::vector<float> values = readFloats(file.tensors[*index]);
    if (values.size() != channels)
        throw ParseError(fmt::format("{} has {} values for {} output channels", name, values.size(), channels));
    return values;
}

/// mul_add_from_bn of Brevitas.
ChannelAffine affineOf(const ModelFile &file, const std::string &bn, std::size_t channels, float epsilon)
{
    const auto gamma = channelParameter(file, bn + "weight", channels),
               beta = channelParameter(file, bn + "bias", channels),
               mean = channelParameter(file, bn + "running_mean", channels),
               variance = channelParameter(file, bn + "running_var", channels);
    ChannelAffine affine{std::vector<float>(channels), std::vector<float>(channels)};
    for (std::size_t c = 0; c < channels; ++c) {
        affine.factor[c] = gamma[c] / std::sqrt(variance[c] + epsilon);
        const float shift = -mean[c] * affine.factor[c];
        affine.offset[c] = shift + beta[c];
    }
    return affine;
}

std::size_t channelsOf(const SlotQuantizer &weight)
{
    const auto axis = static_cast<std::size_t>(weight.channelAxis);
    if (axis >= weight.shape.size())
        throw ParseError("the weight has no output channels");
    return static_cast<std::size_t>(weight.shape[axis]);
}

void mergeInto(SlotQuantizer &weight, const ChannelAffine &affine)
{
    std::vector<float> values = readFloats(*weight.tensor);
    const std::size_t channels = affine.factor.size();
    std::size_t inner = 1;
    for (auto i = static_cast<std::size_t>(weight.channelAxis) + 1; i < weight.shape.size(); ++i)
        inner *= static_cast<std::size_t>(weight.shape[i]);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] *= affine.factor[i / inner % channels];
    weight.tensor = floatTensor(weight.tensorName, weight.shape, values);
}

/// merge_bn: an existing bias is scaled and shifted (Brevitas before 0.8 forgot to scale it), a missing one is made.
void mergeBias(Layer &layer, const ChannelAffine &affine)
{
    SlotQuantizer *bias = layer.slot(Slot::Bias);
    std::vector<float> values = affine.offset;
    if (bias != nullptr && bias->tensor) {
        const std::vector<float> stored = readFloats(*bias->tensor);
        if (stored.size() != values.size())
            throw ParseError(
                fmt::format("the bias has {} values for {} output channels", stored.size(), values.size()));
        for (std::size_t c = 0; c < values.size(); ++c) {
            const float scaled = stored[c] * affine.factor[c];
            values[c] = scaled + affine.offset[c];
        }
    }
    if (bias == nullptr) {
        layer.slots.emplace_back().slot = Slot::Bias;
        bias = &layer.slots.back();
        bias->tensorName = layer.name + ".bias";
    }
    bias->shape = {static_cast<std::int64_t>(values.size())};
    bias->tensor = floatTensor(bias->tensorName, bias->shape, values);
}

std::string lineText(const RecipeLayer &entry)
{
    return entry.line == 0 ? std::string() : fmt::format(" (line {})", entry.line);
}

/// Its name in the file.
std::string requireBatchNorm(const StateDict &dict, const RecipeLayer &entry)
{
    std::vector<std::string> known;
    for (const StateLayer &layer : dict.layers)
        if (layer.batchNorm)
            known.push_back(layer.name);
    auto found = std::ranges::find(known, *entry.batchNorm);
    if (found == known.end())
        found = std::ranges::find(known, withoutWrappers(*entry.batchNorm), withoutWrappers);
    if (found == known.end())
        throw RecipeMismatch(fmt::format("batch_norm = \"{}\"{}: {}", *entry.batchNorm, lineText(entry),
            known.empty() ? "the file has no batch norm"
                          : "no such batch norm in the file" + didYouMean(*entry.batchNorm, known)));
    return *found;
}

/// Fake quantizers of torch.ao work on the weight with the factor in it: that is how it is shown, and once is enough.
void requireOutside(const StateDict &dict, const Layer &layer, const RecipeLayer &entry)
{
    const StateLayer *state = dict.layer(layer.name);
    if (state != nullptr && state->weightFrom && state->weightFrom->rule == Reparametrization::Rule::BatchNormed)
        throw RecipeMismatch(fmt::format(
            "batch_norm = \"{}\"{}: the weight of {} is shown with the factor of its batch norm in it already",
            *entry.batchNorm, lineText(entry), layer.name));
}

/// The same layer with the same batch norm merged before; null when there is none.
const Layer *mergedBefore(const Layer &layer, const ModelFile &file, const Recipe &recipe, const Network *previous)
{
    const Layer *before = previous == nullptr ? nullptr : previous->layer(layer.name);
    const bool same = before != nullptr && before->batchNormMerged && before->kind == layer.kind
        && previous->file.get() == &file && sameBatchNorm(previous->recipe, recipe, layer.name);
    return same && before->slot(Slot::Weight) != nullptr && before->slot(Slot::Bias) != nullptr ? before : nullptr;
}

void takeMerged(Layer &layer, const Layer &before)
{
    layer.slot(Slot::Weight)->tensor = before.slot(Slot::Weight)->tensor;
    if (layer.slot(Slot::Bias) == nullptr)
        layer.slots.emplace_back().slot = Slot::Bias;
    SlotQuantizer &bias = *layer.slot(Slot::Bias);
    bias.tensorName = before.slot(Slot::Bias)->tensorName;
    bias.shape = before.slot(Slot::Bias)->shape;
    bias.tensor = before.slot(Slot::Bias)->tensor;
}

Diagnostic mergedNote(const Layer &layer, bool hadBias, int version)
{
    return {"batch-norm-merged", Severity::Note, layer.id,
        fmt::format("{}: the batch norm {} is merged into its weights and bias{}", layer.name, layer.batchNorm,
            hadBias && version < 80 ? "; merge_bn of Brevitas before 0.8 leaves the old bias unscaled, which is an "
                                      "error that is not repeated here"
                                    : "")};
}

/// Stored weights are not what the hardware multiplies with when a batch norm still follows.
void noteUnmerged(MergedLayers &merged)
{
    const Layer *first = nullptr;
    std::size_t count = 0;
    for (const Layer &layer : merged.layers)
        if (!layer.batchNorm.empty() && !layer.batchNormMerged && ++count == 1)
            first = &layer;
    if (first != nullptr)
        merged.notes.push_back({"batch-norm-unmerged", Severity::Note, first->id,
            fmt::format("{}{} followed by a batch norm that is not merged ({}, by the file's order): the weights are "
                        "shown as stored; batch_norm = \"{}\" under [[layer]] shows them merged",
                first->name, count == 1 ? " is" : fmt::format(" and {} more layers are each", count - 1),
                first->batchNorm, first->batchNorm)});
}

Layer &layerOf(std::vector<Layer> &layers, const RecipeLayer &entry)
{
    const auto found
        = std::ranges::find_if(layers, [&](const Layer &layer) { return namesLayer(entry.match, layer.name); });
    if (found == layers.end() || found->slot(Slot::Weight) == nullptr || !found->slot(Slot::Weight)->tensor)
        throw RecipeMismatch(
            fmt::format("batch_norm = \"{}\"{} needs match to name one layer with a weight, not \"{}\"",
                *entry.batchNorm, lineText(entry), entry.match));
    return *found;
}

void mergeParameters(
    Layer &layer, const ModelFile &file, const StateDict &dict, const RecipeLayer &entry, const std::string &batchNorm)
{
    try {
        const ChannelAffine affine = affineOf(file, dict.prefix + batchNorm + ".",
            channelsOf(*layer.slot(Slot::Weight)), static_cast<float>(entry.epsilon.value_or(1e-5)));
        mergeBias(layer, affine);
        mergeInto(*layer.slot(Slot::Weight), affine);
    } catch (const ParseError &error) {
        throw RecipeMismatch(fmt::format("{}: the batch norm {}{} cannot be merged: {}", layer.name, *entry.batchNorm,
            lineText(entry), error.what()));
    }
}

MergedLayers merged(std::vector<Layer> layers, const ModelFile &file, const StateDict &dict, const Recipe &recipe,
    const Network *previous)
{
    MergedLayers out{std::move(layers), {}};
    for (const RecipeLayer &entry : recipe.layers) {
        if (!entry.batchNorm)
            continue;
        Layer &layer = layerOf(out.layers, entry);
        if (&entry != batchNormEntry(recipe, layer.name))
            continue; // a later entry speaks of the same layer
        const std::string batchNorm = requireBatchNorm(dict, entry);
        requireOutside(dict, layer, entry);
        const bool hadBias = layer.slot(Slot::Bias) != nullptr && layer.slot(Slot::Bias)->tensor;
        if (const Layer *before = mergedBefore(layer, file, recipe, previous))
            takeMerged(layer, *before);
        else
            mergeParameters(layer, file, dict, entry, batchNorm);
        layer.batchNorm = batchNorm;
        layer.batchNormMerged = true;
        out.notes.push_back(mergedNote(layer, hadBias, versionOf(recipe)));
    }
    noteUnmerged(out);
    return out;
}

} // namespace

Result<MergedLayers> mergeBatchNorms(std::vector<Layer> layers, const ModelFile &file, const StateDict &dict,
    const Recipe &recipe, const Network *previous)
{
    try {
        return merged(std::move(layers), file, dict, recipe, previous);
    } catch (const RecipeMismatch &error) {
        return tl::unexpected(
            Error{ErrorKind::Usage, recipe.path.empty() ? file.path : recipe.path, std::nullopt, error.what()});
    }
}

} // namespace quantscope
