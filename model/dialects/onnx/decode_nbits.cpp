#include "dialects/onnx/decode_nbits.h"

#include "base/checked.h"
#include "base/text.h"
#include "dialects/onnx/code_types.h"
#include "dialects/onnx/decode_slot.h"
#include "dialects/onnx/granular.h"
#include "dialects/onnx/labels.h"
#include "dialects/onnx/qoperators.h"
#include "tensor/memory_tensor.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

constexpr std::size_t kWeight = 1, kScales = 2, kZeroPoints = 3, kGroupIndex = 4;

std::uint64_t positiveAttribute(const Node &node, const char *name)
{
    const std::int64_t found = node.integer(name, 0);
    if (found <= 0)
        throw ParseError(fmt::format("MatMulNBits attributes: {} is missing or not positive", name));
    return static_cast<std::uint64_t>(found);
}

bool isBlockSize(std::uint64_t size)
{
    constexpr std::uint64_t kSmallest = 16, kLargest = 1u << 30;
    return size >= kSmallest && size <= kLargest && (size & (size - 1)) == 0;
}

/// onnxruntime ContribOperators.md: B is (N, ceil(K / block), block * bits / 8) bytes, low bits first, one scale a
/// block.
struct NBitsBlocks {
    std::uint64_t k = 0, n = 0, size = 0, bits = 0;
    std::uint64_t perRow = 0;
    std::uint64_t count = 0; ///< in the whole matrix

    explicit NBitsBlocks(const Node &node)
        : k(positiveAttribute(node, "K"))
        , n(positiveAttribute(node, "N"))
        , size(positiveAttribute(node, "block_size"))
        , bits(node.attribute("bits") != nullptr ? positiveAttribute(node, "bits") : 4)
    {
        if (!isBlockSize(size) || (bits != 2 && bits != 4 && bits != 8))
            throw ParseError(fmt::format("MatMulNBits attributes: block size {} and {} bits do not exist", size, bits));
        if (const std::int64_t layout = node.integer("weight_prepacked", 0); layout != 0)
            throw ParseError(fmt::format("MatMulNBits attributes: weight_prepacked {} says that its bytes are laid out "
                                         "for one GPU, an order that "
                                         "no specification gives",
                layout));
        perRow = k / size + (k % size != 0 ? 1 : 0);
        count = checkedMul(n, perRow, "the number of blocks");
        elementCount(shape());
    }
    Shape shape() const { return {static_cast<std::int64_t>(n), static_cast<std::int64_t>(k)}; }
    std::uint64_t rowCodes() const { return checkedMul(perRow, size, "a row"); }
    std::uint64_t bytes() const { return checkedMul(n, checkedMul(rowCodes(), bits, "a row") / 8, "the weight"); }
    DType dtype() const { return bits == 2 ? DType::UInt2 : bits == 4 ? DType::UInt4 : DType::UInt8; }
};

void expectCount(const char *what, const Shape &shape, std::uint64_t expected)
{
    if (const std::uint64_t found = elementCount(shape); found != expected)
        throw ParseError(fmt::format("MatMulNBits sizes: {} has {} elements, K and N need {}", what, found, expected));
}

/// Bytes as rows of codes, whose last block may be longer than what is left of the row.
std::shared_ptr<const TensorInfo> asCodes(const TensorInfo &bytes, const NBitsBlocks &blocks)
{
    if (bytes.dtype != DType::UInt8)
        throw ParseError(fmt::format("MatMulNBits sizes: B has the type {}, not uint8", dtypeName(bytes.dtype)));
    expectCount("B", bytes.shape, blocks.bytes());
    auto out = std::make_shared<TensorInfo>(bytes);
    out->dtype = blocks.dtype();
    out->firstElement = checkedMul(bytes.firstElement, 8 / blocks.bits, "the weight's offset");
    out->shape = blocks.shape();
    out->strides = {static_cast<std::int64_t>(blocks.rowCodes()), 1};
    return out;
}

/// The same of bytes that operators computed.
std::shared_ptr<const TensorInfo> computedCodes(Constants &constants, const Node &node, const NBitsBlocks &blocks)
{
    const auto computed = constants.computed(node.input(kWeight));
    const FoldedValue &folded = constants.folder().fold(node.input(kWeight));
    if (folded.dtype != DType::UInt8)
        throw ParseError(fmt::format("MatMulNBits sizes: B has the type {}, not uint8", dtypeName(folded.dtype)));
    std::vector<std::uint8_t> bytes;
    for (const std::int64_t value : folded.integers())
        bytes.push_back(static_cast<std::uint8_t>(value));
    return asCodes(
        *memoryTensor(computed->name, DType::UInt8, folded.shape, std::span<const std::uint8_t>(bytes)), blocks);
}

/// A stored tensor is read as it is: there may be more scales than constants are computed of.
std::vector<float> floatsOf(Constants &constants, ValueId value, const char *what, std::uint64_t expected)
{
    const auto view = constants.view(value);
    if (view == nullptr) {
        const FoldedValue &folded = constants.folder().fold(value);
        expectCount(what, folded.shape, expected);
        return folded.floats();
    }
    if (!view->problem.empty())
        throw ParseError(fmt::format("{} cannot be read: {}", what, view->problem));
    expectCount(what, view->shape, expected);
    return readFloats(*view);
}

DType elementTypeOf(Constants &constants, ValueId value)
{
    const auto view = constants.view(value);
    return view != nullptr ? view->dtype : constants.folder().fold(value).dtype;
}

/// Zero points of bytes, low bits first: each row begins a byte.
std::vector<float> unpacked(
    const std::vector<float> &bytes, std::uint64_t rows, std::uint64_t perRow, std::uint64_t bits)
{
    const std::uint64_t perByte = 8 / bits, rowBytes = rows == 0 ? 0 : bytes.size() / rows;
    std::vector<float> out;
    out.reserve(rows * perRow);
    for (std::uint64_t row = 0; row < rows; ++row)
        for (std::uint64_t block = 0; block < perRow; ++block) {
            const auto byte = static_cast<unsigned>(bytes[row * rowBytes + block / perByte]);
            out.push_back(static_cast<float>((byte >> (bits * (block % perByte))) & ((1u << bits) - 1)));
        }
    return out;
}

void setZeroPoints(
    Constants &constants, const Node &node, const NBitsBlocks &blocks, const Granular &scale, Quantizer &q)
{
    Granular zero = scale;
    const ValueId value = node.input(kZeroPoints);
    if (value == kNoValue) {
        const auto middle = static_cast<float>(1u << (blocks.bits - 1));
        zero.values.assign(scale.values.size(), middle);
        q.origin["zero_point"] = {Origin::Computed,
            fmt::format("{} has no zero points: {} of {} bits", nodeLabel(node), shortest(middle), blocks.bits)};
    } else if (elementTypeOf(constants, value) == DType::UInt8) {
        const std::uint64_t rowBytes = (checkedMul(blocks.perRow, blocks.bits, "a row of zero points") + 7) / 8;
        zero.values = unpacked(floatsOf(constants, value, "zero_points", checkedMul(blocks.n, rowBytes, "zero points")),
            blocks.n, blocks.perRow, blocks.bits);
        q.origin["zero_point"] = {Origin::Read, inputLabel(node, kZeroPoints)};
    } else {
        const DType dtype = elementTypeOf(constants, value);
        if (!isFloating(dtype) || isMinifloat(dtype))
            throw ParseError(fmt::format("zero points of the type {}", dtypeName(dtype)));
        zero.values = floatsOf(constants, value, "zero_points", blocks.count);
        q.origin["zero_point"] = {Origin::Read, inputLabel(node, kZeroPoints)};
    }
    q.zeroPoint = simplified(std::move(zero), true);
}

/// g_idx names the scale of each input feature; it says nothing new where that is its own block.
void requireBlocksInOrder(Constants &constants, const Node &node, const NBitsBlocks &blocks)
{
    const ValueId value = node.input(kGroupIndex);
    if (value == kNoValue)
        return;
    const std::vector<std::int64_t> groups = constants.folder().fold(value).integers();
    bool inOrder = groups.size() >= blocks.k;
    for (std::size_t i = 0; inOrder && i < blocks.k; ++i)
        inOrder = groups[i] == static_cast<std::int64_t>(i / blocks.size);
    if (!inOrder)
        throw NotConstant(fmt::format("{} (g_idx) gives each input feature a scale of another block than its own, "
                                      "which no quantizer here describes",
            inputLabel(node, kGroupIndex)));
}

Shape shapeOfOperand(Constants &constants, ValueId value)
{
    const auto view = constants.view(value);
    return view != nullptr ? view->shape : constants.folder().fold(value).shape;
}

/// onnxruntime, contrib_ops/cpu/quantization/gather_block_quantized.cc: a table of int4 or uint4, or of bytes that hold
/// several codes along the last axis, low bits first; one scale a block of an axis.
struct GatherBlocks {
    static constexpr std::size_t kTable = 0, kScales = 2, kZeroPoints = 3;
    std::uint64_t size = 128, bits = 4;
    std::size_t axis = 0;
    DType dtype = DType::Unknown;
    bool isPacked = false; ///< in bytes
    Shape shape, blocks; ///< of the codes and of their scales

    GatherBlocks(const Node &node, const TensorInfo &table)
        : dtype(table.dtype)
        , isPacked(table.dtype == DType::UInt8)
        , shape(table.shape)
    {
        const auto rank = static_cast<std::int64_t>(shape.size());
        const std::int64_t stated = node.integer("quantize_axis", 1), block = node.integer("block_size", 128);
        if (stated < -rank || stated >= rank || block < 0 || !isBlockSize(static_cast<std::uint64_t>(block)))
            throw ParseError(fmt::format(
                "GatherBlockQuantized attributes: blocks of {} along axis {} of {} do not exist", block, stated, rank));
        size = static_cast<std::uint64_t>(block);
        axis = static_cast<std::size_t>(stated < 0 ? stated + rank : stated);
        if (isPacked)
            unpack(node);
        else if (dtype != DType::Int4 && dtype != DType::UInt4)
            throw ParseError(fmt::format("GatherBlockQuantized of {} is not decoded", dtypeName(dtype)));
        blocks = shape;
        blocks[axis] = (shape[axis] + block - 1) / block;
        elementCount(shape);
    }

private:
    void unpack(const Node &node)
    {
        bits = node.attribute("bits") != nullptr ? static_cast<std::uint64_t>(node.integer("bits", 0)) : 4;
        if ((bits != 2 && bits != 4 && bits != 8) || axis + 1 != shape.size())
            throw ParseError(fmt::format("GatherBlockQuantized attributes: {} bits along axis {} of {} do not exist in "
                                         "bytes",
                bits, axis, shape.size()));
        dtype = bits == 2 ? DType::UInt2 : bits == 4 ? DType::UInt4 : DType::UInt8;
        elementCount(shape);
        shape.back() = static_cast<std::int64_t>(
            checkedMul(static_cast<std::uint64_t>(shape.back()), 8 / bits, "a row of the table"));
    }
};

std::shared_ptr<const TensorInfo> gatheredCodes(Constants &constants, const Node &node)
{
    const auto table = constants.view(node.input(GatherBlocks::kTable));
    if (table == nullptr || !table->problem.empty() || !table->isContiguous())
        return nullptr;
    const GatherBlocks blocks(node, *table);
    auto out = std::make_shared<TensorInfo>(*table);
    out->dtype = blocks.dtype;
    out->firstElement = checkedMul(table->firstElement, blocks.isPacked ? 8 / blocks.bits : 1, "the table's offset");
    out->shape = blocks.shape;
    out->strides.clear();
    return out;
}

void expectShape(const char *what, const Shape &shape, const Shape &expected)
{
    if (shape != expected)
        throw ParseError(fmt::format(
            "GatherBlockQuantized sizes: {} has the shape {}, not {}", what, shapeText(shape), shapeText(expected)));
}

void setGatheredZeros(Constants &constants, const Node &node, const GatherBlocks &blocks, Granular zero, Quantizer &q)
{
    const ValueId value = node.input(GatherBlocks::kZeroPoints);
    const std::uint64_t count = zero.values.size();
    if (value == kNoValue) {
        const float middle = blocks.isPacked ? static_cast<float>(1u << (blocks.bits - 1)) : 0.0f;
        zero.values.assign(count, middle);
        q.origin["zero_point"] = {Origin::Computed,
            fmt::format("{} has no zero points: {} of {}", nodeLabel(node), shortest(middle), dtypeName(blocks.dtype))};
    } else {
        const DType found = elementTypeOf(constants, value), wanted = blocks.isPacked ? DType::UInt8 : blocks.dtype;
        if (found != wanted)
            throw ParseError(fmt::format("GatherBlockQuantized sizes: zero_points has the type {}, not {}",
                dtypeName(found), dtypeName(wanted)));
        const auto perByte = static_cast<std::int64_t>(blocks.isPacked ? 8 / blocks.bits : 1);
        Shape stored = blocks.blocks;
        const auto perRow = static_cast<std::uint64_t>(stored.back());
        stored.back() = (stored.back() + perByte - 1) / perByte;
        expectShape("zero_points", shapeOfOperand(constants, value), perByte == 1 ? blocks.blocks : stored);
        zero.values = floatsOf(constants, value, "zero_points", elementCount(perByte == 1 ? blocks.blocks : stored));
        if (perByte > 1)
            zero.values = unpacked(zero.values, perRow == 0 ? 0 : count / perRow, perRow, blocks.bits);
        q.origin["zero_point"] = {Origin::Read, inputLabel(node, GatherBlocks::kZeroPoints)};
    }
    q.zeroPoint = simplified(std::move(zero), true);
}

void decodeGatherBlocks(Constants &constants, const Node &node, SlotQuantizer &out)
{
    const auto table = constants.view(node.input(GatherBlocks::kTable));
    if (table != nullptr && !table->problem.empty()) {
        out.tensor = table;
        return;
    }
    out.tensor = gatheredCodes(constants, node);
    if (out.tensor == nullptr)
        throw NotConstant(fmt::format("{} is computed, which is not decoded", inputLabel(node, GatherBlocks::kTable)));
    const GatherBlocks blocks(node, *table);
    out.tensorName = out.tensor->name;
    out.shape = out.tensor->shape;
    Quantizer q;
    setFullRange(q, blocks.dtype);
    const ValueId scales = node.input(GatherBlocks::kScales);
    expectShape("scales", shapeOfOperand(constants, scales), blocks.blocks);
    Granular scale{blocks.blocks, static_cast<int>(blocks.axis),
        floatsOf(constants, scales, "scales", elementCount(blocks.blocks))};
    setGatheredZeros(constants, node, blocks, scale, q);
    q.scale = simplified(std::move(scale), false);
    q.blockSize = static_cast<int>(blocks.size);
    q.origin["scale"] = {Origin::Read, inputLabel(node, GatherBlocks::kScales)};
    out.quantizer = std::move(q);
}

} // namespace

std::shared_ptr<const TensorInfo> blockedCodes(Constants &constants, const Node &node)
{
    if (isGatherBlocks(node))
        return gatheredCodes(constants, node);
    const NBitsBlocks blocks(node);
    const auto bytes = constants.view(node.input(kWeight));
    if (bytes == nullptr || !bytes->problem.empty() || !bytes->isContiguous())
        return nullptr;
    return asCodes(*bytes, blocks);
}

void decodeBlocks(Constants &constants, const Node &node, const Layer &layer, std::vector<Diagnostic> &diagnostics,
    SlotQuantizer &out)
{
    if (isGatherBlocks(node))
        return decodeGatherBlocks(constants, node, out);
    const NBitsBlocks blocks(node);
    const auto bytes = constants.view(node.input(kWeight));
    if (bytes != nullptr && !bytes->problem.empty()) {
        out.tensor = bytes;
        return;
    }
    const auto inFile = blockedCodes(constants, node);
    takeTensor(out, inFile != nullptr ? inFile : computedCodes(constants, node, blocks));
    out.channelAxis = 0;
    Quantizer q;
    setFullRange(q, blocks.dtype());
    const std::string why = fmt::format("{}, attribute bits", nodeLabel(node));
    q.origin["bit_width"] = node.attribute("bits") != nullptr
        ? Provenance{Origin::Read, why}
        : Provenance{Origin::Computed, nodeLabel(node) + " has no attribute bits: 4"};
    q.origin["signed"] = q.origin["narrow"] = {Origin::Computed, "MatMulNBits holds codes from 0 on"};
    try {
        requireBlocksInOrder(constants, node, blocks);
        Granular scale{{static_cast<std::int64_t>(blocks.n), static_cast<std::int64_t>(blocks.perRow)}, 1,
            floatsOf(constants, node.input(kScales), "scales", blocks.count)};
        setZeroPoints(constants, node, blocks, scale, q);
        q.scale = simplified(std::move(scale), false);
        q.blockSize = static_cast<int>(blocks.size);
        const bool stored = constants.view(node.input(kScales)) != nullptr;
        const std::string label = inputLabel(node, kScales);
        q.origin["scale"] = {Origin::Read, stored ? label : scaleDetail(constants, node.input(kScales), label)};
    } catch (const NotConstant &error) {
        q.zeroPoint.reset();
        q.origin.erase("zero_point");
        diagnostics.push_back({"scale-not-constant", Severity::Warning, {layer.id, out.slot},
            fmt::format("The scale of {} ({}) is not known: {}.", printable(layer.name), out.slot, error.what())});
    }
    out.quantizer = std::move(q);
}

} // namespace quantscope::interpret
