// The figures of large tensors, which are read in pieces on all cores.
#include "analysis/analyse.h"
#include "analysis/statistics.h"
#include "dialects/brevitas/weight_statistics.h"
#include "quant/code_reader.h"
#include "support/memory_slot.h"

#include <cmath>
#include <limits>
#include <random>

#include <tbb/global_control.h>

#include <QtTest>

using namespace quantscope;
using test::affine, test::slotOf;

namespace {

constexpr std::size_t kRows = 768, kColumns = 1033; // no multiple of a piece; over kBlock twice

std::vector<float> weights()
{
    std::mt19937 engine(3);
    std::normal_distribution<float> normal(0.0f, 0.3f);
    std::vector<float> w(kRows * kColumns);
    for (float &v : w)
        v = normal(engine);
    w[123456] = 0.0f;
    w[700000] = std::numeric_limits<float>::quiet_NaN();
    w[790000] = -17.0f;
    return w;
}

Granular perRow()
{
    Granular scale{{static_cast<std::int64_t>(kRows), 1}, 0, {}};
    for (std::size_t row = 0; row < kRows; ++row)
        scale.values.push_back(0.001f * static_cast<float>(1 + row % 37));
    return scale;
}

Granular perBlock(int size)
{
    Granular scale = perRow();
    scale.axis = 1;
    const std::size_t blocks = (kColumns + static_cast<std::size_t>(size) - 1) / static_cast<std::size_t>(size);
    scale.shape = {static_cast<std::int64_t>(kRows), static_cast<std::int64_t>(blocks)};
    scale.values.resize(kRows * blocks, 0.004f);
    return scale;
}

SlotQuantizer slotNamed(const QString &name)
{
    const Shape shape = {static_cast<std::int64_t>(kRows), static_cast<std::int64_t>(kColumns)};
    const Granular one{{}, {}, {0.0078125f}};
    if (name == "per tensor")
        return slotOf(weights(), shape, affine(8, true, true, one));
    if (name == "per channel")
        return slotOf(weights(), shape, affine(4, true, false, perRow()));
    if (name == "20 bits")
        return slotOf(weights(), shape, affine(20, true, true, {{}, {}, {0x1p-20f}}));
    if (name == "30 bits")
        return slotOf(weights(), shape, affine(30, true, true, {{}, {}, {0x1p-30f}}));
    Quantizer blocks = affine(4, true, false, perBlock(64));
    blocks.blockSize = 64;
    if (name == "blocks")
        return slotOf(weights(), shape, blocks);
    Quantizer stored = affine(8, true, false, one);
    stored.rule = CodeRule::Stored;
    std::vector<float> whole = weights();
    for (float &v : whole)
        v = std::isnan(v) ? 3.0f : std::nearbyint(v * 100);
    return slotOf(whole, shape, stored);
}

bool equal(const QuantizationError &a, const QuantizationError &b)
{
    return a.count == b.count && a.signalPower == b.signalPower && a.errorPower == b.errorPower && a.maxAbs == b.maxAbs
        && a.sum == b.sum && a.valuePower == b.valuePower && a.product == b.product;
}

SlotStatistics analysedBy(std::size_t threads, const SlotQuantizer &slot, const AnalysisOptions &options)
{
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    return *analyse(slot, options);
}

} // namespace

class TestParallelAnalysis : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void threadsChangeNoBit_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("channels");
        for (const char *name : {"per tensor", "per channel", "blocks", "stored", "20 bits", "30 bits"})
            for (const bool channels : {false, true})
                QTest::addRow("%s%s", name, channels ? ", channels" : "") << QString(name) << channels;
    }

    /// Everything of one thread, of four, and of the pass that hashes, which goes piece by piece: the same bits.
    void threadsChangeNoBit()
    {
        QFETCH(QString, name);
        QFETCH(bool, channels);
        const SlotQuantizer slot = slotNamed(name);
        const SlotStatistics serial = analysedBy(1, slot, {.hash = true, .channels = channels});
        for (const std::size_t threads : {1u, 2u, 4u}) {
            const SlotStatistics s = analysedBy(threads, slot, {.hash = false, .channels = channels});
            QCOMPARE(s.count, serial.count);
            QCOMPARE(s.nonFinite, serial.nonFinite);
            QVERIFY(s.low == serial.low && s.high == serial.high);
            QCOMPARE(s.codesMin, serial.codesMin);
            QCOMPARE(s.codesMax, serial.codesMax);
            QCOMPARE(s.atLimit, serial.atLimit);
            QCOMPARE(s.clipped, serial.clipped);
            QCOMPARE(s.zeroed, serial.zeroed);
            QVERIFY(equal(s.error, serial.error));
            QVERIFY(s.bitWeights.positive == serial.bitWeights.positive);
            QVERIFY(s.bitWeights.negative == serial.bitWeights.negative);
            QCOMPARE(s.bitWeights.zeros, serial.bitWeights.zeros);
            QCOMPARE(s.bitWeights.nonFinite, serial.bitWeights.nonFinite);
            QVERIFY(s.codes.bins == serial.codes.bins);
            QCOMPARE(s.codes.used, serial.codes.used);
            QCOMPARE(s.codes.usedKnown, serial.codes.usedKnown);
            QCOMPARE(s.channels.size(), serial.channels.size());
            QCOMPARE(s.channels.empty(), !channels);
            for (std::size_t c = 0; c < s.channels.size(); ++c) {
                const ChannelStatistics &one = s.channels[c], &other = serial.channels[c];
                QVERIFY(one.low == other.low && one.high == other.high && equal(one.error, other.error));
                QVERIFY(one.codesMin == other.codesMin && one.codesMax == other.codesMax);
                QVERIFY(one.count == other.count && one.atLimit == other.atLimit);
            }
        }
    }

    /// Without histograms every figure is the same; codes that leave half of their range unused are counted even then.
    void figuresWithoutHistograms_data()
    {
        QTest::addColumn<float>("scale");
        QTest::addColumn<bool>("counted");
        QTest::newRow("to the ends") << 0.0078125f << false;
        QTest::newRow("a tenth of the range") << 17.0f / 12 << true;
    }

    void figuresWithoutHistograms()
    {
        QFETCH(float, scale);
        QFETCH(bool, counted);
        SlotQuantizer slot = slotNamed("per tensor");
        slot.quantizer->scale->values = {scale};
        const SlotStatistics all = *analyse(slot), some = *analyse(slot, {.hash = false, .histograms = false});
        QVERIFY(equal(all.error, some.error));
        QCOMPARE(some.codesMin, all.codesMin);
        QCOMPARE(some.atLimit, all.atLimit);
        QCOMPARE(some.clipped, all.clipped);
        QCOMPARE(some.nonFinite, all.nonFinite);
        QCOMPARE(some.bitWeights.nonFinite, std::uint64_t{1});
        QVERIFY(all.codes.used > 2);
        QCOMPARE(some.codes.used, counted ? all.codes.used : 0);
    }

    /// Against a plain loop over the codes.
    void countsAgainstALoop()
    {
        const SlotQuantizer slot = slotNamed("per channel");
        const SlotStatistics stats = *analyse(slot, {.hash = false, .channels = true});
        CodeReader reader(slot);
        std::vector<float> codes(reader.count());
        reader.codes(0, codes);
        std::vector<std::uint64_t> bins(16, 0);
        std::vector<std::uint64_t> atLimit(kRows, 0);
        for (std::size_t i = 0; i < codes.size(); ++i) {
            if (std::isnan(codes[i]))
                continue;
            ++bins[static_cast<std::size_t>(codes[i] + 8)];
            atLimit[i / kColumns] += codes[i] == -8 || codes[i] == 7 ? 1u : 0u;
        }
        QCOMPARE(stats.codes.bins, bins);
        for (std::size_t row = 0; row < kRows; ++row) {
            QCOMPARE(stats.channels[row].atLimit, atLimit[row]);
            QCOMPARE(stats.channels[row].count, std::uint64_t{kColumns});
        }
    }

    void cancelledInTheMiddle()
    {
        const SlotQuantizer slot = slotNamed("per tensor");
        int calls = 0;
        const auto stopped = analyse(slot, {}, Progress([&](std::uint64_t done, std::uint64_t total) {
            ++calls;
            return done < total / 2;
        }));
        QVERIFY(!stopped);
        QVERIFY(stopped.error().kind == ErrorKind::Cancelled);
        QVERIFY(calls > 1 && calls < 40); // half of 49 pieces, and not once more
    }

    /// The file that lost its end is told by the first element that is missing, whoever came to it.
    void damageIsTheSameOnEveryThread()
    {
        SlotQuantizer slot = slotNamed("per tensor");
        auto tensor = std::make_shared<TensorInfo>(*slot.tensor);
        auto bytes = tensor->storage.source->bytes(0, tensor->storage.bytes);
        bytes.resize(bytes.size() / 2 + 10);
        tensor->storage.source = std::make_shared<MemorySource>(std::move(bytes));
        slot.tensor = tensor;
        std::vector<std::string> said;
        for (const std::size_t threads : {1u, 4u, 4u, 4u}) {
            const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
            const auto result = analyse(slot);
            QVERIFY(!result && result.error().kind == ErrorKind::Parse);
            said.push_back(result.error().message);
        }
        for (const std::string &one : said)
            QCOMPARE(one, said.front());
    }

    void scaleStatistics_data()
    {
        QTest::addColumn<bool>("perChannel");
        QTest::addColumn<bool>("nan");
        for (const bool perChannel : {false, true})
            for (const bool nan : {false, true})
                QTest::addRow("%s%s", perChannel ? "per channel" : "per tensor", nan ? ", NaN" : "")
                    << perChannel << nan;
    }

    /// Maxima and ranges of a weight that is read in stripes, against a loop.
    void scaleStatistics()
    {
        QFETCH(bool, perChannel);
        QFETCH(bool, nan);
        std::vector<float> w = weights();
        if (!nan)
            w[700000] = 0.5f;
        const SlotQuantizer slot = slotOf(w, {kRows, kColumns}, affine(8, true, true, {{}, {}, {1.0f}}));
        SlotSettings settings;
        settings.preset = "Int8WeightPerTensorFloat";
        QuantizerSpec spec = *makeSpec(settings, kDefaultVersion);
        spec.zeroPoint = ZeroPointSource::Stats; // asks for the minima too
        const std::size_t count = perChannel ? kRows : 1, size = w.size() / count;
        const StatisticInput input{slot.tensor.get(), 0};
        for (const std::size_t threads : {1u, 4u}) {
            const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
            const WeightStatistic found = weightStatistic(std::span(&input, 1), spec, perChannel);
            QCOMPARE(found.values.size(), count);
            for (std::size_t c = 0; c < count; ++c) {
                float largest = 0, least = 0;
                bool bad = false;
                for (std::size_t i = c * size; i < (c + 1) * size; ++i) {
                    bad = bad || std::isnan(w[i]);
                    largest = std::max(largest, std::fabs(w[i]));
                    least = std::min(least, w[i]);
                }
                QVERIFY(bad ? std::isnan(found.values[c]) : found.values[c] == largest);
                QVERIFY(bad ? std::isnan(found.minimum[c]) : found.minimum[c] == least);
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestParallelAnalysis)
#include "tst_parallel_analysis.moc"
