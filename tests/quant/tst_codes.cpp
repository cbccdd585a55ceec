#include "quant/code_reader.h"
#include "quant/fixed_point.h"
#include "quant/kernels.h"
#include "support/memory_slot.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <QtTest>

using namespace quantscope;
using test::affine, test::slotOf;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

bool sameBits(float a, float b)
{
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

} // namespace

class TestCodes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void definition_data()
    {
        QTest::addColumn<int>("rule");
        QTest::addColumn<int>("rounding");
        QTest::addColumn<float>("x");
        QTest::addColumn<float>("scale");
        QTest::addColumn<float>("zero");
        QTest::addColumn<float>("code");
        const auto row
            = [](const char *name, CodeRule rule, Rounding rounding, float x, float scale, float zero, float code) {
                  QTest::newRow(name) << int(rule) << int(rounding) << x << scale << zero << code;
              };
        using R = Rounding;
        using C = CodeRule;
        // FBGEMM's deciding example: the order of operations is one code.
        row("divided", C::DivideAddRound, R::Round, -0.273939937f, 0.00214854861f, 0, -127);
        row("times the reciprocal", C::ReciprocalRoundAdd, R::Round, -0.273939937f, 0.00214854861f, 0, -128);
        // 0.5 + 1 rounds to 2, but 0.5 rounds to 0 and 0 + 1 is 1.
        row("zero point before rounding", C::DivideAddRound, R::Round, 0.5f, 1, 1, 2);
        row("zero point after rounding", C::DivideRoundAdd, R::Round, 0.5f, 1, 1, 1);
        row("half to even down", C::DivideAddRound, R::Round, 2.5f, 1, 0, 2);
        row("half to even up", C::DivideAddRound, R::Round, 3.5f, 1, 0, 4);
        row("negative half to even", C::DivideAddRound, R::Round, -2.5f, 1, 0, -2);
        row("ceil", C::DivideAddRound, R::Ceil, -2.5f, 1, 0, -2);
        row("floor", C::DivideAddRound, R::Floor, -2.5f, 1, 0, -3);
        row("to zero", C::DivideAddRound, R::RoundToZero, -2.9f, 1, 0, -2);
        row("up", C::DivideAddRound, R::Up, -2.1f, 1, 0, -3);
        row("half up is away from zero", C::DivideAddRound, R::HalfUp, -2.5f, 1, 0, -3);
        row("half down is to zero", C::DivideAddRound, R::HalfDown, -2.5f, 1, 0, -2);
        row("half up just below a half, as qonnx adds it", C::DivideAddRound, R::HalfUp, 0.49999997f, 1, 0, 1);
        row("half down just below a half", C::DivideAddRound, R::HalfDown, 0.49999997f, 1, 0, 0);
        row("half down above a half", C::DivideAddRound, R::HalfDown, 2.51f, 1, 0, 3);
        row("DPU: a negative tie goes up", C::DivideAddRound, R::Dpu, -3.5f, 1, 0, -3);
        row("DPU: a positive tie is even", C::DivideAddRound, R::Dpu, 2.5f, 1, 0, 2);
        row("clamped", C::DivideAddRound, R::Round, 1000, 1, 0, 127);
        row("clamped below", C::DivideAddRound, R::Round, -1000, 1, 0, -128);
        row("infinity clamps", C::DivideAddRound, R::Round, kInf, 1, 0, 127);
        row("NaN passes through", C::DivideAddRound, R::Round, kNan, 1, 0, kNan);
        row("binary", C::Threshold, R::Round, -0.001f, 0.1f, 0, -1);
        row("binary: minus zero counts as positive", C::Threshold, R::Round, -0.0f, 0.1f, 0, 1);
        row("ternary below its threshold", C::TernaryThreshold, R::Round, 0.05f, 0.1f, 0, 0);
        row("ternary above", C::TernaryThreshold, R::Round, -0.06f, 0.1f, 0, -1);
    }

    void definition()
    {
        QFETCH(int, rule);
        QFETCH(int, rounding);
        QFETCH(float, x);
        QFETCH(float, scale);
        QFETCH(float, zero);
        QFETCH(float, code);
        CodeParameters p;
        p.rule = static_cast<CodeRule>(rule);
        p.rounding = static_cast<Rounding>(rounding);
        p.scale = p.divisor = scale;
        p.zeroPoint = p.shift = zero;
        p.min = -128;
        p.max = 127;
        const float found = codeOf(x, p);
        QVERIFY2(sameBits(found, code) || found == code, qPrintable(QString::number(found)));
    }

    /// Sizes below, at and above every vector width; values with every special case in them.
    void kernelsEqualTheDefinition()
    {
        std::mt19937 engine(20);
        std::uniform_real_distribution<float> uniform(-3.0f, 3.0f);
        for (const auto rule :
            {CodeRule::DivideAddRound, CodeRule::DivideRoundAdd, CodeRule::ReciprocalRoundAdd, CodeRule::Threshold})
            for (const float scale : {0.0078125f, 0.00214854861f, 0.1f, 1e-30f, 0.0f, -0.5f, kInf, kNan})
                for (std::size_t size : {1u, 2u, 3u, 7u, 8u, 9u, 15u, 16u, 17u, 31u, 32u, 33u, 100u, 1000u}) {
                    std::vector<float> x(size), codes(size), values(size);
                    for (std::size_t i = 0; i < size; ++i)
                        x[i] = i % 3 == 0 ? (static_cast<float>(i % 256) - 128.0f + 0.5f) * scale : uniform(engine);
                    for (std::size_t i = 0; i < size; i += 11)
                        x[i] = std::array{kNan, kInf, -kInf, 0.0f, -0.0f, 1e-42f}[i % 6];
                    CodeParameters p;
                    p.rule = rule;
                    p.scale = p.divisor = scale;
                    p.zeroPoint = p.shift = 3;
                    p.min = -127;
                    p.max = 127;
                    codesOf(x, p, codes);
                    valuesOf(codes, p, values);
                    for (std::size_t i = 0; i < size; ++i) {
                        QVERIFY2(sameBits(codes[i], codeOf(x[i], p)),
                            qPrintable(QString("rule %1 scale %2 x %3").arg(int(rule)).arg(scale).arg(x[i])));
                        QVERIFY(sameBits(values[i], valueOf(codes[i], p)));
                    }
                }
    }

    void extremesOfFloats()
    {
        for (std::size_t size = 1; size < 200; ++size) {
            std::vector<float> x(size);
            for (std::size_t i = 0; i < size; ++i)
                x[i] = static_cast<float>((i * 37) % 41) - 20.0f;
            const auto [low, high] = std::minmax_element(x.begin(), x.end());
            const ValueRange range = valueRange(x);
            QCOMPARE(range.low, *low);
            QCOMPARE(range.high, *high);
            QVERIFY(!range.hasNan);
            QCOMPARE(std::bit_cast<float>(maxMagnitudeBits(x)), std::max(std::fabs(*low), std::fabs(*high)));
            x[size / 2] = kNan;
            QVERIFY(valueRange(x).hasNan);
            QVERIFY(std::isnan(std::bit_cast<float>(maxMagnitudeBits(x))));
        }
    }

    /// Which of -0 and +0 is the end: of eight lanes the first in each, then the first of these, then of the rest.
    void zerosAtTheEnds()
    {
        std::mt19937 engine(3);
        for (std::size_t size = 8; size < 300; ++size) {
            std::vector<float> x(size);
            for (float &v : x)
                v = engine() % 2 == 0 ? 1.0f : engine() % 2 == 0 ? -0.0f : 0.0f;
            float low = 1;
            for (std::size_t lane = 0; lane < 8; ++lane)
                for (std::size_t i = lane; i < size / 8 * 8; i += 8)
                    low = x[i] < low ? x[i] : low;
            for (std::size_t i = size / 8 * 8; i < size; ++i)
                low = x[i] < low ? x[i] : low;
            QCOMPARE(std::signbit(valueRange(x).low), std::signbit(low));
            for (float &v : x)
                v = -v;
            QCOMPARE(std::signbit(valueRange(x).high), !std::signbit(low));
        }
    }

    /// Brevitas' worked example: Int8WeightPerTensorFixedPoint with the largest weight between 1 and 2.
    void workedExample()
    {
        const std::vector<float> weights = {0.0937f, -0.0313f, 1.9f, -1.984375f};
        const SlotQuantizer slot = slotOf(weights, {4}, affine(8, true, true, {{}, {}, {0.015625f}}));
        CodeReader reader(slot);
        std::vector<std::int64_t> codes(4);
        std::vector<float> values(4);
        reader.integers(0, codes);
        reader.values(0, values);
        QCOMPARE(codes, (std::vector<std::int64_t>{6, -2, 122, -127}));
        QCOMPARE(values[0], 0.09375f);
        QCOMPARE(values[1], -0.03125f);
        const auto type = fixedType(*slot.quantizer);
        QVERIFY(type);
        QCOMPARE(apFixedName(*type), std::string("ap_fixed<8,2>"));
        QCOMPARE(hexWord(6, 8), std::string("0x06"));
        QCOMPARE(binaryWord(6, 8, 2), std::string("00.000110"));
        QCOMPARE(hexWord(-2, 8), std::string("0xFE"));
        QCOMPARE(binaryWord(-2, 8, 2), std::string("11.111110"));
    }

    void words_data()
    {
        QTest::addColumn<qint64>("code");
        QTest::addColumn<int>("bits");
        QTest::addColumn<int>("integerBits");
        QTest::addColumn<QString>("hex");
        QTest::addColumn<QString>("binary");
        QTest::newRow("point before the word") << qint64(-19) << 6 << 0 << "0x2D"
                                               << ".101101";
        QTest::newRow("point left of the word") << qint64(-3) << 4 << -1 << "0xD"
                                                << "._1101";
        QTest::newRow("point at the end") << qint64(5) << 4 << 4 << "0x5"
                                          << "0101";
        QTest::newRow("point right of the word") << qint64(5) << 4 << 6 << "0x5"
                                                 << "0101__.";
        QTest::newRow("five bits need two digits") << qint64(-1) << 5 << 1 << "0x1F"
                                                   << "1.1111";
        QTest::newRow("one bit") << qint64(1) << 1 << 1 << "0x1"
                                 << "1";
        QTest::newRow("32 bits") << qint64(-2147483648LL) << 32 << 1 << "0x80000000"
                                 << "1.0000000000000000000000000000000";
        QTest::newRow("64 bits") << qint64(-1) << 64 << 64 << "0xFFFFFFFFFFFFFFFF" << QString(64, '1');
        QTest::newRow("unsigned top") << qint64(255) << 8 << 2 << "0xFF"
                                      << "11.111111";
    }

    void words()
    {
        QFETCH(qint64, code);
        QFETCH(int, bits);
        QFETCH(int, integerBits);
        QTEST(QString::fromStdString(hexWord(code, bits)), "hex");
        QTEST(QString::fromStdString(binaryWord(code, bits, integerBits)), "binary");
    }

    void ranges_data()
    {
        QTest::addColumn<int>("bits");
        QTest::addColumn<bool>("isSigned");
        QTest::addColumn<bool>("narrow");
        QTest::addColumn<qint64>("low");
        QTest::addColumn<qint64>("high");
        QTest::newRow("signed") << 8 << true << false << qint64(-128) << qint64(127);
        QTest::newRow("signed narrow") << 8 << true << true << qint64(-127) << qint64(127);
        QTest::newRow("unsigned") << 8 << false << false << qint64(0) << qint64(255);
        QTest::newRow("unsigned narrow") << 8 << false << true << qint64(0) << qint64(254);
        QTest::newRow("one narrow bit holds only zero") << 1 << true << true << qint64(0) << qint64(0);
        QTest::newRow("32 bits") << 32 << true << false << qint64(INT32_MIN) << qint64(INT32_MAX);
        QTest::newRow("64 bits") << 64 << true << false << qint64(INT64_MIN) << qint64(INT64_MAX);
    }

    void ranges()
    {
        QFETCH(int, bits);
        QFETCH(bool, isSigned);
        QFETCH(bool, narrow);
        const CodeRange range = codeRange(bits, isSigned, narrow);
        QTEST(qint64(range.min), "low");
        QTEST(qint64(range.max), "high");
    }

    void fractionalBitsOfScales()
    {
        QCOMPARE(fractionalBits(0.0078125f), std::optional(7));
        QCOMPARE(fractionalBits(4.0f), std::optional(-2));
        QCOMPARE(fractionalBits(std::ldexp(1.0f, -149)), std::optional(149)); // denormal
        QCOMPARE(fractionalBits(0.3f), std::nullopt);
        QCOMPARE(fractionalBits(0.0f), std::nullopt);
        QCOMPARE(fractionalBits(-0.5f), std::nullopt);
        QCOMPARE(fractionalBits(kInf), std::nullopt);
        QCOMPARE(fractionalBits(kNan), std::nullopt);
        QVERIFY(fractionalBits(Granular{{3}, 0, {0.5f, 0.5f, 0.5f}}) == FracBits(1));
        QVERIFY(fractionalBits(Granular{{2}, 0, {0.5f, 0.25f}}) == FracBits(std::vector{1, 2}));
        QVERIFY(fractionalBits(Granular{{2}, 0, {0.5f, 0.3f}}) == FracBits(std::monostate{}));
    }

    /// Channels along each axis of a 2 x 3 x 2 tensor, against an index computed by hand.
    void channelsAlongAnyAxis()
    {
        std::vector<float> x(12, 1.0f);
        for (const int axis : {0, 1, 2}) {
            Granular scale;
            scale.axis = axis;
            scale.shape = {1, 1, 1};
            const std::size_t size = axis == 1 ? 3 : 2;
            scale.shape[static_cast<std::size_t>(axis)] = static_cast<std::int64_t>(size);
            for (std::size_t c = 0; c < size; ++c)
                scale.values.push_back(1.0f / static_cast<float>(c + 1));
            const SlotQuantizer slot = slotOf(x, {2, 3, 2}, affine(8, true, false, scale));
            CodeReader reader(slot);
            std::vector<std::int64_t> codes(12);
            reader.integers(0, codes);
            for (std::size_t i = 0; i < 12; ++i) {
                const std::size_t index[3] = {i / 6, i / 2 % 3, i % 2};
                QCOMPARE(codes[i], static_cast<std::int64_t>(index[axis] + 1));
            }
            // Pieces from anywhere give the same.
            std::vector<float> piece(5);
            reader.codes(4, piece);
            for (std::size_t i = 0; i < 5; ++i)
                QCOMPARE(static_cast<std::int64_t>(piece[i]), codes[4 + i]);
        }
    }

    void blocksWithARaggedEnd()
    {
        // 2 x 5 in blocks of 2 along the last axis: 3 scales a row.
        Granular scale{{2, 3}, 1, {1.0f, 0.5f, 0.25f, 0.125f, 1.0f, 0.5f}};
        Quantizer q = affine(8, true, false, scale);
        q.blockSize = 2;
        const SlotQuantizer slot = slotOf(std::vector<float>(10, 1.0f), {2, 5}, q);
        CodeReader reader(slot);
        std::vector<std::int64_t> codes(10);
        reader.integers(0, codes);
        QCOMPARE(codes, (std::vector<std::int64_t>{1, 1, 2, 2, 4, 8, 8, 1, 1, 2}));
    }

    void wrongNumberOfScalesIsAnError()
    {
        const SlotQuantizer slot
            = slotOf(std::vector<float>(6), {2, 3}, affine(8, true, false, {{4, 1}, 0, {1, 1, 1, 1}}));
        QVERIFY_THROWS_EXCEPTION(ParseError, CodeReader{slot});
    }

    /// e4m3 of Brevitas 0.10: bias 7, largest 480; patterns by hand.
    /// Stated formats: every pattern gives a value that gives the pattern; what is too large becomes what is stated.
    void statedMinifloats()
    {
        MinifloatFormat e3m2{3, 2, 1, 112.0f}; // 1.75 * 2^6
        for (int pattern = 0; pattern < 64; ++pattern) {
            const float value = minifloatValue(static_cast<float>(pattern), e3m2);
            QCOMPARE(minifloatPattern(value, e3m2, Rounding::Round), static_cast<float>(pattern));
        }
        QCOMPARE(largestMinifloat(e3m2), 112.0f);
        QCOMPARE(minifloatPattern(1e9f, e3m2, Rounding::Round), 31.0f);
        MinifloatFormat e4m3{4, 3, 7, 448.0f, MinifloatFormat::Overflow::Nan};
        QCOMPARE(minifloatPattern(463.9f, e4m3, Rounding::Round), 126.0f); // 448
        QCOMPARE(minifloatPattern(-465.0f, e4m3, Rounding::Round), 127.0f); // to 480, which is none
        QVERIFY(std::isnan(minifloatValue(127.0f, e4m3)));
        MinifloatFormat e5m2{5, 2, 15, 57344.0f, MinifloatFormat::Overflow::Infinity};
        QCOMPARE(minifloatPattern(-1e9f, e5m2, Rounding::Round), 252.0f);
        QCOMPARE(minifloatValue(252.0f, e5m2), -kInf);
        QCOMPARE(minifloatPattern(kInf, e5m2, Rounding::Round), 124.0f);
        QVERIFY(std::isnan(minifloatPattern(kInf, e4m3, Rounding::Round))); // as qonnx: infinity by infinity
        QVERIFY(!isDecodedMinifloat({0, 3}) && !isDecodedMinifloat({9, 3}) && !isDecodedMinifloat({8, 16}));
        QVERIFY(!isDecodedMinifloat({8, 7}) && isDecodedMinifloat({8, 7, 127, 3e38f}));
        QVERIFY(!isDecodedMinifloat({4, 3, 900}) && !isDecodedMinifloat({4, 3, -900}));
    }

    void minifloatPatterns()
    {
        const MinifloatFormat e4m3{4, 3}, e5m2{5, 2};
        QCOMPARE(largestMinifloat(e4m3), 480.0f);
        QCOMPARE(largestMinifloat(e5m2), 114688.0f);
        QCOMPARE(minifloatPattern(1.0f, e4m3, Rounding::Round), 56.0f); // 0.0111.000
        QCOMPARE(minifloatPattern(-1.0f, e4m3, Rounding::Round), 184.0f);
        QCOMPARE(minifloatPattern(1000.0f, e4m3, Rounding::Round), 127.0f); // clipped
        QCOMPARE(minifloatPattern(std::ldexp(1.0f, -9), e4m3, Rounding::Round), 1.0f); // smallest subnormal
        QCOMPARE(minifloatPattern(std::ldexp(1.0f, -10), e4m3, Rounding::Round), 0.0f); // tie to even
        QCOMPARE(minifloatPattern(1.9999f, e4m3, Rounding::Round), 64.0f); // carries into the next exponent
        QCOMPARE(minifloatPattern(1.9999f, e4m3, Rounding::Floor), 63.0f);
        QCOMPARE(minifloatPattern(-1.8f, e4m3, Rounding::Floor), 128.0f + 63.0f);
        QCOMPARE(minifloatPattern(-1.8f, e4m3, Rounding::RoundToZero), 128.0f + 62.0f);
        for (int pattern = 0; pattern < 256; ++pattern) {
            const float value = minifloatValue(static_cast<float>(pattern), e5m2);
            QCOMPARE(minifloatPattern(value, e5m2, Rounding::Round),
                static_cast<float>(pattern == 128 ? (std::signbit(value) ? 128 : 0) : pattern));
        }
    }

    /// A float tensor without a quantizer, an activation without a tensor, a quantizer of which not all is known.
    void incompleteSlotsAreRefused()
    {
        SlotQuantizer bare = slotOf({1, 2, 3}, {3}, affine(8, true, true, {{}, {}, {1.0f}}));
        QCOMPARE(CodeReader(bare).count(), 3u);
        SlotQuantizer noTensor = bare, noScale = bare;
        bare.quantizer.reset();
        noTensor.tensor.reset();
        noScale.quantizer->scale.reset();
        for (const SlotQuantizer &slot : {bare, noTensor, noScale})
            QVERIFY_EXCEPTION_THROWN(CodeReader{slot}, ParseError);
    }
};

QTEST_GUILESS_MAIN(TestCodes)
#include "tst_codes.moc"
