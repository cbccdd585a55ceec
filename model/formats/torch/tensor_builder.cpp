#include "formats/torch/tensor_builder.h"

#include "base/checked.h"
#include "base/text.h"
#include "formats/torch/flipped_source.h"

#include <bit>

#include <fmt/format.h>

namespace quantscope {

namespace {

enum class Rebuild { None, View, ViewWithType, Quantized, Meta, Wrapper, Subclass };

struct RebuildName {
    std::string_view name;
    Rebuild how;
};

/// torch/_utils.py and torch/_tensor.py, PyTorch 0.1 to 2.x.
constexpr RebuildName kRebuilds[] = {{"torch._utils._rebuild_tensor_v2", Rebuild::View},
    {"torch._utils._rebuild_tensor", Rebuild::View}, {"torch._utils._rebuild_tensor_v3", Rebuild::ViewWithType},
    {"torch._utils._rebuild_qtensor", Rebuild::Quantized}, {"torch._utils._rebuild_parameter", Rebuild::Wrapper},
    {"torch._utils._rebuild_parameter_with_state", Rebuild::Wrapper},
    {"torch._utils._rebuild_device_tensor_from_cpu_tensor", Rebuild::Wrapper},
    {"torch.nn.parameter.Parameter", Rebuild::Wrapper}, {"torch.nn.parameter.Buffer", Rebuild::Wrapper},
    {"torch._utils._rebuild_meta_tensor_no_storage", Rebuild::Meta},
    {"torch._tensor._rebuild_from_type_v2", Rebuild::Subclass}, {"torch._tensor._rebuild_from_type", Rebuild::Subclass},
    {"torch.tensor._rebuild_from_type", Rebuild::Subclass}};

Rebuild rebuildOf(std::string_view name)
{
    for (const RebuildName &row : kRebuilds)
        if (row.name == name)
            return row.how;
    return Rebuild::None;
}

/// All elements as doubles; float64 stays exact.
std::vector<double> readNumbers(const TensorInfo &tensor, bool &isFloat)
{
    isFloat = isFloating(tensor.dtype);
    if (tensor.dtype != DType::Float64 && !isFloat) {
        const auto values = readIntegers(tensor);
        return {values.begin(), values.end()};
    }
    if (tensor.dtype != DType::Float64) {
        const auto values = readFloats(tensor);
        return {values.begin(), values.end()};
    }
    std::vector<std::uint64_t> patterns(tensor.count());
    TensorReader(tensor).patterns(0, patterns);
    std::vector<double> out;
    out.reserve(patterns.size());
    for (const std::uint64_t pattern : patterns)
        out.push_back(std::bit_cast<double>(pattern));
    return out;
}

} // namespace

void requireWithin(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides, std::uint64_t offset,
    std::uint64_t capacity, const Limits &limits)
{
    if (shape.size() != strides.size())
        throw ParseError(fmt::format("has {} sizes and {} strides", shape.size(), strides.size()));
    constexpr std::string_view kExtent = "the position of its last element";
    std::uint64_t last = offset;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] < 0 || strides[i] < 0)
            throw ParseError("has a negative size or stride");
        const auto steps = static_cast<std::uint64_t>(shape[i] == 0 ? 0 : shape[i] - 1);
        last = checkedAdd(last, checkedMul(steps, static_cast<std::uint64_t>(strides[i]), kExtent), kExtent);
    }
    const bool isEmpty = elementCount(shape, limits) == 0;
    if (isEmpty ? offset > capacity : last >= capacity)
        throw ParseError(
            fmt::format("needs {} elements of a storage that has {}", isEmpty ? offset : last + 1, capacity));
}

void placeView(TensorInfo &tensor, const Limits &limits)
{
    const std::uint64_t items = tensor.storage.bytes / storageItemBytes(tensor.dtype);
    const std::uint64_t capacity = checkedMul(items, codesPerItem(tensor.dtype), "its storage");
    requireWithin(tensor.shape, tensor.strides, tensor.firstElement, capacity, limits);
    if (tensor.strides == contiguousStrides(tensor.shape))
        tensor.strides = {};
    const std::uint64_t count = elementCount(tensor.shape, limits);
    if (count > limits.repeatedElements && count > capacity)
        tensor.problem = fmt::format(
            "repeats {} stored elements as {} by its strides, which is more than is read", capacity, grouped(count));
}

std::span<const PickleRef> TensorBuilder::argumentsOf(PickleRef arguments, std::size_t least) const
{
    const auto list = m_tree.items(arguments);
    if (!m_tree.is(arguments, PickleKind::Tuple) || list.size() < least)
        throw ParseError("is rebuilt with too few arguments");
    return list;
}

std::vector<std::int64_t> TensorBuilder::integers(PickleRef node) const
{
    if (m_tree.is(node, PickleKind::Call) && m_tree.callableName(node) == "torch.Size") {
        const auto inner = m_tree.items(m_tree.arguments(node));
        if (inner.size() == 1)
            node = inner[0];
    }
    if (!m_tree.is(node, PickleKind::Tuple) && !m_tree.is(node, PickleKind::List))
        throw ParseError("has a shape or strides that are not a tuple");
    const auto items = m_tree.items(node);
    if (items.size() > m_limits.rank)
        throw ParseError(fmt::format("has {} axes, more than {}", items.size(), m_limits.rank));
    std::vector<std::int64_t> out;
    out.reserve(items.size());
    for (const PickleRef item : items) {
        if (!m_tree.is(item, PickleKind::Int))
            throw ParseError("has a size or stride that is not an integer");
        out.push_back(m_tree.integer(item));
    }
    return out;
}

DType TensorBuilder::dtypeOf(PickleRef node) const
{
    const std::string name = m_tree.globalName(node);
    return name.starts_with("torch.") ? dtypeOfTorchName(std::string_view(name).substr(6)) : DType::Unknown;
}

/// A newer PyTorch has more types: its tensors of those are listed, and the others are as good as ever.
TensorInfo TensorBuilder::unknownType(const std::string &type, PickleRef shape) const
{
    TensorInfo out;
    out.shape = integers(shape);
    elementCount(out.shape, m_limits);
    out.problem = fmt::format("has elements of the type {}, which QuantScope does not know", type);
    return out;
}

bool TensorBuilder::makesTensor(PickleRef node) const
{
    return m_storages.tensor(node) != nullptr
        || (m_tree.is(node, PickleKind::Call) && rebuildOf(m_tree.callableName(node)) != Rebuild::None);
}

std::optional<TensorInfo> TensorBuilder::build(PickleRef node, bool plainOnly) const
{
    if (const TensorInfo *stored = m_storages.tensor(node))
        return *stored;
    if (!m_tree.is(node, PickleKind::Call))
        return std::nullopt;
    PickleRef callable = m_tree.callable(node);
    PickleRef arguments = m_tree.arguments(node);
    // A loop, not a recursion: the file decides how many wrappers there are.
    for (std::uint32_t depth = 0; depth < m_limits.depth; ++depth) {
        switch (rebuildOf(m_tree.globalName(callable))) {
        case Rebuild::None: return std::nullopt;
        case Rebuild::View: return view(arguments, false);
        case Rebuild::ViewWithType: return view(arguments, true);
        case Rebuild::Quantized: return plainOnly ? std::nullopt : std::optional(quantized(arguments));
        case Rebuild::Meta: return meta(arguments);
        case Rebuild::Subclass: {
            const auto list = argumentsOf(arguments, 3); // function, class, its arguments
            callable = list[0];
            arguments = list[2];
            break;
        }
        case Rebuild::Wrapper: {
            const PickleRef inner = argumentsOf(arguments, 1)[0];
            if (const TensorInfo *stored = m_storages.tensor(inner))
                return *stored;
            if (!m_tree.is(inner, PickleKind::Call))
                return std::nullopt;
            callable = m_tree.callable(inner);
            arguments = m_tree.arguments(inner);
            break;
        }
        }
    }
    throw ParseError("is wrapped too often");
}

void TensorBuilder::setView(TensorInfo &tensor, PickleRef offset, PickleRef shape, PickleRef strides) const
{
    tensor.shape = integers(shape);
    tensor.strides = integers(strides);
    if (!m_tree.is(offset, PickleKind::Int) || m_tree.integer(offset) < 0)
        throw ParseError("has an offset that is not a position in its storage");
    tensor.firstElement = static_cast<std::uint64_t>(m_tree.integer(offset));
    placeView(tensor, m_limits);
}

TensorInfo TensorBuilder::view(PickleRef arguments, bool dtypeIsLast) const
{
    const auto list = argumentsOf(arguments, dtypeIsLast ? 7 : 4);
    if (!m_tree.is(list[0], PickleKind::Persistent))
        throw ParseError("is rebuilt from something that is not a storage");
    const StorageRef &storage = m_storages.at(list[0]);
    TensorInfo out;
    out.dtype = dtypeIsLast ? dtypeOf(list[6]) : storage.dtype;
    if (out.dtype == DType::Unknown)
        return unknownType(dtypeIsLast ? printable(m_tree.globalName(list[6])) : storage.type, list[2]);
    out.storage = storage.storage;
    setView(out, list[1], list[2], list[3]);
    const std::size_t metadata = dtypeIsLast ? 7 : 6;
    if (metadata < list.size())
        applyMetadata(list[metadata], out);
    return out;
}

void TensorBuilder::applyMetadata(PickleRef metadata, TensorInfo &tensor) const
{
    constexpr std::size_t kMostFlags = 64; // torch knows two; a huge shared dict must not be searched for every tensor
    const bool hasFlags = m_tree.is(metadata, PickleKind::Dict) && m_tree.pairs(metadata).size() <= kMostFlags;
    const auto isSet = [&](std::string_view key) {
        const PickleRef value = hasFlags ? m_tree.lookup(metadata, key) : kNoPickleRef;
        return value != kNoPickleRef && m_tree.is(value, PickleKind::Bool) && m_tree.integer(value) == 1;
    };
    // torch stores these views unresolved: the sign is to be changed while reading.
    if (isSet("neg"))
        tensor.storage = flipped(tensor.storage, tensor.dtype, Flip::Negative);
    if (isSet("conj"))
        tensor.storage = flipped(tensor.storage, tensor.dtype, Flip::Conjugate);
}

TensorInfo TensorBuilder::quantized(PickleRef arguments) const
{
    const auto list = argumentsOf(arguments, 5);
    if (!m_tree.is(list[0], PickleKind::Persistent))
        throw ParseError("is rebuilt from something that is not a storage");
    const StorageRef &storage = m_storages.at(list[0]);
    TensorInfo out;
    if (storage.dtype == DType::Unknown)
        return unknownType(storage.type, list[2]);
    out.dtype = storage.dtype;
    out.storage = storage.storage;
    setView(out, list[1], list[2], list[3]);
    out.affine = affine(list[4], out);
    return out;
}

TensorInfo TensorBuilder::meta(PickleRef arguments) const
{
    const auto list = argumentsOf(arguments, 3);
    TensorInfo out;
    out.dtype = dtypeOf(list[0]);
    if (out.dtype == DType::Unknown)
        return unknownType(printable(m_tree.globalName(list[0])), list[1]);
    out.shape = integers(list[1]);
    out.strides = integers(list[2]);
    elementCount(out.shape, m_limits);
    out.problem = "is a meta tensor: the file has its shape and no data";
    return out;
}

TensorInfo TensorBuilder::wholeStorage(PickleRef persistent) const
{
    const StorageRef &storage = m_storages.at(persistent);
    TensorInfo out;
    out.dtype = storage.dtype;
    out.storage = storage.storage;
    if (out.dtype == DType::Unknown)
        out.problem = fmt::format("has elements of the type {}, which QuantScope does not know", storage.type);
    out.shape
        = {narrow<std::int64_t>(checkedMul(storage.elements, codesPerItem(storage.dtype), "its storage"), "its size")};
    elementCount(out.shape, m_limits);
    return out;
}

StoredAffine TensorBuilder::affine(PickleRef parameters, const TensorInfo &tensor) const
{
    const auto list = argumentsOf(parameters, 3);
    const std::string scheme = m_tree.globalName(list[0]);
    StoredAffine out;
    bool floatScale = false;
    if (scheme == "torch.per_tensor_affine") {
        out.scales = numbers(list[1], 1, floatScale);
        out.zeroPoints = numbers(list[2], 1, out.floatZeroPoint);
        return out;
    }
    if (scheme != "torch.per_channel_affine" && scheme != "torch.per_channel_affine_float_qparams")
        throw ParseError(fmt::format("has the unknown quantization scheme '{}'", printable(scheme)));
    argumentsOf(parameters, 4);
    const std::int64_t axis = m_tree.is(list[3], PickleKind::Int) ? m_tree.integer(list[3]) : -1;
    if (axis < 0 || static_cast<std::size_t>(axis) >= tensor.shape.size())
        throw ParseError(fmt::format("is quantized along axis {}, which it does not have", axis));
    const auto channels = static_cast<std::uint64_t>(tensor.shape[static_cast<std::size_t>(axis)]);
    out.axis = static_cast<int>(axis);
    out.scales = numbers(list[1], channels, floatScale);
    // Python writes the float scheme under the same name: the element type of the zero points tells them apart.
    out.zeroPoints = numbers(list[2], channels, out.floatZeroPoint);
    return out;
}

std::vector<double> TensorBuilder::numbers(PickleRef node, std::uint64_t expected, bool &isFloat) const
{
    if (m_tree.is(node, PickleKind::Float) || m_tree.is(node, PickleKind::Int)) {
        if (expected != 1)
            throw ParseError("is quantized per channel with a single number");
        isFloat = m_tree.is(node, PickleKind::Float);
        return {isFloat ? m_tree.real(node) : static_cast<double>(m_tree.integer(node))};
    }
    m_budget.charge(checkedMul(expected, 2 * sizeof(double), "its scales"), "its scales");
    std::vector<double> out;
    if (m_tree.is(node, PickleKind::List) || m_tree.is(node, PickleKind::Tuple)) {
        const auto items = m_tree.items(node);
        if (items.size() != expected)
            throw ParseError(fmt::format("has {} quantization parameters for {} channels", items.size(), expected));
        for (const PickleRef item : items) {
            bool itemIsFloat = false;
            if (!m_tree.is(item, PickleKind::Float) && !m_tree.is(item, PickleKind::Int))
                throw ParseError("has a quantization parameter that is not a number");
            out.push_back(numbers(item, 1, itemIsFloat).front());
            isFloat = isFloat || itemIsFloat;
        }
        return out;
    }
    // Plain tensors only: scales that are quantized themselves, and so on, would let the file decide how deep this
    // goes.
    const auto tensor = build(node, true);
    if (!tensor || !tensor->readable())
        throw ParseError("has quantization parameters that are not a plain tensor");
    if (elementCount(tensor->shape, m_limits) != expected)
        throw ParseError(fmt::format("has {} quantization parameters for {} channels", tensor->count(), expected));
    return readNumbers(*tensor, isFloat);
}

} // namespace quantscope
