#include "analysis/element_steps.h"
#include "analysis/extremes.h"
#include "analysis/find.h"
#include "analysis/tensor_map.h"
#include "items/channel_model.h"
#include "items/copy_text.h"
#include "items/values_model.h"
#include "support.h"
#include "support/memory_slot.h"

#include <QAbstractItemModelTester>

using namespace quantscope;
using namespace Qt::StringLiterals;

class ValuesModelTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        Settings::setVolatile();
        QVERIFY(test::openAndWait(m_session, test::sample("digits_fixed.pt")));
    }
    void init() { test::failOnWarnings(); }

    /// conv2's first codes as recorded in training: -2 7 -3 5 -1 -5 -5 1 -7 | 1 7 -6 3 9 9 7.
    void showsASlice()
    {
        ValuesModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setSlot(slot("conv2"));
        QCOMPARE(model.index(0, 0).data().toString(), u"…"_s);
        model.cache().waitForIdle();
        QCOMPARE(model.rowCount(), 16);
        QCOMPARE(model.columnCount(), 9);
        QCOMPARE(test::printed(model, 1), QStringList{u"−2 | 7 | −3 | 5 | −1 | −5 | −5 | 1 | −7"_s});
        QVERIFY(test::printed(model, 2).last().startsWith(u"1 | 7 | −6 | 3 | 9 | 9 | 7"_s));
        QCOMPARE(model.headerData(4, Qt::Horizontal).toString(), u"w=1"_s);
        QCOMPARE(model.headerData(15, Qt::Vertical).toString(), u"i=15"_s);
    }

    void forms_data()
    {
        QTest::addColumn<int>("form");
        QTest::addColumn<QString>("text");
        QTest::newRow("dec") << int(ValueForm::Decimal) << u"−2"_s;
        QTest::newRow("hex") << int(ValueForm::Hex) << u"0x3E"_s;
        QTest::newRow("bin") << int(ValueForm::Binary) << u".111110"_s;
        QTest::newRow("both") << int(ValueForm::HexBinary) << u"0x3E .111110"_s;
        QTest::newRow("float") << int(ValueForm::Float) << u"−0.03125"_s;
    }
    void forms()
    {
        QFETCH(int, form);
        QFETCH(QString, text);
        ValuesModel model;
        model.setSlot(slot("conv2"));
        model.setForm(static_cast<ValueForm>(form));
        model.index(0, 0).data();
        model.cache().waitForIdle();
        QCOMPARE(model.index(0, 0).data().toString(), text);
    }

    /// Every cell of every assignment of axes is the element that the index says.
    void slicesAreTheTensor()
    {
        const Shape shape{3, 4, 2, 5};
        for (std::size_t rowAxis = 0; rowAxis < 4; ++rowAxis)
            for (std::size_t columnAxis = 0; columnAxis < 4; ++columnAxis) {
                if (rowAxis == columnAxis)
                    continue;
                Slice slice(shape);
                for (std::size_t axis = 0; axis < 4; ++axis)
                    if (axis == rowAxis || axis == columnAxis)
                        slice.setRole(axis, axis == rowAxis ? Slice::Role::Rows : Slice::Role::Columns);
                for (std::size_t axis = 0; axis < 4; ++axis)
                    if (axis != rowAxis && axis != columnAxis)
                        slice.setRole(axis, Slice::Role::Fixed);
                std::vector<std::int64_t> index{1, 2, 1, 3};
                slice.show(index);
                QCOMPARE(slice.rows(), shape[rowAxis]);
                QCOMPARE(slice.columns(), shape[columnAxis]);
                for (index[rowAxis] = 0; index[rowAxis] < shape[rowAxis]; ++index[rowAxis])
                    for (index[columnAxis] = 0; index[columnAxis] < shape[columnAxis]; ++index[columnAxis]) {
                        const auto flat = ((index[0] * 4 + index[1]) * 2 + index[2]) * 5 + index[3];
                        QCOMPARE(slice.flat(index[rowAxis], index[columnAxis]),
                            std::optional<std::uint64_t>(static_cast<std::uint64_t>(flat)));
                        QCOMPARE(slice.cell(index), std::optional(std::pair(index[rowAxis], index[columnAxis])));
                    }
            }
    }

    void hugeTensorsStayWithinQt()
    {
        const Slice vector(Shape{std::int64_t(1) << 40});
        QCOMPARE(vector.rows(), Slice::kMaxRows);
        QVERIFY(vector.shown() < vector.total());
        const Slice matrix(Shape{std::int64_t(1) << 30, std::int64_t(1) << 30});
        QCOMPARE(matrix.rows(), Slice::kMaxRows);
        QCOMPARE(matrix.columns(), Slice::kMaxColumns);
        QCOMPARE(Slice(Shape{0, 5}).rows(), 0);
    }

    void indices_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<qint64>("flat");
        QTest::newRow("list") << u"[4, 12, 0, 1]"_s << qint64(685);
        QTest::newRow("spaces") << u"4 12 0 1"_s << qint64(685);
        QTest::newRow("flat") << u"685"_s << qint64(685);
        QTest::newRow("outside") << u"[32, 0, 0, 0]"_s << qint64(-1);
        QTest::newRow("flat outside") << u"4608"_s << qint64(-1);
        QTest::newRow("negative") << u"[-1, 0, 0, 0]"_s << qint64(-1);
        QTest::newRow("words") << u"four"_s << qint64(-1);
        QTest::newRow("too few") << u"[1, 2]"_s << qint64(-1);
    }
    void indices()
    {
        QFETCH(QString, text);
        QFETCH(qint64, flat);
        const Shape shape{32, 16, 3, 3};
        const auto index = parseIndex(text, shape);
        QCOMPARE(index ? static_cast<qint64>(flatIndex(*index, shape)) : -1, flat);
    }

    /// The drawing of the page: weight[4, 12, 0, 1] is -0.301690727, code -19.
    void stepsOfOneElement()
    {
        const auto steps = elementSteps(*slot("conv2").slot, 685);
        QVERIFY(steps);
        QCOMPARE(steps->code, std::int64_t(-19));
        QCOMPARE(steps->value, -0.296875f);
        QCOMPARE(steps->stored, -0.301690727f);
        QCOMPARE(steps->coding.front().result, -0.301690727f * 64);
        QCOMPARE(steps->coding.back().result, -19.0f);
    }

    void findsInTheWholeTensor()
    {
        const SlotQuantizer &conv2 = *slot("conv2").slot;
        const auto result = findElements(conv2, *parseFindQuery("|code| >= 19", conv2));
        QVERIFY(result);
        QCOMPARE(result->count, std::uint64_t(4));
        QVERIFY(std::find(result->positions.begin(), result->positions.end(), 685u) != result->positions.end());
        const auto zeroed = findElements(conv2, *parseFindQuery("= 0", conv2));
        QCOMPARE(zeroed->count, std::uint64_t(261));
        const auto extremes = findExtremes(conv2);
        QVERIFY(extremes);
        QCOMPARE(elementSteps(conv2, extremes->largest)->stored, -0.301690727f);
    }

    void queries_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("usable");
        QTest::newRow("equal") << u"= -3"_s << true;
        QTest::newRow("bare") << u"7"_s << true;
        QTest::newRow("hex") << u"code = 0x1f"_s << true;
        QTest::newRow("float") << u"|w|>0.25"_s << true;
        QTest::newRow("sign") << u"|code| ≥ 19"_s << true;
        QTest::newRow("word") << u"scale > 3"_s << false;
        QTest::newRow("no number") << u"code >"_s << false;
        QTest::newRow("empty") << QString() << false;
    }
    void queries()
    {
        QFETCH(QString, text);
        QFETCH(bool, usable);
        QCOMPARE(parseFindQuery(text.toStdString(), *slot("conv2").slot).has_value(), usable);
    }

    void copies_data()
    {
        QTest::addColumn<int>("form");
        QTest::addColumn<QString>("text");
        QTest::newRow("TSV") << int(CopyForm::Tsv) << u"-2\t7\n5\t-1\n"_s;
        QTest::newRow("C") << int(CopyForm::C)
                           << u"static const int8_t conv2_weight[4] = {\n    -2, 7,\n    5, -1\n};\n"_s;
        QTest::newRow("HDL")
            << int(CopyForm::Hdl)
            << u"localparam logic signed [5:0] conv2_weight [4] = '{\n    6'sh3E, 6'sh07,\n    6'sh05, 6'sh3F\n};\n"_s;
    }
    void copies()
    {
        QFETCH(int, form);
        QFETCH(QString, text);
        const CodeChunk chunk = readChunk(slot("conv2"), 0, 16);
        CopyBlock block{.layer = "conv2",
            .slot = Slot::Weight,
            .rows = {{chunk.element(0), chunk.element(1)}, {chunk.element(3), chunk.element(4)}},
            .format = wordFormat(*slot("conv2").slot),
            .isSigned = true,
            .order = {}};
        QCOMPARE(copyText(block, static_cast<CopyForm>(form), ValueForm::Decimal), text);
        block.order = u"[o][i]"_s; // only what is code says it
        QCOMPARE(copyText(block, static_cast<CopyForm>(form), ValueForm::Decimal),
            form == int(CopyForm::Tsv) ? text : u"// in the order [o][i]\n"_s + text);
    }

    void smallestIntegersInC_data()
    {
        QTest::addColumn<int>("bits");
        QTest::addColumn<qint64>("code");
        QTest::addColumn<QString>("literal");
        // In C -2147483648 is the negation of a number that is no int, and 9223372036854775808 fits no type.
        QTest::newRow("32 bits") << 32 << qint64(INT32_MIN) << u"int32_t a_weight[1] = {\n    (-2147483647-1)\n"_s;
        QTest::newRow("the same in more bits")
            << 33 << qint64(INT32_MIN) << u"int64_t a_weight[1] = {\n    -2147483648\n"_s;
        QTest::newRow("31 bits") << 31 << -(qint64(1) << 30) << u"int32_t a_weight[1] = {\n    -1073741824\n"_s;
        QTest::newRow("64 bits") << 64 << qint64(INT64_MIN)
                                 << u"int64_t a_weight[1] = {\n    (-9223372036854775807-1)\n"_s;
    }
    void smallestIntegersInC()
    {
        QFETCH(int, bits);
        QFETCH(qint64, code);
        QFETCH(QString, literal);
        Element element;
        element.known = element.hasCode = true;
        element.code = code;
        const CopyBlock block{.layer = "a",
            .slot = Slot::Weight,
            .rows = {{element}},
            .format = {bits, std::nullopt},
            .isSigned = true,
            .order = {}};
        QCOMPARE(copyText(block, CopyForm::C, ValueForm::Decimal), u"static const "_s + literal + u"};\n"_s);
    }

    void mapsTheTensor()
    {
        const auto map = mapTensor(*slot("conv2").slot, 64, 40);
        QVERIFY(map);
        QCOMPARE(map->columns, 32);
        QCOMPARE(map->rows, 16);
        const std::vector<std::int64_t> index{4, 12, 0, 1};
        QCOMPARE(map->largest, 19.0f); // of the codes that occur
        QCOMPARE(map->magnitude[map->cellOf(index)], 1.0f);
        const auto small = mapTensor(*slot("fc1").slot, 8, 8);
        QCOMPARE(small->magnitude.size(), std::size_t(64));
        QCOMPARE(*std::max_element(small->magnitude.begin(), small->magnitude.end()), 1.0f);
    }

    /// Codes of a wide type are told apart by those that occur, not by the ends of a range that none comes near; a NaN
    /// has no code, whatever it is stored as.
    void wideCodesAndNan()
    {
        const float nan = std::numeric_limits<float>::quiet_NaN();
        auto network = std::make_shared<Network>();
        Layer &layer = network->layers.emplace_back();
        layer.id = LayerId(0);
        layer.name = "fc";
        layer.slots = {test::slotOf({0, 50, 100, nan, -0.3f}, {1, 5}, test::affine(32, true, false, {{}, {}, {1.0f}}))};
        ValuesModel model;
        model.setSlot(slotRef(network, "fc", Slot::Weight));
        model.cache().element(0);
        model.cache().waitForIdle();
        const auto cells = [&](ValueForm form) {
            QStringList texts;
            model.setForm(form);
            for (int column = 0; column < model.columnCount(); ++column)
                texts << model.index(0, column).data().toString();
            return texts;
        };
        const auto heat
            = [&](int column) { return model.index(0, column).data(ValuesModel::MagnitudeRole).toDouble(); };
        QVERIFY(heat(2) < 1e-6);
        model.setLargest(100);
        QCOMPARE(heat(1), 0.5);
        QCOMPARE(heat(2), 1.0);
        QVERIFY(!model.index(0, 3).data(ValuesModel::MagnitudeRole).isValid());
        QCOMPARE(cells(ValueForm::Decimal), (QStringList{u"0"_s, u"50"_s, u"100"_s, u"nan"_s, u"0"_s}));
        QCOMPARE(cells(ValueForm::Hex)[3], u"nan"_s);
        QCOMPARE(cells(ValueForm::Float), (QStringList{u"0"_s, u"50"_s, u"100"_s, u"nan"_s, u"0"_s})); // no -0
        const auto map = mapTensor(*slotRef(network, "fc", Slot::Weight).slot, 8, 8);
        QCOMPARE(map->largest, 100.0f);
    }

    void cancelledScansSaySo()
    {
        int calls = 0;
        const auto found = findElements(*slot("conv2").slot, {}, Progress([&](auto, auto) { return ++calls > 5; }));
        QVERIFY(!found);
        QCOMPARE(found.error().kind, ErrorKind::Cancelled);
    }

    void channels()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_float.pt")));
        ChannelModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const SlotStatistics *statistics
            = session.statistics().get(slotRef(session.network(), "conv1", Slot::Weight).id());
        QVERIFY(statistics);
        const SlotRef ref = slotRef(session.network(), "conv1", Slot::Weight);
        model.setChannels(ref, statistics->channels);
        QCOMPARE(model.rowCount(), 16);
        for (int row = 0; row < 16; ++row) {
            const auto &channel = model.row(row).statistics;
            // abs-max, 8 bits, narrow: the scale is the largest |w| of the channel over 127.
            QCOMPARE(static_cast<float>(model.number(row, ChannelModel::Scale)),
                std::max(std::abs(channel.low), std::abs(channel.high)) / 127.0f);
        }
    }

    /// The whole table, from the figures of the analysis: what stands in a cell and what it sorts by.
    void channelsAsTheyRead()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        ChannelModel model;
        const SlotStatistics &statistics
            = *session.statistics().get(slotRef(session.network(), "fc1", Slot::Weight).id());
        model.setChannels(slotRef(session.network(), "fc1", Slot::Weight), statistics.channels);
        QCOMPARE(model.rowCount(), 64);
        for (int row = 0; row < model.rowCount(); ++row) {
            const ChannelStatistics &channel = statistics.channels[static_cast<std::size_t>(row)];
            const double share = static_cast<double>(channel.atLimit) / 128; // 128 inputs
            QStringList cells;
            for (int column = 0; column < model.columnCount(); ++column)
                cells << model.index(row, column).data().toString();
            const QString limit
                = channel.atLimit == 0 ? u"0"_s : u"%1 (%2)"_s.arg(channel.atLimit).arg(shareText(share));
            QCOMPARE(cells,
                (QStringList{QString::number(row), u"2⁻⁵"_s, u"5"_s, numberText(static_cast<double>(channel.low)),
                    numberText(static_cast<double>(channel.high)),
                    u"%1 … %2"_s.arg(channel.codesMin).arg(channel.codesMax).replace(u'-', u'−'), limit,
                    QString::number(*channel.error.sqnrDb(), 'f', 1), QString()}));
            QCOMPARE(model.number(row, ChannelModel::AtLimit), share);
            QCOMPARE(model.number(row, ChannelModel::Sqnr), *channel.error.sqnrDb());
            QCOMPARE(model.number(row, ChannelModel::Scale), 0.03125);
        }
        ChannelStatistics channel;
        channel.count = 2000;
        channel.atLimit = 1204;
        channel.codesMin = -8;
        channel.codesMax = 7;
        channel.low = -0.0f;
        channel.high = 1e9f;
        channel.error.count = 2000;
        channel.error.signalPower = 1;
        channel.error.errorPower = 1.0001; // -0.0004 dB
        model.setChannels(slotRef(session.network(), "fc1", Slot::Weight), {channel});
        QCOMPARE(test::printed(model), QStringList{u"0 | 2⁻⁵ | 5 | 0 | 1e+09 | −8 … 7 | 1,204 (60.2 %) | 0.0 | "_s});
        channel.error.errorPower = 0; // exact
        model.setChannels(slotRef(session.network(), "fc1", Slot::Weight), {channel});
        QCOMPARE(test::printed(model), QStringList{u"0 | 2⁻⁵ | 5 | 0 | 1e+09 | −8 … 7 | 1,204 (60.2 %) | – | "_s});
        model.setChannels({}, statistics.channels); // a slot that has no quantizer has no channels to show
        QCOMPARE(model.rowCount(), 0);
    }

private:
    SlotRef slot(const std::string &layer) const { return slotRef(m_session.network(), layer, Slot::Weight); }
    Session m_session;
};

QTEST_MAIN(ValuesModelTest)
#include "tst_values_model.moc"
