#include "dialects/brevitas/printer.h"
#include "support/paths.h"

#include <QProcess>

using namespace quantscope;

namespace {

struct Run {
    int status = -1;
    QByteArray out, err;
};

Run recipeWith(const QStringList &arguments)
{
    QProcess process;
    process.start(qEnvironmentVariable("QUANTSCOPE_BIN") + "/quantscope", QStringList{"recipe"} + arguments);
    Run run;
    if (!process.waitForFinished(60000))
        return run;
    run.status = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    run.out = process.readAllStandardOutput();
    run.err = process.readAllStandardError();
    return run;
}

} // namespace

/// The Python that writes recipes, and what it wrote of live models.
class TestPrinter : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void standsInTheProgram()
    {
        const auto file = test::bytesOf(std::string(QUANTSCOPE_SOURCE_DIR) + "/resources/python/quantscope_recipe.py");
        const std::string_view text(reinterpret_cast<const char *>(file.data()), file.size());
        QVERIFY(text.find("def write(model, path, example_input=None)") != text.npos);
        QVERIFY(recipePrinter() == text);
    }

    void isPrinted()
    {
        if (!QFileInfo::exists(qEnvironmentVariable("QUANTSCOPE_BIN") + "/quantscope"))
            QFAIL("QUANTSCOPE_BIN does not name the folder of the built programs: run this test through ctest");
        const Run run = recipeWith({"--printer"});
        QCOMPARE(run.status, 0);
        QCOMPARE(run.err, QByteArray());
        QVERIFY(run.out == QByteArray(recipePrinter().data(), qsizetype(recipePrinter().size())));
        QCOMPARE(recipeWith({}).status, 2);
        const Run both = recipeWith({"--printer", "model.pt"});
        QCOMPARE(both.status, 2);
        QVERIFY2(both.err.contains("--printer"), both.err.constData());
    }
};

QTEST_APPLESS_MAIN(TestPrinter)
#include "tst_printer.moc"
