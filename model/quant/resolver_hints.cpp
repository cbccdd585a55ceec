#include "quant/resolver.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include <fmt/format.h>

namespace quantscope {

namespace {

bool sameOverrides(const SlotSettings &a, const SlotSettings &b)
{
    return a.preset == b.preset && a.sharedWith == b.sharedWith && a.input == b.input && a.inputScale == b.inputScale
        && a.inputBitWidth == b.inputBitWidth && a.inputSigned == b.inputSigned && a.overrides == b.overrides
        && a.mentioned == b.mentioned && a.presetEntry == b.presetEntry && a.overrideEntry == b.overrideEntry;
}

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

std::shared_ptr<const TensorInfo> floatTensor(
    const std::string &name, const Shape &shape, const std::vector<float> &values)
{
    std::vector<std::byte> bytes(values.size() * sizeof(float));
    if (!bytes.empty())
        std::memcpy(bytes.data(), values.data(), bytes.size());
    auto tensor = std::make_shared<TensorInfo>();
    tensor->name = name;
    tensor->dtype = DType::Float32;
    tensor->shape = shape;
    tensor->storage.bytes = bytes.size();
    tensor->storage.source = std::make_shared<MemorySource>(std::move(bytes));
    return tensor;
}

} // namespace

/// A graph of the same network tells kinds and what feeds what; the recipe's own word stays stronger.
void Resolver::takeHints()
{
    if (m_hints.graph == nullptr)
        return;
    for (Layer &layer : m_network.layers) {
        const Layer *other = m_hints.graph->layer(layer.name);
        if (other == nullptr)
            continue;
        if (layer.kindAssumed && !other->kind.empty()) {
            layer.kind = other->kind;
            layer.kindAssumed = false;
            if (SlotQuantizer *weight = layer.slot("weight"))
                weight->channelAxis = layer.kind.find("Transpose") != std::string::npos ? 1 : 0;
        }
        if (layer.fedBy.empty())
            layer.fedBy = other->fedBy;
        if (layer.feeds.empty())
            layer.feeds = other->feeds;
        if (other->fedBy.size() == 1)
            m_feeds[layer.name] = other->fedBy.front();
    }
}

/// w * gamma / sqrt(var + eps) along the output channels, (b - mean) * gamma / sqrt(var + eps) + beta, in float32 and
/// in Brevitas' order (merge_bn): the factor first, then the products.
void Resolver::mergeBatchNorms()
{
    for (const RecipeLayer &entry : m_network.recipe.layers) {
        if (!entry.batchNorm)
            continue;
        Layer *layer = m_network.layer(entry.match);
        SlotQuantizer *weight = layer == nullptr ? nullptr : layer->slot("weight");
        if (weight == nullptr || !weight->tensor)
            throw RecipeMismatch(
                fmt::format("batch_norm = \"{}\" needs match to name one layer with a weight, not \"{}\"",
                    *entry.batchNorm, entry.match));
        const ModelFile &file = *m_network.file;
        const std::string bn = m_dict.prefix + *entry.batchNorm + ".";
        try {
            const auto axis = static_cast<std::size_t>(weight->channelAxis);
            if (axis >= weight->shape.size())
                throw ParseError("the weight has no output channels");
            const auto channels = static_cast<std::size_t>(weight->shape[axis]);
            const auto gamma = channelParameter(file, bn + "weight", channels),
                       beta = channelParameter(file, bn + "bias", channels);
            const auto mean = channelParameter(file, bn + "running_mean", channels),
                       variance = channelParameter(file, bn + "running_var", channels);
            std::vector<float> factor(channels), values = readFloats(*weight->tensor);
            const auto epsilon = static_cast<float>(entry.epsilon.value_or(1e-5));
            std::size_t inner = 1;
            for (std::size_t i = axis + 1; i < weight->shape.size(); ++i)
                inner *= static_cast<std::size_t>(weight->shape[i]);
            for (std::size_t c = 0; c < channels; ++c)
                factor[c] = gamma[c] / std::sqrt(variance[c] + epsilon);
            for (std::size_t i = 0; i < values.size(); ++i)
                values[i] *= factor[i / inner % channels];
            SlotQuantizer *bias = layer->slot("bias");
            std::vector<float> offset
                = bias != nullptr && bias->tensor ? readFloats(*bias->tensor) : std::vector<float>(channels, 0.0f);
            for (std::size_t c = 0; c < std::min(channels, offset.size()); ++c)
                offset[c] = (offset[c] - mean[c]) * factor[c] + beta[c];
            weight->tensor = floatTensor(weight->tensorName, weight->shape, values);
            if (bias == nullptr) {
                layer->slots.emplace_back().slot = "bias";
                bias = &layer->slots.back();
                bias->tensorName = layer->name + ".bias";
            }
            bias->shape = {static_cast<std::int64_t>(channels)};
            bias->tensor = floatTensor(bias->tensorName, bias->shape, offset);
            m_network.diagnostics.push_back({"batch-norm-merged", Severity::Note, layer->name,
                fmt::format(
                    "{}: the batch norm {} is merged into its weights and bias", layer->name, *entry.batchNorm)});
        } catch (const ParseError &error) {
            throw RecipeMismatch(
                fmt::format("{}: the batch norm {} cannot be merged: {}", layer->name, *entry.batchNorm, error.what()));
        }
    }
}

bool Resolver::sameSettings(const Job &job, const Network &previous) const
{
    const Layer &layer = m_network.layers[job.layer];
    const std::string &slot = layer.slots[job.slot].slot;
    const Layer *before = previous.layer(layer.name);
    const auto state = m_states.find(layer.name);
    const bool batchNorm = state != m_states.end() && state->second->batchNorm;
    return before != nullptr && before->slot(slot) != nullptr && before->kind == layer.kind
        && before->groups == layer.groups && before->stride == layer.stride
        && sameOverrides(job.settings, settingsFor(previous.recipe, layer.name, slot, !batchNorm));
}

/// Slots that the recipe's change does not touch are taken over. What depends on another slot (external bias, A2Q,
/// sharers) is computed again when that one is; those are cheap or rare.
void Resolver::takePrevious()
{
    const Network *previous = m_hints.previous;
    const auto merges = [](const Recipe &recipe) {
        return std::any_of(
            recipe.layers.begin(), recipe.layers.end(), [](const RecipeLayer &l) { return l.batchNorm.has_value(); });
    };
    if (previous == nullptr || previous->file != m_network.file
        || previous->recipe.brevitas != m_network.recipe.brevitas || merges(previous->recipe)
        || merges(m_network.recipe))
        return;
    for (Job &job : m_jobs) {
        const bool depends = job.owner || !job.sharers.empty() || presetSlot(slotOf(job).slot) == "bias"
            || !job.settings.input.empty();
        if (depends || !sameSettings(job, *previous))
            continue;
        const SlotQuantizer &before = *previous->layer(layerOf(job).name)->slot(slotOf(job).slot);
        if (!before.quantizer || !before.quantizer->isComplete())
            continue; // its diagnostic must be said again
        job.settings.preset = before.preset;
        slotOf(job) = before;
        if (const auto spec = makeSpec(job.settings, m_version))
            job.spec = *spec;
        job.state = State::Done;
        for (const Diagnostic &d : previous->diagnostics)
            if (d.layer == layerOf(job).name && d.rule == "never-calibrated")
                m_network.diagnostics.push_back(d);
    }
}

} // namespace quantscope
