#include "dialects/onnx/decode_nbits.h"

#include "base/checked.h"
#include "base/text.h"
#include "dialects/onnx/code_types.h"
#include "dialects/onnx/decode_slot.h"
#include "dialects/onnx/granular.h"
#include "dialects/onnx/labels.h"
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
        constexpr std::uint64_t kLargest = 1u << 30;
        if (size < 16 || size > kLargest || (size & (size - 1)) != 0 || (bits != 2 && bits != 4 && bits != 8))
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

/// Zero points of bytes: each row begins a byte.
std::vector<float> unpacked(const std::vector<float> &bytes, const NBitsBlocks &blocks)
{
    const std::uint64_t perByte = 8 / blocks.bits, rowBytes = bytes.size() / blocks.n;
    std::vector<float> out;
    out.reserve(blocks.count);
    for (std::uint64_t row = 0; row < blocks.n; ++row)
        for (std::uint64_t block = 0; block < blocks.perRow; ++block) {
            const auto byte = static_cast<unsigned>(bytes[row * rowBytes + block / perByte]);
            out.push_back(static_cast<float>((byte >> (blocks.bits * (block % perByte))) & ((1u << blocks.bits) - 1)));
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
        zero.values = unpacked(
            floatsOf(constants, value, "zero_points", checkedMul(blocks.n, rowBytes, "zero points")), blocks);
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

} // namespace

std::shared_ptr<const TensorInfo> blockedCodes(Constants &constants, const Node &node)
{
    const NBitsBlocks blocks(node);
    const auto bytes = constants.view(node.input(kWeight));
    if (bytes == nullptr || !bytes->problem.empty() || !bytes->isContiguous())
        return nullptr;
    return asCodes(*bytes, blocks);
}

void decodeMatMulNBits(Constants &constants, const Node &node, const Layer &layer, std::vector<Diagnostic> &diagnostics,
    SlotQuantizer &out)
{
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
