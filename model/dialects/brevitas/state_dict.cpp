#include "dialects/brevitas/state_dict.h"

#include <algorithm>
#include <array>

namespace quantscope {

namespace {

constexpr std::string_view kMarker = "tensor_quant.";

/// Key names before 0.6, which loaders still accept.
std::string currentField(std::string_view field)
{
    std::string name(field);
    for (const auto &[old, now] : {std::pair{"learned_value", "value"}, std::pair{"learned_sigma", "sigma"}})
        if (name.ends_with(old))
            name.replace(name.size() - std::string_view(old).size(), std::string::npos, now);
    return name;
}

struct QuantizerKey {
    std::string layer;
    Slot slot = Slot::Act;
    std::string field;
    bool before06 = false;
};

/// `<layer>.<slot>_quant.[fused_activation_quant_proxy.]tensor_quant.<field>`.
std::optional<QuantizerKey> quantizerKey(std::string_view name)
{
    const auto marker = name.find(kMarker);
    if (marker == std::string_view::npos)
        return std::nullopt;
    std::string_view owner = name.substr(0, marker);
    for (const std::string_view proxy : {"fused_activation_quant_proxy.", "fused_activation_quant."})
        if (owner.ends_with(proxy))
            owner.remove_suffix(proxy.size());
    if (!owner.ends_with("."))
        return std::nullopt;
    owner.remove_suffix(1);
    const auto dot = owner.rfind('.');
    std::string_view slot = dot == std::string_view::npos ? owner : owner.substr(dot + 1);
    const std::string_view layer = dot == std::string_view::npos ? std::string_view() : owner.substr(0, dot);
    const bool proxy = slot.ends_with("_quant_proxy"); // before 0.6
    if (proxy)
        slot.remove_suffix(6);
    if (!slot.ends_with("_quant"))
        return std::nullopt;
    slot.remove_suffix(6);
    const std::string_view written = name.substr(marker + kMarker.size());
    const std::string field = currentField(written);
    const bool before06 = proxy || field != written;
    if (const auto known = slotFromName(slot))
        return QuantizerKey{std::string(layer), *known, field, before06};
    return QuantizerKey{std::string(owner), Slot::Act, field, before06}; // of the user's own: a layer by itself
}

class Grouping {
public:
    StateLayer &layer(const std::string &name)
    {
        const auto [found, isNew] = m_dict.positions.emplace(name, m_dict.layers.size());
        if (isNew)
            m_dict.layers.push_back({.name = name, .weight = {}, .bias = {}, .batchNorm = false, .quantizers = {}});
        return m_dict.layers[found->second];
    }
    void add(std::string_view name, std::size_t index)
    {
        if (const auto key = quantizerKey(name)) {
            m_dict.hasBrevitasKeys = true;
            auto &quantizers = layer(key->layer).quantizers;
            auto found = std::find_if(
                quantizers.begin(), quantizers.end(), [&](const auto &q) { return q.slot == key->slot; });
            if (found == quantizers.end())
                found = quantizers.insert(quantizers.end(), {.slot = key->slot, .before06 = false, .fields = {}});
            found->fields.emplace(key->field, index);
            found->before06 = found->before06 || key->before06;
            m_dict.before06 = m_dict.before06 || key->before06;
            return;
        }
        const auto dot = name.rfind('.');
        const std::string_view leaf = dot == std::string_view::npos ? name : name.substr(dot + 1);
        const std::string owner(dot == std::string_view::npos ? std::string_view() : name.substr(0, dot));
        if (leaf == "weight")
            layer(owner).weight = index;
        else if (leaf == "bias")
            layer(owner).bias = index;
        else if (leaf == "running_mean" || leaf == "running_var")
            layer(owner).batchNorm = true;
    }
    StateDict take() { return std::move(m_dict); }

private:
    StateDict m_dict;
};

bool allBelow(const ModelFile &file, const std::string &root, const std::string &prefix)
{
    bool any = false;
    for (const TensorInfo &tensor : file.tensors) {
        if (!tensor.name.starts_with(root))
            continue;
        any = true;
        if (!tensor.name.starts_with(prefix))
            return false;
    }
    return any;
}

/// The root that the reader found, and what torch.compile and DataParallel, one around the other, put before every
/// name.
std::string commonPrefix(const ModelFile &file)
{
    std::string prefix(file.shownPrefix());
    for (const char *wrapper : {"_orig_mod.", "module.", "_orig_mod."})
        if (allBelow(file, prefix, prefix + wrapper))
            prefix += wrapper;
    return prefix;
}

} // namespace

const StateQuantizer *StateLayer::quantizer(Slot slot) const
{
    const auto found
        = std::find_if(quantizers.begin(), quantizers.end(), [&](const auto &q) { return q.slot == slot; });
    return found == quantizers.end() ? nullptr : &*found;
}

const StateLayer *StateDict::layer(std::string_view name) const
{
    const auto found = positions.find(name);
    return found == positions.end() ? nullptr : &layers[found->second];
}

namespace {

std::optional<int> onlyLongAxis(const Shape &shape, const Shape &weight)
{
    std::optional<int> axis;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == 1)
            continue;
        if (axis || shape[i] != weight[i])
            return std::nullopt;
        axis = static_cast<int>(i);
    }
    return axis;
}

} // namespace

std::optional<int> storedChannelAxis(const StateLayer &layer, const ModelFile &file)
{
    const StateQuantizer *keys = layer.quantizer(Slot::Weight);
    if (keys == nullptr || !layer.weight)
        return std::nullopt;
    const Shape &weight = file.tensors[*layer.weight].shape;
    for (const std::string_view field : {"scaling_impl.value", "pre_scaling_impl.value", "zero_point_impl.value",
             "scaling_impl.stats_scaling_impl.affine_rescaling.affine_weight"}) {
        const auto found = keys->fields.find(field);
        if (found == keys->fields.end() || file.tensors[found->second].shape.size() != weight.size())
            continue;
        if (const auto axis = onlyLongAxis(file.tensors[found->second].shape, weight); axis && *axis <= 1)
            return axis;
    }
    return std::nullopt;
}

StateDict groupStateDict(const ModelFile &file)
{
    const std::string prefix = commonPrefix(file);
    Grouping grouping;
    for (std::size_t i = 0; i < file.tensors.size(); ++i)
        if (file.tensors[i].name.starts_with(prefix))
            grouping.add(std::string_view(file.tensors[i].name).substr(prefix.size()), i);
    StateDict dict = grouping.take();
    dict.prefix = prefix;
    return dict;
}

} // namespace quantscope
