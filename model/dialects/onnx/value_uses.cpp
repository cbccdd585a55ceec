#include "dialects/onnx/value_uses.h"

#include "dialects/onnx/operators.h"
#include "dialects/onnx/qoperators.h"
#include "graph/onnx_types.h"

#include <algorithm>
#include <array>
#include <limits>

namespace quantscope::interpret {

namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

using Condition = bool (*)(Constants &constants, const Node &node);

/// A stored number; nothing for other values, and for more than one.
std::optional<float> storedNumber(Constants &constants, ValueId value)
{
    if (!constants.paths().isStored(value) || constants.paths().count(value) != 1)
        return std::nullopt;
    try {
        const std::vector<float> numbers = constants.folder().fold(value).floats();
        return numbers.size() == 1 ? std::optional(numbers.front()) : std::nullopt;
    } catch (const ParseError &) {
        return std::nullopt; // not computed here
    }
}

std::string_view wordOf(const Node &node, std::string_view name, std::string_view missing)
{
    const Attribute *attribute = node.attribute(name);
    return attribute != nullptr && attribute->kind == Attribute::Kind::String ? std::string_view(attribute->s)
                                                                              : missing;
}

/// Constant padding with anything but zero puts other numbers among the values.
bool padsZeros(Constants &constants, const Node &node)
{
    if (wordOf(node, "mode", "constant") != "constant")
        return true;
    if (const Attribute *value = node.attribute("value"); value != nullptr && node.inputs.size() < 3) // up to opset 10
        return value->kind == Attribute::Kind::Float && value->f == 0;
    return node.input(2) == kNoValue || storedNumber(constants, node.input(2)) == 0.0f;
}

bool isNearest(Constants &, const Node &node)
{
    return wordOf(node, "mode", "nearest") == "nearest"
        && wordOf(node, "coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize";
}

/// In training it drops and scales.
bool isInference(Constants &constants, const Node &node)
{
    return node.input(2) == kNoValue || storedNumber(constants, node.input(2)) == 0.0f;
}

/// Numbers that a quantizer made stay what they are only in float32 and wider; integers of a QuantizeLinear would
/// become numbers.
bool castsFloats(Constants &constants, const Node &node)
{
    const DType to = dtypeFromOnnx(static_cast<std::uint64_t>(node.integer("to", 0)));
    if (to != DType::Float32 && to != DType::Float64)
        return false;
    const Source source = sourceOf(constants.graph(), node.input(0));
    return source.node && !isQuantize(constants.graph().nodes[*source.node]);
}

struct UseRow {
    std::string_view opType;
    FlowUse use = FlowUse::Keeps;
    std::size_t first = 0, last = 0; ///< the inputs that it holds for
    Condition condition = nullptr; ///< where it does not hold, it computes
};

constexpr std::array kUses = {
    UseRow{"Identity"},
    UseRow{"Reshape"},
    UseRow{"Flatten"},
    UseRow{"Transpose"},
    UseRow{"Squeeze"},
    UseRow{"Unsqueeze"},
    UseRow{"MaxPool"},
    UseRow{"GlobalMaxPool"},
    UseRow{"ReduceMax"},
    UseRow{"ReduceMin"},
    UseRow{"Slice"},
    UseRow{"Split"},
    UseRow{"Gather"},
    UseRow{"GatherElements"},
    UseRow{"GatherND"},
    UseRow{"Compress"},
    UseRow{"TopK"},
    UseRow{"ReverseSequence"},
    UseRow{"Expand"},
    UseRow{"Tile"},
    UseRow{"DepthToSpace"},
    UseRow{"SpaceToDepth"},
    UseRow{"Dropout", FlowUse::Keeps, 0, 0, isInference},
    UseRow{"Resize", FlowUse::Keeps, 0, 0, isNearest},
    UseRow{"Upsample", FlowUse::Keeps, 0, 0, isNearest},
    UseRow{"Cast", FlowUse::Keeps, 0, 0, castsFloats},
    UseRow{"Pad", FlowUse::Pads, 0, 0, padsZeros},
    UseRow{"Trilu", FlowUse::Pads},
    UseRow{"MaxUnpool", FlowUse::Pads},
    UseRow{"Concat", FlowUse::Merges, 0, kAll},
    UseRow{"Where", FlowUse::Merges, 1, 2},
    UseRow{"Max", FlowUse::Merges, 0, kAll},
    UseRow{"Min", FlowUse::Merges, 0, kAll},
    UseRow{"Add", FlowUse::Sums, 0, kAll},
    UseRow{"Sub", FlowUse::Sums, 0, kAll},
    UseRow{"Sum", FlowUse::Sums, 0, kAll},
};

/// Where an operator that makes integers has their scale and zero point; nothing for other operators.
std::optional<CodePositions> integersOf(const Node &node)
{
    if (isQuantize(node))
        return CodePositions{std::nullopt, 1, 2};
    const QOperator *op = findQOperator(node);
    return op != nullptr && op->output.scale ? std::optional(op->output) : std::nullopt;
}

/// Longest path between the two halves of a quantizer that is followed.
constexpr int kLongestQuantizerPath = 64;

/// ONNX operators, and qonnx' that read channels last.
bool hasRow(const Node &node) { return node.domain.empty() || isChannelsLast(node); }

bool keepsIntegers(Constants &constants, const Node &node, bool throughClip)
{
    if (node.domain.empty() && node.opType == "Cast")
        return isInteger(dtypeFromOnnx(static_cast<std::uint64_t>(node.integer("to", 0))));
    if (node.domain.empty() && node.opType == "Clip")
        return throughClip;
    const FlowUse use = useOf(constants, node, 0);
    return use == FlowUse::Keeps || use == FlowUse::Pads;
}

bool allZero(Constants &constants, ValueId value)
{
    if (value == kNoValue)
        return true;
    const std::vector<float> numbers = constants.folder().fold(value).floats();
    return std::ranges::all_of(numbers, [](float number) { return number == 0; });
}

/// What stands between the two halves of a quantizer.
struct Between {
    bool casts = false, moves = false;
};

/// Integers that were cast are read as what they were; several scales belong to elements that have not moved.
bool turnsBack(
    Constants &constants, const Node &dequantize, const Node &node, const CodePositions &integers, Between between)
{
    const auto [codes, scale, zeroPoint] = operandOf(node, integers);
    if (!sameConstant(constants, scale, dequantize.input(1))
        || !sameConstant(constants, zeroPoint, dequantize.input(2)))
        return false;
    try {
        const bool single = constants.paths().count(scale) == 1;
        const bool inPlace = !between.moves && node.integer("axis", 1) == dequantize.integer("axis", 1)
            && node.integer("block_size", 0) == dequantize.integer("block_size", 0);
        const auto type = [&](ValueId value) { return constants.folder().fold(value).dtype; };
        const bool sameType = !between.casts
            || (zeroPoint != kNoValue && dequantize.input(2) != kNoValue
                && type(zeroPoint) == type(dequantize.input(2)));
        return (single || inPlace) && sameType;
    } catch (const ParseError &) {
        return false; // not told
    }
}

} // namespace

FlowUse useOf(Constants &constants, const Node &node, std::size_t input)
{
    const auto row = hasRow(node) ? std::ranges::find(kUses, node.opType, &UseRow::opType) : kUses.end();
    if (row == kUses.end() || input < row->first || input > row->last)
        return FlowUse::Computes;
    return row->condition == nullptr || row->condition(constants, node) ? row->use : FlowUse::Computes;
}

bool isMainOutput(const Node &node, std::size_t output) { return output == 0 || node.opType == "Split"; }

std::optional<QuantizerHalves> halvesOf(Constants &constants, NodeId dequantize, bool throughClip)
{
    const Graph &graph = constants.graph();
    const Node &end = graph.nodes[dequantize];
    QuantizerHalves out;
    bool moves = false;
    ValueId value = end.input(0);
    for (int step = 0; step < kLongestQuantizerPath; ++step) {
        const Value *v = graph.value(value);
        if (v == nullptr || v->tensor || !v->producer)
            return std::nullopt;
        const Node &node = graph.nodes[out.maker = *v->producer];
        if (const auto integers = integersOf(node))
            return turnsBack(constants, end, node, *integers, {!out.casts.empty(), moves}) ? std::optional(out)
                                                                                           : std::nullopt;
        if (!keepsIntegers(constants, node, throughClip))
            return std::nullopt;
        if (node.opType == "Cast")
            out.casts.push_back(*v->producer);
        moves = moves || (node.opType != "Cast" && node.opType != "Clip");
        value = node.input(0);
    }
    return std::nullopt;
}

bool isPlain(const Node &node)
{
    static constexpr std::array<std::string_view, 4> kNoNumbers = {"If", "Loop", "Scan", "DequantizeLinear"};
    const auto integers = integersOf(node);
    if (findForeign(node) != nullptr || isForeignQuantizer(node) || isThresholds(node)
        || (integers && operandOf(node, *integers).scale != kNoValue))
        return false;
    if (const HardwareOperator *hardware = findHardware(node))
        return !hardware->hasThresholds(node);
    if (findCompute(node) != nullptr || findQOperator(node) != nullptr || isMatMulNBits(node) || isGatherBlocks(node))
        return true;
    return hasRow(node) && std::ranges::find(kNoNumbers, node.opType) == kNoNumbers.end()
        && !node.opType.starts_with("Sequence") && !node.opType.starts_with("Optional");
}

bool sameConstant(Constants &constants, ValueId a, ValueId b)
{
    if (a == b)
        return true;
    try {
        if (a == kNoValue || b == kNoValue)
            return allZero(constants, a) && allZero(constants, b);
        return constants.folder().fold(a).floats() == constants.folder().fold(b).floats();
    } catch (const ParseError &) {
        return false; // not told
    }
}

} // namespace quantscope::interpret
