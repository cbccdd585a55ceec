#include "dialects/brevitas/state_dict.h"

#include "dialects/torch/ao_keys.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

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

/// "lstm.weight_ih_l0" is a weight of its own beside "lstm.weight_hh_l0", with "lstm.bias_ih_l0".
std::string layerOfParameter(std::string_view owner, std::string_view leaf)
{
    std::string own(leaf);
    if (const auto bias = own.find("bias_"); bias == 0 && own != "bias_k" && own != "bias_v")
        own.replace(0, 4, "weight");
    else if (own == "in_proj_bias")
        own = "in_proj_weight";
    return fmt::format("{}{}{}", owner, owner.empty() ? "" : ".", own);
}

class Grouping {
public:
    Grouping(const ModelFile &file, const std::string &prefix)
        : m_file(file)
        , m_ao(file, prefix)
        , m_computed(reparametrizations(file))
        , m_packed(packedWeights(file))
    {
        m_dict.prefix = prefix;
        m_dict.torchAo = m_ao.any();
        for (const auto &[first, parameter] : m_computed)
            for (const std::size_t i : parameter.tensors)
                m_parts.insert(i);
        for (const auto &[words, weight] : m_packed)
            m_parts.insert(weight.tensors.begin(), weight.tensors.end());
    }
    void add(std::size_t index)
    {
        const std::string_view name = std::string_view(m_file.tensors[index].name).substr(m_dict.prefix.size());
        if (const auto packed = m_packed.find(index); packed != m_packed.end())
            addPacked(packed->second);
        else if (const auto computed = m_computed.find(index); computed != m_computed.end())
            addParameter(
                std::string_view(computed->second.name).substr(m_dict.prefix.size()), index, &computed->second);
        else if (const auto key = quantizerKey(name)) {
            addBrevitas(*key, index);
        } else if (const auto ao = m_ao.of(name, index))
            addAo(*ao, index);
        else if (!m_parts.contains(index))
            addParameter(name, index, nullptr);
    }
    StateDict take()
    {
        if (m_dict.torchAo) {
            dropIdleOutputs();
            dropObservers();
            foldBatchNorms();
            settleNodes();
        }
        return std::move(m_dict);
    }

private:
    StateLayer &layer(const std::string &name)
    {
        const auto [found, isNew] = m_dict.positions.emplace(name, m_dict.layers.size());
        if (isNew)
            m_dict.layers.emplace_back().name = name;
        return m_dict.layers[found->second];
    }
    StateQuantizer &quantizer(const std::string &layerName, Slot slot)
    {
        auto &quantizers = layer(layerName).quantizers;
        const auto found = std::ranges::find(quantizers, slot, &StateQuantizer::slot);
        if (found != quantizers.end())
            return *found;
        StateQuantizer &added = quantizers.emplace_back();
        added.slot = slot;
        return added;
    }
    void addParameter(std::string_view name, std::size_t index, const Reparametrization *computed);
    void addBrevitas(const QuantizerKey &key, std::size_t index);
    void addAo(const AoKey &key, std::size_t index);
    void addPacked(const PackedWeight &weight);
    void dropIdleOutputs();
    void dropObservers();
    void foldBatchNorms();
    void settleNodes();

    const ModelFile &m_file;
    AoKeys m_ao;
    std::map<std::size_t, Reparametrization> m_computed; ///< by the position of the first tensor
    std::map<std::size_t, PackedWeight> m_packed; ///< by the position of their words
    std::set<std::size_t> m_parts; ///< all tensors of both
    StateDict m_dict;
};

void Grouping::addParameter(std::string_view name, std::size_t index, const Reparametrization *computed)
{
    const auto dot = name.rfind('.');
    const std::string_view leaf = dot == std::string_view::npos ? name : name.substr(dot + 1);
    const std::string owner(dot == std::string_view::npos ? std::string_view() : name.substr(0, dot));
    const auto set = [&](const std::string &layerName, bool weight) {
        StateLayer &known = layer(layerName);
        (weight ? known.weight : known.bias) = index;
        if (computed != nullptr)
            (weight ? known.weightFrom : known.biasFrom) = *computed;
    };
    if (leaf == "weight" || leaf == "bias")
        set(owner, leaf == "weight");
    else if (leaf == "running_mean" || leaf == "running_var")
        layer(owner).batchNorm = true;
    else if (isParameterName(leaf))
        set(layerOfParameter(owner, leaf), leaf.find("weight") != std::string_view::npos);
}

void Grouping::addBrevitas(const QuantizerKey &key, std::size_t index)
{
    StateQuantizer &known = quantizer(key.layer, key.slot);
    known.fields.emplace(key.field, index);
    known.before06 = known.before06 || key.before06;
    m_dict.before06 = m_dict.before06 || key.before06;
    m_dict.hasBrevitasKeys = true;
}

void Grouping::addAo(const AoKey &key, std::size_t index)
{
    StateLayer &known = layer(key.layer);
    if (!key.kind.empty())
        known.kind = key.kind;
    switch (key.part) {
    case AoKey::Part::Weight: known.weight = index; return;
    case AoKey::Part::Bias: known.bias = index; return;
    case AoKey::Part::Quantizer: break;
    }
    StateQuantizer &fields = quantizer(key.layer, key.slot);
    fields.torchAo = true;
    fields.fields.emplace(key.field, index);
}

void Grouping::addPacked(const PackedWeight &weight)
{
    StateLayer &known = layer(weight.layer.substr(std::min(weight.layer.size(), m_dict.prefix.size())));
    known.weight = weight.words;
    known.packed = weight;
    known.kind = "Linear";
    m_dict.packed = m_dict.packed || weight.problem.empty();
}

/// A model that is quantized at run time keeps a scale of 1 in its packed layers, which says nothing.
void Grouping::dropIdleOutputs()
{
    const auto packed = [&](const StateLayer &known) {
        return known.weight && m_file.tensors[*known.weight].name.find("_packed_params") != std::string::npos;
    };
    const auto isStatic = [&](const StateLayer &known) {
        return !packed(known) && std::ranges::any_of(known.quantizers, &StateQuantizer::torchAo);
    };
    if (std::ranges::any_of(m_dict.layers, isStatic))
        return;
    for (StateLayer &known : m_dict.layers)
        if (packed(known))
            std::erase_if(known.quantizers, [](const StateQuantizer &q) { return q.torchAo; });
}

/// An observer is no quantizer: nothing is rounded before the model is converted.
void Grouping::dropObservers()
{
    const auto isObserver = [](const StateQuantizer &q) { return q.torchAo && !q.fields.contains("scale"); };
    for (StateLayer &known : m_dict.layers)
        std::erase_if(known.quantizers, isObserver);
}

/// The fake quantizer of a layer that is fused with its batch norm works on the weight with the factor of that in it.
void Grouping::foldBatchNorms()
{
    const auto find = [&](const std::string &name) { return m_file.find(m_dict.prefix + name); };
    for (StateLayer &known : m_dict.layers) {
        const StateQuantizer *own = known.quantizer(Slot::Weight);
        const auto factor = find(known.name + ".bn.weight"), variance = find(known.name + ".bn.running_var");
        if (own == nullptr || !own->torchAo || !known.weight || known.weightFrom || !factor || !variance)
            continue;
        const TensorInfo &weight = m_file.tensors[*known.weight];
        const Shape channels{weight.shape.empty() ? 0 : weight.shape[0]};
        if (m_file.tensors[*factor].shape == channels && m_file.tensors[*variance].shape == channels)
            known.weightFrom = {Reparametrization::Rule::BatchNormed, weight.name, {*known.weight, *factor, *variance}};
    }
}

/// FX keeps what it quantizes under names of its graph, where "features.0" is features_0. Then what leaves a layer
/// without a weight is an activation.
void Grouping::settleNodes()
{
    std::map<std::string, std::size_t, std::less<>> nodes;
    for (std::size_t i = 0; i < m_dict.layers.size(); ++i) {
        std::string node = m_dict.layers[i].name;
        std::ranges::replace(node, '.', '_');
        if (m_dict.layers[i].weight)
            nodes.emplace(std::move(node), i);
    }
    std::vector<StateLayer> layers;
    std::set<std::size_t> moved;
    for (std::size_t i = 0; i < m_dict.layers.size(); ++i) {
        StateLayer &from = m_dict.layers[i];
        const auto to = from.weight || from.bias || from.batchNorm ? nodes.end() : nodes.find(from.name);
        if (to == nodes.end())
            continue;
        for (StateQuantizer &own : from.quantizers)
            if (m_dict.layers[to->second].quantizer(own.slot) == nullptr)
                m_dict.layers[to->second].quantizers.push_back(std::move(own));
        moved.insert(i);
    }
    m_dict.positions.clear();
    for (std::size_t i = 0; i < m_dict.layers.size(); ++i) {
        StateLayer &known = m_dict.layers[i];
        const bool empty = !known.weight && !known.bias && !known.batchNorm && known.quantizers.empty();
        if (moved.contains(i) || empty)
            continue;
        for (StateQuantizer &own : known.quantizers)
            if (own.torchAo && !known.weight && known.quantizer(Slot::Act) == nullptr)
                own.slot = Slot::Act;
        m_dict.positions.emplace(known.name, layers.size());
        layers.push_back(std::move(known));
    }
    m_dict.layers = std::move(layers);
}

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
    if (!layer.weight)
        return std::nullopt;
    if (layer.packed && layer.packed->isInputFirst())
        return 1;
    const TensorInfo &stored = file.tensors[*layer.weight];
    if (stored.affine && stored.affine->axis && (*stored.affine->axis == 0 || *stored.affine->axis == 1)
        && stored.shape.size() >= 2)
        return stored.affine->axis;
    const StateQuantizer *keys = layer.quantizer(Slot::Weight);
    if (keys == nullptr)
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
    Grouping grouping(file, prefix);
    for (std::size_t i = 0; i < file.tensors.size(); ++i)
        if (file.tensors[i].name.starts_with(prefix))
            grouping.add(i);
    return grouping.take();
}

} // namespace quantscope
