#include "analysis/element_steps.h"

#include "quant/code_reader.h"
#include "support/memory_slot.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <QtTest>

using namespace quantscope;
using test::affine, test::slotOf;

namespace {

using Op = CodeOperation;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

bool sameBits(float a, float b)
{
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

Granular one(float value) { return {{}, {}, {value}}; }

/// Ties, limits, zeros of both signs, what is not finite, and whatever lies between.
std::vector<float> edgeFloats()
{
    std::vector<float> x{0.0f, -0.0f, kNan, kInf, -kInf, 1e-42f, -1e-42f, 3e38f, -3e38f};
    for (int half = -300; half <= 300; ++half)
        x.push_back(static_cast<float>(half) * 0.25f);
    std::mt19937 engine(7);
    std::uniform_real_distribution<float> uniform(-40.0f, 40.0f);
    while (x.size() < 2000)
        x.push_back(uniform(engine));
    return x;
}

SlotQuantizer slotWith(CodeRule rule, float scale, float zeroPoint)
{
    Quantizer q = affine(8, true, true, one(scale), one(zeroPoint));
    q.rule = rule;
    if (rule == CodeRule::Threshold || rule == CodeRule::TernaryThreshold)
        q.kind = rule == CodeRule::Threshold ? QuantizerKind::Binary : QuantizerKind::Ternary;
    if (rule == CodeRule::MinifloatPattern || rule == CodeRule::BitPattern)
        q.kind = QuantizerKind::Minifloat;
    q.minifloat = {4, 3};
    std::vector<float> x = edgeFloats();
    if (rule == CodeRule::Stored)
        for (float &v : x)
            v = std::isfinite(v) ? std::nearbyint(std::clamp(v, -1000.0f, 1000.0f)) : 0;
    if (rule != CodeRule::BitPattern)
        return slotOf(x, {static_cast<std::int64_t>(x.size())}, q);
    std::vector<std::uint8_t> patterns(256);
    for (std::size_t i = 0; i < patterns.size(); ++i)
        patterns[i] = static_cast<std::uint8_t>(i);
    SlotQuantizer slot = slotOf({}, {256}, q);
    slot.tensor = memoryTensor({}, DType::Float8E4M3FN, {256}, std::span<const std::uint8_t>(patterns));
    return slot;
}

/// "divide 4 = 0.5, round = 0, ...".
QString printed(const std::vector<CodeStep> &steps)
{
    static const char *const kNames[] = {"divide", "times 1/", "add", "decision", "round", "up", "zero point",
        "at least 0", "above", "sign", "clamp", "minifloat", "decode", "minus", "times"};
    QStringList texts;
    for (const CodeStep &step : steps)
        texts << QString("%1 %2 = %3")
                     .arg(kNames[static_cast<int>(step.operation)])
                     .arg(static_cast<double>(step.operand), 0, 'g', 9)
                     .arg(static_cast<double>(step.result), 0, 'g', 9);
    return texts.join(", ");
}

void compareWithTheReader(const SlotQuantizer &slot)
{
    CodeReader reader(slot);
    std::vector<float> codes(reader.count()), values(reader.count());
    std::vector<std::int64_t> integers(reader.count());
    reader.codes(0, codes);
    reader.values(0, values);
    reader.integers(0, integers);
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const auto steps = elementSteps(slot, i);
        QVERIFY(steps);
        const QString text = QString("element %1 (%2): ").arg(i).arg(static_cast<double>(steps->stored))
            + printed(steps->coding) + " | " + printed(steps->decoding);
        QVERIFY2(sameBits(steps->codeAsFloat, codes[i]), qPrintable(text));
        QVERIFY2(sameBits(steps->value, values[i]), qPrintable(text));
        QCOMPARE(steps->code, integers[i]);
        QCOMPARE(steps->hasFloat, reader.hasFloats());
        QVERIFY(slot.quantizer->rule == CodeRule::BitPattern || !steps->coding.empty());
        if (!steps->coding.empty())
            QVERIFY2(sameBits(steps->coding.back().result, codes[i]), qPrintable(text));
        QVERIFY2(sameBits(steps->decoding.back().result, values[i]), qPrintable(text));
    }
}

} // namespace

/// The steps are the definition's own: they end where the kernels do, and each is one rounded float32 operation.
class TestElementSteps : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyRuleEndsAtTheReader_data()
    {
        QTest::addColumn<int>("rule");
        static const char *const kRules[] = {"divide, add, round", "divide, round, add", "reciprocal, round, add",
            "stored", "threshold", "ternary", "bit pattern", "minifloat"};
        for (int rule = 0; rule < 8; ++rule)
            QTest::newRow(kRules[rule]) << rule;
    }
    void everyRuleEndsAtTheReader()
    {
        QFETCH(int, rule);
        for (const float scale : {0.25f, 0.00214854861f, 0.0f})
            for (const float zero : {0.0f, 3.0f})
                compareWithTheReader(slotWith(static_cast<CodeRule>(rule), scale, zero));
    }

    void everyRoundingEndsAtTheReader()
    {
        for (int rounding = 0; rounding <= static_cast<int>(Rounding::LearnedRound); ++rounding) {
            SlotQuantizer slot = slotWith(CodeRule::DivideAddRound, 0.25f, 0);
            slot.quantizer->rounding = static_cast<Rounding>(rounding);
            compareWithTheReader(slot);
        }
    }

    void learnedRoundingEndsAtTheReader()
    {
        using Rule = LearnedDecision::Rule;
        for (const auto rule : {Rule::Positive, Rule::HardSigmoid, Rule::Identity}) {
            SlotQuantizer slot = slotWith(CodeRule::DivideAddRound, 0.25f, 0);
            std::vector<float> decisions(slot.tensor->count());
            for (std::size_t i = 0; i < decisions.size(); ++i)
                decisions[i] = static_cast<float>(i % 13) * 0.25f - 1.5f;
            slot.quantizer->rounding = Rounding::LearnedRound;
            slot.quantizer->learnedRounding = floatTensor("p", slot.shape, decisions);
            slot.quantizer->learnedDecision = {rule, -0.1, 1.1};
            compareWithTheReader(slot);
        }
    }

    /// Worked by hand; w = 2.5 or -0.273939937.
    void handWorked_data()
    {
        QTest::addColumn<SlotQuantizer>("slot");
        QTest::addColumn<QString>("coding");
        QTest::addColumn<QString>("decoding");
        const auto row = [](const char *name, float w, const Quantizer &q, const char *coding, const char *decoding) {
            QTest::newRow(name) << slotOf({w}, {1}, q) << coding << decoding;
        };
        Quantizer q = affine(8, true, false, one(0.5f));
        row("plain", 2.75f, q, "divide 0.5 = 5.5, add 0 = 5.5, round 0 = 6, clamp 0 = 6", "minus 0 = 6, times 0.5 = 3");
        row("clipped", 100, q, "divide 0.5 = 200, add 0 = 200, round 0 = 200, clamp 0 = 127",
            "minus 0 = 127, times 0.5 = 63.5");
        q.zeroPoint = one(3);
        row("zero point before rounding", 2.75f, q, "divide 0.5 = 5.5, add 3 = 8.5, round 0 = 8, clamp 0 = 8",
            "minus 3 = 5, times 0.5 = 2.5");
        q.rule = CodeRule::DivideRoundAdd;
        row("zero point after rounding", 2.75f, q, "divide 0.5 = 5.5, round 0 = 6, zero point 3 = 9, clamp 0 = 9",
            "minus 3 = 6, times 0.5 = 3");
        q.zeroPoint = one(0);
        q.rule = CodeRule::DivideAddRound;
        q.shift = one(-1.25f); // a zero-centring offset is added before rounding and never taken off again
        row("zero-centring shift", 2.75f, q, "divide 0.5 = 5.5, add -1.25 = 4.25, round 0 = 4, clamp 0 = 4",
            "minus 0 = 4, times 0.5 = 2");
        q.shift.reset();
        q.divisor = one(0.25f);
        row("a divisor that is not the scale", 2.75f, q, "divide 0.25 = 11, add 0 = 11, round 0 = 11, clamp 0 = 11",
            "minus 0 = 11, times 0.5 = 5.5");
        q.divisor.reset();
        q.scale = one(0.00214854861f);
        row("divided", -0.273939937f, q,
            "divide 0.00214854861 = -127.499992, add 0 = -127.499992, round 0 = -127, clamp 0 = -127",
            "minus 0 = -127, times 0.00214854861 = -0.272865683");
        q.rule = CodeRule::ReciprocalRoundAdd;
        row("times the reciprocal", -0.273939937f, q,
            "times 1/ 0.00214854861 = -127.5, round 0 = -128, zero point 0 = -128, clamp 0 = -128",
            "minus 0 = -128, times 0.00214854861 = -0.275014222");
        q = affine(2, true, true, one(0.5f));
        q.kind = QuantizerKind::Binary;
        q.rule = CodeRule::Threshold;
        row("binary", -0.0f, q, "at least 0 0 = 1, sign 0 = 1", "minus 0 = 1, times 0.5 = 0.5");
        q.kind = QuantizerKind::Ternary;
        q.rule = CodeRule::TernaryThreshold;
        row("ternary", -0.3f, q, "above 0.25 = 1, sign 0 = -1", "minus 0 = -1, times 0.5 = -0.5");
        q = affine(8, true, false, one(0.5f));
        q.kind = QuantizerKind::Minifloat;
        q.rule = CodeRule::MinifloatPattern;
        q.minifloat = {4, 3};
        row("minifloat", 0.5f, q, "divide 0.5 = 1, minifloat 0 = 56", "decode 0 = 1, times 0.5 = 0.5");
        QTest::newRow("a stored code behind a Clip") << slotWith(CodeRule::Stored, 0.5f, 0) << "clamp 0 = 0"
                                                     << "minus 0 = 0, times 0.5 = 0";
    }
    void handWorked()
    {
        QFETCH(SlotQuantizer, slot);
        const auto steps = elementSteps(slot, 0);
        QVERIFY(steps);
        QTEST(printed(steps->coding), "coding");
        QTEST(printed(steps->decoding), "decoding");
    }

    /// 4 bits, scale 1: what LearnedRoundSte does with 2.4 and its decision.
    void handWorkedDecisions()
    {
        using Rule = LearnedDecision::Rule;
        Quantizer q = affine(4, true, true, one(1));
        q.rounding = Rounding::LearnedRound;
        const auto steps = [&](Rule rule, float decision) {
            q.learnedRounding = floatTensor("p", {1}, std::vector{decision});
            q.learnedDecision = {rule, -0.1, 1.1};
            return printed(elementSteps(slotOf({2.5f}, {1}, q), 0)->coding);
        };
        QCOMPARE(steps(Rule::Positive, 0.75f), "divide 1 = 2.5, add 0 = 2.5, round 0 = 2, up 1 = 3, clamp 0 = 3");
        QCOMPARE(steps(Rule::Positive, -0.75f), "divide 1 = 2.5, add 0 = 2.5, round 0 = 2, up 0 = 2, clamp 0 = 2");
        QCOMPARE(steps(Rule::Identity, 7), "divide 1 = 2.5, add 0 = 2.5, decision 0.5 = 3, round 0 = 3, clamp 0 = 3");
    }

    void missingBytesAreAnError()
    {
        SlotQuantizer slot = slotWith(CodeRule::DivideAddRound, 1, 0);
        slot.tensor = floatTensor("t", {5000}, std::vector<float>(10));
        const auto steps = elementSteps(slot, 4000);
        QVERIFY(!steps);
        QCOMPARE(steps.error().kind, ErrorKind::Parse);
    }
};

QTEST_APPLESS_MAIN(TestElementSteps)
#include "tst_element_steps.moc"
