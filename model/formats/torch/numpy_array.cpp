#include "formats/torch/numpy_array.h"

#include "tensor/memory_tensor.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

struct NumpyType {
    std::string_view code;
    DType type;
};

constexpr std::array kNumpyTypes = {NumpyType{"f8", DType::Float64}, NumpyType{"f4", DType::Float32},
    NumpyType{"f2", DType::Float16}, NumpyType{"i1", DType::Int8}, NumpyType{"i2", DType::Int16},
    NumpyType{"i4", DType::Int32}, NumpyType{"i8", DType::Int64}, NumpyType{"u1", DType::UInt8},
    NumpyType{"u2", DType::UInt16}, NumpyType{"u4", DType::UInt32}, NumpyType{"u8", DType::UInt64},
    NumpyType{"b1", DType::Bool}, NumpyType{"c8", DType::Complex64}, NumpyType{"c16", DType::Complex128}};

/// Protocols below 3 write bytes as text, one character of latin1 a byte. nullopt for text of others.
std::optional<std::string> latin1(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto first = static_cast<unsigned char>(text[i]);
        if (first < 0x80) {
            out += text[i];
            continue;
        }
        if ((first != 0xC2 && first != 0xC3) || ++i == text.size())
            return std::nullopt;
        out += static_cast<char>((first & 3u) << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu));
    }
    return out;
}

std::optional<std::string> bytesOf(const PickleTree &tree, PickleRef data)
{
    if (tree.is(data, PickleKind::Bytes))
        return std::string(tree.text(data));
    if (!tree.is(data, PickleKind::Call) || tree.callableName(data) != "_codecs.encode")
        return std::nullopt;
    const auto arguments = tree.items(tree.arguments(data));
    return arguments.size() == 2 && tree.is(arguments[0], PickleKind::Text) && tree.text(arguments[1]) == "latin1"
        ? latin1(tree.text(arguments[0]))
        : std::nullopt;
}

std::uint64_t encodedSize(const PickleTree &tree, PickleRef data)
{
    const auto arguments
        = tree.is(data, PickleKind::Call) ? tree.items(tree.arguments(data)) : std::span<const PickleRef>(&data, 1);
    return arguments.empty() ? 0 : tree.text(arguments[0]).size();
}

/// Of numpy.dtype(code) with its state (version, byte order, ...).
bool setType(const PickleTree &tree, PickleRef dtype, TensorInfo &tensor)
{
    if (!tree.is(dtype, PickleKind::Call) || tree.callableName(dtype) != "numpy.dtype")
        return false;
    const auto arguments = tree.items(tree.arguments(dtype));
    const auto known = arguments.empty() ? kNumpyTypes.end()
                                         : std::ranges::find(kNumpyTypes, tree.text(arguments[0]), &NumpyType::code);
    if (known == kNumpyTypes.end())
        return false;
    const PickleRef state = tree.state(dtype);
    const auto items = state == kNoPickleRef ? std::span<const PickleRef>() : tree.items(state);
    tensor.dtype = known->type;
    tensor.storage.bigEndian = items.size() > 1 && tree.text(items[1]) == ">";
    return true;
}

} // namespace

std::optional<TensorInfo> numpyArray(const PickleTree &tree, PickleRef call, const Limits &limits, Budget &budget)
{
    const std::string callable = tree.callableName(call);
    const PickleRef state = tree.state(call);
    if ((callable != "numpy.core.multiarray._reconstruct" && callable != "numpy._core.multiarray._reconstruct")
        || state == kNoPickleRef)
        return std::nullopt;
    const auto items = tree.items(state); // version, shape, dtype, whether the first axis is fastest, bytes
    TensorInfo out;
    if (items.size() != 5 || !setType(tree, items[2], out) || tree.items(items[1]).size() > limits.rank)
        return std::nullopt;
    for (const PickleRef size : tree.items(items[1])) {
        if (!tree.is(size, PickleKind::Int))
            return std::nullopt;
        out.shape.push_back(tree.integer(size));
    }
    budget.charge(encodedSize(tree, items[4]), "an array");
    const auto bytes = bytesOf(tree, items[4]);
    if (!bytes)
        return std::nullopt;
    const std::uint64_t size = dtypeBits(out.dtype) / 8, count = elementCount(out.shape, limits);
    if (bytes->size() % size != 0 || bytes->size() / size != count) {
        out.problem = fmt::format("is an array of {} bytes, and its shape is one of {} elements", bytes->size(), count);
        return out;
    }
    const bool bigEndian = out.storage.bigEndian;
    out.storage = memoryTensor({}, out.dtype, out.shape, std::as_bytes(std::span(*bytes)))->storage;
    out.storage.bigEndian = bigEndian;
    if (tree.is(items[3], PickleKind::Bool) && tree.integer(items[3]) != 0 && out.shape.size() > 1) {
        out.strides = contiguousStrides(Shape(out.shape.rbegin(), out.shape.rend()));
        std::ranges::reverse(out.strides);
    }
    return out;
}

} // namespace quantscope
