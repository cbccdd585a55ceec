#include "dialects/vitis/quant_info_join.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

namespace quantscope::vitis {

namespace {

/// "conv1" and "weight" of "conv1.weight".
std::pair<std::string, std::string> splitParameter(const std::string &name)
{
    const std::size_t dot = name.rfind('.');
    return dot == std::string::npos ? std::pair(name, std::string())
                                    : std::pair(name.substr(0, dot), name.substr(dot + 1));
}

/// A parameter's name without what stands before all of them: the part of the checkpoint, and wrappers of torch.
std::string_view bareName(const ModelFile &file, std::string_view tensor)
{
    const std::string_view prefix = file.shownPrefix();
    if (tensor.starts_with(prefix))
        tensor.remove_prefix(prefix.size());
    for (const std::string_view wrapper : {"_orig_mod.", "module.", "_orig_mod."})
        if (tensor.starts_with(wrapper))
            tensor.remove_prefix(wrapper.size());
    return tensor;
}

std::string nodeKind(const std::string &node)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kKinds = {{
        {"relu", "ReLU"},
        {"relu6", "ReLU6"},
        {"leaky_relu", "LeakyReLU"},
        {"maxpool", "MaxPool2d"},
        {"avgpool", "AvgPool2d"},
        {"adaptive_avg_pool2d", "AdaptiveAvgPool2d"},
        {"input", "Identity"},
        {"elemwise_add", "EltwiseAdd"},
        {"concat", "Cat"},
        {"hsigmoid", "Hardsigmoid"},
        {"hswish", "Hardswish"},
        {"sigmoid", "Sigmoid"},
        {"tanh", "Tanh"},
        {"softmax", "Softmax"},
        {"resize", "Upsample"},
        {"flatten", "Flatten"},
    }};
    const std::string word = nodeName(node).word;
    const auto found = std::ranges::find(kKinds, word, &std::pair<std::string_view, std::string_view>::first);
    return std::string(found == kKinds.end() ? "Module" : found->second);
}

/// One use: run().
class Joining {
public:
    Joining(Network &network, const QuantInfo &info)
        : m_network(network)
        , m_info(info)
    {
        for (const Layer &layer : network.layers)
            for (const SlotQuantizer &slot : layer.slots)
                if (!slot.tensorName.empty())
                    m_slots.emplace(bareName(*network.file, slot.tensorName), SlotId{layer.id, slot.slot});
        for (const Layer &layer : network.layers) {
            m_layers.emplace(layer.name, layer.id);
            m_layers.emplace(bareName(*network.file, layer.name), layer.id);
        }
    }

    QuantInfoJoin run()
    {
        for (const QuantInfoEntry *entry : lastOfEach(m_info.parameters))
            joinParameter(*entry);
        findUnnamed();
        assignCorrections();
        for (const auto &[entries, slot] :
            {std::pair(&m_info.outputs, Slot::Act), std::pair(&m_info.inputs, Slot::Input)})
            for (const QuantInfoEntry *entry : lastOfEach(*entries))
                joinNode(*entry, slot);
        return std::move(m_out);
    }

private:
    /// Of entries with one name the last counts, as for Python's json.
    static std::vector<const QuantInfoEntry *> lastOfEach(const std::vector<QuantInfoEntry> &entries)
    {
        std::unordered_map<std::string_view, const QuantInfoEntry *> last;
        for (const QuantInfoEntry &entry : entries)
            last[entry.name] = &entry;
        std::vector<const QuantInfoEntry *> out;
        for (const QuantInfoEntry &entry : entries)
            if (last[entry.name] == &entry)
                out.push_back(&entry);
        return out;
    }

    void join(SlotId slot, const QuantInfoEntry &entry, std::size_t tensor = 0)
    {
        if (!m_joined.insert(slot).second) {
            m_out.twice.push_back(entry.name);
            return;
        }
        m_out.slots.push_back(
            {slot, &entry, tensor < entry.tensors.size() ? &entry.tensors[tensor] : nullptr, nullptr});
    }

    SlotId slotOf(LayerId layer, Slot slot)
    {
        Layer &found = m_network.layers[position(layer)];
        if (found.slot(slot) == nullptr) {
            found.slots.emplace_back();
            found.slots.back().slot = slot;
        }
        return {layer, slot};
    }

    LayerId layerNamed(const std::string &name, const std::string &kind)
    {
        const auto known = m_layers.find(name);
        if (known != m_layers.end())
            return known->second;
        Layer layer;
        layer.name = name;
        layer.kind = kind;
        layer.kindAssumed = true;
        const LayerId id = m_network.add(std::move(layer)).id;
        m_layers.emplace(name, id);
        return id;
    }

    void joinParameter(const QuantInfoEntry &entry)
    {
        const std::string name(bareName(*m_network.file, withoutModel(entry.name)));
        if (const auto found = m_slots.find(name); found != m_slots.end()) {
            m_named.insert(found->first);
            return join(found->second, entry);
        }
        const auto [owner, leaf] = splitParameter(name);
        const auto layer = m_layers.find(owner);
        const bool alone = m_network.file->tensors.empty();
        if (alone && (leaf == "weight" || leaf == "bias"))
            return join(slotOf(layerNamed(owner, "Module"), leaf == "weight" ? Slot::Weight : Slot::Bias), entry);
        const bool hasWeight = layer != m_layers.end() && m_network.layer(layer->second).slot(Slot::Weight) != nullptr;
        if (leaf == "bias" && hasWeight) {
            m_out.merged.push_back(layer->second);
            return join(slotOf(layer->second, Slot::Bias), entry);
        }
        m_out.withoutParameter.push_back(entry.name);
    }

    /// Batch norms are merged into what stands before them, so that their parameters need no entry.
    void findUnnamed()
    {
        for (Layer &layer : m_network.layers) {
            const bool isNorm = layer.kind.starts_with("BatchNorm");
            for (const SlotQuantizer &slot : layer.slots)
                if (!slot.tensorName.empty() && !isNorm
                    && !m_named.contains(std::string(bareName(*m_network.file, slot.tensorName))))
                    m_out.withoutEntry.push_back(slot.tensorName);
            const Layer *norm = layer.batchNorm.empty() ? nullptr : m_network.layer(layer.batchNorm);
            const SlotQuantizer *scale = norm == nullptr ? nullptr : norm->slot(Slot::Weight);
            const bool merged = scale != nullptr && m_joined.contains({layer.id, Slot::Weight})
                && !m_joined.contains({norm->id, Slot::Weight});
            if (merged && std::ranges::find(m_out.merged, layer.id) == m_out.merged.end())
                m_out.merged.push_back(layer.id);
        }
    }

    /// Corrections stand by the nodes of the network and not by their parameters: both are in the network's order.
    void assignCorrections()
    {
        if (!m_info.biasCorrected)
            return;
        std::vector<JoinedEntry *> biases;
        for (JoinedEntry &joined : m_out.slots)
            if (joined.slot.slot == Slot::Bias)
                biases.push_back(&joined);
        m_out.correctionsProblem = m_info.correctionsProblem;
        if (!m_out.correctionsProblem.empty() || biases.empty())
            return;
        bool fits = biases.size() == m_info.corrections.size();
        for (std::size_t i = 0; fits && i < biases.size(); ++i)
            fits = correctionFits(m_info.corrections[i], biases[i]->slot);
        if (!fits) {
            m_out.correctionsProblem
                = fmt::format("the {} lists of {} are not those of the {} biases by number and length",
                    m_info.corrections.size(), m_info.correctionsFile, biases.size());
            return;
        }
        for (std::size_t i = 0; i < biases.size(); ++i) {
            biases[i]->correction = &m_info.corrections[i];
            m_layerOf.emplace(withoutModel(m_info.corrections[i].node), biases[i]->slot.layer);
        }
    }

    bool correctionFits(const BiasCorrection &correction, const SlotId &bias) const
    {
        const Layer &layer = m_network.layer(bias.layer);
        const SlotQuantizer *slot = layer.slot(Slot::Bias), *weight = layer.slot(Slot::Weight);
        const std::string word = nodeName(correction.node).word;
        const bool isMatrix = word == "dense" || word == "linear";
        if (slot == nullptr || !slot->tensor)
            return true; // the JSON alone
        return slot->tensor->count() == correction.values.size()
            && (weight == nullptr || (!isMatrix && word.find("conv") == std::string::npos)
                || isMatrix == (weight->shape.size() == 2));
    }

    void joinNode(const QuantInfoEntry &entry, Slot slot)
    {
        const std::string name = withoutModel(entry.name);
        const auto computes = m_layerOf.find(name);
        if (computes != m_layerOf.end())
            return join(slotOf(computes->second, slot == Slot::Act ? Slot::Output : slot), entry);
        join(slotOf(layerNamed(name, nodeKind(name)), slot), entry);
        for (std::size_t i = 1; i < entry.tensors.size(); ++i)
            join(slotOf(layerNamed(fmt::format("{}:{}", name, i), nodeKind(name)), slot), entry, i);
    }

    Network &m_network;
    const QuantInfo &m_info;
    std::unordered_map<std::string, SlotId> m_slots; ///< by the parameter's name
    std::unordered_map<std::string, LayerId> m_layers;
    std::unordered_set<std::string> m_named;
    std::set<SlotId> m_joined;
    std::unordered_map<std::string, LayerId> m_layerOf; ///< by the node that computes it
    QuantInfoJoin m_out;
};

} // namespace

std::string withoutModel(const std::string &entry)
{
    const std::size_t colons = entry.rfind("::");
    return colons == std::string::npos ? entry : entry.substr(colons + 2);
}

std::string firstNames(const std::vector<std::string> &names)
{
    constexpr std::size_t kNamed = 8;
    std::vector<std::string> first;
    for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i)
        first.push_back(printable(names[i]));
    const std::string rest = names.size() > kNamed ? fmt::format(" and {} more", names.size() - kNamed) : "";
    return fmt::format("{}{}", fmt::join(first, ", "), rest);
}

NodeName nodeName(const std::string &node)
{
    constexpr std::string_view kBefore = "nndct_";
    std::string word = withoutModel(node);
    if (word.starts_with(kBefore))
        word.erase(0, kBefore.size());
    const std::size_t underscore = word.rfind('_');
    int place = 0;
    if (underscore == std::string::npos)
        return {word, std::nullopt};
    const char *const end = word.data() + word.size();
    const auto read = std::from_chars(word.data() + underscore + 1, end, place);
    if (read.ec != std::errc() || read.ptr != end || place < 0)
        return {word, std::nullopt};
    return {word.substr(0, underscore), place};
}

QuantInfoJoin joinQuantInfo(Network &network, const QuantInfo &info) { return Joining(network, info).run(); }

QuantInfoFit fitOf(const ModelFile &file, const QuantInfo &info)
{
    std::unordered_set<std::string_view> names;
    for (const TensorInfo &tensor : file.tensors)
        names.insert(bareName(file, tensor.name));
    QuantInfoFit out;
    for (const QuantInfoEntry &entry : info.parameters) {
        const std::string plain = withoutModel(entry.name);
        const std::string_view name = bareName(file, plain);
        const bool isWeight = name.ends_with(".weight"), fits = names.contains(name);
        out.parameters += fits ? 1u : 0u;
        out.allWeights += isWeight ? 1u : 0u;
        out.weights += isWeight && fits ? 1u : 0u;
    }
    return out;
}

} // namespace quantscope::vitis
