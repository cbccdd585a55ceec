#include "formats/onnx/tensor_proto.h"

#include "base/checked.h"
#include "base/text.h"
#include "graph/onnx_types.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope::onnx {

namespace {

/// Fields of TensorProto (onnx.proto, IR version 13).
enum TensorField : std::uint32_t {
    kDims = 1,
    kDataType = 2,
    kFloatData = 4,
    kInt32Data = 5,
    kStringData = 6,
    kInt64Data = 7,
    kName = 8,
    kRawData = 9,
    kDoubleData = 10,
    kUint64Data = 11,
    kExternalData = 13,
    kDataLocation = 14,
};

/// Which typed field holds a type (onnx.proto, comments of TensorProto).
std::uint32_t typedField(DType dtype)
{
    switch (dtype) {
    case DType::Float32:
    case DType::Complex64: return kFloatData;
    case DType::Int64: return kInt64Data;
    case DType::Float64:
    case DType::Complex128: return kDoubleData;
    case DType::UInt32:
    case DType::UInt64: return kUint64Data;
    default: return kInt32Data;
    }
}

/// Bytes of one typed value as raw data would hold it: the packed types put one byte (2 or 4 elements) into an int32.
unsigned valueBytes(DType dtype)
{
    if (dtype == DType::Complex64 || dtype == DType::Complex128)
        return dtypeBits(dtype) / 16;
    return std::max(1u, dtypeBits(dtype) / 8);
}

/// The fields of one TensorProto as found.
struct RawTensor {
    std::string name;
    Shape dims;
    std::uint64_t dataType = 0;
    std::optional<Range> raw;
    std::vector<Field> typed; ///< float_data .. uint64_data, in order
    bool external = false;
    bool tooManyAxes = false;
    ExternalReference reference;
};

void readExternalEntry(Context &context, const Field &field, ExternalReference &reference)
{
    std::string key, value;
    forEachField(context.window, {field.bytes}, [&](const Field &part) {
        if (part.isBytes(1))
            key = textOf(context, part);
        else if (part.isBytes(2))
            value = textOf(context, part);
    });
    if (key == "location")
        reference.location = value;
    else if (key == "offset")
        reference.offset = value;
    else if (key == "length")
        reference.length = value;
}

void addDim(Context &context, RawTensor &tensor, std::uint64_t dim)
{
    if (tensor.dims.size() < context.request.limits.rank)
        tensor.dims.push_back(static_cast<std::int64_t>(dim));
    else
        tensor.tooManyAxes = true;
}

RawTensor scanTensor(Context &context, const Message &message)
{
    RawTensor tensor;
    forEachField(context.window, message, [&](const Field &field) {
        switch (field.number) {
        case kDims:
            forEachVarint(context.window, field, [&](std::uint64_t dim) { addDim(context, tensor, dim); });
            break;
        case kDataType:
            if (field.isVarint(kDataType))
                tensor.dataType = field.value;
            break;
        case kName:
            if (field.isBytes(kName))
                tensor.name = textOf(context, field);
            break;
        case kRawData:
            if (field.isBytes(kRawData))
                tensor.raw = field.bytes;
            break;
        case kExternalData:
            if (field.isBytes(kExternalData))
                readExternalEntry(context, field, tensor.reference);
            break;
        case kDataLocation:
            if (field.isVarint(kDataLocation))
                tensor.external = field.value == 1;
            break;
        case kFloatData:
        case kInt32Data:
        case kInt64Data:
        case kDoubleData:
        case kUint64Data: tensor.typed.push_back(field); break;
        default: break;
        }
    });
    return tensor;
}

/// Values of the typed field that belongs to the type, as little-endian bytes. Never more than `needed` are kept: the
/// rest only counts, for the message.
class TypedDecoder {
public:
    TypedDecoder(DType dtype, std::uint64_t needed)
        : m_width(valueBytes(dtype))
        , m_needed(needed)
    {
    }

    void add(std::uint64_t value)
    {
        ++m_count;
        if (m_bytes.size() >= m_needed)
            return;
        for (unsigned i = 0; i < m_width; ++i)
            m_bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
    }
    std::uint64_t count() const { return m_count; }
    std::vector<std::byte> take() { return std::move(m_bytes); }

private:
    unsigned m_width;
    std::uint64_t m_needed;
    std::uint64_t m_count = 0;
    std::vector<std::byte> m_bytes;
};

/// One packed chunk of floats or doubles is laid out as raw data is: the file itself can serve it.
bool servedByFile(const RawTensor &raw, std::uint32_t wanted, std::uint64_t needed, TensorInfo &tensor)
{
    const Field *only = nullptr;
    for (const Field &field : raw.typed) {
        if (field.number != wanted)
            continue;
        if (only != nullptr)
            return false;
        only = &field;
    }
    const bool flat = wanted == kFloatData || wanted == kDoubleData;
    if (only == nullptr || !flat || only->type != WireType::Bytes || only->bytes.size() != needed)
        return false;
    tensor.storage.offset = only->bytes.begin;
    tensor.storage.bytes = needed;
    return true;
}

void decodeTyped(Context &context, const RawTensor &raw, std::uint64_t needed, TensorInfo &tensor)
{
    const std::uint32_t wanted = typedField(tensor.dtype);
    if (servedByFile(raw, wanted, needed, tensor)) {
        tensor.storage.source = context.request.source;
        return;
    }
    context.ownedBytes += needed;
    if (context.ownedBytes > context.request.limits.ownedTensorBytes)
        throw ParseError("its values are not stored as raw data, and decoding them would take too much memory");
    TypedDecoder decoder(tensor.dtype, needed);
    const auto add = [&](std::uint64_t value) { decoder.add(value); };
    for (const Field &field : raw.typed) {
        if (field.number != wanted)
            continue;
        if (wanted == kFloatData || wanted == kDoubleData)
            forEachFixed(context.window, field, wanted == kFloatData ? 4 : 8, add);
        else
            forEachVarint(context.window, field, add);
    }
    const unsigned width = valueBytes(tensor.dtype);
    const std::uint64_t values = needed / width + (needed % width != 0 ? 1 : 0);
    if (decoder.count() != values)
        throw ParseError(
            fmt::format("its shape and type need {} values, but the typed field holds {}", values, decoder.count()));
    std::vector<std::byte> bytes = decoder.take();
    tensor.storage.bytes = bytes.size();
    tensor.storage.source = std::make_shared<MemorySource>(std::move(bytes));
}

/// A count of typed values can be no larger than the bytes that hold them: refused before anything is decoded.
void checkTypedBytes(const RawTensor &raw, std::uint64_t needed)
{
    std::uint64_t bytes = 0;
    for (const Field &field : raw.typed)
        bytes += field.type == WireType::Bytes ? field.bytes.size() : 8;
    if (needed > checkedMul(bytes, 8, "the typed data"))
        throw ParseError(
            fmt::format("its shape and type need {} bytes, but its typed data has only {}", needed, bytes));
}

/// Fills dtype and storage; throws ParseError with the tensor's problem.
void resolve(Context &context, const RawTensor &raw, TensorInfo &tensor)
{
    tensor.dtype = dtypeFromOnnx(raw.dataType);
    if (tensor.dtype == DType::Unknown)
        throw ParseError(fmt::format("has the unknown data type {}", raw.dataType));
    if (raw.tooManyAxes)
        throw ParseError(fmt::format("has more than {} axes", context.request.limits.rank));
    const std::uint64_t count = elementCount(raw.dims, context.request.limits);
    if (tensor.dtype == DType::String)
        throw ParseError("holds text, not numbers");
    const std::uint64_t bits = checkedMul(count, dtypeBits(tensor.dtype), "its size");
    const std::uint64_t needed = bits / 8 + (bits % 8 != 0 ? 1 : 0);
    if (raw.external) {
        context.external.attach(tensor, raw.reference, needed);
    } else if (raw.raw) {
        if (raw.raw->size() != needed)
            throw ParseError(
                fmt::format("has {} bytes of raw data, but its shape and type need {}", raw.raw->size(), needed));
        tensor.storage = {context.request.source, raw.raw->begin, needed, false, 0};
    } else if (needed == 0) {
        tensor.storage.source = std::make_shared<MemorySource>(std::vector<std::byte>());
    } else {
        checkTypedBytes(raw, needed);
        decodeTyped(context, raw, needed, tensor);
    }
}

} // namespace

std::string scopedName(const std::string &scope, const std::string &name)
{
    return scope.empty() ? name : scope + ":" + name;
}

TensorInfo readTensor(
    Context &context, const Message &message, const std::string &fallbackName, const std::string &scope)
{
    RawTensor raw = scanTensor(context, message);
    TensorInfo tensor;
    tensor.name = scopedName(scope, fallbackName.empty() ? raw.name : fallbackName);
    tensor.shape = raw.dims;
    try {
        resolve(context, raw, tensor);
    } catch (const ParseError &error) {
        tensor.storage = {.source = raw.external ? tensor.storage.source : nullptr};
        tensor.problem = error.what();
        // Text is legal, and no quantizer's business.
        if (tensor.dtype != DType::String)
            context.report("tensor-unreadable", Severity::Error, tensor.name,
                fmt::format("Tensor '{}' cannot be read: {}.", printable(tensor.name), tensor.problem));
    }
    return tensor;
}

} // namespace quantscope::onnx
