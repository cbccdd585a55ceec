#include "dialects/torch/ao_keys.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::string_view kObserver = "activation_post_process";
constexpr std::string_view kWeightFakeQuant = "weight_fake_quant";
constexpr std::string_view kRecurrent = "_all_weight_values.";

struct Split {
    std::string_view owner, leaf;
};

Split split(std::string_view name)
{
    const auto dot = name.rfind('.');
    return dot == std::string_view::npos ? Split{{}, name} : Split{name.substr(0, dot), name.substr(dot + 1)};
}

bool isNumber(std::string_view text)
{
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool isPacked(std::string_view segment) { return segment.starts_with("_packed_"); }

std::string_view withoutPacked(std::string_view path)
{
    while (isPacked(split(path).leaf))
        path = split(path).owner;
    return path;
}

/// "fc._packed_params._packed_params.0" and "0._packed_params._packed_weight.1.0" -> "fc", "0"; else empty.
std::optional<std::string_view> packedOwner(std::string_view name)
{
    while (isNumber(split(name).leaf))
        name = split(name).owner;
    if (!isPacked(split(name).leaf))
        return std::nullopt;
    return withoutPacked(name);
}

bool isField(std::string_view leaf)
{
    static constexpr std::array<std::string_view, 5> kFields{"scale", "zero_point", "min_val", "max_val", "eps"};
    return std::ranges::find(kFields, leaf) != kFields.end();
}

/// What FX calls the parameters of its quantize nodes: "conv1_input_scale_0". A node without a name keeps its number.
std::optional<AoKey> fxKey(std::string_view name)
{
    const auto last = name.find_last_not_of("0123456789");
    if (last == std::string_view::npos || last + 1 == name.size() || name[last] != '_')
        return std::nullopt;
    const std::string_view number = name.substr(last + 1);
    name = name.substr(0, last);
    for (const std::string_view field : {"scale", "zero_point"}) {
        if (!name.ends_with(field) || name.size() <= field.size() || name[name.size() - field.size() - 1] != '_')
            continue;
        std::string_view node = name.substr(0, name.size() - field.size() - 1);
        const bool input = node.ends_with("_input");
        if (input)
            node.remove_suffix(std::string_view("_input").size());
        const bool numbered = node.empty() || number != "0";
        return AoKey{AoKey::Part::Quantizer, numbered ? fmt::format("{}_{}", node, number) : std::string(node),
            input ? Slot::Input : Slot::Output, std::string(field), {}};
    }
    return std::nullopt;
}

bool saysAo(const TensorInfo &tensor)
{
    const auto has = [&](std::string_view word) { return tensor.name.find(word) != std::string::npos; };
    return tensor.affine || has("_packed_params.") || has(fmt::format("{}.", kWeightFakeQuant))
        || has(fmt::format("{}.", kObserver)) || has(fmt::format("{}_", kObserver))
        || tensor.name.ends_with(".weight_axis");
}

} // namespace

AoKeys::AoKeys(const ModelFile &file, std::string prefix)
    : m_file(file)
    , m_prefix(std::move(prefix))
{
    m_any = std::ranges::any_of(
        file.tensors, [&](const TensorInfo &tensor) { return tensor.name.starts_with(m_prefix) && saysAo(tensor); });
}

std::optional<AoKey> AoKeys::of(std::string_view name, std::size_t index) const
{
    if (!m_any)
        return std::nullopt;
    if (const std::string_view leaf = split(name).leaf; leaf == "weight" || leaf == "bias") {
        const std::string_view owner = split(name).owner;
        if (!isPacked(split(owner).leaf))
            return std::nullopt;
        return AoKey{leaf == "weight" ? AoKey::Part::Weight : AoKey::Part::Bias, std::string(withoutPacked(owner)),
            Slot::Weight, {}, {}};
    }
    if (auto key = quantizer(name, index))
        return key;
    if (auto key = recurrent(name))
        return key;
    if (auto key = cell(name))
        return key;
    return parameter(name, index);
}

const TensorInfo *AoKeys::sibling(std::string_view owner, std::string_view leaf) const
{
    const auto found = m_file.find(fmt::format("{}{}{}{}", m_prefix, owner, owner.empty() ? "" : ".", leaf));
    return found ? &m_file.tensors[*found] : nullptr;
}

/// "lstm._all_weight_values.0.param.4.1.0": the packed hidden weight of the first direction, with its bias behind it.
std::optional<AoKey> AoKeys::recurrent(std::string_view name) const
{
    const auto at = name.find(kRecurrent);
    if (at == std::string_view::npos)
        return std::nullopt;
    const std::string_view cell = name.substr(0, name.find('.', at + kRecurrent.size()));
    const std::string_view rest = name.substr(std::min(name.size(), cell.size() + 1));
    for (const auto &[part, matrix] : {std::pair{"param.4.0.", "weight_ih"}, std::pair{"param.4.1.", "weight_hh"}}) {
        if (!rest.starts_with(part))
            continue;
        const TensorInfo *hidden = sibling(cell, "param.4.1.0");
        return AoKey{rest.ends_with(".0") ? AoKey::Part::Weight : AoKey::Part::Bias, fmt::format("{}.{}", cell, matrix),
            Slot::Weight, {}, hidden == nullptr ? "LSTM" : recurrentKind(hidden->shape)};
    }
    return std::nullopt;
}

/// "cell._packed_weight_hh.0" of a single cell: the hidden weight, with its bias behind it.
std::optional<AoKey> AoKeys::cell(std::string_view name) const
{
    const auto [path, place] = split(name);
    const auto [owner, leaf] = split(path);
    for (const std::string_view matrix : {"weight_ih", "weight_hh"}) {
        if (leaf != fmt::format("_packed_{}", matrix) || (place != "0" && place != "1"))
            continue;
        const TensorInfo *hidden = sibling(owner, "_packed_weight_hh.0");
        return AoKey{place == "0" ? AoKey::Part::Weight : AoKey::Part::Bias,
            fmt::format("{}{}{}", owner, owner.empty() ? "" : ".", matrix), Slot::Weight, {},
            (hidden == nullptr ? std::string("LSTM") : recurrentKind(hidden->shape)) + "Cell"};
    }
    return std::nullopt;
}

/// Quantized tensors by whatever name, with the bias that stands behind each in its tuple.
std::optional<AoKey> AoKeys::parameter(std::string_view name, std::size_t index) const
{
    const TensorInfo &tensor = m_file.tensors[index];
    const auto [owner, leaf] = split(name);
    const bool isWeight = tensor.affine && tensor.shape.size() >= 2;
    const auto key = [](bool weight, std::string_view layer, const char *kind = "") {
        return AoKey{weight ? AoKey::Part::Weight : AoKey::Part::Bias, std::string(layer), Slot::Weight, {}, kind};
    };
    const bool isMatrix = tensor.shape.size() >= 2; // of floats where only the arithmetic is narrow (float16)
    if (const auto packed = packedOwner(name); packed && (isMatrix || leaf == "1"))
        return key(isMatrix, *packed, name.find("_packed_weight") != std::string_view::npos ? "Embedding" : "");
    // The state of a quantized convolution holds both at these positions; other tuples begin with them.
    for (const auto &[weight, bias] : {std::pair{"10", "11"}, std::pair{"0", "1"}}) {
        const bool begins = isQuantized(sibling(owner, weight)) && !isQuantized(sibling(owner, bias));
        if (begins && ((isWeight && leaf == weight) || (!tensor.affine && leaf == bias && tensor.shape.size() == 1)))
            return key(isWeight, owner);
    }
    return isWeight ? std::optional(key(true, name)) : std::nullopt;
}

std::optional<AoKey> AoKeys::quantizer(std::string_view name, std::size_t index) const
{
    const auto [path, leaf] = split(name);
    if (path.empty())
        return fxKey(leaf);
    // Reference models of FX keep float weights beside what quantizes them.
    constexpr std::string_view kOfWeight = "weight_";
    if (leaf.starts_with(kOfWeight) && sibling(path, "weight_axis") != nullptr)
        if (const std::string_view field = leaf.substr(kOfWeight.size()); field == "scale" || field == "zero_point")
            return AoKey{AoKey::Part::Quantizer, std::string(path), Slot::Weight, std::string(field), {}};
    if (!isField(leaf) || m_file.tensors[index].shape.size() > 1)
        return std::nullopt;
    std::string_view owner = path;
    while (split(owner).leaf == kObserver)
        owner = split(owner).owner;
    if (split(owner).leaf == kWeightFakeQuant)
        return AoKey{AoKey::Part::Quantizer, std::string(split(owner).owner), Slot::Weight, std::string(leaf), {}};
    const bool observed = owner.size() != path.size() || split(owner).leaf.starts_with(kObserver);
    const bool own = (leaf == "scale" || leaf == "zero_point") && m_file.tensors[index].count() == 1
        && sibling(path, leaf == "scale" ? "zero_point" : "scale") != nullptr;
    if (!observed && !own)
        return std::nullopt;
    return AoKey{AoKey::Part::Quantizer, std::string(owner), Slot::Output, std::string(leaf), {}};
}

std::string recurrentKind(const Shape &hidden)
{
    if (hidden.size() != 2 || hidden[1] <= 0 || hidden[0] == 4 * hidden[1])
        return "LSTM";
    return hidden[0] == 3 * hidden[1] ? "GRU" : hidden[0] == hidden[1] ? "RNN" : "LSTM";
}

} // namespace quantscope
