#include "dialects/onnx/decode_qdq.h"

#include "base/text.h"
#include "dialects/folding/fold_quantize.h"
#include "dialects/onnx/code_limits.h"
#include "dialects/onnx/granular.h"
#include "dialects/onnx/labels.h"
#include "dialects/onnx/qdq_scale.h"
#include "graph/onnx_types.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

bool isWideFloat(DType dtype) { return dtype == DType::Float16 || dtype == DType::BFloat16; }

/// Rounding to float16 or bfloat16, of AMD's operators; what is too large becomes infinity.
void roundToWideFloat(Quantizer &q, DType dtype)
{
    q.kind = QuantizerKind::Minifloat;
    q.rule = CodeRule::MinifloatPattern;
    q.minifloat
        = dtype == DType::Float16 ? MinifloatFormat{5, 10, 15, 65504.0f} : MinifloatFormat{8, 7, 127, 0x1.FEp127f};
    q.minifloat.overflow = MinifloatFormat::Overflow::Infinity;
    q.bitWidth = 16;
    q.isSigned = true;
    q.narrow = false;
    for (const char *field : {"bit_width", "signed", "narrow"})
        q.origin[field] = {Origin::Read, "the codes are " + std::string(dtypeName(dtype))};
    if (!q.zeroPoint->perTensor() || q.zeroPoint->values[0] != 0)
        throw NotConstant("its codes are floats with a zero point, which is not decoded");
}

/// The codes are the bit patterns of a small float.
void setMinifloat(Quantizer &q, DType container)
{
    q.kind = QuantizerKind::Minifloat;
    q.rule = CodeRule::BitPattern;
    q.bitWidth = static_cast<int>(dtypeBits(container));
    q.isSigned = container != DType::Float8E8M0;
    q.narrow = false;
    for (const char *field : {"bit_width", "signed", "narrow"})
        q.origin[field] = {Origin::Read, "the codes are " + std::string(dtypeName(container))};
}

/// One for all equals many that are equal.
bool sameZeroPoint(const Granular &a, const Granular &b)
{
    const auto isOther = [&](float v) { return v != a.values[0]; };
    return a.values == b.values
        || ((a.perTensor() || b.perTensor()) && std::ranges::none_of(a.values, isOther)
            && std::ranges::none_of(b.values, isOther));
}

} // namespace

QdqDecoder::Parameters QdqDecoder::parameters(const Node &node, DType codes, const Shape *shape)
{
    const FoldedValue &scale = m_constants.folder().fold(node.input(1));
    Parameters out;
    out.scale = {scale.shape, std::nullopt, scale.floats()};
    out.zeroPoint = {{}, std::nullopt, {0.0f}};
    if (out.scale.values.empty())
        throw ParseError(inputLabel(node, 1) + " is empty");
    out.blockSize = placeScale(m_constants.graph(), node, shape, out.scale);
    if (node.input(2) != kNoValue) {
        const FoldedValue &zero = m_constants.folder().fold(node.input(2));
        if (zero.dtype != codes)
            throw ParseError(fmt::format("the zero point dtype {} of {} differs from that of the codes, {}",
                dtypeName(zero.dtype), nodeLabel(node), dtypeName(codes)));
        if (zero.count() != 1 && zero.shape != scale.shape)
            throw ParseError(fmt::format("the zero point shape {} of {} differs from the scale's {}",
                shapeText(zero.shape), nodeLabel(node), shapeText(scale.shape)));
        out.zeroPoint.values = zero.floats();
        checkZeroPoint(node, codes, out.zeroPoint.values);
    }
    if (out.zeroPoint.values.size() == 1)
        out.zeroPoint.values.resize(out.scale.values.size(), out.zeroPoint.values[0]);
    out.zeroPoint.shape = out.scale.shape;
    out.zeroPoint.axis = out.scale.axis;
    out.scale = simplified(std::move(out.scale), false);
    out.zeroPoint = simplified(std::move(out.zeroPoint), true);
    return out;
}

/// Codes of 32 bits are sums of products, and small floats are rounded: neither is shifted.
void QdqDecoder::checkZeroPoint(const Node &node, DType codes, const std::vector<float> &values)
{
    const bool shifted = std::ranges::any_of(values, [](float v) { return v != 0; });
    if (shifted && (codes == DType::Int32 || isMinifloat(codes)))
        m_diagnostics.push_back({"zero-point-not-zero", Severity::Warning, m_layer.id,
            fmt::format("The zero point of {} is not 0, as it must be for {}.", nodeLabel(node), dtypeName(codes))});
}

DType QdqDecoder::quantizedType(const Node &quantize)
{
    if (quantize.input(2) != kNoValue)
        return m_constants.folder().fold(quantize.input(2)).dtype;
    const std::int64_t stated = quantize.integer("output_dtype", 0);
    return stated == 0 ? DType::UInt8 : dtypeFromOnnx(static_cast<std::uint64_t>(stated));
}

std::pair<std::int64_t, std::int64_t> QdqDecoder::clipBounds(const Node &clip, DType container)
{
    const CodeRange whole = codeRange(static_cast<int>(dtypeBits(container)), isSigned(container), false);
    const auto bound = [&](std::size_t input, const char *attribute, std::int64_t missing) {
        if (clip.input(input) != kNoValue) {
            const std::vector<std::int64_t> values = m_constants.folder().fold(clip.input(input)).integers();
            if (values.size() != 1)
                throw ParseError(inputLabel(clip, input) + " is not one number");
            return values[0];
        }
        const Attribute *found = clip.attribute(attribute);
        return found != nullptr && found->kind == Attribute::Kind::Float
            ? static_cast<std::int64_t>(std::clamp(found->f, -9.0e18f, 9.0e18f))
            : missing;
    };
    const std::int64_t low = std::max(bound(1, "min", whole.min), whole.min);
    const std::int64_t high = std::min(bound(2, "max", whole.max), whole.max);
    if (low > high)
        throw ParseError(fmt::format("{} clips to the empty range {}..{}", nodeLabel(clip), low, high));
    return {low, high};
}

bool QdqDecoder::setRange(Quantizer &q, DType container, const Node &node, const Node *clip, Slot slot)
{
    const auto containerBits = static_cast<int>(dtypeBits(container));
    const std::string type(dtypeName(container));
    q.isSigned = isSigned(container);
    q.origin["signed"] = {Origin::Read, "the codes are " + type};
    if (const auto own = folding::codeBitsOf(node); own && clip == nullptr) {
        q.bitWidth = std::min(*own, containerBits);
        q.narrow = false;
        for (const char *field : {"bit_width", "narrow"})
            q.origin[field] = {Origin::Read, nodeLabel(node) + ", attribute bit_width"};
        return true;
    }
    if (clip == nullptr) {
        q.narrow = false;
        const std::string why = "no Clip: the full range of " + type;
        q.origin["narrow"] = {Origin::Computed, why};
        // A container of 32 bits, and any bias, says nothing about the bits in use: QCDQ writes no Clip for biases.
        if (slot == Slot::Bias || containerBits >= 32) {
            q.storageBits = containerBits;
            sayBiasWidthLost(m_diagnostics, m_layer, slot, type);
            return true;
        }
        q.bitWidth = containerBits;
        q.origin["bit_width"] = {Origin::Computed, why};
        return true;
    }
    const auto [low, high] = clipBounds(*clip, container);
    return setCodeLimits(q, low, high, *q.isSigned, fmt::format("Clip {}..{} ({})", low, high, nodeLabel(*clip)));
}

CodePath codePathOf(const Graph &graph, const Node &dequantize)
{
    CodePath path;
    bool reshaped = false;
    ValueId value = dequantize.input(0);
    for (int step = 0; step < 64; ++step) {
        path.base = value;
        const Node *node = graph.producerOf(value);
        if (node == nullptr)
            return path;
        if (node->opType == "Clip" && node->domain.empty()) {
            path.plain = path.plain && path.clip == nullptr;
            path.clip = node;
        } else if (isQuantize(*node)) {
            path.quantize = node;
            path.plain = path.plain && !reshaped;
            return path;
        } else if (keepsValues(*node)) {
            if (node->opType == "Cast")
                path.casts.push_back(node);
            reshaped = reshaped || (node->opType != "Identity" && node->opType != "Cast");
        } else {
            path.plain = false;
            return path;
        }
        value = node->input(0);
    }
    path.plain = false;
    return path;
}

void QdqDecoder::setDivisor(
    Quantizer &q, const Node &quantize, const Granular &divide, const Node &dequantize, Slot slot)
{
    if (divide.values == q.scale->values)
        return;
    q.divisor = divide;
    if (slot != Slot::Trunc) // which drops bits by it
        m_diagnostics.push_back({"dequantized-otherwise", Severity::Warning, {m_layer.id, slot},
            fmt::format("The {} of {} has two scales: {}.", slot, printable(m_layer.name),
                twoScalesText(quantize, divide, dequantize, *q.scale))});
}

/// Integer codes of a division in float32; of others the folded codes are taken.
bool QdqDecoder::roundsAsCodesDo(const Node &quantize)
{
    const DType container = quantizedType(quantize);
    return (isInteger(container) || isWideFloat(container))
        && folding::divisionType(quantize, m_constants.folder().fold(quantize.input(1)).dtype) == DType::Float32;
}

DType QdqDecoder::typeBehind(const CodePath &path, DType codes) const
{
    for (auto cast = path.casts.rbegin(); cast != path.casts.rend() && codes != DType::Unknown; ++cast)
        codes = castHolds(**cast, codes) ? dtypeFromOnnx(static_cast<std::uint64_t>((*cast)->integer("to", 0)))
                                         : DType::Unknown;
    return codes;
}

Provenance QdqDecoder::scaleOrigin(const Node &node)
{
    std::string detail = scaleDetail(m_constants, node.input(1), inputLabel(node, 1));
    const DType made = folding::dequantizedType(node, m_constants.folder().fold(node.input(1)).dtype);
    if (isDequantize(node) && isWideFloat(made))
        detail += fmt::format(": the network rounds each value to {}, which these are not", dtypeName(made));
    return {Origin::Read, std::move(detail)};
}

/// Float constant -> QuantizeLinear -> [Clip] -> DequantizeLinear (Brevitas 0.8 and 0.9, ONNX Runtime).
void QdqDecoder::quantizedConstant(const Node &quantize, const Node &node, const CodePath &path, SlotQuantizer &out)
{
    const auto floats = m_constants.tensor(quantize.input(0));
    const DType container = quantizedType(quantize);
    if (!isInteger(container) && !isWideFloat(container))
        throw ParseError(fmt::format("codes of the type {} are not computed", dtypeName(container)));
    const Parameters divide = parameters(quantize, container, &floats->shape);
    const Parameters multiply = parameters(node, typeBehind(path, container), &floats->shape);
    Quantizer q;
    const bool exact
        = isWideFloat(container) ? path.clip == nullptr : setRange(q, container, quantize, path.clip, out.slot);
    if (!exact || !sameZeroPoint(divide.zeroPoint, multiply.zeroPoint))
        throw ParseError("its Clip and zero points do not describe one range of codes");
    takeTensor(out, floats);
    q.rule = CodeRule::DivideRoundAdd;
    q.scale = multiply.scale;
    q.zeroPoint = multiply.zeroPoint;
    q.blockSize = multiply.blockSize;
    setDivisor(q, quantize, divide.scale, node, out.slot);
    if (isWideFloat(container))
        roundToWideFloat(q, container);
    q.origin["scale"] = scaleOrigin(node);
    q.origin["zero_point"] = {Origin::Read, inputLabel(node, 2)};
    q.origin["rounding"] = {Origin::Computed, "QuantizeLinear rounds half to even"};
    out.quantizer = std::move(q);
}

void QdqDecoder::codesOfConstant(const Node &quantize, SlotQuantizer &out)
{
    CodePath path;
    path.quantize = &quantize;
    path.base = quantize.input(0);
    quantizedConstant(quantize, quantize, path, out);
}

void QdqDecoder::setParameters(Quantizer &q, const Node &node, const Parameters &parameters)
{
    q.scale = parameters.scale;
    q.zeroPoint = parameters.zeroPoint;
    q.blockSize = parameters.blockSize;
    q.origin["scale"] = scaleOrigin(node);
    q.origin["zero_point"] = node.input(2) != kNoValue
        ? Provenance{Origin::Read, inputLabel(node, 2)}
        : Provenance{Origin::Computed, nodeLabel(node) + " has no zero point: 0"};
}

void QdqDecoder::picked(const Node &node, SlotQuantizer &out)
{
    const DType container = out.tensor->dtype;
    if (!out.tensor->problem.empty())
        return;
    Quantizer q;
    q.rule = CodeRule::Stored;
    setRange(q, container, node, nullptr, out.slot);
    const auto one = [&](std::size_t input) {
        const ValueId value = node.input(input);
        return value == kNoValue
            || (m_constants.folder().isConstant(value) && m_constants.folder().fold(value).count() == 1);
    };
    const Value *codes = m_constants.graph().value(node.input(0));
    std::string why;
    if (codes == nullptr || codes->consumers.size() != 1)
        why = "more than one operator reads the codes that are picked";
    else if (!one(1) || !one(2))
        why = fmt::format("{} reads the codes that are picked, and its scale and zero point are not one constant each",
            nodeLabel(node));
    if (why.empty())
        setParameters(q, node, parameters(node, container, &out.tensor->shape));
    else
        sayNotKnown("scale", out.slot, why);
    out.quantizer = std::move(q);
}

void QdqDecoder::constant(const Node &node, SlotQuantizer &out)
{
    const CodePath path = codePathOf(m_constants.graph(), node);
    if (path.quantize != nullptr && path.plain && roundsAsCodesDo(*path.quantize)
        && typeBehind(path, quantizedType(*path.quantize)) != DType::Unknown)
        return quantizedConstant(*path.quantize, node, path, out);
    std::shared_ptr<const TensorInfo> codes = path.plain ? m_constants.codesView(node.input(0)) : nullptr;
    DType container = codes != nullptr ? codes->dtype : DType::Unknown;
    if (codes != nullptr && !codes->problem.empty())
        return;
    const Node *clip = path.plain ? path.clip : nullptr;
    if (codes == nullptr) {
        codes = m_constants.computed(node.input(0));
        container = m_constants.folder().fold(node.input(0)).dtype;
    }
    Quantizer q;
    q.rule = CodeRule::Stored;
    if (isMinifloat(container) || isWideFloat(container))
        setMinifloat(q, container);
    else if (!isInteger(container))
        throw ParseError(fmt::format("codes of the type {}", dtypeName(container)));
    else if (!setRange(q, container, node, clip, out.slot))
        codes = m_constants.computed(node.input(0)); // a Clip that no width describes is applied to the codes
    const DType arriving = typeBehind(path, container);
    setParameters(q, node, parameters(node, arriving != DType::Unknown ? arriving : container, &codes->shape));
    if (path.quantize != nullptr)
        q.origin["rounding"] = {Origin::Computed, "QuantizeLinear rounds half to even"};
    takeTensor(out, codes);
    out.quantizer = std::move(q);
}

/// From a QuantizeLinear down.
QdqDecoder::Followers QdqDecoder::followersOf(const Node &quantize, DType type) const
{
    const Graph &graph = m_constants.graph();
    const Node *clip = nullptr, *dequantize = nullptr, *at = &quantize;
    for (int step = 0; step < 8 && dequantize == nullptr; ++step) {
        const Value *value = at->outputs.empty() ? nullptr : graph.value(at->outputs[0]);
        const Node *next = nullptr;
        for (const NodeId consumer : value == nullptr ? std::vector<NodeId>() : value->consumers) {
            const Node &candidate = graph.nodes[consumer];
            const bool follows = isDequantize(candidate) || candidate.opType == "Clip" || keepsValues(candidate);
            if (next == nullptr && follows && candidate.input(0) == at->outputs[0])
                next = &candidate;
        }
        if (next == nullptr || (next->opType == "Cast" && !castHolds(*next, type)))
            break;
        if (next->opType == "Cast")
            type = dtypeFromOnnx(static_cast<std::uint64_t>(next->integer("to", 0)));
        if (isDequantize(*next))
            dequantize = next;
        else if (next->opType == "Clip" && clip == nullptr)
            clip = next;
        at = next;
    }
    return {clip, dequantize, type};
}

void QdqDecoder::activation(const Node &node, SlotQuantizer &out)
{
    const DType container = quantizedType(node);
    const auto [clip, dequantize, type] = followersOf(node, container);
    if (!isInteger(container) && !isWideFloat(container) && !isMinifloat(container))
        throw ParseError(fmt::format("codes of the type {} are not decoded for activations", dtypeName(container)));
    Quantizer q;
    bool exact = true;
    // Where the two nodes differ (a truncation), values have the scale they are dequantized with.
    const Node &values = dequantize != nullptr ? *dequantize : node;
    const Parameters p = parameters(values, dequantize != nullptr ? type : container, nullptr);
    q.rule = CodeRule::DivideRoundAdd;
    q.scale = p.scale;
    q.zeroPoint = p.zeroPoint;
    q.blockSize = p.blockSize;
    if (isWideFloat(container))
        roundToWideFloat(q, container);
    else if (isMinifloat(container))
        setMinifloat(q, container);
    else
        exact = setRange(q, container, node, clip, out.slot);
    if (dequantize != nullptr) {
        const Parameters divide = parameters(node, container, nullptr);
        if (!sameZeroPoint(divide.zeroPoint, p.zeroPoint))
            throw ParseError(
                fmt::format("{} and {} have different zero points", nodeLabel(node), nodeLabel(*dequantize)));
        setDivisor(q, node, divide.scale, *dequantize, out.slot);
    }
    if (!exact) {
        const auto [low, high] = clipBounds(*clip, container);
        out.formula = codeLine(q, {low, high});
    }
    q.origin["scale"] = scaleOrigin(values);
    q.origin["zero_point"] = {Origin::Read, inputLabel(values, 2)};
    q.origin["rounding"] = {Origin::Computed, "QuantizeLinear rounds half to even"};
    out.quantizer = std::move(q);
}

} // namespace quantscope::interpret
