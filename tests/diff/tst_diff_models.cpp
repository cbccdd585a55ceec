// The networks have members called slots.
#include "diff/diff.h"
#include "diff/find_changes.h"
#include "diff/layer_changes.h"
#include "diff/paired_slot.h"
#include "open/open_network.h"
#include "report/diff_report.h"
#include "support/golden.h"
#include "support/opened.h"
#include "support/paths.h"
#include "support/recipes.h"
#include "support/state_file.h"

#include <QtTest>

#include <nlohmann/json.hpp>

using namespace quantscope;
using namespace quantscope::test;

class TestDiffModels : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void samples_data();
    void samples();
    void exports_data();
    void exports();
    void assumedSide();
    void batchNorm_data();
    void batchNorm();
    void layersOfModels_data();
    void layersOfModels();
    void assumedSlots();
    void foundChanges_data();
    void foundChanges();
    void changeQueries_data();
    void changeQueries();
};

/// A checkpoint against what was exported of it: nothing differs, and what the export does not say is said.
void TestDiffModels::samples_data()
{
    QTest::addColumn<QString>("a");
    QTest::addColumn<QString>("b");
    QTest::addColumn<bool>("same");
    QTest::addColumn<QString>("notCompared");
    const QString bits
        = QStringLiteral("conv1 bias bit_width, conv2 bias bit_width, fc1 bias bit_width, fc2 bias bit_width");
    QTest::newRow("itself") << "digits_fixed.pt"
                            << "digits_fixed.pt" << true << QString();
    QTest::newRow("QONNX") << "digits_fixed.pt"
                           << "digits_fixed_qonnx.onnx" << true << QString();
    QTest::newRow("QCDQ") << "digits_fixed.pt"
                          << "digits_fixed_qcdq.onnx" << true << bits;
    QTest::newRow("QCDQ first") << "digits_fixed_qcdq.onnx"
                                << "digits_fixed.pt" << true << bits;
    QTest::newRow("float QONNX") << "digits_float.pt"
                                 << "digits_float_qonnx.onnx" << true << QString();
    QTest::newRow("float QCDQ") << "digits_float.pt"
                                << "digits_float_qcdq.onnx" << true << bits;
    QTest::newRow("two trainings") << "digits_fixed.pt"
                                   << "digits_float.pt" << false << QString();
}

void TestDiffModels::samples()
{
    QFETCH(QString, a);
    QFETCH(QString, b);
    const auto first = openNetwork(sample(a.toStdString())), second = openNetwork(sample(b.toStdString()));
    QVERIFY(first.has_value() && second.has_value());
    const auto diff = diffOf(*first, *second);
    QVERIFY(diff.has_value());
    QStringList notCompared;
    for (const SlotDifference &slot : diff->slots)
        for (const std::string &field : slot.notCompared)
            if (field != "rounding") // of codes that the file holds
                notCompared << QString::fromStdString(
                    first->layer(*slot.a).name + " " + std::string(slotName(slot.slot)) + " " + field);
    QFETCH(bool, same);
    QVERIFY2(diff->same() == same, diffText(*first, *second, *diff).c_str());
    QTEST(notCompared.join(u", "), "notCompared");
}

/// Networks that Brevitas exported: the recipe is the golden's, so that nothing is taken from the export itself.
void TestDiffModels::exports_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("ending");
    QTest::addColumn<QString>("changed");
    const auto row = [](const char *name, const char *ending, const char *changed) {
        QTest::addRow("%s %s", name, ending) << QString(name) << QString(ending) << QString(changed);
    };
    for (const char *name :
        {"cnn_cifar_like", "mlp_mixed", "worked_example", "bn_merged", "residual_add", "shared_weights"})
        for (const char *ending : {"qonnx.onnx", "qcdq.onnx"})
            row(name, ending, "");
}

void TestDiffModels::exports()
{
    QFETCH(QString, name);
    QFETCH(QString, ending);
    const std::string stem = data("brevitas/0.10.2/" + name.toStdString());
    const auto recipe = parseRecipe(recipeOfGolden(golden(stem + ".json")), "r.toml");
    QVERIFY(recipe.has_value());
    const auto a = recoverQuantizers(*openModel(stem + ".pt"), *recipe);
    QVERIFY(a.has_value());
    const Network b = opened(stem + "." + ending.toStdString());
    const auto diff = diffOf(*a, b);
    QVERIFY(diff.has_value());
    QStringList words;
    for (const SlotDifference &slot : diff->slots)
        if (slot.state != SlotState::Same)
            words << QString::fromStdString((slot.a ? a->layer(*slot.a).name : b.layer(*slot.b).name) + " "
                + std::string(slotName(slot.slot)) + " " + std::string(slotStateName(slot.state)));
    QFETCH(QString, changed);
    QVERIFY2(words.join(u", ") == changed, diffText(*a, b, *diff).c_str());
}

/// The same state_dict twice, once with an export beside it that tells its quantizers: no scale has moved.
void TestDiffModels::assumedSide()
{
    const auto a = openNetwork(data("brevitas/0.10.2/mlp_mixed.pt")),
               b = openNetwork(data("brevitas/0.10.2/mlp_mixed.dataparallel.pt"));
    QVERIFY(a.has_value() && b.has_value());
    const auto diff = diffOf(*a, *b);
    QVERIFY(diff.has_value());
    QCOMPARE(diff->findings.size(), std::size_t{1});
    const DiffFinding &finding = diff->findings.front();
    QCOMPARE(finding.rule, std::string("assumed"));
    QVERIFY2(finding.text.starts_with("6 of the slots that differ are assumed in ")
            && finding.text.find("mlp_mixed.dataparallel.pt") != std::string::npos,
        finding.text.c_str());
}

/// Before and after merging: gamma / sqrt(var) is 2 in the first channel and 1/2 in the second.
void TestDiffModels::batchNorm_data()
{
    QTest::addColumn<QString>("recipe");
    QTest::addColumn<QString>("weight");
    QTest::addColumn<QStringList>("rules");
    QTest::newRow("as it stands") << QString() << "changed" << QStringList{"batch-norm-merged"};
    QTest::newRow("merged by the recipe") << "[[layer]]\nmatch = \"conv\"\nbatch_norm = \"bn\"\nepsilon = 0.0\n\n"
                                          << "same" << QStringList();
}

void TestDiffModels::batchNorm()
{
    QFETCH(QString, recipe);
    const std::string preset = entry("conv", "weight", "preset = \"ap_fixed<8,3>\"");
    const Network before = recoveredNetwork(
        {{"conv.weight", {2, 1, 1, 1}, {0.5f, -1.0f}}, {"bn.weight", {2}, {4, 1}}, {"bn.bias", {2}, {0, 0}},
            {"bn.running_mean", {2}, {0, 0}}, {"bn.running_var", {2}, {4, 4}}},
        recipe.toStdString() + preset);
    const Network after
        = recoveredNetwork({{"conv.weight", {2, 1, 1, 1}, {1.0f, -0.5f}}, {"conv.bias", {2}, {0, 0}}}, preset);
    const auto diff = diffOf(before, after);
    QVERIFY(diff.has_value());
    const auto weight = std::ranges::find_if(diff->slots, [&](const SlotDifference &slot) {
        return slot.a && before.layer(*slot.a).name == "conv" && slot.slot == Slot::Weight;
    });
    QVERIFY(weight != diff->slots.end());
    QTEST(QString::fromUtf8(slotStateName(weight->state)), "weight");
    QStringList rules;
    for (const DiffFinding &finding : diff->findings)
        rules << QString::fromStdString(finding.rule);
    QTEST(rules, "rules");
}

/// Layer by layer, the worst first, behind the sentence about them.
void TestDiffModels::layersOfModels_data()
{
    QTest::addColumn<QString>("a");
    QTest::addColumn<QString>("b");
    QTest::addColumn<QString>("text");
    const auto row = [](const char *name, const char *a, const char *b, const char *text) {
        QTest::newRow(name) << QString(a) << QString(b) << QString(text);
    };
    const char *const fc = "fc = 0.5 -0.25 0.125 0.0078125 : ap_fixed<8,1>";
    row("the same", fc, fc, "the layer is the same\nfc same");
    row("one code of four", fc, "fc = 0.5 -0.25 0.125 0.5 : ap_fixed<8,1>", "1 of 1 layer changed\nfc 25 %");
    row("a field, and no code", "fc = 0.5 0.5 0.5 0 : ap_fixed<8,1>", "fc = 0.5 0.5 0.5 0 : ap_ufixed<8,1>",
        "1 of 1 layer changed\nfc signed");
    row("quantized in one", fc, "fc = 0.5 -0.25 0.125 0.0078125 : None", "1 of 1 layer changed\nfc kind");
    row("the worst first",
        "a = 1 1 1 1 : ap_fixed<8,4>; b = 1 1 1 1 : ap_fixed<8,4>; c = 1 1 1 1 : ap_fixed<8,4>; d = 1 1 1 1 : "
        "ap_fixed<8,4>",
        "b = 1 1 1 1 : ap_fixed<8,4>; c = 1 2 3 4 : ap_fixed<8,4>; d = 1 1 1 1 : None; e = 1 1 1 1 : ap_fixed<8,4>",
        "2 of 4 layers changed, 1 only in the first, 1 only in the second\na only in A\ne only in B\nd kind\nc 75 %"
        "\nb same");
}

namespace {

/// "fc = 0.5 0.25 0 0 : ap_fixed<8,1>; NAME = FOUR VALUES : PRESET".
Network networkOf(const QString &text)
{
    std::vector<StateTensor> tensors;
    std::string recipe;
    for (const QString &layer : text.split(u';')) {
        const QString name = layer.section(u'=', 0, 0).trimmed(), rest = layer.section(u'=', 1);
        std::vector<float> values;
        for (const QString &value : rest.section(u':', 0, 0).split(u' ', Qt::SkipEmptyParts))
            values.push_back(value.toFloat());
        tensors.push_back({name.toStdString() + ".weight", {2, 2}, values});
        recipe += entry(
            name.toStdString(), "weight", "preset = \"" + rest.section(u':', 1).trimmed().toStdString() + "\"");
    }
    return recoveredNetwork(tensors, recipe);
}

} // namespace

void TestDiffModels::layersOfModels()
{
    QFETCH(QString, a);
    QFETCH(QString, b);
    const Network first = networkOf(a), second = networkOf(b);
    const auto diff = diffOf(first, second);
    QVERIFY(diff.has_value());
    std::vector<LayerChange> changes = layerChanges(*diff);
    QStringList lines{QString::fromStdString(changesText(changes))};
    std::ranges::stable_sort(changes, std::ranges::greater(), changeWorth);
    for (const LayerChange &change : changes)
        lines << QString::fromStdString(
            (change.a ? first.layer(*change.a) : second.layer(*change.b)).name + " " + changeText(change));
    QTEST(lines.join(u'\n'), "text");
}

/// Every slot that is assumed on a side says so, where it is the same too.
void TestDiffModels::assumedSlots()
{
    const auto a = openNetwork(sample("digits_fixed.pt")), b = openNetwork(sample("digits_fixed.pt"));
    QVERIFY(a.has_value() && b.has_value());
    Network guessed = *b;
    guessed.confirmedBy.clear();
    guessed.layers[1].slot(Slot::Weight)->assumed = true; // conv1
    const auto diff = diffOf(*a, guessed);
    QVERIFY(diff.has_value());
    QVERIFY(diff->same());
    QStringList said;
    const auto document = diffJson(*a, guessed, *diff);
    for (const auto &slot : document["slots"])
        if (slot.contains("assumed"))
            said << QString::fromStdString(slot["layer"].get<std::string>() + " " + slot["slot"].get<std::string>()
                + " " + slot["assumed"].dump());
    QCOMPARE(said, QStringList{QStringLiteral("conv1 weight [\"b\"]")});
    QCOMPARE(assumedText(*diff), std::string("assumed in 1 of 12 slots of the second"));
    QCOMPARE(assumedText(*diffOf(guessed, *a)), std::string("assumed in 1 of 12 slots of the first"));
    QCOMPARE(assumedText(*diffOf(*a, *a)), std::string());
    QCOMPARE(QString::fromStdString(diffText(*a, guessed, *diff)),
        QStringLiteral("digits_fixed.pt and digits_fixed.pt are the same in all 12 slots\n\nassumed in "
                       "digits_fixed.pt, 1 of 12 slots: conv1 weight\n"));
}

/// What is found is what was counted: the changed elements, the first of them, and those of each bar.
void TestDiffModels::foundChanges_data()
{
    QTest::addColumn<QString>("a");
    QTest::addColumn<QString>("b");
    const auto row = [](const char *name, const std::string &a, const std::string &b) {
        QTest::newRow(name) << QString::fromStdString(a) << QString::fromStdString(b);
    };
    row("two trainings", sample("digits_fixed.pt"), sample("digits_float.pt"));
    row("its export", sample("digits_fixed.pt"), sample("digits_fixed_qonnx.onnx"));
    row("an export first", sample("digits_float_qcdq.onnx"), sample("digits_fixed.pt"));
    row("per channel, zero points", data("brevitas/0.10.2/cnn_cifar_like.pt"),
        data("brevitas/0.10.2/cnn_cifar_like.qcdq.onnx"));
    row("another recipe", data("brevitas/0.10.2/mlp_mixed.pt"), data("brevitas/0.10.2/mlp_mixed.dataparallel.pt"));
}

void TestDiffModels::foundChanges()
{
    QFETCH(QString, a);
    QFETCH(QString, b);
    const auto first = openNetwork(a.toStdString()), second = openNetwork(b.toStdString());
    QVERIFY(first.has_value() && second.has_value());
    const auto diff = diffOf(*first, *second);
    QVERIFY(diff.has_value());
    int compared = 0;
    for (const SlotDifference &pair : diff->slots) {
        if (!pair.codesChanged)
            continue;
        const SlotQuantizer &here = *first->slot({*pair.a, pair.slot});
        const auto there = pairedSlot(here, *second->slot({*pair.b, pair.slot}));
        QVERIFY(there.has_value());
        const auto found = [&](const std::string &query) {
            const auto result = findChanges(here, *there, *parseFindQuery(query, here));
            return result ? *result : FindResult{~0ull, {}};
        };
        const FindResult changed = found("changed");
        QCOMPARE(changed.count, *pair.codesChanged);
        QCOMPARE(changed.positions.empty() ? std::nullopt : std::optional(changed.positions.front()), pair.firstIndex);
        for (const ChangeBin &bin : pair.histogram)
            QCOMPARE(found("change >= " + std::to_string(bin.from) + " and change <= " + std::to_string(bin.to)).count,
                bin.count);
        QCOMPARE(found("change = 0").count, *pair.count - *pair.codesChanged);
        ++compared;
    }
    QVERIFY(compared > 0);
}

/// Codes 64 -32 16 1 beside 64 32 16 3.
void TestDiffModels::changeQueries_data()
{
    QTest::addColumn<QString>("query");
    QTest::addColumn<QString>("found");
    const auto row = [](const char *query, const char *found) {
        QTest::newRow(query) << QString::fromUtf8(query) << QString(found);
    };
    row("changed", "2: 1 3");
    row("change > 2", "1: 1");
    row("change = 2", "1: 3");
    row("|change| <= 2", "3: 0 2 3");
    row("changed and channel = 1", "1: 3");
    row("changed and code < 0", "1: 1");
    row("code = 64 and change = 0", "1: 0");
    row("changed and code > 64", "0:");
    row("change = 1.5", "“1.5” is no whole number, so it is no change of a code");
}

void TestDiffModels::changeQueries()
{
    QFETCH(QString, query);
    const Network a = networkOf(QStringLiteral("fc = 0.5 -0.25 0.125 0.0078125 : ap_fixed<8,1>")),
                  b = networkOf(QStringLiteral("fc = 0.5 0.25 0.125 0.0234375 : ap_fixed<8,1>"));
    const SlotQuantizer &first = *a.layers.front().slot(Slot::Weight), &second = *b.layers.front().slot(Slot::Weight);
    const auto parsed = parseFindQuery(query.toStdString(), first);
    QString text = parsed ? QString() : QString::fromStdString(parsed.error().message);
    if (parsed) {
        const auto found = findChanges(first, second, *parsed);
        QVERIFY(found.has_value());
        text = QString::number(found->count) + u':';
        for (const std::uint64_t position : found->positions)
            text += u' ' + QString::number(position);
        QCOMPARE(QString::fromStdString(findQueryText(*parsed)), query);
        const auto alone = findElements(first, *parsed);
        QVERIFY(!alone.has_value());
        QCOMPARE(QString::fromStdString(alone.error().message),
            QStringLiteral("there is no second model: changed and change compare two"));
    }
    QTEST(text, "found");
}

QTEST_GUILESS_MAIN(TestDiffModels)
#include "tst_diff_models.moc"
