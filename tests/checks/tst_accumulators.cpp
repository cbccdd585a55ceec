// The networks have members called slots.
#include "checks/accumulators.h"
#include "open/open_network.h"
#include "report/accumulators_report.h"
#include "support/flow_sketch.h"
#include "support/integer_layers.h"
#include "support/memory_slot.h"
#include "support/paths.h"

#include <QtTest>

#include <random>

using namespace quantscope;
using namespace quantscope::test;

namespace {

Granular one(float value) { return {{}, {}, {value}}; }

/// Codes of a layer in memory, with the zero points of weight and input; the weights' scale is 1/4, the input's 1/2.
struct SmallLayer {
    std::string kind = "Conv2d";
    Shape shape = {};
    int groups = 1, stride = 1, channelAxis = 0;
    int weightBits = 4, inputBits = 2;
    bool inputSigned = true;
    float weightZero = 0, inputZero = 0;
    std::vector<float> bias = {};
    float biasScale = 0.125f;
    QuantizerKind weightKind = QuantizerKind::Affine;
};

std::vector<float> randomCodes(std::size_t count, int bits, std::uint32_t seed, bool binary)
{
    std::mt19937 engine(seed);
    std::vector<float> out(count);
    const int half = 1 << (bits - 1);
    for (float &code : out)
        code = static_cast<float>(binary ? static_cast<int>(engine() % 2) * 2 - 1
                                         : static_cast<int>(engine() % static_cast<unsigned>(2 * half)) - half);
    return out;
}

SlotQuantizer codesSlot(Slot place, const std::vector<float> &codes, const Shape &shape, Quantizer quantizer)
{
    quantizer.rule = CodeRule::Stored;
    SlotQuantizer slot = test::slotOf(codes, shape, quantizer);
    slot.slot = place;
    return slot;
}

Network networkOf(const SmallLayer &small, const std::vector<float> &codes)
{
    Network network;
    auto file = std::make_shared<ModelFile>();
    file->path = "memory.onnx";
    network.file = file;
    network.dialect = Dialect::Qonnx;
    Layer layer;
    layer.name = "layer";
    layer.kind = small.kind;
    layer.groups = small.groups;
    layer.stride = small.stride;
    layer.strideTold = true;
    Quantizer weight = affine(small.weightBits, true, false, one(0.25f), one(small.weightZero));
    weight.kind = small.weightKind;
    layer.slots.push_back(codesSlot(Slot::Weight, codes, small.shape, weight));
    layer.slots.back().channelAxis = small.channelAxis;
    if (!small.bias.empty())
        layer.slots.push_back(codesSlot(Slot::Bias, small.bias, {static_cast<std::int64_t>(small.bias.size())},
            affine(16, true, false, one(small.biasScale))));
    SlotQuantizer input;
    input.slot = Slot::Input;
    input.quantizer = affine(small.inputBits, small.inputSigned, false, one(0.5f), one(small.inputZero));
    layer.slots.push_back(input);
    network.add(std::move(layer));
    return network;
}

/// The smallest and largest of each output channel, over every image of the size of `image`.
std::vector<ChannelSum> sumsOfEveryInput(
    const SmallLayer &small, const IntegerConvolution &convolution, const IntegerImage &image)
{
    const CodeRange range = codeRange(small.inputBits, small.inputSigned, false);
    const auto zero = static_cast<std::int64_t>(small.inputZero);
    std::vector<ChannelSum> sums(convolution.outputs, {INT64_MAX, INT64_MIN, 0});
    forEveryImage(image, range.min - zero, range.max - zero, [&](const IntegerImage &input) {
        const IntegerImage out = convolution(input);
        const std::size_t plane = out.rows * out.columns;
        for (std::size_t i = 0; i < out.at.size(); ++i) {
            sums[i / plane].min = std::min(sums[i / plane].min, out.at[i]);
            sums[i / plane].max = std::max(sums[i / plane].max, out.at[i]);
        }
    });
    for (ChannelSum &sum : sums)
        sum.bitsNeeded = bitsOfRange(sum.min, sum.max);
    return sums;
}

} // namespace

class TestAccumulators : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void againstEveryInput_data();
    void againstEveryInput();
    void strideThatIsNotKnown();
    void bitsInTwosComplement_data();
    void bitsInTwosComplement();
    void multiplierAndShift_data();
    void multiplierAndShift();
    void whyNot_data();
    void whyNot();
    void bias_data();
    void bias();
    void overflow();

private:
    static void transposedRows();
};

/// The smallest and largest sums are those that some input reaches: every input is tried.
void TestAccumulators::againstEveryInput_data()
{
    QTest::addColumn<SmallLayer>("small");
    QTest::addColumn<IntegerConvolution>("convolution");
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("columns");
    QTest::newRow("Linear") << SmallLayer{.kind = "Linear", .shape = {3, 4}}
                            << IntegerConvolution{.inputs = 4, .outputs = 3} << 1 << 1;
    QTest::newRow("Linear, unsigned with a zero point")
        << SmallLayer{.kind = "Linear", .shape = {3, 4}, .weightZero = -3, .inputZero = 1}
        << IntegerConvolution{.inputs = 4, .outputs = 3} << 1 << 1;
    QTest::newRow("Linear, a zero point outside the codes")
        << SmallLayer{.kind = "Linear", .shape = {2, 3}, .inputSigned = false, .inputZero = -2}
        << IntegerConvolution{.inputs = 3, .outputs = 2} << 1 << 1;
    QTest::newRow("matrix [in][out]") << SmallLayer{.kind = "Linear", .shape = {4, 3}, .channelAxis = 1}
                                      << IntegerConvolution{.inputs = 4, .outputs = 3, .transposed = true} << 1 << 1;
    QTest::newRow("binary weights") << SmallLayer{.kind = "Linear",
        .shape = {3, 4},
        .weightKind = QuantizerKind::Binary}
                                    << IntegerConvolution{.inputs = 4, .outputs = 3} << 1 << 1;
    QTest::newRow("bias") << SmallLayer{.kind = "Linear", .shape = {3, 4}, .bias = {100, -7, 3}}
                          << IntegerConvolution{.inputs = 4, .outputs = 3, .bias = {100, -7, 3}} << 1 << 1;
    QTest::newRow("Conv2d with padding") << SmallLayer{.shape = {2, 1, 2, 2}, .inputBits = 3, .inputSigned = false}
                                         << IntegerConvolution{.outputs = 2, .rows = 2, .columns = 2, .pad = 1} << 2
                                         << 2;
    QTest::newRow("groups") << SmallLayer{.shape = {4, 2, 1, 1}, .groups = 2, .inputBits = 3}
                            << IntegerConvolution{.inputs = 4, .outputs = 4, .groups = 2} << 1 << 1;
    QTest::newRow("depthwise") << SmallLayer{.shape = {2, 1, 1, 3}, .groups = 2}
                               << IntegerConvolution{.inputs = 2, .outputs = 2, .columns = 3, .groups = 2} << 1 << 3;
    transposedRows();
}

void TestAccumulators::transposedRows()
{
    for (const int stride : {1, 2, 3, 4})
        QTest::addRow("transposed, stride %d", stride) << SmallLayer{.kind = "ConvTranspose2d",
            .shape = {stride == 1 ? 1 : 2, 3, 1, 5},
            .stride = stride,
            .channelAxis = 1,
            .inputSigned = false}
                                                       << IntegerConvolution{.inputs = stride == 1 ? 1u : 2u,
                                                              .outputs = 3,
                                                              .columns = 5,
                                                              .stride = static_cast<std::size_t>(stride),
                                                              .transposed = true}
                                                       << 1 << (stride == 1 ? 5 : 3);
    QTest::newRow("transposed, stride 2, two dimensions")
        << SmallLayer{.kind = "ConvTranspose2d", .shape = {1, 2, 3, 3}, .stride = 2, .channelAxis = 1, .inputBits = 3}
        << IntegerConvolution{.outputs = 2, .rows = 3, .columns = 3, .stride = 2, .transposed = true} << 2 << 2;
    QTest::newRow("transposed, groups, stride 2, bias") << SmallLayer{.kind = "ConvTranspose2d",
        .shape = {4, 2, 1, 2},
        .groups = 2,
        .stride = 2,
        .channelAxis = 1,
        .inputBits = 3,
        .bias = {1, 2, -30, 4}}
                                                        << IntegerConvolution{.inputs = 4,
                                                               .outputs = 4,
                                                               .columns = 2,
                                                               .groups = 2,
                                                               .stride = 2,
                                                               .transposed = true,
                                                               .bias = {1, 2, -30, 4}}
                                                        << 1 << 1;
}

void TestAccumulators::againstEveryInput()
{
    QFETCH(SmallLayer, small);
    QFETCH(IntegerConvolution, convolution);
    QFETCH(int, rows);
    QFETCH(int, columns);
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
        const bool binary = small.weightKind == QuantizerKind::Binary;
        const auto codes = randomCodes(elementCount(small.shape), small.weightBits, seed, binary);
        convolution.weight.clear();
        for (const float code : codes)
            convolution.weight.push_back(static_cast<std::int64_t>(code - small.weightZero));
        const std::vector<ChannelSum> expected = sumsOfEveryInput(small, convolution,
            IntegerImage::zeros(convolution.inputs, static_cast<std::size_t>(rows), static_cast<std::size_t>(columns)));
        const auto found = accumulatorsOf(networkOf(small, codes));
        QVERIFY(found.has_value());
        QVERIFY2(found->unknown.empty(), found->unknown.empty() ? "" : found->unknown.front().why.c_str());
        QCOMPARE(found->known.size(), std::size_t{1});
        const AccumulatorRange &range = found->known.front();
        QCOMPARE(range.channels, expected);
        const auto most = std::ranges::max_element(expected, {}, &ChannelSum::bitsNeeded);
        QCOMPARE(range.channel, static_cast<std::size_t>(most - expected.begin()));
        QCOMPARE(range.bitsNeeded, most->bitsNeeded);
        QCOMPARE(range.min, std::ranges::min(expected, {}, &ChannelSum::min).min);
        QCOMPARE(range.max, std::ranges::max(expected, {}, &ChannelSum::max).max);
        QCOMPARE(range.biasIncluded, !small.bias.empty());
        QCOMPARE(range.bound, std::string());
    }
}

/// A state_dict says no stride: all kernel positions of a transposed convolution may meet, which is said to be a bound.
void TestAccumulators::strideThatIsNotKnown()
{
    const SmallLayer small{.kind = "ConvTranspose2d", .shape = {1, 1, 1, 4}, .channelAxis = 1, .inputSigned = false};
    Network network = networkOf(small, {7, -8, 7, -8});
    network.layers.front().strideTold = false;
    const auto found = accumulatorsOf(network);
    QVERIFY(found.has_value());
    QCOMPARE(found->known.size(), std::size_t{1});
    QCOMPARE(found->known.front().max, std::int64_t{14 * 3});
    QCOMPARE(QString::fromStdString(found->known.front().bound),
        QStringLiteral("its stride is not known, or not one for all axes without dilation: with one, fewer kernel "
                       "positions meet in a sum"));
    QCOMPARE(QString::fromStdString(bitsText(found->known.front())), QStringLiteral("32 declared, at most 7 needed"));
    // A recipe tells the stride, and has no word for a dilation of 2, with which all four meet as well.
    network.layers.front().strideTold = true;
    network.layers.front().stride = 2;
    network.dialect = Dialect::BrevitasStateDict;
    const AccumulatorRange range = accumulatorsOf(network)->known.front();
    QCOMPARE(range.max, std::int64_t{14 * 3});
    QCOMPARE(QString::fromStdString(range.bound),
        QStringLiteral("its dilation is not known: without one, and with its stride of 2, fewer kernel positions meet "
                       "in a sum"));
}

void TestAccumulators::bitsInTwosComplement_data()
{
    QTest::addColumn<qint64>("min");
    QTest::addColumn<qint64>("max");
    QTest::addColumn<int>("bits");
    QTest::newRow("nothing") << qint64{0} << qint64{0} << 1;
    QTest::newRow("-1") << qint64{-1} << qint64{0} << 1;
    QTest::newRow("1") << qint64{0} << qint64{1} << 2;
    QTest::newRow("full byte") << qint64{-128} << qint64{127} << 8;
    QTest::newRow("one more above") << qint64{-128} << qint64{128} << 9;
    QTest::newRow("one more below") << qint64{-129} << qint64{127} << 9;
    QTest::newRow("the example") << qint64{-9906} << qint64{13573} << 15;
    QTest::newRow("int32") << qint64{INT32_MIN} << qint64{INT32_MAX} << 32;
    QTest::newRow("beyond int32") << qint64{0} << qint64{INT32_MAX} + 1 << 33;
    QTest::newRow("int64") << qint64{INT64_MIN} << qint64{INT64_MAX} << 64;
}

void TestAccumulators::bitsInTwosComplement()
{
    QFETCH(qint64, min);
    QFETCH(qint64, max);
    QTEST(bitsOfRange(min, max), "bits");
}

/// The first four are those of TensorFlow Lite's own test of QuantizeMultiplier.
void TestAccumulators::multiplierAndShift_data()
{
    QTest::addColumn<double>("factor");
    QTest::addColumn<int>("multiplier");
    QTest::addColumn<int>("shift");
    QTest::addColumn<double>("error");
    QTest::addColumn<int>("powerShift");
    QTest::addColumn<double>("powerError");
    QTest::newRow("a quarter") << 0.25 << (1 << 30) << -1 << 0.0 << 2 << 0.0;
    QTest::newRow("a half") << 0.5 << (1 << 30) << 0 << 0.0 << 1 << 0.0;
    QTest::newRow("one") << 1.0 << (1 << 30) << 1 << 0.0 << 0 << 0.0;
    QTest::newRow("five quarters") << 1.25 << 1342177280 << 1 << 0.0 << 0 << -0.2;
    QTest::newRow("three quarters: half as far to the smaller") << 0.75 << 1610612736 << 0 << 0.0 << 0 << 1.0 / 3;
    QTest::newRow("a third") << 1.0 / 3 << 1431655765 << -1 << (1431655765.0 / 4294967296.0 - 1.0 / 3) * 3 << 2
                             << -0.25;
    QTest::newRow("rounds up to a power of two")
        << 1 - 0x1p-40 << (1 << 30) << 1 << 0x1p-40 / (1 - 0x1p-40) << 0 << 0x1p-40 / (1 - 0x1p-40);
    QTest::newRow("too small for 31 places") << 0x1p-40 << 0 << 0 << -1.0 << 40 << 0.0;
}

void TestAccumulators::multiplierAndShift()
{
    QFETCH(double, factor);
    const RequantizationFactor found = requantizationFactor(factor);
    QTEST(found.multiplier, "multiplier");
    QTEST(found.shift, "shift");
    QTEST(found.error, "error");
    QTEST(found.powerShift, "powerShift");
    QTEST(found.powerError, "powerError");
}

void TestAccumulators::whyNot_data()
{
    QTest::addColumn<QString>("layers");
    QTest::addColumn<QString>("edges");
    QTest::addColumn<QString>("why");
    QTest::newRow("known") << "q=u8 2^-6; c"
                           << "x > q > keep > c" << QString();
    QTest::newRow("not quantized") << "c"
                                   << "x > c"
                                   << "it reads values that are not quantized";
    QTest::newRow("computed") << "q=u8 2^-6; c"
                              << "x > q > Mul > c"
                              << "it reads values that are not quantized";
    QTest::newRow("used twice") << "q=u8 2^-6; s=u8 2^-6; c"
                                << "x > q > c; x > s > c"
                                << "it reads values of several quantizers";
    QTest::newRow("not known") << "q=?; c"
                               << "x > q > c"
                               << "the quantizer of what it reads is not known";
    QTest::newRow("a concatenation that disagrees") << "q=u8 2^-6; s=u8 2^-5; c"
                                                    << "x > q > cat; x > s > cat; cat > c"
                                                    << "the quantizer of what it reads is not known";
    QTest::newRow("no graph") << "c" << QString()
                              << "nothing tells which quantizer it reads: a recipe names it as input of its bias, an "
                                 "export beside the file tells it by its graph";
    QTest::newRow("a zero point between two integers")
        << "q=u8 2^-6 zp 0.5; c"
        << "x > q > c"
        << "what it reads has several zero points, or one that is no integer";
}

void TestAccumulators::whyNot()
{
    QFETCH(QString, layers);
    QFETCH(QString, edges);
    QFETCH(QString, why);
    FlowSketch sketch(layers, edges);
    if (edges.isEmpty())
        sketch.network.flow = {};
    sketch.network.file = std::make_shared<ModelFile>();
    Layer &layer = *sketch.network.layer("c");
    layer.kind = "Linear";
    layer.slots.push_back(codesSlot(Slot::Weight, {1, 2}, {1, 2}, affine(4, true, false, one(0.25f))));
    const auto found = accumulatorsOf(sketch.network);
    QVERIFY(found.has_value());
    QCOMPARE(found->known.size() + found->unknown.size(), std::size_t{1});
    QCOMPARE(found->unknown.empty() ? QString() : QString::fromStdString(found->unknown.front().why), why);
    if (why.isEmpty())
        QCOMPARE(found->known.front().max, std::int64_t{3 * 255});
}

void TestAccumulators::bias_data()
{
    QTest::addColumn<float>("scale");
    QTest::addColumn<bool>("included");
    QTest::newRow("input times weight") << 0.125f << true;
    QTest::newRow("its last bit") << std::nextafter(0.125f, 1.0f) << true;
    QTest::newRow("of its own") << 0.25f << false;
    QTest::newRow("nearly") << std::nextafter(std::nextafter(0.125f, 1.0f), 1.0f) << false;
}

void TestAccumulators::bias()
{
    QFETCH(float, scale);
    const SmallLayer small{.kind = "Linear", .shape = {1, 2}, .bias = {1000}, .biasScale = scale};
    const auto found = accumulatorsOf(networkOf(small, {1, 1}));
    QVERIFY(found.has_value());
    QTEST(found->known.front().biasIncluded, "included");
    QCOMPARE(found->known.front().max, std::int64_t{2} + (found->known.front().biasIncluded ? 1000 : 0));
}

void TestAccumulators::overflow()
{
    const SmallLayer small{.kind = "Linear", .shape = {1, 4}, .weightBits = 16, .inputBits = 16};
    const auto found = accumulatorsOf(networkOf(small, {-32768, -32768, 32767, 32767}));
    QVERIFY(found.has_value());
    const AccumulatorRange &range = found->known.front();
    QCOMPARE(range.max, std::int64_t{2} * 32768 * 32768 + std::int64_t{2} * 32767 * 32767);
    QCOMPARE(range.bitsNeeded, 33);
    QVERIFY(range.overflows());
    QCOMPARE(QString::fromStdString(bitsText(range)), QStringLiteral("32 declared, 33 needed"));
    // A sum that no 64 bits hold is not known, and no wrong number.
    const SmallLayer wide{.kind = "Linear", .shape = {1, 4}, .weightBits = 40, .inputBits = 40};
    const auto tooWide = accumulatorsOf(networkOf(wide, {0x1p38f, 0x1p38f, 0x1p38f, 0x1p38f}));
    QVERIFY(tooWide.has_value());
    QCOMPARE(tooWide->unknown.size(), std::size_t{1});
    QCOMPARE(tooWide->unknown.front().why, std::string("its sums leave 64 bits"));
}

QTEST_GUILESS_MAIN(TestAccumulators)
#include "tst_accumulators.moc"
