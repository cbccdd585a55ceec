#include "analysis/analyse.h"
#include "analysis/find.h"

#include "analysis/extremes.h"
#include "analysis/statistics.h"
#include "analysis/tensor_map.h"
#include "quant/fixed_point.h"
#include "support/memory_slot.h"

#include <QtTest>

using namespace quantscope;
using test::affine, test::slotOf;

namespace {

/// 8 bits, scale 1/2: codes -128 .. 127 at positions 0 .. 255, each of a float of its own.
SlotQuantizer everyCode(bool isSigned, int bits = 8)
{
    const CodeRange range = codeRange(bits, isSigned, false);
    std::vector<float> x;
    for (std::int64_t code = range.min; code <= range.max; ++code)
        x.push_back(static_cast<float>(code) * 0.5f);
    return slotOf(x, {static_cast<std::int64_t>(x.size())}, affine(bits, isSigned, false, {{}, {}, {0.5f}}));
}

SlotQuantizer storedCodes(const std::vector<std::int64_t> &codes, int bits, bool isSigned)
{
    Quantizer q = affine(bits, isSigned, false, {{}, {}, {1.0f}});
    q.rule = CodeRule::Stored;
    SlotQuantizer slot = slotOf({}, {static_cast<std::int64_t>(codes.size())}, q);
    slot.tensor = memoryTensor({}, DType::Int64, slot.shape, std::span<const std::int64_t>(codes));
    return slot;
}

/// "0 5 9", "17 hits", or why not.
QString hits(const SlotQuantizer &slot, const char *query)
{
    const auto parsed = parseFindQuery(query, slot);
    if (!parsed)
        return QString::fromStdString(parsed.error().message);
    const auto found = findElements(slot, *parsed);
    if (!found)
        return QString::fromStdString(found.error().message);
    QStringList positions;
    for (const std::uint64_t flat : found->positions)
        positions << QString::number(flat);
    return positions.size() > 6 ? QString("%1 hits").arg(found->count) : positions.join(' ');
}

} // namespace

static const char *const kUsage
    = "use code, |code|, w, |w|, value, error or channel, a comparison and a number, such as |code| >= 19; or "
      "clipped, at limit, zeroed, not finite; 'and' joins several";

class TestFind : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Positions are code + 128, and code where there is no sign.
    void queries_data()
    {
        QTest::addColumn<bool>("isSigned");
        QTest::addColumn<QByteArray>("query");
        QTest::addColumn<QString>("found");
        const auto row = [](const char *query, bool isSigned, const char *found) {
            QTest::addRow("%s %s", isSigned ? "signed" : "unsigned", query) << isSigned << QByteArray(query) << found;
        };
        row("-19", true, "109");
        row("= -19", true, "109");
        row("code == -19", true, "109");
        row("CODE=-19", true, "109");
        row("0xED", true, "109"); // 256 - 19
        row("0xed", true, "109");
        row("0b11101101", true, "109");
        row("11101101", true, "109"); // no decimal code of 8 bits
        row("0000010", true, "138"); // seven digits are no word: decimal 10
        row("00000010", true, "130");
        row("1110110.1", true, "109"); // ap_fixed<8,7>, as the cells show it
        row("0x7F", true, "255");
        row("0x80", true, "0");
        row("code < 0x82", true, "0 1"); // the word of -126
        row("0xED", false, "237");
        row("0b101101", false, "45");
        row("127", true, "255");
        row("|code|>=127", true, "0 1 255");
        row("|code| >= 0x7f", true, "0 1 255");
        row("|code| = 3", true, "125 131");
        row("code != 3", false, "255 hits");
        row("code ≥ 254", false, "254 255");
        row("code ≤ 1", false, "0 1");
        row("code > 253.5", false, "254 255");
        row("float>62.5", true, "254 255");
        row("w <= -63.5", true, "0 1");
        row("|w| > 63", true, "0 1 255");
        row("float = 0.5", true, "129");
        row("value = 0.5", true, "129");
        row("|value| >= 63.5", true, "0 1 255");
        row("w > 2^-2 and w <= 2^0", true, "129 130");
        row("code >= 3 && code < 5", true, "131 132");
        row("|code|=3&code<0", true, "125");
        row("w > 63.4999999999", true, "255"); // more digits than a float32 shows are compared as they are
        row("w > 63.5", true, "");
        row("code > 3 and", true, kUsage);
        row("and code > 3", true, kUsage);
        row("channel = 1.5", true, "“1.5” is no whole number, so it is no channel");
        row("not finite", true, "");
        row("error > 0", true, "");
        row("at limit", true, "0 255");
        row("At  Limit", true, "0 255");
        row("at_limit", false, "0 255");
        row("clipped", true, "");
        row("zeroed", true, "");
        row("code = 1.5", true, "“1.5” is neither a whole number nor a word of 8 bits, so it is no code");
        row(".101101", true, "“.101101” is neither a whole number nor a word of 8 bits, so it is no code");
        row("0x1FF", true, "“0x1ff” does not fit in the 8 bits of a code");
        row("0x", true, "“0x” is not a number");
        row("0b12", true, "“0b12” is not a number");
        row("--3", true, "“--3” is not a number");
        row("code > three", true, "“three” is not a number");
        for (const char *query : {"scale > 3", "code >", "", "  ", "limit", "3 4", "|code", "at", "atlimit"})
            row(query, true, kUsage);
    }
    void queries()
    {
        QFETCH(bool, isSigned);
        QFETCH(QByteArray, query);
        QFETCH(QString, found);
        QCOMPARE(hits(everyCode(isSigned), query.constData()), found);
    }

    /// A word is told as the code that it is.
    void sayHowTheyWereRead_data()
    {
        QTest::addColumn<QByteArray>("query");
        QTest::addColumn<QString>("read");
        const auto row = [](const char *query, const char *read) { QTest::newRow(query) << QByteArray(query) << read; };
        row("0x2D", "code = -19");
        row("101101", "code = -19");
        row(".101101", "code = -19");
        row("0b101101", "code = -19");
        row("-0", "code = 0");
        row("CODE ≥ 0x3f", "code >= -1");
        row("|code| == 0x2d", "|code| = 45");
        row("w>.125 & |w| < 2^-2", "w > 2^-3 and |w| < 2^-2");
        row("Float=-0.30169073", "float = -0.30169073");
        row("at_limit and channel != 3", "at limit and channel != 3");
        row("zeroed", "zeroed");
    }
    void sayHowTheyWereRead()
    {
        QFETCH(QByteArray, query);
        const SlotQuantizer slot = slotOf({0}, {1}, affine(6, true, true, {{}, {}, {std::ldexp(1.0f, -6)}}));
        const auto parsed = parseFindQuery(query.constData(), slot);
        QVERIFY2(parsed, parsed ? "" : parsed.error().message.c_str());
        QTEST(QString::fromStdString(findQueryText(*parsed)), "read");
        QCOMPARE(findQueryText(*parseFindQuery(findQueryText(*parsed), slot)), findQueryText(*parsed));
    }

    /// Rows, or columns, of 2 x 3; what has no code or is not finite.
    void channelsAndWhatIsNotFinite()
    {
        const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
        SlotQuantizer slot = slotOf({0, 1, nan, -inf, 4, 0}, {2, 3}, affine(8, true, false, {{}, {}, {1.0f}}));
        slot.channelAxis = 0;
        QCOMPARE(hits(slot, "channel = 1"), "3 4 5");
        QCOMPARE(hits(slot, "channel = 1 and code = 0"), "5");
        QCOMPARE(hits(slot, "code = 0"), "0 5"); // NaN has none
        QCOMPARE(hits(slot, "not finite"), "2 3");
        QCOMPARE(hits(slot, "value = 4"), "4");
        slot.channelAxis = 1;
        QCOMPARE(hits(slot, "channel >= 1 and channel < 2"), "1 4");
        slot.quantizer.reset();
        QCOMPARE(hits(slot, "channel = 2"), "2 5");
        QCOMPARE(hits(slot, "not finite"), "2 3");
    }

    /// A number of the column or of the file.
    void floatsAreWhatIsShown()
    {
        const SlotQuantizer slot = slotOf({0.6f, 0.5f, 0.4f}, {3}, affine(8, true, false, {{}, {}, {0.25f}}));
        QCOMPARE(hits(slot, "float = 0.5"), "0 1 2"); // 2 · 0.25
        QCOMPARE(hits(slot, "float = 0.6"), "0");
        QCOMPARE(hits(slot, "float > 0.5"), "0");
        QCOMPARE(hits(slot, "value > 0.4"), "0 1 2");
        QCOMPARE(hits(slot, "w = 0.5"), "1");
        QCOMPARE(hits(storedCodes({1, 2, 3}, 8, true), "float = 2"), "1");
        QCOMPARE(hits(storedCodes({1, 2, 3}, 8, true), "value < 3"), "0 1");
    }

    /// What a cell shows finds that cell: hexadecimal and binary of every code of every small type.
    void whatIsShownIsFound()
    {
        for (int bits = 1; bits <= 9; ++bits)
            for (const bool isSigned : {true, false})
                for (int integerBits = -1; integerBits <= bits + 1; ++integerBits) {
                    const CodeRange range = codeRange(bits, isSigned, false);
                    std::vector<float> x;
                    const float scale = std::ldexp(1.0f, integerBits - bits);
                    for (std::int64_t code = range.min; code <= range.max; ++code)
                        x.push_back(static_cast<float>(code) * scale);
                    const SlotQuantizer slot = slotOf(
                        x, {static_cast<std::int64_t>(x.size())}, affine(bits, isSigned, false, {{}, {}, {scale}}));
                    for (std::int64_t code = range.min; code <= range.max; ++code) {
                        const QString position = QString::number(code - range.min);
                        for (const std::string &shown : {std::to_string(code), hexWord(code, bits),
                                 "0b" + binaryDigits(code, bits), binaryWord(code, bits, integerBits)})
                            QVERIFY2(hits(slot, shown.c_str()) == position,
                                qPrintable(QString("%1 bits, %2: %3 finds %4, not %5")
                                               .arg(bits)
                                               .arg(integerBits)
                                               .arg(shown.c_str(), hits(slot, shown.c_str()), position)));
                    }
                }
    }

    /// Codes beyond 2^53 are told apart.
    void theEndsOf64Bits()
    {
        const SlotQuantizer slot
            = storedCodes({INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX, (1LL << 53) + 1}, 64, true);
        QCOMPARE(hits(slot, "-9223372036854775808"), "0");
        QCOMPARE(hits(slot, "9223372036854775807"), "6");
        QCOMPARE(hits(slot, "9007199254740993"), "7");
        QCOMPARE(hits(slot, "9007199254740992"), "");
        QCOMPARE(hits(slot, "0x8000000000000000"), "0");
        QCOMPARE(hits(slot, "0xFFFFFFFFFFFFFFFF"), "2");
        QCOMPARE(hits(slot, "0x7FFFFFFFFFFFFFFF"), "6");
        QCOMPARE(hits(slot, "|code| > 9223372036854775807"), "0");
        QCOMPARE(hits(slot, "|code| >= 0x8000000000000000"), "0");
        QCOMPARE(hits(slot, "code < -9223372036854775807"), "0");
        QCOMPARE(hits(slot, "code > 9223372036854775806"), "6");
        QCOMPARE(hits(slot, "code > 1e30"), "");
        QCOMPARE(hits(slot, "code < 18446744073709551616"), "8 hits");
        QCOMPARE(hits(slot, "at limit"), "0 6");
        QCOMPARE(hits(slot, "0x10000000000000000"), "“0x10000000000000000” is not a number");
    }

    void whatAFileDoesNotHoldIsSaid()
    {
        const SlotQuantizer codes = storedCodes({1, 2, 3}, 8, true);
        for (const char *query : {"w > 0", "|float| > 0", "error > 0", "clipped", "zeroed"})
            QCOMPARE(hits(codes, query), "the file holds codes only: it has no floats to look for");
        SlotQuantizer floats = everyCode(true);
        floats.quantizer.reset();
        for (const char *query : {"3", "|code| > 0", "error > 0", "at limit", "clipped"})
            QCOMPARE(hits(floats, query), "there are no codes to look for");
        QCOMPARE(hits(floats, "w = 0.5"), "129");
    }

    /// The words find what the statistics count, whatever the granularity.
    void wordsFindWhatStatisticsCount_data()
    {
        QTest::addColumn<SlotQuantizer>("slot");
        std::vector<float> x;
        for (int i = 0; i < 4000; ++i)
            x.push_back(std::sin(static_cast<float>(i) * 0.37f) * static_cast<float>(i % 50) * 0.1f);
        x[17] = std::numeric_limits<float>::quiet_NaN();
        x[18] = std::numeric_limits<float>::infinity();
        Quantizer q = affine(4, true, true, {{}, {}, {0.5f}});
        QTest::newRow("per tensor") << slotOf(x, {4000}, q);
        q.scale = Granular{{4, 1}, 0, {0.5f, 0.25f, 0.125f, 1.0f}};
        q.zeroPoint = Granular{{4, 1}, 0, {0, 1, -2, 3}};
        QTest::newRow("per channel with zero points") << slotOf(x, {4, 1000}, q);
        q.scale = Granular{{1, 4}, 1, {0.5f, 0.25f, 0.125f, 1.0f}};
        q.rule = CodeRule::DivideRoundAdd;
        QTest::newRow("along the last axis") << slotOf(x, {1000, 4}, q);
        q = affine(32, true, false, {{}, {}, {1e-9f}});
        QTest::newRow("32 bits, whose limits are no floats") << slotOf(x, {4000}, q);
        q = affine(8, true, false, {{}, {}, {1.0f}});
        q.kind = QuantizerKind::Minifloat;
        q.rule = CodeRule::MinifloatPattern;
        q.minifloat = {4, 3};
        QTest::newRow("minifloat") << slotOf(x, {4000}, q);
    }
    void wordsFindWhatStatisticsCount()
    {
        QFETCH(SlotQuantizer, slot);
        const auto statistics = analyse(slot);
        QVERIFY(statistics);
        const auto count = [&](const char *query) { return findElements(slot, *parseFindQuery(query, slot))->count; };
        QCOMPARE(count("at limit"), statistics->atLimit);
        QCOMPARE(count("clipped"), *statistics->clipped);
        QCOMPARE(count("zeroed"), statistics->zeroed);
        QVERIFY(statistics->atLimit > 0);
        QVERIFY(statistics->zeroed > 0 || slot.quantizer->bitWidth == 32);
    }

    void hitsOfARangeAreInOrder()
    {
        const SlotQuantizer slot = everyCode(true);
        std::vector<std::uint64_t> positions;
        const auto query = parseFindQuery("|code| <= 2", slot);
        QVERIFY(visitElements(slot, *query, 127, 130, [&](std::uint64_t flat, std::int64_t code, float value) {
            positions.push_back(flat);
            QCOMPARE(code, static_cast<std::int64_t>(flat) - 128);
            QCOMPARE(value, static_cast<float>(code) * 0.5f);
        }));
        QCOMPARE(positions, (std::vector<std::uint64_t>{127, 128, 129}));
    }

    void manyHitsAreCounted()
    {
        const SlotQuantizer slot
            = slotOf(std::vector<float>(300000, 1.0f), {300000}, affine(8, true, false, {{}, {}, {1.0f}}));
        const auto found = findElements(slot, *parseFindQuery("1", slot));
        QCOMPARE(found->count, std::uint64_t(300000));
        QCOMPARE(found->positions.size(), FindResult::kMaxHits);
    }

    void cancelledScansSaySo()
    {
        const SlotQuantizer slot
            = slotOf(std::vector<float>(600000, 1.0f), {600000}, affine(8, true, false, {{}, {}, {1.0f}}));
        const auto twice = [calls = 0](auto, auto) mutable { return ++calls < 2; };
        const auto found = findElements(slot, *parseFindQuery("1", slot), Progress(twice));
        QVERIFY(!found);
        QCOMPARE(found.error().kind, ErrorKind::Cancelled);
        QCOMPARE(findExtremes(slot, Progress(twice)).error().kind, ErrorKind::Cancelled);
        QCOMPARE(mapTensor(slot, 8, 8, Progress(twice)).error().kind, ErrorKind::Cancelled);
    }

    /// The first of equals; without floats the largest |code|.
    void extremes()
    {
        const SlotQuantizer slot = slotOf({0.25f, -3, 3, 0.75f, 1.5f}, {5}, affine(8, true, false, {{}, {}, {1.0f}}));
        const auto found = findExtremes(slot);
        QCOMPARE(found->largest, std::uint64_t(1));
        QCOMPARE(found->largestError, std::uint64_t(4)); // 1.5 rounds to 2
        QCOMPARE(findExtremes(storedCodes({1, -7, 7}, 8, true))->largest, std::uint64_t(1));
    }
};

QTEST_APPLESS_MAIN(TestFind)
#include "tst_find.moc"
