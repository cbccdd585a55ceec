#pragma once

#include "dialects/brevitas/recipe_words.h"
#include "dialects/interpret.h"
#include "network/network.h"
#include "tensor/memory_tensor.h"

#include <QDebug>

#include <string>
#include <vector>

namespace quantscope::test {

struct StateTensor {
    std::string name;
    Shape shape;
    std::vector<float> values;
};

/// A state_dict in memory, as the reader of checkpoints would give it.
inline std::shared_ptr<const ModelFile> stateFile(const std::vector<StateTensor> &tensors)
{
    auto file = std::make_shared<ModelFile>();
    file->path = "memory.pt";
    file->format = "pytorch-checkpoint";
    for (const StateTensor &given : tensors)
        file->tensors.push_back(*floatTensor(given.name, given.shape, given.values));
    file->buildIndex();
    return file;
}

/// -1, -7/8, .. in eighths, over and over.
inline std::vector<float> ramp(std::size_t count)
{
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i)
        values[i] = static_cast<float>(i % 16) / 8.0f - 1.0f;
    return values;
}

/// Tensors by Brevitas' names.
inline StateTensor weight(const std::string &layer, Shape shape)
{
    return {layer + ".weight", shape, ramp(elementCount(shape))};
}

inline StateTensor weightKey(const std::string &layer, const std::string &field, Shape shape, std::vector<float> values)
{
    return {layer + ".weight_quant.tensor_quant." + field, std::move(shape), std::move(values)};
}

inline StateTensor actKey(const std::string &layer, const std::string &field, Shape shape, std::vector<float> values)
{
    return {
        layer + ".act_quant.fused_activation_quant_proxy.tensor_quant." + field, std::move(shape), std::move(values)};
}

inline std::string entry(const std::string &match, const std::string &slot, const std::string &keys)
{
    return "[[quantizer]]\nmatch = \"" + match + "\"\n" + (slot.empty() ? "" : "slot = \"" + slot + "\"\n") + keys
        + "\n";
}

inline std::string preset(const std::string &match, const std::string &slot, const std::string &name)
{
    return entry(match, slot, "preset = \"" + name + "\"");
}

inline Result<Network> recovered(const std::vector<StateTensor> &tensors, const std::string &recipe)
{
    const auto parsed = parseRecipe(recipe, "r.toml");
    if (!parsed)
        return tl::unexpected(parsed.error());
    return recoverQuantizers(stateFile(tensors), *parsed);
}

/// The same, or an empty network and a warning.
inline Network recoveredNetwork(const std::vector<StateTensor> &tensors, const std::string &recipe)
{
    auto network = recovered(tensors, recipe);
    if (network)
        return std::move(*network);
    qWarning("%s", network.error().text().c_str());
    return {};
}

inline const Diagnostic *findRule(const Network &network, std::string_view rule)
{
    for (const Diagnostic &d : network.diagnostics)
        if (d.rule == rule)
            return &d;
    return nullptr;
}

} // namespace quantscope::test
