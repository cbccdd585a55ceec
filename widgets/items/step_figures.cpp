#include "items/step_figures.h"

#include "items/text.h"
#include "items/values_model.h"
#include "quant/fixed_point.h"

#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

QString number(float value) { return floatText(static_cast<double>(value)); }

QString scaleWord(float scale)
{
    const auto bits = fractionalBits(scale);
    return bits ? powerOfTwoText(-*bits) : number(scale);
}

QString plus(float operand) { return operand == 0 ? QString() : u" + "_s + number(operand); }

QString yesNo(float answer) { return answer != 0 ? u"yes"_s : u"no"_s; }

QString minifloatName(const CodeParameters &p)
{
    return p.rule == CodeRule::MinifloatPattern
        ? u"e%1m%2"_s.arg(p.minifloat.exponentBits).arg(p.minifloat.mantissaBits)
        : qs(dtypeName(p.stored));
}

/// What was done to round: the floor where a learned decision is added to it.
QString roundingText(const ElementSteps &steps)
{
    Rounding rounding = steps.parameters.rounding;
    if (rounding == Rounding::LearnedRound) {
        const bool identity = steps.decision && steps.decision->rule.rule == LearnedDecision::Rule::Identity;
        rounding = identity ? Rounding::Round : Rounding::Floor;
    }
    return rounding == Rounding::Round ? u"round half even"_s : qs(roundingName(rounding)).toLower();
}

QString learnedText(const ElementSteps &steps, const QString &added)
{
    return u"learned %1: + %2"_s.arg(number(steps.decision ? steps.decision->stored : 0), added);
}

/// The figure of one operation towards the code; nullopt for what the code itself shows.
std::optional<StepFigure> codingFigure(const ElementSteps &steps, const CodeStep &step)
{
    const QString result = number(step.result);
    switch (step.operation) {
    case CodeOperation::Divide: return StepFigure{u"divided"_s, u"÷ "_s + scaleWord(step.operand), result};
    case CodeOperation::TimesReciprocal:
        return StepFigure{u"divided"_s, u"· (1 ÷ %1)"_s.arg(scaleWord(step.operand)), result};
    case CodeOperation::AddDecision: return StepFigure{u"learned"_s, learnedText(steps, number(step.operand)), result};
    case CodeOperation::Round: return StepFigure{u"rounded"_s, roundingText(steps), result};
    case CodeOperation::RoundUp: return StepFigure{u"learned"_s, learnedText(steps, number(step.operand)), result};
    case CodeOperation::AddZeroPoint:
        return step.operand == 0 ? std::nullopt
                                 : std::optional(StepFigure{u"zero-point"_s, u"+ "_s + number(step.operand), result});
    case CodeOperation::AtLeastZero: return StepFigure{u"compared"_s, u"≥ 0"_s, yesNo(step.result)};
    case CodeOperation::AboveThreshold:
        return StepFigure{u"compared"_s, u"|w| > "_s + number(step.operand), yesNo(step.result)};
    default: return std::nullopt;
    }
}

void addCoding(std::vector<StepFigure> &figures, const ElementSteps &steps)
{
    if (steps.hasFloat)
        figures.push_back({u"float"_s, u"float weight"_s, number(steps.stored)});
    else if (!steps.coding.empty() && steps.codeAsFloat != steps.stored)
        figures.push_back({u"stored"_s, u"stored code"_s, number(steps.stored)});
    for (const CodeStep &step : steps.coding) {
        if (step.operation == CodeOperation::AddShift && !figures.empty()) { // one figure with the division
            figures.back().name += plus(step.operand);
            figures.back().value = number(step.result);
        } else if (auto figure = codingFigure(steps, step)) {
            figures.push_back(std::move(*figure));
        }
    }
}

void addCode(std::vector<StepFigure> &figures, const SlotQuantizer &slot, const ElementSteps &steps)
{
    const Quantizer &quantizer = *slot.quantizer;
    const CodeRange range = codeRange(quantizer);
    const QString limits = range.min == -range.max ? u"±"_s + wholeText(range.max)
                                                   : wholeText(range.min) + u" … "_s + wholeText(range.max);
    const QString kind = quantizer.kind == QuantizerKind::Minifloat ? u"code, "_s + minifloatName(steps.parameters)
                                                                    : u"code, clip "_s + limits;
    const int bits = quantizer.wordBits();
    const auto integerBits = wordFormat(slot).integerBits;
    figures.push_back({u"code"_s, kind, wholeText(steps.code)});
    figures.push_back({u"hex"_s, u"hex"_s, qs(hexWord(steps.code, bits))});
    figures.push_back({u"binary"_s, u"binary"_s,
        integerBits ? qs(binaryWord(steps.code, bits, *integerBits)) : qs(binaryDigits(steps.code, bits))});
}

void addDecoding(std::vector<StepFigure> &figures, const ElementSteps &steps)
{
    const float zero = steps.parameters.zeroPoint;
    QString of = u"code"_s;
    for (const CodeStep &step : steps.decoding)
        if (step.operation == CodeOperation::DecodePattern) {
            of = u"decoded"_s;
            figures.push_back({of, of, number(step.result)});
        }
    const bool subtracts = zero != 0 && steps.parameters.rule != CodeRule::MinifloatPattern;
    const QString factor = subtracts ? u"(%1 − %2) · "_s.arg(of, number(zero)) : of + u" · "_s;
    figures.push_back({u"value"_s, factor + scaleWord(steps.parameters.scale), number(steps.value)});
    if (steps.hasFloat)
        figures.push_back({u"error"_s, u"error"_s, number(steps.value - steps.stored)});
}

} // namespace

std::vector<StepFigure> stepFigures(const SlotQuantizer &slot, const ElementSteps &steps)
{
    std::vector<StepFigure> figures;
    addCoding(figures, steps);
    addCode(figures, slot, steps);
    addDecoding(figures, steps);
    return figures;
}

QString stepErrorText(const SlotQuantizer &slot, const ElementSteps &steps)
{
    const float scale = steps.parameters.scale;
    if (!steps.hasFloat || !(scale > 0) || !slot.hasCodes())
        return {};
    const float error = steps.value - steps.stored;
    return u"error = value − float: %1 LSB"_s.arg(
        QString::number(std::abs(static_cast<double>(error / scale)), 'f', 2));
}

} // namespace quantscope
