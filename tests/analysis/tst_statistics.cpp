#include "analysis/analyse.h"
#include "analysis/histogram_kernels.h"
#include "analysis/statistics.h"
#include "analysis/value_histogram.h"
#include "support/memory_slot.h"

#include <cmath>
#include <random>

#include <QtTest>

using namespace quantscope;
using test::affine, test::slotOf;

namespace {

bool close(double a, double b, double relativeTo) { return std::fabs(a - b) <= 1e-12 * std::fabs(relativeTo); }

} // namespace

class TestStatistics : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Every figure of every size around the vector width, against long double sums written down independently.
    void figuresAgainstALoop_data()
    {
        QTest::addColumn<int>("size");
        QTest::addColumn<int>("channels");
        for (const int size : {1, 2, 7, 8, 9, 15, 16, 17, 100, 1024, 16383, 16384, 16385, 50000})
            QTest::addRow("%d", size) << size << 1;
        QTest::newRow("per channel, 3") << 3 * 17 << 3;
        QTest::newRow("per channel, across pieces") << 5 * 9000 << 5;
    }

    void figuresAgainstALoop()
    {
        QFETCH(int, size);
        QFETCH(int, channels);
        std::mt19937 engine(7);
        std::normal_distribution<float> normal(0.0f, 0.4f);
        std::vector<float> w(static_cast<std::size_t>(size));
        for (float &v : w)
            v = normal(engine);
        w[0] = 0.0f;
        Granular scale{{}, {}, {0.03125f}};
        if (channels > 1) {
            scale = {{channels, 1}, 0, {}};
            for (int c = 0; c < channels; ++c)
                scale.values.push_back(0.01f * static_cast<float>(c + 1));
        }
        const int perChannel = size / channels;
        const SlotQuantizer slot = slotOf(w, {channels, perChannel}, affine(5, true, true, scale));
        const auto stats = analyse(slot, {.hash = false, .channels = true});
        QVERIFY(stats);

        long double signal = 0, error = 0, sum = 0, magnitude = 0;
        double largest = 0;
        std::int64_t low = INT64_MAX, high = INT64_MIN;
        std::uint64_t atLimit = 0, clipped = 0, zeroed = 0;
        std::map<std::int64_t, std::uint64_t> counts;
        for (int i = 0; i < size; ++i) {
            const float s = scale.values[static_cast<std::size_t>(channels > 1 ? i / perChannel : 0)];
            const float x = w[static_cast<std::size_t>(i)];
            const auto raw = static_cast<std::int64_t>(std::lrint(x / s)); // round half to even
            const std::int64_t code = std::clamp<std::int64_t>(raw, -15, 15);
            const double e = static_cast<double>(static_cast<float>(code) * s) - static_cast<double>(x);
            signal += static_cast<long double>(x) * x;
            error += static_cast<long double>(e) * e;
            sum += e;
            magnitude += std::fabs(e);
            largest = std::max(largest, std::fabs(e));
            low = std::min(low, code);
            high = std::max(high, code);
            atLimit += std::abs(code) == 15;
            clipped += std::abs(raw) > 15;
            zeroed += x != 0 && code == 0;
            ++counts[code];
        }
        QCOMPARE(stats->count, static_cast<std::uint64_t>(size));
        QCOMPARE(stats->codesMin, low);
        QCOMPARE(stats->codesMax, high);
        QCOMPARE(stats->atLimit, atLimit);
        QCOMPARE(stats->clipped, std::optional(clipped));
        QCOMPARE(stats->zeroed, zeroed);
        QVERIFY(close(stats->error.signalPower, static_cast<double>(signal), static_cast<double>(signal)));
        QVERIFY(close(stats->error.errorPower, static_cast<double>(error), static_cast<double>(error)));
        QVERIFY(close(stats->error.sum, static_cast<double>(sum), static_cast<double>(magnitude)));
        QCOMPARE(stats->error.maxAbs, largest);
        QCOMPARE(stats->codes.used, static_cast<std::uint64_t>(counts.size()));
        for (const auto &[code, count] : counts)
            QCOMPARE(stats->codes.bins[static_cast<std::size_t>(code - stats->codes.first)], count);
        std::uint64_t inChannels = 0;
        for (const ChannelStatistics &channel : stats->channels)
            inChannels += channel.count;
        QCOMPARE(stats->channels.size(), static_cast<std::size_t>(channels));
        QCOMPARE(inChannels, static_cast<std::uint64_t>(size));
    }

    /// A code that is both ends of its range is at a limit once.
    void oneCodeAlone()
    {
        const std::vector<float> w(21, 0.25f);
        const auto stats = analyse(slotOf(w, {21}, affine(1, true, true, {{}, {}, {0.125f}})));
        QVERIFY(stats.has_value());
        QCOMPARE(stats->codesMin, std::int64_t{0});
        QCOMPARE(stats->codesMax, std::int64_t{0});
        QCOMPARE(stats->atLimit, std::uint64_t{21});
        QCOMPARE(stats->clipped, std::optional(std::uint64_t{21}));
        QCOMPARE(stats->zeroed, std::uint64_t{21});
        QCOMPARE(stats->error.maxAbs, 0.25);
    }

    /// Blocks lie along the inputs: a channel is a row with several of them. Dequantized by hand.
    void channelsOfBlocks()
    {
        Quantizer blocked = affine(4, false, false, {{2, 2}, 1, {1, 2, 10, 20}}, {{2, 2}, 1, {1, 1, 2, 2}});
        blocked.rule = CodeRule::Stored;
        blocked.blockSize = 2;
        const SlotQuantizer slot = slotOf({0, 1, 5, 2, 2, 15}, {2, 3}, blocked);
        const auto stats = analyse(slot, {.hash = false, .channels = true});
        QVERIFY(stats.has_value());
        QCOMPARE(stats->channels.size(), std::size_t{2});
        QCOMPARE(stats->channels[0].low, -1.0f);
        QCOMPARE(stats->channels[0].high, 8.0f);
        QCOMPARE(stats->channels[1].low, 0.0f);
        QCOMPARE(stats->channels[1].high, 260.0f);
        QCOMPARE(stats->channels[1].count, std::uint64_t{3});
        QCOMPARE(stats->channels[1].atLimit, std::uint64_t{1});
    }

    void bitWeights_data()
    {
        QTest::addColumn<float>("value");
        QTest::addColumn<int>("exponent");
        QTest::newRow("one") << 1.0f << 0;
        QTest::newRow("just below two") << std::nextafter(2.0f, 0.0f) << 0;
        QTest::newRow("two") << 2.0f << 1;
        QTest::newRow("negative") << -0.3f << -2;
        QTest::newRow("largest") << std::numeric_limits<float>::max() << 127;
        QTest::newRow("smallest normal") << std::ldexp(1.0f, -126) << -126;
        QTest::newRow("denormal") << std::ldexp(1.5f, -140) << -140;
        QTest::newRow("smallest denormal") << -std::ldexp(1.0f, -149) << -149;
    }

    void bitWeights()
    {
        QFETCH(float, value);
        QFETCH(int, exponent);
        for (const std::size_t copies : {1u, 3u, 4u, 9u}) {
            BitWeightCounter counter;
            const std::vector<float> values(copies, value);
            counter.add(values);
            const BitWeightHistogram histogram = counter.result();
            QCOMPARE(histogram.count(exponent), static_cast<std::uint64_t>(copies));
            QCOMPARE(histogram.total(), static_cast<std::uint64_t>(copies));
            QCOMPARE((value < 0 ? histogram.negative
                                : histogram.positive)[static_cast<std::size_t>(exponent - BitWeightHistogram::kLowest)],
                static_cast<std::uint64_t>(copies));
        }
    }

    void zerosAndWhatIsNotFinite()
    {
        BitWeightCounter counter;
        const std::vector<float> values = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 1.0f, std::ldexp(1.0f, -149)};
        counter.add(values);
        const BitWeightHistogram histogram = counter.result();
        QCOMPARE(histogram.zeros, std::uint64_t{2});
        QCOMPARE(histogram.nonFinite, std::uint64_t{3});
        QCOMPARE(histogram.total(), std::uint64_t{4});
        QCOMPARE(histogram.highest(), std::optional(0));
        QCOMPARE(histogram.lowest(), std::optional(-149));
    }

    void notFiniteWeights()
    {
        std::vector<float> w = {1.0f, NAN, INFINITY, -1.0f, 0.5f, 0.25f, -INFINITY, 2.0f, 3.0f, NAN};
        const auto stats
            = analyse(slotOf(w, {10}, affine(8, true, true, {{}, {}, {0.03125f}})), {.hash = true, .channels = false});
        QVERIFY(stats);
        QCOMPARE(stats->nonFinite, std::uint64_t{4});
        QVERIFY(!stats->codesSha256);
        QVERIFY(!stats->valueSha256);
        QCOMPARE(stats->error.count, std::uint64_t{6});
        QVERIFY(std::isfinite(stats->error.errorPower));
    }

    /// Codes of 32 bits and more, where float32 has no exact limits, and wide words in bins.
    void wideWords()
    {
        const auto stats = analyse(slotOf({3e9f, -3e9f, 5.0f}, {3}, affine(32, true, false, {{}, {}, {1.0f}})),
            {.hash = true, .channels = false});
        QVERIFY(stats);
        QCOMPARE(stats->codesMax, std::int64_t{1} << 31); // 2^31 - 1 is 2^31 in float32, as in Brevitas
        QVERIFY(!stats->codesSha256); // which no int32 holds
        QCOMPARE(stats->codes.bins.size(), std::size_t{65536});
        std::uint64_t counted = 0;
        for (const auto n : stats->codes.bins)
            counted += n;
        QVERIFY(counted >= 2);
    }

    void valuesInBins()
    {
        std::vector<float> w;
        for (int i = 0; i <= 100; ++i)
            w.push_back(static_cast<float>(i));
        const SlotQuantizer slot = slotOf(w, {101}, affine(8, true, true, {{}, {}, {1.0f}}));
        const auto stats = analyse(slot);
        const auto histogram = valueHistogram(slot, *stats, 10);
        QVERIFY(histogram);
        QCOMPARE(histogram->bins,
            (std::vector<std::uint64_t>{10, 10, 10, 10, 10, 10, 10, 10, 10, 11})); // the last bin is closed
    }

    void cancelling()
    {
        const SlotQuantizer slot
            = slotOf(std::vector<float>(100000, 1.0f), {100000}, affine(8, true, true, {{}, {}, {1.0f}}));
        const auto stats = analyse(slot, {}, Progress([](std::uint64_t done, std::uint64_t) { return done < 20000; }));
        QVERIFY(!stats);
        QCOMPARE(stats.error().kind, ErrorKind::Cancelled);
    }

    /// What is told on the way equals a pass over just those elements.
    void partialResultsAreOfThePrefix()
    {
        constexpr std::size_t total = 9'000'000;
        std::vector<float> w(total);
        std::mt19937 random(7);
        for (float &x : w)
            x = static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 512.0f;
        const auto prefix = [&](std::size_t count) {
            return slotOf({w.begin(), w.begin() + static_cast<std::ptrdiff_t>(count)},
                {static_cast<std::int64_t>(count)}, affine(8, true, true, {{}, {}, {0.015625f}}));
        };
        const SlotQuantizer slot = prefix(total);
        std::vector<SlotStatistics> told;
        const auto whole = analyse(slot, {}, {}, [&](SlotStatistics soFar) { told.push_back(std::move(soFar)); });
        QVERIFY(whole.has_value());
        QCOMPARE(told.size(), std::size_t(2)); // after 4,194,304 and 8,388,608 elements
        for (const SlotStatistics &soFar : told) {
            const auto alone = *analyse(prefix(soFar.count));
            QCOMPARE(soFar.bitWeights.positive, alone.bitWeights.positive);
            QCOMPARE(soFar.bitWeights.negative, alone.bitWeights.negative);
            QCOMPARE(soFar.codes.bins, alone.codes.bins);
            QCOMPARE(soFar.error.errorPower, alone.error.errorPower);
            QCOMPARE(soFar.codesMin, alone.codesMin);
            QCOMPARE(soFar.clipped, alone.clipped);
        }
        QCOMPARE(told[1].count, std::uint64_t(8'388'608));

        const ValueWindow window{-2, 2, 64, {}};
        std::vector<ValueHistogram> values;
        QVERIFY(valueHistogram(slot, window, {}, [&](ValueHistogram h) { values.push_back(std::move(h)); }));
        QCOMPARE(values.size(), std::size_t(2));
        QCOMPARE(values[0].bins, valueHistogram(prefix(4'194'304), window)->bins);
        std::vector<std::uint64_t> bits;
        QVERIFY(
            floatBitWeights(slot, {}, [&](const BitWeightHistogram &h) { bits.push_back(h.total() + h.nonFinite); }));
        QCOMPARE(bits, (std::vector<std::uint64_t>{4'194'304, 8'388'608}));
    }

    /// Channel figures of a long vector would take more memory than the vector itself.
    void tooManyChannels()
    {
        const auto vector = [](std::int64_t size) {
            return slotOf(
                std::vector<float>(static_cast<std::size_t>(size)), {size}, affine(8, true, true, {{}, {}, {1.0f}}));
        };
        QCOMPARE(analyse(vector(262'144), {.hash = false, .channels = true})->channels.size(), std::size_t(262'144));
        QCOMPARE(analyse(vector(262'145), {.hash = false, .channels = true})->channels.size(), std::size_t(0));
    }
};

QTEST_GUILESS_MAIN(TestStatistics)
#include "tst_statistics.moc"
