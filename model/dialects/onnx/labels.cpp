#include "dialects/onnx/labels.h"

#include "base/text.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

std::string number(float value) { return shortest(value); }

std::string oneOrMany(const Quantizer &q, const Granular &granular, const char *name)
{
    return granular.perTensor() ? number(granular.values[0])
                                : std::string(name) + (q.blockSize ? "[block]" : "[channel]");
}

} // namespace

std::string roundWord(Rounding rounding)
{
    if (rounding == Rounding::Round)
        return "round";
    std::string word(roundingName(rounding));
    std::transform(
        word.begin(), word.end(), word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return word;
}

std::string nodeLabel(const Node &node)
{
    return node.name.empty() ? "an unnamed " + printable(node.opType) + " node"
                             : printable(node.opType) + " node " + printable(node.name);
}

std::string operatorLabel(const Node &node)
{
    if (node.domain.empty())
        return nodeLabel(node);
    const std::string type = fmt::format("{} ({})", printable(node.opType), printable(node.domain));
    return node.name.empty() ? type : type + " node " + printable(node.name);
}

std::string inputLabel(const Node &node, std::size_t input)
{
    return fmt::format("{}, input {}", nodeLabel(node), input);
}

std::string codeLine(const Quantizer &q, const CodeRange &range)
{
    const std::string scale = oneOrMany(q, *q.scale, "scale"), zero = oneOrMany(q, *q.zeroPoint, "zero_point");
    const std::string limits = fmt::format("{}, {}", range.min, range.max);
    const std::string divisor = q.divisor ? oneOrMany(q, *q.divisor, "scale") : scale;
    const std::string shift = q.shift ? oneOrMany(q, *q.shift, "shift") : zero;
    switch (q.rule) {
    case CodeRule::Stored: return fmt::format("code = clamp(stored integer, {})", limits);
    case CodeRule::Threshold: return "code = x >= 0 ? 1 : -1";
    case CodeRule::MinifloatPattern:
        return fmt::format("code = bits of the float e{}m{}, bias {}, up to {}, nearest to x / {}",
            q.minifloat.exponentBits, q.minifloat.mantissaBits, q.minifloat.bias(),
            number(largestMinifloat(q.minifloat)), divisor);
    case CodeRule::BitPattern: return "code = the stored bits";
    case CodeRule::DivideAddRound:
        return fmt::format("code = clamp({}(x / {} + {}), {})", roundWord(q.rounding), divisor, shift, limits);
    case CodeRule::DivideRoundAdd:
        return fmt::format("code = clamp({}(x / {}) + {}, {})", roundWord(q.rounding), divisor, zero, limits);
    case CodeRule::ReciprocalRoundAdd:
        return fmt::format("code = clamp({}(x * (1 / {})) + {}, {})", roundWord(q.rounding), divisor, zero, limits);
    case CodeRule::TernaryThreshold: return "code = x > 0 ? 1 : x < 0 ? -1 : 0";
    default: break; // no rule of an ONNX file
    }
    return {};
}

std::string formulaOf(const Quantizer &q)
{
    if (!q.isComplete())
        return {};
    const std::string scale = oneOrMany(q, *q.scale, "scale");
    const bool hasZero = !q.zeroPoint->perTensor() || q.zeroPoint->values[0] != 0;
    const std::string value = q.kind == QuantizerKind::Minifloat ? fmt::format("value = minifloat * {}", scale)
        : hasZero ? fmt::format("value = (code - {}) * {}", oneOrMany(q, *q.zeroPoint, "zero_point"), scale)
                  : fmt::format("value = code * {}", scale);
    const std::string code = codeLine(q, codeRange(q));
    return code.empty() ? value : value + "\n" + code;
}

} // namespace quantscope::interpret
