#include "formats/onnx/attribute_proto.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace quantscope::onnx {

namespace {

/// Fields of AttributeProto (onnx.proto, IR version 13).
enum AttributeField : std::uint32_t {
    kAttrName = 1,
    kAttrF = 2,
    kAttrI = 3,
    kAttrS = 4,
    kAttrT = 5,
    kAttrG = 6,
    kAttrFloats = 7,
    kAttrInts = 8,
    kAttrStrings = 9,
    kAttrTensors = 10,
    kAttrGraphs = 11,
    kAttrType = 20,
    kAttrRefName = 21,
    kAttrSparse = 22,
};

using Kind = Attribute::Kind;

/// AttributeProto.AttributeType by its number, as far as a value can be left out because it is zero or empty.
constexpr std::array kAttrKinds = {Kind::Other, Kind::Float, Kind::Int, Kind::String, Kind::Other, Kind::Other,
    Kind::Floats, Kind::Ints, Kind::Strings};

/// An attribute while its fields come in, in any order.
struct Found {
    RawAttribute raw;
    std::uint64_t type = 0;
    std::array<bool, 16> has = {}; ///< by field number

    void set(Kind kind, std::uint32_t field)
    {
        raw.attribute.kind = kind;
        has[field] = true;
    }
};

/// Attributes of quantized operators hold a few numbers; a tree ensemble's millions are nobody's quantizer.
template <class T> void addBounded(Context &context, std::vector<T> &list, T value, bool &cut)
{
    if (list.size() < context.request.limits.foldElements)
        list.push_back(value);
    else
        cut = true;
}

void readLists(Context &context, const Field &field, Found &out)
{
    Attribute &a = out.raw.attribute;
    if (field.number == kAttrFloats) {
        out.set(Kind::Floats, kAttrFloats);
        forEachFixed(context.window, field, 4, [&](std::uint64_t bits) {
            addBounded(context, a.floats, std::bit_cast<float>(static_cast<std::uint32_t>(bits)), out.raw.cut);
        });
    } else if (field.number == kAttrInts) {
        out.set(Kind::Ints, kAttrInts);
        forEachVarint(context.window, field,
            [&](std::uint64_t v) { addBounded(context, a.ints, static_cast<std::int64_t>(v), out.raw.cut); });
    } else if (field.isBytes(kAttrStrings)) {
        out.set(Kind::Strings, kAttrStrings);
        a.strings.push_back(textOf(context, field));
    } else if (field.isBytes(kAttrGraphs)) {
        out.set(Kind::Graph, kAttrGraphs);
        out.raw.graphs.push_back({field.bytes});
    } else if (field.isBytes(kAttrTensors)) {
        out.set(Kind::Other, kAttrTensors);
        out.raw.tensors.push_back({field.bytes});
    }
}

void readField(Context &context, const Field &field, Found &out)
{
    Attribute &a = out.raw.attribute;
    if (field.isBytes(kAttrName)) {
        a.name = textOf(context, field);
    } else if (field.is(kAttrF, WireType::Fixed32)) {
        out.set(Kind::Float, kAttrF);
        a.f = std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
    } else if (field.isVarint(kAttrI)) {
        out.set(Kind::Int, kAttrI);
        a.i = static_cast<std::int64_t>(field.value);
    } else if (field.isBytes(kAttrS)) {
        out.set(Kind::String, kAttrS);
        a.s = textOf(context, field);
    } else if (field.isBytes(kAttrT)) {
        out.set(Kind::Tensor, kAttrT);
        out.raw.tensor.push_back(field.bytes);
    } else if (field.isBytes(kAttrG)) {
        out.set(Kind::Graph, kAttrG);
        out.raw.graph.push_back(field.bytes);
    } else if (field.isVarint(kAttrType)) {
        out.type = field.value;
    } else if (field.isBytes(kAttrRefName)) {
        out.raw.reference = textOf(context, field);
    } else if (field.isBytes(kAttrSparse)) {
        out.has[kAttrTensors] = true;
        out.raw.sparse.push_back(field.bytes);
    } else {
        readLists(context, field, out);
    }
}

/// The field that holds a value of that type.
std::uint32_t fieldOf(Kind kind)
{
    switch (kind) {
    case Kind::Float: return kAttrF;
    case Kind::Int: return kAttrI;
    case Kind::String: return kAttrS;
    case Kind::Floats: return kAttrFloats;
    case Kind::Ints: return kAttrInts;
    case Kind::Strings: return kAttrStrings;
    default: return 0;
    }
}

/// Bytes of a MemorySource from numbers that an attribute holds.
template <class T> TensorInfo tensorOf(const std::vector<T> &values, bool scalar, DType dtype, std::string name)
{
    std::vector<std::byte> bytes(values.size() * sizeof(T));
    if (!values.empty())
        std::memcpy(bytes.data(), values.data(), bytes.size());
    TensorInfo tensor;
    tensor.name = std::move(name);
    tensor.dtype = dtype;
    if (!scalar)
        tensor.shape = {static_cast<std::int64_t>(values.size())};
    tensor.storage.bytes = bytes.size();
    tensor.storage.source = std::make_shared<MemorySource>(std::move(bytes));
    return tensor;
}

TensorInfo textTensor(Shape shape, std::string name)
{
    TensorInfo tensor;
    tensor.name = std::move(name);
    tensor.dtype = DType::String;
    tensor.shape = std::move(shape);
    tensor.problem = "holds text, not numbers";
    return tensor;
}

} // namespace

RawAttribute readAttribute(Context &context, Range range)
{
    Found found;
    forEachField(context.window, {range}, [&](const Field &field) { readField(context, field, found); });
    const Kind stated = found.type < kAttrKinds.size() ? kAttrKinds[found.type] : Kind::Other;
    const bool empty = std::find(found.has.begin(), found.has.end(), true) == found.has.end();
    if (stated != Kind::Other && (found.has[fieldOf(stated)] || (empty && found.raw.reference.empty())))
        found.raw.attribute.kind = stated;
    return std::move(found.raw);
}

std::optional<TensorInfo> constantOf(const Attribute &a, const std::string &name)
{
    if (a.name == "value_float")
        return tensorOf(std::vector<float>{a.f}, true, DType::Float32, name);
    if (a.name == "value_floats")
        return tensorOf(a.floats, false, DType::Float32, name);
    if (a.name == "value_int")
        return tensorOf(std::vector<std::int64_t>{a.i}, true, DType::Int64, name);
    if (a.name == "value_ints")
        return tensorOf(a.ints, false, DType::Int64, name);
    if (a.name == "value_string")
        return textTensor({}, name);
    if (a.name == "value_strings")
        return textTensor({static_cast<std::int64_t>(a.strings.size())}, name);
    return std::nullopt;
}

} // namespace quantscope::onnx
