#include "support/golden.h"
#include "support/paths.h"
#include "support/program.h"

#include <sys/resource.h>

#include <QDirIterator>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

using nlohmann::json;
using quantscope::test::programPath;
using quantscope::test::Run;
using quantscope::test::runWith;

namespace {

QString sample(const char *name) { return QString::fromStdString(quantscope::test::sample(name)); }

/// Rows of the column "file".
void addOnnxFiles(const char *status)
{
    const json golden = quantscope::test::golden(quantscope::test::data("onnx/golden.json"));
    for (const json &entry : golden["files"])
        if (const auto name = entry["file"].get<std::string>(); entry["status"] == status)
            QTest::newRow(name.c_str()) << QString::fromStdString(quantscope::test::data("onnx/" + name));
}

} // namespace

/// The program as a script sees it: words, statuses, streams.
class TestCli : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        if (!QFileInfo::exists(programPath()))
            QFAIL("QUANTSCOPE_BIN does not name the folder of the built programs: run this test through ctest");
    }

    void statuses_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("status");
        QTest::addColumn<QString>("says");
        const QString model = sample("digits_fixed.pt");
        const auto row = [](const char *name, QStringList arguments, int status, const char *says) {
            QTest::newRow(name) << arguments << status << says;
        };
        row("inspect", {"inspect", model}, 0, "");
        row("help", {"--help"}, 0, "");
        row("no word", {}, 2, "subcommand");
        row("unknown option", {"inspect", model, "--jsn"}, 2, "--jsn");
        row("json and csv", {"inspect", model, "--json", "--csv"}, 2, "--csv");
        row("missing file", {"inspect", "/nonexistent/model.pt"}, 3,
            "/nonexistent/model.pt: cannot be opened: No such file");
        row("folder", {"inspect", "/tmp"}, 3, "folder");
        row("unknown layer", {"codes", model, "conv9"}, 2, "did you mean \"conv1\"");
        row("a tensor that cannot be read",
            {"codes", QString::fromStdString(quantscope::test::data("onnx/bad_external_missing.onnx")), "mm"}, 2,
            "'no_such.bin' is not a file beside the model");
        row("unknown slot", {"codes", model, "conv1", "--slot", "input"}, 2, "no tensor in slot");
        row("mistyped slot", {"codes", model, "conv1", "--slot", "wieght"}, 2, "did you mean \"weight\"");
        row("mistyped word", {"inspct", model}, 2, "did you mean \"inspect\"");
        row("no such file for the window", {"/nonexistent/model.pt"}, 3, "/nonexistent/model.pt: cannot be opened");
        row("empty file name", {"inspect", ""}, 3, "\"\": cannot be opened");
        row("terminal codes in a layer", {"codes", model, "a\x1b[31mb\nc"}, 2, "\"a\\x1b[31mb\\x0ac\"");
        row("terminal codes in an option", {"codes", model, "conv1", "--as", "a\x1b[31mb"}, 2, "a\\x1b[31mb");
        row("a word without end", {"codes", model, QString(100000, 'x')}, 2, "xxx...");
        row("a character at the end of a word", {"codes", model, QString(10000, QChar(0xE9))}, 2,
            qPrintable("\"" + QString(99, QChar(0xE9)) + "..."));
        row("range past the end", {"codes", model, "conv1", "--range", "0:145"}, 2, "0:144");
        row("range of words", {"codes", model, "conv1", "--range", "a:b"}, 2, "a:b");
        row("unknown form", {"codes", model, "conv1", "--as", "oct"}, 2, "oct");
        row("unknown query", {"codes", model, "conv2", "--where", "banana"}, 2, "--where: use code, |code|, w");
        row("a word of other bits", {"codes", model, "conv2", "--where", "0xFFF"}, 2, "does not fit in the 6 bits");
        row("terminal codes in a query", {"codes", model, "conv2", "--where", "code>\x1b[31m"}, 2, "is not a number");
        row("unknown recipe", {"inspect", model, "--recipe", "/nonexistent.toml"}, 3, "/nonexistent.toml");
        row("unknown format", {"export", model, "--format", "headr", "--out", "/tmp/x"}, 2, "headr");
        row("unknown format beside a known one",
            {"export", model, "--format", "header", "--format", "mem-hx", "--out", "/tmp/x"}, 2,
            "\"mem-hx\"; did you mean \"mem-hex\"");
        row("packed headers", {"export", model, "--format", "header", "--pack", "4", "--out", "/tmp/x"}, 2,
            "no chosen format packs elements");
        row("a word order that is none",
            {"export", model, "--format", "mem-hex", "--word-order", "lbs", "--out", "/tmp/x"}, 2,
            "did you mean \"lsb\"");
        row("unknown layout", {"export", model, "--format", "header", "--layout", "nchw", "--out", "/tmp/x"}, 2,
            "nchw");
        row("layers behind a candidate", {"compare", model, "--with", "binary", "conv1", "conv2"}, 0, "");
        row("power of two of all layers", {"compare", model, "--power-of-two"}, 0, "");
        row("power of two with candidates", {"compare", model, "--power-of-two", "--with", "binary"}, 2, "neither");
        row("a goal alone sweeps", {"compare", model, "conv1", "--keep-sqnr", "20"}, 0, "");
        row("a goal that is no number", {"compare", model, "conv1", "--keep-sqnr", "nan"}, 2, "finite");
        row("widths that are none", {"compare", model, "conv1", "--bits", "1:99"}, 2, "from 1 to 32");
        row("widths in words", {"compare", model, "conv1", "--bits", "a:b"}, 2, "of the form 2:8");
        row("a width that one candidate lacks",
            {"compare", model, "conv1", "--with", "torch_per_tensor_affine", "--bits", "30:32"}, 0, "");
        row("a stored scale swept", {"compare", model, "conv1", "--with", "Int8WeightPerTensorFloatMSE", "--bits", "2"},
            2, "trained or searched and stored");
        row("what a target takes", {"check", model, "--target", "finn"}, 0, "");
        row("what every target takes", {"check", model}, 0, "");
        row("an unknown target", {"check", model, "--target", "fin"}, 2, "--target");
        row("export to nowhere", {"export", model, "--format", "header", "--out", "/proc/none"}, 3, "/proc/none");
    }

    void statuses()
    {
        QFETCH(QStringList, arguments);
        QFETCH(int, status);
        QFETCH(QString, says);
        const Run run = runWith(arguments);
        QVERIFY2(run.status == status, run.err);
        if (status == 0) {
            QVERIFY(run.err.isEmpty() && !run.out.isEmpty());
            return;
        }
        QVERIFY(run.out.isEmpty());
        QVERIFY2(run.err.startsWith("quantscope: ") && run.err.contains(says.toUtf8()), run.err);
        QCOMPARE(run.err.count('\n'), 1); // one sentence
        QVERIFY(!run.err.contains('\x1b') && run.err.size() < 3000);
    }

    void outputThatCannotBeWritten_data()
    {
        QTest::addColumn<QStringList>("arguments");
        const QString model = sample("digits_fixed.pt");
        QTest::newRow("codes") << QStringList{"codes", model, "conv1"};
        QTest::newRow("inspect") << QStringList{"inspect", model, "--json"};
        QTest::newRow("recipe") << QStringList{"recipe", model};
        QTest::newRow("compare") << QStringList{"compare", model, "conv1"};
        QTest::newRow("check") << QStringList{"check", model};
        QTest::newRow("help") << QStringList{"--help"};
    }

    void outputThatCannotBeWritten()
    {
        QFETCH(QStringList, arguments);
        const QString program = programPath();
        for (const char *redirection : {">/dev/full", ">&-"}) {
            QProcess process;
            process.start("sh", QStringList{"-c", QString("\"$0\" \"$@\" %1").arg(redirection), program} + arguments);
            QVERIFY(process.waitForFinished());
            QCOMPARE(process.exitCode(), 3);
            const QByteArray err = process.readAllStandardError();
            QVERIFY2(err.startsWith("quantscope: standard output cannot be written: ") && err.count('\n') == 1, err);
        }
    }

    void codesOfTheSample_data()
    {
        QTest::addColumn<QString>("as");
        QTest::addColumn<QByteArray>("expected");
        QTest::newRow("dec") << "dec" << QByteArray("-2\n7\n-3\n");
        QTest::newRow("hex") << "hex" << QByteArray("0x3E\n0x07\n0x3D\n");
        QTest::newRow("bin") << "bin" << QByteArray(".111110\n.000111\n.111101\n");
        QTest::newRow("float") << "float" << QByteArray("-0.03125\n0.109375\n-0.046875\n");
    }

    void codesOfTheSample()
    {
        QFETCH(QString, as);
        const Run run = runWith({"codes", sample("digits_fixed.pt"), "conv2", "--as", as, "--range", "0:3"});
        QCOMPARE(run.status, 0);
        QTEST(run.out, "expected");
    }

    /// The same elements by every way of writing their code. In training conv2's weight[4, 12, 0, 1], element 685, was
    /// recorded as -0.301690727, code -19 of 6 bits.
    void findsCodes_data()
    {
        QTest::addColumn<QString>("query");
        QTest::addColumn<QString>("as");
        QTest::addColumn<QByteArray>("expected");
        for (const char *query : {"0x2D", ".101101", "0b101101", "-19", "code == -19", "float<-0.3"})
            QTest::newRow(query) << query << "dec" << QByteArray("685 -19\n4231 -19\n");
        QTest::newRow("as hex") << "-19"
                                << "hex" << QByteArray("685 0x2D\n4231 0x2D\n");
        QTest::newRow("as bin") << "-19"
                                << "bin" << QByteArray("685 .101101\n4231 .101101\n");
        QTest::newRow("as float") << "-19"
                                  << "float" << QByteArray("685 -0.296875\n4231 -0.296875\n");
        QTest::newRow("no hit") << "at limit"
                                << "dec" << QByteArray();
    }

    void findsCodes()
    {
        QFETCH(QString, query);
        QFETCH(QString, as);
        const Run run = runWith({"codes", sample("digits_fixed.pt"), "conv2", "--where", query, "--as", as});
        QVERIFY2(run.status == 0 && run.err.isEmpty(), run.err);
        QTEST(run.out, "expected");
    }

    /// What a query finds is what reading all codes finds, within a range too, and as often as inspect counts it.
    void findsWhatReadingFinds()
    {
        const QString model = sample("digits_fixed.pt");
        const QByteArrayList all = runWith({"codes", model, "conv2"}).out.trimmed().split('\n');
        QByteArray large, zeros;
        for (int i = 0; i < all.size(); ++i) {
            if (std::abs(all[i].toInt()) >= 19)
                large += QByteArray::number(i) + ' ' + all[i] + '\n';
            if (i >= 100 && i < 900 && all[i].toInt() == 0)
                zeros += QByteArray::number(i) + " 0\n";
        }
        QCOMPARE(large.count('\n'), 4);
        QCOMPARE(runWith({"codes", model, "conv2", "--where", "|code|>=19"}).out, large);
        QCOMPARE(runWith({"codes", model, "conv2", "--where", "0", "--range", "100:900"}).out, zeros);
        const json layers = json::parse(runWith({"inspect", model, "--json"}).out.toStdString())["layers"];
        for (const json &layer : layers)
            for (const json &slot : layer["quantizers"])
                if (slot["slot"] == "weight" && !slot["at_limit"].is_null())
                    for (const auto &[key, query] :
                        {std::pair{"at_limit", "at limit"}, std::pair{"clipped", "clipped"}}) {
                        const QString name = QString::fromStdString(layer["name"].get<std::string>());
                        QCOMPARE(
                            runWith({"codes", model, name, "--where", query}).out.count('\n'), slot[key].get<int>());
                    }
    }

    void recipeErrorsAreUsage_data()
    {
        QTest::addColumn<QByteArray>("recipe");
        QTest::addColumn<QByteArray>("says");
        const auto row = [](const char *name, const char *keys, const char *says) {
            QTest::newRow(name) << QByteArray("[[quantizer]]\n") + keys << QByteArray(says);
        };
        row("preset", "preset = \"Int8WeightPerTensorFlot\"", "did you mean \"Int8WeightPerTensorFloat\"");
        row("terminal codes", "preset = \"\\u001b[31mred\\nline2\"", "\\x1b[31mred\\x0aline2");
        row("input", "match = \"conv1\"\nslot = \"bias\"\npreset = \"Int8Bias\"\ninput = \"\\u001b[1m\"", "\\x1b[1m");
    }

    void recipeErrorsAreUsage()
    {
        QFETCH(QByteArray, recipe);
        QFETCH(QByteArray, says);
        QTemporaryDir folder;
        QFile file(folder.filePath("r.toml"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(recipe + "\n");
        file.close();
        const Run run = runWith({"inspect", sample("digits_fixed.pt"), "--recipe", file.fileName()});
        QCOMPARE(run.status, 2);
        QVERIFY2(run.err.contains(says) && run.err.count('\n') == 1 && !run.err.contains('\x1b'), run.err);
        QVERIFY(run.err.startsWith("quantscope: " + file.fileName().toUtf8()));
        QVERIFY(run.out.isEmpty());
    }

    void slotsWithoutCodes_data()
    {
        QTest::addColumn<QString>("slot");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("its own error") << "weight" << QByteArray("conv1 weight: Int8WeightPerTensorFloatMSE keeps");
        QTest::newRow("none of its own") << "bias" << QByteArray("bias of layer \"conv1\" has no quantizer");
    }

    /// The weight's scale is not in the file; the bias has no quantizer.
    void slotsWithoutCodes()
    {
        QFETCH(QString, slot);
        QFETCH(QByteArray, says);
        QTemporaryDir folder;
        QFile recipe(folder.filePath("r.toml"));
        QVERIFY(recipe.open(QIODevice::WriteOnly));
        recipe.write("[[quantizer]]\nmatch = \"conv1\"\npreset = \"Int8WeightPerTensorFloatMSE\"\n");
        recipe.close();
        const Run run
            = runWith({"codes", sample("digits_fixed.pt"), "conv1", "--slot", slot, "--recipe", recipe.fileName()});
        QCOMPARE(run.status, 2);
        QVERIFY2(run.err.contains(says), run.err);
    }

    void recipesWithoutEffectAreSaid_data()
    {
        QTest::addColumn<QStringList>("arguments");
        const QString model = sample("digits_fixed.pt"), graph = sample("digits_fixed_qonnx.onnx");
        QTest::newRow("codes") << QStringList{"codes", model, "conv1"};
        QTest::newRow("codes of an export") << QStringList{"codes", graph, "conv1"};
        QTest::newRow("recipe") << QStringList{"recipe", model};
        QTest::newRow("table") << QStringList{"inspect", graph, "--csv"};
        QTest::newRow("compare") << QStringList{"compare", graph, "conv1"};
    }

    /// A recipe whose only entry speaks of no layer.
    void recipesWithoutEffectAreSaid()
    {
        QFETCH(QStringList, arguments);
        QTemporaryDir folder;
        QFile recipe(folder.filePath("r.toml"));
        QVERIFY(recipe.open(QIODevice::WriteOnly));
        recipe.write("[[layer]]\nmatch = \"nothing*\"\ngroups = 2\n");
        recipe.close();
        const Run run = runWith(arguments + QStringList{"--recipe", recipe.fileName()});
        QCOMPARE(run.status, 0);
        QVERIFY(!run.out.isEmpty());
        QVERIFY2(run.err.contains(": warning: ") && run.err.count('\n') == 1, run.err);
    }

    void verifiedExport()
    {
        QTemporaryDir folder;
        const Run run = runWith({"export", sample("digits_fixed.pt"), "--format", "header", "--layer", "conv2",
            "--layout", "ohwi", "--out", folder.path(), "--verify"});
        QVERIFY2(run.status == 0, run.err);
        QVERIFY2(run.out.contains("verified, 4,640 of 4,640"), run.out);
        const json manifest = quantscope::test::golden(folder.filePath("manifest.json").toStdString());
        QCOMPARE(manifest["schema"].get<int>(), 1);
        QVERIFY(QFileInfo::exists(folder.filePath("conv2.h")));
    }

    void formatsRepeat()
    {
        QTemporaryDir folder;
        const Run run = runWith({"export", sample("digits_fixed.pt"), "--format", "header", "--format", "mem-hex",
            "--layer", "conv1", "--pack", "4", "--out", folder.path(), "--verify"});
        QVERIFY2(run.status == 0, run.err);
        QVERIFY2(
            run.out.contains("conv1_weight.mem") && run.out.contains("verified, 144 of 144: reading back"), run.out);
        QVERIFY(QFileInfo::exists(folder.filePath("conv1.h")));
        QFile memory(folder.filePath("conv1_weight.mem"));
        QVERIFY(memory.open(QIODevice::ReadOnly));
        const QByteArrayList words = memory.readAll().split('\n');
        QCOMPARE(words.size(), 144 / 4 + 1);
        const Run codes = runWith({"codes", sample("digits_fixed.pt"), "conv1", "--as", "hex", "--range", "0:4"});
        const QByteArrayList first = codes.out.split('\n'); // 0x.., lowest element last in the word
        QCOMPARE(words[0], first[3].mid(2) + first[2].mid(2) + first[1].mid(2) + first[0].mid(2));
    }

    void noCompilerIsANo()
    {
        QTemporaryDir folder;
        QProcess process;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("PATH", folder.path());
        environment.remove("CC");
        environment.remove("CXX");
        process.setProcessEnvironment(environment);
        process.start(programPath(),
            {"export", sample("digits_fixed.pt"), "--format", "header", "--out", folder.filePath("out"), "--verify"});
        QVERIFY(process.waitForFinished());
        QCOMPARE(process.exitCode(), 1);
        QVERIFY(process.readAllStandardError().contains("compiler"));
        QVERIFY(QDir(folder.filePath("out")).isEmpty()); // nothing is left
    }

    void hostileFiles_data()
    {
        QTest::addColumn<QString>("file");
        const QString data = QString::fromUtf8(QUANTSCOPE_TEST_DATA);
        const json torch = quantscope::test::golden((data + "/torch/manifest.json").toStdString());
        for (const json &entry : torch["files"]) {
            const QString file = QString::fromStdString(entry["file"].get<std::string>());
            if (file.startsWith("bad/") && entry["expect"] == "error")
                QTest::newRow(qPrintable(file)) << data + "/torch/" + file;
        }
        addOnnxFiles("error");
    }

    /// One sentence, status 3, nothing on stdout, no crash.
    void hostileFiles()
    {
        QFETCH(QString, file);
        const Run run = runWith({"inspect", file, "--json", "--hash", "--tensors"});
        QVERIFY2(run.status == 3, QByteArray::number(run.status) + " " + run.err);
        QVERIFY(run.out.isEmpty());
        QVERIFY2(run.err.startsWith("quantscope: " + file.toUtf8() + ": ") && run.err.count('\n') == 1, run.err);
    }

    void partialFilesOpen_data()
    {
        QTest::addColumn<QString>("file");
        addOnnxFiles("partial");
    }

    void partialFilesOpen()
    {
        QFETCH(QString, file);
        const Run run = runWith({"inspect", file, "--json"});
        QCOMPARE(run.status, 0);
        const json document = json::parse(run.out.toStdString());
        QVERIFY(std::any_of(document["diagnostics"].begin(), document["diagnostics"].end(),
            [](const json &d) { return d["severity"] == "error"; }));
    }
};

QTEST_GUILESS_MAIN(TestCli)
#include "tst_cli.moc"
