#include "formats/xmodel/xir_proto.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace quantscope::xir {

namespace {

using onnx::Field;
using onnx::forEachField;
using onnx::Range;
using onnx::WireType;

enum GraphField : std::uint32_t { kGraphName = 1, kOperator = 5, kGraphAttribute = 11 };
enum OperatorField : std::uint32_t { kName = 1, kType = 2, kAttribute = 3, kArgument = 4, kOutput = 5 };
enum TensorField : std::uint32_t {
    kTensorName = 1,
    kDimension = 2,
    kDataType = 5,
    kBitWidth = 6,
    kTensorAttribute = 10
};
/// The members of AttrValue's oneof that are kept; lists and maps of other types are named and empty.
enum ValueField : std::uint32_t {
    kBool = 4,
    kInt32 = 5,
    kUint32 = 6,
    kInt64 = 7,
    kUint64 = 8,
    kFloat = 9,
    kDouble = 10,
    kString = 11,
    kBytes = 12,
    kInt32List = 14,
    kUint32List = 15,
    kInt64List = 16,
    kUint64List = 17,
    kFloatList = 18,
};

/// Names are one line to read; what is longer only costs memory.
constexpr std::uint64_t kLongestText = 1u << 20;
/// Of one operator or tensor; real ones have up to 40.
constexpr std::size_t kMostAttributes = 2000;

void requireType(const Field &field, WireType type, const char *what)
{
    if (field.type != type)
        throw ParseError(fmt::format("{} has wire type {} instead of {}", what, static_cast<int>(field.type),
                             static_cast<int>(type)),
            field.type == WireType::Bytes ? std::optional(field.bytes.begin) : std::nullopt);
}

} // namespace

std::string XirProto::text(const Field &field, const char *what)
{
    requireType(field, WireType::Bytes, what);
    if (field.bytes.size() > kLongestText)
        throw ParseError(fmt::format("{} has {} bytes", what, field.bytes.size()), field.bytes.begin);
    m_budget.charge(field.bytes.size(), "the names and texts of the xmodel");
    return m_window.text(field.bytes);
}

std::int64_t XirProto::number(const Field &field, const char *what) const
{
    requireType(field, WireType::Varint, what);
    return static_cast<std::int64_t>(field.value);
}

void XirProto::readList(const Field &list, Attribute &attribute)
{
    requireType(list, WireType::Bytes, "a list");
    const bool floats = list.number == kFloatList;
    attribute.kind = floats ? Attribute::Kind::Floats : Attribute::Kind::Ints;
    forEachField(m_window, {list.bytes}, [&](const Field &field) {
        if (field.number != 1)
            return;
        if (floats)
            onnx::forEachFixed(m_window, field, 4, [&](std::uint64_t bits) {
                m_budget.charge(sizeof(float), "the lists of the xmodel");
                attribute.floats.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
            });
        else
            onnx::forEachVarint(m_window, field, [&](std::uint64_t value) {
                m_budget.charge(sizeof(std::int64_t), "the lists of the xmodel");
                attribute.ints.push_back(
                    list.number == kInt32List ? static_cast<std::int32_t>(value) : static_cast<std::int64_t>(value));
            });
    });
}

void XirProto::readData(const Field &value, RawOperator &owner)
{
    requireType(value, WireType::Bytes, "the data of a constant");
    forEachField(m_window, {value.bytes}, [&](const Field &bytes) {
        if (bytes.number != 1)
            return;
        requireType(bytes, WireType::Bytes, "the data of a constant");
        owner.data = bytes.bytes;
    });
}

void XirProto::readValue(const Field &value, Attribute &attribute, RawOperator *owner)
{
    switch (value.number) {
    case kInt32: // protobuf takes the lower half of what is longer
        attribute.kind = Attribute::Kind::Int;
        attribute.i = static_cast<std::int32_t>(number(value, "an attribute"));
        return;
    case kBool:
    case kUint32:
    case kInt64:
    case kUint64:
        attribute.kind = Attribute::Kind::Int;
        attribute.i = number(value, "an attribute");
        return;
    case kFloat:
        requireType(value, WireType::Fixed32, "an attribute");
        attribute.kind = Attribute::Kind::Float;
        attribute.f = std::bit_cast<float>(static_cast<std::uint32_t>(value.value));
        return;
    case kString:
        attribute.kind = Attribute::Kind::String;
        attribute.s = text(value, "an attribute");
        return;
    case kBytes:
        if (owner != nullptr && attribute.name == "data")
            readData(value, *owner);
        return;
    case kInt32List:
    case kUint32List:
    case kInt64List:
    case kUint64List:
    case kFloatList: return readList(value, attribute);
    default: return; // named, and no more
    }
}

void XirProto::addAttribute(const Field &entry, std::vector<Attribute> &attributes, RawOperator *owner)
{
    requireType(entry, WireType::Bytes, "an attribute");
    m_budget.charge(sizeof(Attribute), "the attributes of the xmodel");
    Attribute attribute;
    std::optional<Field> value;
    forEachField(m_window, {entry.bytes}, [&](const Field &field) {
        if (field.number == 1)
            attribute.name = text(field, "the name of an attribute");
        else if (field.number == 2) {
            requireType(field, WireType::Bytes, "an attribute");
            value = field;
        }
    });
    if (value)
        forEachField(m_window, {value->bytes}, [&](const Field &field) { readValue(field, attribute, owner); });
    // Of two entries of a protocol buffer's map the last one holds.
    const auto known = std::ranges::find(attributes, attribute.name, &Attribute::name);
    if (owner != nullptr && attribute.name == "data")
        return;
    if (known != attributes.end())
        *known = std::move(attribute);
    else if (attributes.size() == kMostAttributes)
        throw ParseError(fmt::format("an operator has more than {} attributes", kMostAttributes), entry.bytes.begin);
    else
        attributes.push_back(std::move(attribute));
}

RawArgument XirProto::argument(const Field &field)
{
    requireType(field, WireType::Bytes, "an argument");
    RawArgument out;
    forEachField(m_window, {field.bytes}, [&](const Field &part) {
        if (part.number == 1)
            out.name = text(part, "the name of an argument");
        else if (part.number == 2) {
            m_budget.charge(sizeof(std::string), "the arguments of the xmodel");
            out.operators.push_back(text(part, "an argument"));
        }
    });
    return out;
}

void XirProto::addTensor(const Field &field, RawTensor &tensor)
{
    requireType(field, WireType::Bytes, "a tensor");
    forEachField(m_window, {field.bytes}, [&](const Field &part) {
        switch (part.number) {
        case kTensorName: tensor.name = text(part, "the name of a tensor"); return;
        case kDimension:
            if (part.type != WireType::Varint && part.type != WireType::Bytes)
                requireType(part, WireType::Varint, "a dimension");
            onnx::forEachVarint(m_window, part, [&](std::uint64_t size) {
                m_budget.charge(sizeof(std::int64_t), "the shapes of the xmodel");
                tensor.dims.push_back(static_cast<std::int64_t>(size));
            });
            return;
        case kDataType: tensor.dataType = number(part, "a data type"); return;
        case kBitWidth: tensor.bitWidth = number(part, "a bit width"); return;
        case kTensorAttribute: return addAttribute(part, tensor.attributes, nullptr);
        default: return;
        }
    });
}

RawOperator XirProto::oneOperator(Range range)
{
    RawOperator out;
    forEachField(m_window, {range}, [&](const Field &field) {
        switch (field.number) {
        case kName: out.name = text(field, "the name of an operator"); return;
        case kType: out.type = text(field, "the type of an operator"); return;
        case kAttribute: return addAttribute(field, out.attributes, &out);
        case kArgument:
            m_budget.charge(sizeof(RawArgument), "the arguments of the xmodel");
            out.arguments.push_back(argument(field));
            return;
        case kOutput: return addTensor(field, out.tensor);
        default: return;
        }
    });
    return out;
}

RawXmodel XirProto::top()
{
    RawXmodel out;
    forEachField(m_window, {Range{0, m_window.size()}}, [&](const Field &field) {
        if (field.number == kGraphName)
            out.name = text(field, "the name of the graph");
        else if (field.number == kOperator) {
            requireType(field, WireType::Bytes, "an operator");
            m_budget.charge(sizeof(Range), "the operators of the xmodel");
            out.operators.push_back(field.bytes);
        } else if (field.number == kGraphAttribute)
            addAttribute(field, out.attributes, nullptr);
    });
    return out;
}

} // namespace quantscope::xir
