#include "dialects/torch/packed_weight.h"

#include <algorithm>
#include <limits>
#include <span>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope {

namespace {

using Scheme = PackedWeight::Scheme;

constexpr std::int64_t kWordBits = 32;

/// Names beside each other in a file.
class PackedFinder {
public:
    explicit PackedFinder(const ModelFile &file)
        : m_file(file)
    {
    }

    std::optional<PackedWeight> at(std::size_t index) const
    {
        const std::string &name = m_file.tensors[index].name;
        if (const auto owner = ownerOf(name, "qweight"))
            return words(*owner, index);
        if (ownerOf(name, "weight"))
            return codes(name, index);
        return std::nullopt;
    }

private:
    /// "a." for "a.qweight", empty for "qweight".
    static std::optional<std::string> ownerOf(const std::string &name, std::string_view leaf)
    {
        if (!name.ends_with(leaf))
            return std::nullopt;
        std::string owner = name.substr(0, name.size() - leaf.size());
        return owner.empty() || owner.back() == '.' ? std::optional(owner) : std::nullopt;
    }
    static std::string layerOf(const std::string &owner)
    {
        return owner.substr(0, owner.empty() ? 0 : owner.size() - 1);
    }
    const TensorInfo &tensor(std::optional<std::size_t> index) const { return m_file.tensors[*index]; }
    std::optional<std::size_t> take(PackedWeight &weight, const std::string &name) const
    {
        const auto found = m_file.find(name);
        if (found)
            weight.tensors.push_back(*found);
        return found;
    }

    std::optional<PackedWeight> words(const std::string &owner, std::size_t index) const;
    std::optional<PackedWeight> codes(const std::string &name, std::size_t index) const;
    std::string shapeWords(PackedWeight &weight) const;
    std::string shapeTable(PackedWeight &weight, std::optional<std::size_t> state) const;
    void findGroup(PackedWeight &weight, std::int64_t in, std::int64_t groups) const;

    const ModelFile &m_file;
};

std::optional<PackedWeight> PackedFinder::words(const std::string &owner, std::size_t index) const
{
    PackedWeight out;
    out.layer = layerOf(owner);
    out.words = index;
    out.tensors = {index};
    out.scales = take(out, owner + "scales");
    out.zeros = take(out, owner + "qzeros");
    out.groups = take(out, owner + "g_idx");
    if (!out.scales || !out.zeros)
        return std::nullopt;
    out.problem = shapeWords(out);
    if (!out.problem.empty())
        out.shape = tensor(index).shape;
    return out;
}

/// GPTQ and AWQ have the same names: shapes tell which it is. Returns what is wrong.
std::string PackedFinder::shapeWords(PackedWeight &weight) const
{
    const TensorInfo &words = tensor(weight.words), &scales = tensor(weight.scales), &zeros = tensor(weight.zeros);
    const bool typed = words.dtype == DType::Int32 && zeros.dtype == DType::Int32 && isFloating(scales.dtype)
        && words.shape.size() == 2 && zeros.shape.size() == 2 && scales.shape.size() == 2;
    constexpr std::string_view kNeither = "its words fit neither GPTQ nor AWQ by their types and shapes";
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 64;
    const std::int64_t groups = typed ? scales.shape[0] : 0, outputs = typed ? scales.shape[1] : 0;
    if (groups <= 0 || outputs <= 0 || outputs > kMost || zeros.shape[0] != groups || words.shape[0] <= 0
        || words.shape[0] > kMost || zeros.shape[1] > kMost)
        return std::string(kNeither);
    const std::int64_t bits = zeros.shape[1] * kWordBits / outputs;
    if (zeros.shape[1] * kWordBits != bits * outputs)
        return std::string(kNeither);
    std::int64_t inputs = words.shape[0];
    if (words.shape[1] == outputs && (bits == 2 || bits == 3 || bits == 4 || bits == 8)) {
        weight.scheme = Scheme::Gptq;
        inputs = words.shape[0] * kWordBits / bits;
        if (inputs * bits != words.shape[0] * kWordBits)
            return std::string(kNeither);
    } else if (words.shape[1] == zeros.shape[1] && bits == 4) {
        weight.scheme = Scheme::Awq;
    } else {
        return std::string(kNeither);
    }
    const bool fits = !weight.groups || tensor(weight.groups).shape == Shape{inputs};
    if (!fits || groups > inputs)
        return std::string(kNeither);
    weight.bits = static_cast<unsigned>(bits);
    weight.shape = {inputs, outputs};
    findGroup(weight, inputs, groups);
    return {};
}

/// The power of two, of which so many groups are needed, the last one shorter or not; 0 where there is none.
std::int64_t groupOfPower(std::int64_t in, std::int64_t groups)
{
    for (std::int64_t size = 16; size <= in; size *= 2)
        if ((in + size - 1) / size == groups)
            return size;
    return 0;
}

/// GPTQ lets the last group be shorter; a power of two is the usual group then. AWQ refuses to.
void PackedFinder::findGroup(PackedWeight &weight, std::int64_t in, std::int64_t groups) const
{
    constexpr std::int64_t kLargest = 1 << 30; // of one group any number is the scale of all inputs
    const std::int64_t power = groups == 1 ? 0 : groupOfPower(in, groups);
    const bool isEven = in % groups == 0 && (in / groups <= kLargest || groups == 1);
    const bool mayBeShorter = power != 0 && !weight.groups && weight.scheme == Scheme::Gptq;
    weight.group = isEven && !mayBeShorter ? in / groups : power;
    weight.groupAssumed = power != 0 && !weight.groups && in != power * groups && (!isEven || mayBeShorter);
}

std::optional<PackedWeight> PackedFinder::codes(const std::string &name, std::size_t index) const
{
    PackedWeight out;
    out.layer = layerOf(name.substr(0, name.size() - std::string_view("weight").size()));
    out.words = index;
    out.tensors = {index};
    out.shape = tensor(index).shape;
    const std::string owner = name.substr(0, name.size() - std::string_view("weight").size());
    if (tensor(index).dtype == DType::Int8 && out.shape.size() == 2) {
        out.scheme = Scheme::Int8;
        out.scales = take(out, owner + "SCB");
        out.format = take(out, owner + "weight_format");
        if (!out.scales)
            return std::nullopt;
        if (tensor(out.scales).count() != static_cast<std::uint64_t>(out.shape[0]))
            out.problem = "its SCB has not one number for each row";
        return out;
    }
    out.scales = take(out, name + ".absmax");
    if (!out.scales || tensor(index).dtype != DType::UInt8)
        return std::nullopt;
    out.scheme = Scheme::Table;
    out.table = take(out, name + ".quant_map");
    for (const char *nested : {".nested_absmax", ".nested_quant_map"})
        take(out, name + nested);
    std::optional<std::size_t> state;
    for (const char *type : {"nf4", "fp4"})
        if (const auto found = state ? std::nullopt : take(out, name + ".quant_state.bitsandbytes__" + type)) {
            state = found;
            out.type = type;
        }
    out.problem = shapeTable(out, state);
    return out;
}

/// What bitsandbytes wrote as JSON: shape and block. Returns what is wrong.
std::string PackedFinder::shapeTable(PackedWeight &weight, std::optional<std::size_t> state) const
{
    constexpr std::uint64_t kMost = 4096;
    constexpr std::string_view kUnsaid
        = "its words hold packed codes of bitsandbytes, and no quant_state beside them tells their shape";
    if (!state || tensor(state).dtype != DType::UInt8 || tensor(state).count() > kMost || !tensor(state).readable())
        return std::string(kUnsaid);
    std::string text;
    try {
        for (const std::int64_t byte : readIntegers(tensor(state)))
            text += static_cast<char>(byte);
    } catch (const ParseError &error) {
        return fmt::format("its quant_state cannot be read: {}", error.what());
    }
    const auto said = nlohmann::json::parse(text, nullptr, false);
    if (!said.is_object() || !said.contains("shape") || !said["shape"].is_array())
        return std::string(kUnsaid);
    Shape shape;
    for (const auto &size : said["shape"])
        if (!size.is_number_unsigned() || size.get<std::uint64_t>() > (1ull << 40) || shape.size() >= 8)
            return std::string(kUnsaid);
        else
            shape.push_back(size.get<std::int64_t>());
    if (shape.empty())
        return std::string(kUnsaid);
    try {
        if (const std::uint64_t count = elementCount(shape); (count + 1) / 2 != tensor(weight.words).count())
            return fmt::format(
                "its words hold {} codes and its quant_state says {}", 2 * tensor(weight.words).count(), count);
    } catch (const ParseError &error) {
        return error.what();
    }
    weight.shape = shape;
    weight.bits = 4;
    const auto block = said.find("blocksize");
    weight.group = block != said.end() && block->is_number_unsigned() && block->get<std::uint64_t>() < (1u << 30)
        ? block->get<std::int64_t>()
        : 0;
    return {};
}

} // namespace

std::map<std::size_t, PackedWeight> packedWeights(const ModelFile &file)
{
    std::map<std::size_t, PackedWeight> out;
    const PackedFinder finder(file);
    for (std::size_t i = 0; i < file.tensors.size(); ++i)
        if (auto found = finder.at(i))
            out.emplace(i, std::move(*found));
    return out;
}

} // namespace quantscope
