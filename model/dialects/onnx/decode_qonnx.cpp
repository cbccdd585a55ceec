#include "dialects/onnx/decode_qonnx.h"

#include "base/text.h"
#include "dialects/onnx/granular.h"
#include "dialects/onnx/labels.h"
#include "dialects/onnx/unclamped.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

constexpr int kMostBits = 62; ///< codes are int64 with room for one more

bool flag(const Node &node, const std::string &name, bool missing) { return node.integer(name, missing ? 1 : 0) != 0; }

Provenance attributeOrigin(const Node &node, const std::string &name, const char *missing)
{
    if (node.attribute(name) != nullptr)
        return {Origin::Read, fmt::format("{}, attribute {}", nodeLabel(node), name)};
    return {Origin::Assumed,
        fmt::format("{} has no attribute {}; the QONNX specification's default is {}", nodeLabel(node), name, missing)};
}

Rounding rounding(const Node &node, const std::string &attribute, Rounding missing)
{
    const Attribute *found = node.attribute(attribute);
    if (found == nullptr || found->kind != Attribute::Kind::String)
        return missing;
    const auto known = roundingFromName(found->s);
    if (!known || (*known == Rounding::LearnedRound && !isQuant(node)))
        throw ParseError(fmt::format("the rounding mode '{}' is not known", printable(found->s)));
    return *known;
}

/// Axes of what a quantizer reads or makes, where the file tells the shape of one of them.
std::optional<std::size_t> rankOfData(const Graph &graph, const Node &node)
{
    const Value *read = graph.value(node.input(0));
    const Value *made = node.outputs.empty() ? nullptr : graph.value(node.outputs[0]);
    return read != nullptr && read->rank ? read->rank : made != nullptr ? made->rank : std::nullopt;
}

Granular broadcastParameter(Constants &constants, const Node &node, std::size_t input, const SlotQuantizer &slot)
{
    Granular out
        = broadcastGranular(constants, node.input(input), slot.tensor ? &slot.shape : nullptr, inputLabel(node, input));
    const auto rank = slot.tensor ? std::nullopt : rankOfData(constants.graph(), node);
    if (!rank || !out.axis || out.shape.size() >= *rank)
        return out;
    const std::size_t before = *rank - out.shape.size(); // shapes are aligned at their ends
    out.shape.insert(out.shape.begin(), before, 1);
    out.axis = *out.axis + static_cast<int>(before);
    return out;
}

Provenance scaleOrigin(Constants &constants, const Node &node, std::size_t input)
{
    return {Origin::Read, scaleDetail(constants, node.input(input), inputLabel(node, input))};
}

float oneNumber(Constants &constants, const Node &node, std::size_t input, const char *what)
{
    const std::vector<float> values = constants.folder().fold(node.input(input)).floats();
    if (values.empty() || std::any_of(values.begin(), values.end(), [&](float v) { return v != values[0]; }))
        throw ParseError(fmt::format("the {} is not one number: {}", what, inputLabel(node, input)));
    return values[0];
}

int wholeNumber(Constants &constants, const Node &node, std::size_t input, const char *what, int low, int high)
{
    const float number = oneNumber(constants, node, input, what);
    if (!(number >= static_cast<float>(low) && number <= static_cast<float>(high)) || number != std::floor(number))
        throw ParseError(
            fmt::format("the {} {} is not a whole number from {} to {}", what, shortest(number), low, high));
    return static_cast<int>(number);
}

int bitWidth(Constants &constants, const Node &node, std::size_t input)
{
    return wholeNumber(constants, node, input, "bit width", 1, kMostBits);
}

/// One bit with a sign makes -1 and +1 in qonnx, not the -1 and 0 of two's complement.
void makeBipolar(const Node &node, Quantizer &q)
{
    if (!q.zeroPoint->perTensor() || q.zeroPoint->values[0] != 0)
        throw ParseError(
            fmt::format("{} makes signs of one bit, with a zero point, which is not decoded", nodeLabel(node)));
    q.kind = QuantizerKind::Binary;
    q.rule = CodeRule::Threshold;
    q.origin["rounding"] = {Origin::Computed, nodeLabel(node) + ": one bit with a sign has the codes -1 and +1"};
}

/// A value that the overflow's code would stand for.
bool reservesOverflow(const MinifloatFormat &format)
{
    MinifloatFormat whole = format;
    whole.overflow = MinifloatFormat::Overflow::Largest;
    const int ones = ((1 << format.exponentBits) - 1) << format.mantissaBits;
    const int code = format.overflow == MinifloatFormat::Overflow::Nan ? ones + (1 << format.mantissaBits) - 1 : ones;
    return minifloatValue(static_cast<float>(code), whole) > largestMinifloat(format);
}

MinifloatFormat formatOf(Constants &constants, const Node &node)
{
    constexpr int kMostExponent = 8, kMostMantissa = 22, kMostBias = 1000;
    MinifloatFormat format;
    format.exponentBits = wholeNumber(constants, node, 2, "exponent width", 1, kMostExponent);
    format.mantissaBits = wholeNumber(constants, node, 3, "mantissa width", 0, kMostMantissa);
    format.statedBias = wholeNumber(constants, node, 4, "exponent bias", -kMostBias, kMostBias);
    if (node.input(5) != kNoValue)
        format.statedLargest = oneNumber(constants, node, 5, "largest value");
    if (!isDecodedMinifloat(format) || !(largestMinifloat(format) > 0))
        throw ParseError(fmt::format("a float of {} exponent and {} mantissa bits with the bias {} is not decoded",
            format.exponentBits, format.mantissaBits, *format.statedBias));
    const float largest = largestMinifloat(format);
    format.statedLargest = largest;
    if (minifloatValue(minifloatPattern(largest, format, Rounding::Round), format) != largest)
        throw ParseError(
            fmt::format("the largest value {} of {} is no value of its format", shortest(largest), nodeLabel(node)));
    if (flag(node, "saturation", true))
        return format;
    if (!flag(node, "has_inf", false) && !flag(node, "has_nan", false))
        throw ParseError(fmt::format(
            "{} does not saturate and has neither infinity nor NaN for what is too large", nodeLabel(node)));
    format.overflow
        = flag(node, "has_inf", false) ? MinifloatFormat::Overflow::Infinity : MinifloatFormat::Overflow::Nan;
    if (!reservesOverflow(format))
        throw ParseError(fmt::format(
            "{} leaves no code for what is too large: its largest value is {}", nodeLabel(node), shortest(largest)));
    return format;
}

/// What was learned is not in the file. Weights that are quantized already are what every mode makes of them.
void requireQuantized(const Node &node, const SlotQuantizer &slot)
{
    if (slot.quantizer->rounding != Rounding::LearnedRound)
        return;
    bool quantized = slot.tensor != nullptr && slot.quantizer->isComplete();
    if (quantized)
        forEachUnclamped(slot, {}, [&](const UnclampedChunk &chunk) {
            quantized = std::ranges::equal(chunk.floats, chunk.values);
            return quantized;
        });
    if (!quantized)
        throw NotConstant(
            fmt::format("{} rounds as it was learned, and the file does not hold what was learned", nodeLabel(node)));
}

} // namespace

void decodeFloatQuant(Constants &constants, const Node &node, SlotQuantizer &out)
{
    Quantizer q;
    q.kind = QuantizerKind::Minifloat;
    q.rule = CodeRule::MinifloatPattern;
    q.minifloat = formatOf(constants, node);
    q.scale = broadcastParameter(constants, node, 1, out);
    q.zeroPoint = Granular{{}, std::nullopt, {0.0f}};
    q.bitWidth = 1 + q.minifloat.exponentBits + q.minifloat.mantissaBits;
    q.isSigned = true;
    q.narrow = false;
    q.rounding = rounding(node, "rounding_mode", Rounding::Round);
    q.origin["scale"] = scaleOrigin(constants, node, 1);
    q.origin["bit_width"] = {Origin::Read,
        fmt::format("{}, inputs 2 to 5: sign, {} exponent bits, {} mantissa bits, bias {}, largest {}", nodeLabel(node),
            q.minifloat.exponentBits, q.minifloat.mantissaBits, *q.minifloat.statedBias,
            shortest(*q.minifloat.statedLargest))};
    q.origin["rounding"] = attributeOrigin(node, "rounding_mode", "ROUND");
    for (const char *field : {"zero_point", "signed", "narrow"})
        q.origin[field] = {Origin::Computed, fmt::format("{}: floats with a sign", nodeLabel(node))};
    out.quantizer = std::move(q);
}

void decodeQuant(Constants &constants, const Node &node, SlotQuantizer &out)
{
    Quantizer q;
    q.scale = broadcastParameter(constants, node, 1, out);
    q.zeroPoint = simplified(broadcastParameter(constants, node, 2, out), true);
    q.bitWidth = bitWidth(constants, node, 3);
    q.isSigned = flag(node, "signed", true);
    q.narrow = flag(node, "narrow", false);
    q.rounding = rounding(node, "rounding_mode", Rounding::Round);
    q.rule = CodeRule::DivideAddRound;
    q.origin["scale"] = scaleOrigin(constants, node, 1);
    q.origin["zero_point"] = {Origin::Read, inputLabel(node, 2)};
    q.origin["bit_width"] = {Origin::Read, inputLabel(node, 3)};
    q.origin["signed"] = attributeOrigin(node, "signed", "1");
    q.origin["narrow"] = attributeOrigin(node, "narrow", "0");
    q.origin["rounding"] = attributeOrigin(node, "rounding_mode", "ROUND");
    if (*q.bitWidth == 1 && *q.isSigned)
        makeBipolar(node, q);
    out.quantizer = std::move(q);
    requireQuantized(node, out);
}

void decodeBipolar(Constants &constants, const Node &node, SlotQuantizer &out)
{
    Quantizer q;
    q.kind = QuantizerKind::Binary;
    q.rule = CodeRule::Threshold;
    q.scale = broadcastParameter(constants, node, 1, out);
    q.zeroPoint = Granular{{}, std::nullopt, {0.0f}};
    q.bitWidth = 1;
    q.isSigned = true;
    // The operator has no such attribute. Brevitas counts its binary quantizers as narrow, the QONNX specification does
    // not.
    q.narrow = node.name.find("/export_handler") != std::string::npos;
    q.origin["scale"] = scaleOrigin(constants, node, 1);
    for (const char *field : {"zero_point", "bit_width", "signed", "narrow", "rounding"})
        q.origin[field] = {Origin::Computed, fmt::format("{}: codes -1 and +1", nodeLabel(node))};
    out.quantizer = std::move(q);
}

namespace {

/// Dropping low bits keeps the sign of what comes in: that of the nearest quantizer upstream.
void takeSignAbove(const Graph &graph, const Node &node, Quantizer &q)
{
    const Node *above = &node;
    for (int step = 0; step < 16 && above != nullptr && !isQuant(*above); ++step)
        above = graph.producerOf(above->input(0));
    if (above == nullptr || !isQuant(*above))
        return;
    q.isSigned = flag(*above, "signed", true);
    q.origin["signed"] = {Origin::Computed, fmt::format("as the input's: {}, attribute signed", nodeLabel(*above))};
}

std::optional<float> singleConstant(Constants &constants, ValueId value)
{
    if (!constants.folder().isConstant(value))
        return std::nullopt;
    const FoldedValue &folded = constants.folder().fold(value);
    return folded.count() == 1 ? std::optional(folded.floats()[0]) : std::nullopt;
}

/// "round(x / 0.5 + 3) / 2^4": what is rounded once more.
std::string truncatedText(
    Constants &constants, const Node &node, const Granular &zero, const std::optional<double> &dropped)
{
    const auto scale = singleConstant(constants, node.input(1));
    return fmt::format("round(x / {} + {}) / 2^{}", scale ? shortest(*scale) : "scale",
        zero.perTensor() ? shortest(zero.values[0]) : "zero_point", dropped ? fmt::format("{}", *dropped) : "dropped");
}

/// Version 1 drops as many bits as its widths differ by, and keeps scale and zero point as they are.
void decodeFirstTrunc(Constants &constants, const Node &node, SlotQuantizer &out, Quantizer &q)
{
    takeSignAbove(constants.graph(), node, q);
    const auto bits = singleConstant(constants, node.input(3));
    const auto dropped = bits ? std::optional(static_cast<double>(*bits) - *q.bitWidth) : std::nullopt;
    out.formula
        = fmt::format("code = {}({})", roundWord(q.rounding), truncatedText(constants, node, *q.zeroPoint, dropped));
}

/// Version 2 clamps, and says the scale behind: the nearest power of two of their ratio is what it divides by, the zero
/// point as well.
void decodeSecondTrunc(Constants &constants, const Node &node, SlotQuantizer &out, Quantizer &q)
{
    q.isSigned = flag(node, "signed", true);
    q.narrow = flag(node, "narrow", false);
    q.origin["signed"] = attributeOrigin(node, "signed", "1");
    q.origin["narrow"] = attributeOrigin(node, "narrow", "0");
    const auto before = singleConstant(constants, node.input(1));
    const bool single = before && q.scale->perTensor();
    const double ratio = single ? std::log2(static_cast<double>(q.scale->values[0] / *before)) : NAN;
    const auto dropped = std::isfinite(ratio) ? std::optional(std::nearbyint(ratio)) : std::nullopt;
    const CodeRange range = codeRange(*q.bitWidth, *q.isSigned, *q.narrow);
    out.formula = fmt::format("code = {}(clamp({}, {}, {}))", roundWord(q.rounding),
        truncatedText(constants, node, *q.zeroPoint, dropped), range.min, range.max);
    const bool shifted = !q.zeroPoint->perTensor() || q.zeroPoint->values[0] != 0;
    if (shifted && !dropped)
        throw NotConstant(fmt::format(
            "{} divides its zero point by the ratio of two scales, which are not one constant each", nodeLabel(node)));
    for (float &value : q.zeroPoint->values)
        value = shifted ? static_cast<float>(static_cast<double>(value) / std::exp2(*dropped)) : value;
}

} // namespace

// Version 1: x, scale, zero point, input bits, output bits. Version 2 has the output's scale before the output bits.
void decodeTrunc(Constants &constants, const Node &node, SlotQuantizer &out)
{
    const bool second = node.inputs.size() >= 6;
    const std::size_t scale = second ? 4 : 1, bits = second ? 5 : 4;
    Quantizer q;
    q.scale = broadcastParameter(constants, node, scale, out);
    q.zeroPoint = simplified(broadcastParameter(constants, node, 2, out), true);
    q.bitWidth = bitWidth(constants, node, bits);
    q.rounding = rounding(node, "rounding_mode", Rounding::Floor);
    q.origin["scale"] = scaleOrigin(constants, node, scale);
    q.origin["zero_point"] = {Origin::Read, inputLabel(node, 2)};
    q.origin["bit_width"] = {Origin::Read, inputLabel(node, bits)};
    q.origin["rounding"] = attributeOrigin(node, "rounding_mode", "FLOOR");
    if (second)
        decodeSecondTrunc(constants, node, out, q);
    else
        decodeFirstTrunc(constants, node, out, q);
    out.quantizer = std::move(q);
}

// QuantLSTMCell: scale, zero point, bit width as inputs, the rest as attributes with the slot's name in front.
void decodeScalars(Constants &constants, const Node &node, std::size_t firstInput, SlotQuantizer &out)
{
    Quantizer q;
    q.scale = broadcastParameter(constants, node, firstInput, out);
    q.zeroPoint = simplified(broadcastParameter(constants, node, firstInput + 1, out), true);
    q.bitWidth = bitWidth(constants, node, firstInput + 2);
    const std::string prefix = fmt::format("{}_", out.slot);
    q.isSigned = flag(node, prefix + "signed", true);
    q.narrow = flag(node, prefix + "narrow", false);
    q.rounding = rounding(node, prefix + "rounding_mode", Rounding::Round);
    q.origin["scale"] = scaleOrigin(constants, node, firstInput);
    q.origin["zero_point"] = {Origin::Read, inputLabel(node, firstInput + 1)};
    q.origin["bit_width"] = {Origin::Read, inputLabel(node, firstInput + 2)};
    q.origin["signed"] = attributeOrigin(node, prefix + "signed", "1");
    q.origin["narrow"] = attributeOrigin(node, prefix + "narrow", "0");
    q.origin["rounding"] = attributeOrigin(node, prefix + "rounding_mode", "ROUND");
    out.quantizer = std::move(q);
}

} // namespace quantscope::interpret
