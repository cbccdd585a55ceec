#include "support/paths.h"
#include "support/program.h"

#include <QTemporaryDir>
#include <QtTest>

#include <nlohmann/json.hpp>

using nlohmann::json;
using quantscope::test::programPath;
using quantscope::test::Run;
using quantscope::test::runWith;

namespace {

QString sample(const char *name) { return QString::fromStdString(quantscope::test::sample(name)); }

QString brokenFlatten()
{
    return QString::fromStdString(quantscope::test::data("brevitas/0.10.2/flatten_break.qonnx.onnx"));
}

} // namespace

/// The word `check` as a script sees it.
class TestCheckWord : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        if (!QFileInfo::exists(programPath()))
            QFAIL("QUANTSCOPE_BIN does not name the folder of the built programs: run this test through ctest");
    }

    void checks_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("status");
        QTest::addColumn<QString>("target");
        QTest::addColumn<QStringList>("rules"); // of errors and warnings
        QTest::addColumn<QString>("unchecked");
        const QString model = sample("digits_fixed.pt"), broken = brokenFlatten();
        QTest::newRow("accepted") << QStringList{model, "--target", "finn"} << 0 << "finn" << QStringList() << "";
        QTest::newRow("refused") << QStringList{sample("digits_fixed_qcdq.onnx"), "--target", "finn"} << 1 << "finn"
                                 << QStringList{"dialect"} << "";
        QTest::newRow("warned") << QStringList{broken} << 0 << "" << QStringList{"propagation-lost"}
                                << "accumulator-overflow";
    }

    void checks()
    {
        QFETCH(QStringList, arguments);
        QFETCH(int, status);
        QFETCH(QString, target);
        QFETCH(QStringList, rules);
        const Run run = runWith(QStringList{"check"} + arguments + QStringList{"--json"});
        QCOMPARE(run.status, status);
        QVERIFY(run.err.isEmpty());
        const json document = json::parse(run.out.toStdString());
        QCOMPARE(document["schema"], json(1));
        QCOMPARE(document["target"], target.isEmpty() ? json(nullptr) : json(target.toStdString()));
        QCOMPARE(document["accepted"], json(status == 0));
        QTEST(document["unchecked"].empty() ? QString() : QString::fromStdString(document["unchecked"][0]["rule"]),
            "unchecked");
        QVERIFY(document["accumulators"].is_array() && !document["accumulators"].empty());
        QStringList found;
        for (const json &finding : document["findings"])
            if (finding["severity"] != "note")
                found << QString::fromStdString(finding["rule"]);
        QCOMPARE(found, rules);
        const Run text = runWith(QStringList{"check"} + arguments);
        QCOMPARE(text.status, status);
        for (const QString &rule : rules)
            QVERIFY2(text.out.contains(("[" + rule + "]").toUtf8()), text.out);
    }

    void finding()
    {
        const Run run = runWith({"check", brokenFlatten(), "--json"});
        const json document = json::parse(run.out.toStdString());
        const json expected = {{"rule", "propagation-lost"}, {"severity", "warning"}, {"layer", "l"}, {"slot", nullptr},
            {"operator", "/Relu"},
            {"text",
                "l: the quantization of r act (u8, scale 2^-7, zero point 0) is lost in Relu (node /Relu), so it "
                "receives a "
                "plain tensor: torch.relu loses it in every version of Brevitas; F.relu and nn.ReLU keep it, and a "
                "graph "
                "cannot tell them apart"},
            {"fix",
                "write F.relu or nn.ReLU instead of torch.relu, or QuantReLU(return_quant_tensor=True), which "
                "quantizes "
                "anew"},
            {"source", "Brevitas 0.6.0 to 0.12.1, QuantTensor through each operation"}};
        QCOMPARE(document["findings"][0], expected);
    }

    /// Of a file that says its quantizers itself a recipe is taken for what it mutes, and for nothing else.
    void mutes()
    {
        QTemporaryDir folder;
        const QString recipe = folder.filePath("mutes.toml");
        QFile file(recipe);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("[checks]\nmute = [\"propagation-lost:l\", \"point-outside-word\"]\n");
        file.close();
        const Run run = runWith({"check", brokenFlatten(), "--recipe", recipe, "--json"});
        QCOMPARE(run.status, 0);
        const json document = json::parse(run.out.toStdString());
        QCOMPARE(document["muted"], json(5));
        QCOMPARE(document["findings"].size(), std::size_t(1));
        QCOMPARE(document["findings"][0]["rule"], json("tensor-is-input"));
        const json inspected
            = json::parse(runWith({"inspect", brokenFlatten(), "--recipe", recipe, "--json"}).out.toStdString());
        QCOMPARE(inspected["muted"], json(4)); // what inspect says itself
        QCOMPARE(inspected["diagnostics"].size(), std::size_t(1));
    }
};

QTEST_GUILESS_MAIN(TestCheckWord)
#include "tst_check_word.moc"
