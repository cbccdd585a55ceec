// The networks have members called slots.
#include "diff/diff.h"
#include "diff/diff_findings.h"
#include "diff/field_changes.h"
#include "diff/find_changes.h"
#include "report/diff_report.h"
#include "support/memory_slot.h"
#include "support/state_file.h"

#include <QtTest>

#include <limits>

#include <nlohmann/json.hpp>

using namespace quantscope;
using namespace quantscope::test;

/// What differs in words: each field, finding and number beside what it is of.
class TestDiffWords : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void mergedBatchNorm_data();
    void mergedBatchNorm();
    void manyOtherNames();
    void fields_data();
    void fields();
    void machineText();
    void whatIsNotSaid();
    void noNumbersBesideIntegers_data();
    void noNumbersBesideIntegers();
    void severalScalesMoved();
    void tensorOfOneAlone();
    void valuesInSeveralPieces();
};

/// Before and after merging: gamma / sqrt(var) is 2 in the first channel and 1/2 in the second.
void TestDiffWords::mergedBatchNorm_data()
{
    QTest::addColumn<QString>("recipe");
    QTest::addColumn<QString>("weight");
    QTest::addColumn<QStringList>("rules");
    QTest::newRow("as it stands") << QString() << "changed" << QStringList{"batch-norm-merged"};
    QTest::newRow("the other way round") << QString("swap") << "changed" << QStringList{"batch-norm-merged"};
    QTest::newRow("merged by the recipe") << "[[layer]]\nmatch = \"conv\"\nbatch_norm = \"bn\"\nepsilon = 0.0\n\n"
                                          << "same" << QStringList();
}

void TestDiffWords::mergedBatchNorm()
{
    QFETCH(QString, recipe);
    const bool swapped = recipe == u"swap";
    if (swapped)
        recipe.clear();
    const std::string preset = entry("conv", "weight", "preset = \"ap_fixed<8,3>\"");
    const Network before = recoveredNetwork(
        {{"conv.weight", {2, 1, 1, 1}, {0.5f, -1.0f}}, {"bn.weight", {2}, {4, 1}}, {"bn.bias", {2}, {0, 0}},
            {"bn.running_mean", {2}, {0, 0}}, {"bn.running_var", {2}, {4, 4}}},
        recipe.toStdString() + preset);
    const Network after
        = recoveredNetwork({{"conv.weight", {2, 1, 1, 1}, {1.0f, -0.5f}}, {"conv.bias", {2}, {0, 0}}}, preset);
    const Network &a = swapped ? after : before, &b = swapped ? before : after;
    const auto diff = diffOf(a, b);
    QVERIFY(diff.has_value());
    const auto weight = std::ranges::find_if(diff->slots, [&](const SlotDifference &slot) {
        return slot.a && a.layer(*slot.a).name == "conv" && slot.slot == Slot::Weight;
    });
    QVERIFY(weight != diff->slots.end());
    QTEST(QString::fromUtf8(slotStateName(weight->state)), "weight");
    QStringList rules;
    for (const DiffFinding &finding : diff->findings)
        rules << QString::fromStdString(finding.rule);
    QTEST(rules, "rules");
    if (rules.isEmpty())
        return;
    QCOMPARE(QString::fromStdString(diff->findings.front().text),
        QStringLiteral("only memory.pt has bn: where the other has merged it, its weights are multiplied by gamma / "
                       "sqrt(var + epsilon) and differ for that reason"));
    QCOMPARE(QString::fromStdString(diff->findings.front().fix),
        QStringLiteral("to compare what is computed, name it in the recipe of memory.pt: batch_norm = \"bn\" under the "
                       "[[layer]] that stands in front of it"));
    QCOMPARE(diff->findings.front().layer.has_value(), !swapped);
}

/// However many layers there are: that nothing was compared is said, with the rename that helps.
void TestDiffWords::manyOtherNames()
{
    const auto named = [](const std::string &prefix) {
        Network network;
        auto file = std::make_shared<ModelFile>();
        file->path = prefix + "pt";
        network.file = file;
        for (int i = 0; i < 2001; ++i) {
            Layer layer;
            layer.name = prefix + "fc" + std::to_string(i);
            layer.slots.push_back(test::slotOf({1.0f}, {1, 1}, affine(8, true, false, {{}, {}, {1.0f}})));
            network.add(std::move(layer));
        }
        return network;
    };
    const auto diff = diffOf(named("a."), named("module.a."));
    QVERIFY(diff.has_value());
    QCOMPARE(diff->findings.size(), std::size_t{1});
    QCOMPARE(QString::fromStdString(diff->findings.front().text + "; " + diff->findings.front().fix),
        QStringLiteral("no slot was compared: no layer of a.pt has the name of one of module.a.pt (first a.fc0 and "
                       "module.a.fc0); --rename '*=module.*'"));
}

/// Each field by itself, with its own words.
void TestDiffWords::fields_data()
{
    QTest::addColumn<int>("change");
    QTest::addColumn<QString>("fields");
    QTest::addColumn<QString>("unknown");
    const auto row = [](const char *name, int change, const char *fields, const char *unknown = "") {
        QTest::newRow(name) << change << QString(fields) << QString(unknown);
    };
    row("nothing", 0, "");
    row("sign", 1, "signed: true -> false");
    row("narrow range", 2, "narrow: false -> true");
    row("rounding", 3, "rounding: ROUND -> FLOOR");
    row("kind", 4, "kind: affine -> ternary");
    row("a zero point", 5, "zero_point: 0 -> 3");
    row("zero points of channels", 6, "zero_point: 0 -> 2 values");
    row("one scale of two", 7, "scale: 1 of 2 differ, first [1]: 2^-5 -> 2^-6");
    row("another axis", 8, "scale axis: 0 -> 1");
    row("blocks", 9, "block_size: none -> 32");
    row("width of one alone", 10, "", "bit_width");
    row("words that are stored", 11, "storage_bits: 8 -> 16");
    row("a scale of one alone", 12, "", "scale");
    row("a format", 13, "format: float8 e4m3 -> float8 e5m2");
    row("minus zero", 14, "");
    row("a scale that is NaN in both", 15, "");
    row("more bits", 16, "bit_width: 8 -> 9");
    row("another threshold of a ternary quantizer", 18, "threshold: 0.5 -> 0.7");
    row("two zero points of three", 17, "zero_point: 2 of 3 differ, first [1]: 2 -> 5");
}

void TestDiffWords::fields()
{
    QFETCH(int, change);
    Quantizer a = affine(8, true, false, {{}, {}, {0x1p-7f}});
    a.origin["rounding"] = {Origin::Computed, "the file"};
    if (change == 7 || change == 8)
        a.scale = Granular{{2, 1}, 0, {0x1p-7f, 0x1p-5f}};
    if (change == 11)
        a.bitWidth.reset(), a.storageBits = 8;
    if (change == 13) {
        a.kind = QuantizerKind::Minifloat;
        a.minifloat = {4, 3};
    }
    if (change == 18)
        a.rule = CodeRule::TernaryThreshold;
    if (change == 17)
        a.zeroPoint = Granular{{3, 1}, 0, {1, 2, 3}};
    if (change == 15)
        a.scale->values = {std::numeric_limits<float>::quiet_NaN()};
    Quantizer b = a;
    switch (change) {
    case 1: b.isSigned = false; break;
    case 2: b.narrow = true; break;
    case 3: b.rounding = Rounding::Floor; break;
    case 4: b.kind = QuantizerKind::Ternary; break;
    case 5: b.zeroPoint->values = {3}; break;
    case 6: b.zeroPoint = Granular{{2, 1}, 0, {0, 1}}; break;
    case 7: b.scale->values[1] = 0x1p-6f; break;
    case 8: b.scale->axis = 1; break;
    case 9: b.blockSize = 32; break;
    case 10: b.bitWidth.reset(); break;
    case 11: b.storageBits = 16; break;
    case 12: b.scale.reset(); break;
    case 13: b.minifloat = {5, 2}; break;
    case 14: b.zeroPoint->values = {-0.0f}; break;
    case 16: b.bitWidth = 9; break;
    case 18: b.ternaryThreshold = 0.7f; break;
    case 17: b.zeroPoint->values = {1, 5, 6}; break;
    default: break;
    }
    const FieldChanges found = fieldChanges(a, b);
    QTEST(QString::fromStdString(fmt::format("{}", fmt::join(found.changed, "; "))), "fields");
    QTEST(QString::fromStdString(fmt::format("{}", fmt::join(found.unknown, "; "))), "unknown");
}

void TestDiffWords::noNumbersBesideIntegers_data()
{
    QTest::addColumn<bool>("floatsFirst");
    QTest::addColumn<QString>("said");
    QTest::newRow("floats first") << true << "3 changed, 1 flips, largest 64, first 0; [64, 127] 1";
    QTest::newRow("integers first") << false << "3 changed, 1 flips, largest 64, first 0; [-127, -64] 1";
}

/// The code of NaN is no integer of a file, 0 neither: it differs from each, and no size is told of that.
void TestDiffWords::noNumbersBesideIntegers()
{
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const SlotQuantizer floats
        = slotOf(std::vector<float>{nan, 0.5f, nan, -0.25f}, {2, 2}, affine(8, true, false, {{}, {}, {0x1p-7f}}));
    const std::vector<std::int8_t> codes = {0, 64, 5, 32};
    SlotQuantizer integers = floats;
    integers.tensor = memoryTensor("w", DType::Int8, {2, 2}, std::span<const std::int8_t>(codes));
    integers.quantizer->rule = CodeRule::Stored;
    QFETCH(bool, floatsFirst);
    Network a, b;
    for (Network *network : {&a, &b}) {
        network->file = std::make_shared<ModelFile>();
        Layer layer;
        layer.name = "fc";
        layer.slots.push_back((network == &a) == floatsFirst ? floats : integers);
        network->add(std::move(layer));
    }
    const auto diff = diffOf(a, b);
    QVERIFY(diff.has_value());
    const SlotDifference &slot = diff->slots.front();
    QString said = QStringLiteral("%1 changed, %2 flips, largest %3, first %4;")
                       .arg(slot.codesChanged.value_or(99))
                       .arg(slot.signFlips.value_or(99))
                       .arg(slot.largestChange.value_or(99))
                       .arg(slot.firstIndex.value_or(99));
    for (const ChangeBin &bin : slot.histogram)
        said += QStringLiteral(" [%1, %2] %3").arg(bin.from).arg(bin.to).arg(bin.count);
    QTEST(said, "said");
    QVERIFY(!slot.storedEqual); // floats and codes have nothing stored in common, so nobody says that it is equal
    for (const DiffFinding &finding : diffFindings(a, b, *diff))
        QVERIFY2(finding.rule != "quantizer-alone", finding.text.c_str());
    const auto found = [&](const char *query) {
        const SlotQuantizer &first = floatsFirst ? floats : integers;
        return findChanges(first, floatsFirst ? integers : floats, *parseFindQuery(query, first))->positions;
    };
    QCOMPARE(found("changed"), (std::vector<std::uint64_t>{0, 2, 3}));
    QCOMPARE(found("change = 0"), (std::vector<std::uint64_t>{1}));
}

/// The whole of a small document: every key with the number that belongs to it.
void TestDiffWords::machineText()
{
    const std::string recipe = entry("*", "weight", "preset = \"ap_fixed<8,1>\"");
    const Network a = recoveredNetwork({{"fc.weight", {2, 2}, {0.5f, -0.25f, 0.125f, 0x1p-7f}}}, recipe),
                  b = recoveredNetwork({{"lin.weight", {2, 2}, {0.5f, 0.25f, 0.125f, 0x3p-7f}}}, recipe);
    const auto diff = diffOf(a, b, {{"fc", "lin"}});
    QVERIFY(diff.has_value());
    QCOMPARE(QString::fromStdString(diffJson(a, b, *diff).dump()),
        QStringLiteral(
            R"({"schema":1,"a":"memory.pt","b":"memory.pt","same":false,"slots":[{"layer":"fc","slot":"weight",)"
            R"("state":"changed","fields":["codes: 2 of 4, first [1]"],"count":4,"codes_changed":2,)"
            R"("sign_flips":1,"largest_change":64,"first_index":1,"layer_b":"lin","floats_equal":false,)"
            R"("histogram":[{"from":2,"to":3,"count":1},{"from":64,"to":127,"count":1}]}],"findings":[]})"));
}

/// The first in the order of the layers is named.
void TestDiffWords::severalScalesMoved()
{
    const std::string recipe
        = entry("fc", "weight", "preset = \"ap_fixed<8,1>\"") + preset("act*", "act", "Int8ActPerTensorFloat");
    const auto copy = [&](float threshold) {
        return recoveredNetwork(
            {{"fc.weight", {1, 2}, {0.5f, -0.25f}}, actKey("act1", "scaling_impl.value", {}, {threshold}),
                actKey("act2", "scaling_impl.value", {}, {4 * threshold})},
            recipe);
    };
    const auto diff = diffOf(copy(128), copy(256));
    QVERIFY(diff.has_value());
    QCOMPARE(diff->findings.size(), std::size_t{1});
    const QString text = QString::fromStdString(diff->findings.front().text);
    QVERIFY2(text.startsWith(u"2 activation scales differ (first act1 act: 2^0 -> 2^1) though"), qPrintable(text));
}

void TestDiffWords::tensorOfOneAlone()
{
    const auto network = [](bool hasTensor) {
        Network out;
        out.file = std::make_shared<ModelFile>();
        Layer layer;
        layer.name = "fc";
        SlotQuantizer slot = test::slotOf({1, 2}, {1, 2}, affine(8, true, false, {{}, {}, {1.0f}}));
        if (!hasTensor)
            slot.tensor.reset(), slot.shape.clear();
        layer.slots.push_back(std::move(slot));
        out.add(std::move(layer));
        return out;
    };
    const auto fields = [&](bool first) {
        const auto diff = diffOf(network(first), network(!first));
        return diff ? diff->slots.front().fields : std::vector<std::string>();
    };
    QCOMPARE(fields(true), (std::vector<std::string>{"tensor: [1,2] -> none"}));
    QCOMPARE(fields(false), (std::vector<std::string>{"tensor: none -> [1,2]"}));
}

/// Floats without a quantizer that differ in the first and in the last piece that is read.
void TestDiffWords::valuesInSeveralPieces()
{
    const auto network = [](const std::vector<std::size_t> &changed) {
        std::vector<float> values(70000, 0.5f);
        for (const std::size_t at : changed)
            values[at] = 0.25f;
        return recoveredNetwork({{"fc.weight", {7, 10000}, values}}, entry("fc", "weight", "preset = \"None\""));
    };
    const auto diff = diffOf(network({}), network({5, 40000, 69999}));
    QVERIFY(diff.has_value());
    QCOMPARE(diff->slots.front().fields, (std::vector<std::string>{"values: 3 of 70000, first [5]"}));
}

/// Equal as far as both say is no more than that.
void TestDiffWords::whatIsNotSaid()
{
    const auto network = [](bool says) {
        Network out;
        auto file = std::make_shared<ModelFile>();
        file->path = says ? "a.onnx" : "b.onnx";
        out.file = file;
        for (int i = 0; i < 9; ++i) {
            Layer layer;
            layer.name = "act" + std::to_string(i);
            SlotQuantizer slot;
            slot.slot = Slot::Act;
            slot.quantizer = affine(8, true, false, {{}, {}, {1.0f}});
            if (!says)
                slot.quantizer->bitWidth.reset(), slot.quantizer->scale.reset();
            layer.slots.push_back(std::move(slot));
            out.add(std::move(layer));
        }
        return out;
    };
    const Network a = network(true), b = network(false);
    QCOMPARE(QString::fromStdString(diffText(a, b, *diffOf(a, b))),
        QStringLiteral(
            "a.onnx and b.onnx are the same in all 9 slots, as far as both say\n\nnot compared, since one of "
            "them does not say it: act0 act (bit_width, scale); act1 act (bit_width, scale); act2 act "
            "(bit_width, scale); act3 act (bit_width, scale); act4 act (bit_width, scale); act5 act "
            "(bit_width, scale); act6 act (bit_width, scale); act7 act (bit_width, scale); and 1 more\n"));
    QCOMPARE(QString::fromStdString(diffText(a, a, *diffOf(a, a))),
        QStringLiteral("a.onnx and a.onnx are the same in all 9 slots\n"));
}

QTEST_GUILESS_MAIN(TestDiffWords)
#include "tst_diff_words.moc"
