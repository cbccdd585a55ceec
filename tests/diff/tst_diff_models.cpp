// The networks have members called slots.
#include "diff/diff.h"
#include "open/open_network.h"
#include "report/diff_report.h"
#include "support/golden.h"
#include "support/opened.h"
#include "support/paths.h"
#include "support/recipes.h"
#include "support/state_file.h"

#include <QtTest>

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

QTEST_GUILESS_MAIN(TestDiffModels)
#include "tst_diff_models.moc"
