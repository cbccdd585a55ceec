#include "export/export.h"
#include "open/open_network.h"

#include "export/npz.h"
#include "support/golden.h"
#include "support/paths.h"

#include <QCryptographicHash>
#include <QProcess>
#include <QTemporaryDir>

using namespace quantscope;
using namespace quantscope::test;

/// The proof that counts: a C program made of nothing but exported headers computes the logits that Brevitas computes.
class TestDigitsNetwork : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyLogit_data();
    void everyLogit();

private:
    QByteArray logits(const QTemporaryDir &folder, const QString &mode, const QByteArray &input);
};

void TestDigitsNetwork::everyLogit_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("layout");
    for (const char *file : {"digits_fixed.pt", "digits_fixed_qonnx.onnx", "digits_fixed_qcdq.onnx"})
        for (const char *layout : {"source", "ohwi", "hwio", "io"})
            QTest::addRow("%s %s", file, layout) << QString(file) << QString(layout);
}

QByteArray TestDigitsNetwork::logits(const QTemporaryDir &folder, const QString &mode, const QByteArray &input)
{
    QFile in(folder.filePath("input.bin"));
    if (!in.open(QIODevice::WriteOnly) || in.write(input) != input.size())
        return "the input was not written";
    in.close();
    QProcess program;
    program.start(folder.filePath("network"), {mode, in.fileName(), folder.filePath("output.bin")});
    if (!program.waitForFinished(60000) || program.exitCode() != 0)
        return "the program failed";
    QFile out(folder.filePath("output.bin"));
    return out.open(QIODevice::ReadOnly) ? out.readAll() : QByteArray("no output");
}

void TestDigitsNetwork::everyLogit()
{
    QFETCH(QString, file);
    QFETCH(QString, layout);
    const auto network = openNetwork(sample(file.toStdString()));
    QVERIFY2(network.has_value(), network ? "" : network.error().text().c_str());
    QTemporaryDir folder;
    ExportRequest request;
    request.formats = {"header"};
    request.layout = layout.toStdString();
    request.folder = folder.path().toStdString();
    const auto report = exportLayers(*network, request);
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());

    const nlohmann::json layers = golden(sample("digits_expected.json"))["digits_fixed"]["layers"];
    const nlohmann::json tensors = golden(folder.filePath("manifest.json").toStdString())["tensors"];
    QCOMPARE(tensors.size(), 8u);
    for (const nlohmann::json &tensor : tensors)
        QCOMPARE(tensor["codes_sha256_i32"],
            layers[tensor["layer"].get<std::string>()][tensor["slot"].get<std::string>()]["codes_sha256_i32"]);

    const Layer *conv1 = network->layer("conv1");
    QVERIFY(conv1 != nullptr && conv1->slot("bias") != nullptr && conv1->slot("bias")->quantizer);
    QStringList arguments = {"-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror", "-O1",
        "-I" + folder.path(), "-DLAYOUT_" + layout.toUpper()};
    if (conv1->slot("bias")->quantizer->wordBits() > 16)
        arguments << "-DBIAS_32";
    arguments << QStringLiteral(QUANTSCOPE_SOURCE_DIR "/tests/export/digits_network.c") << "-o"
              << folder.filePath("network") << "-lm";
    QProcess compiler;
    compiler.start("cc", arguments);
    QVERIFY(compiler.waitForFinished(120000));
    QVERIFY2(compiler.exitCode() == 0, compiler.readAllStandardError().constData());

    const nlohmann::json expected = golden(sample("digits_expected.json"))["digits_fixed"]["integer_network"];
    const QByteArray images = npzArray(sample("digits_test.npz"), "images");
    QCOMPARE(images.size(), 360 * 64 * 4);
    const QByteArray pixels = logits(folder, "pixels", images);
    QCOMPARE(pixels.size(), 360 * 10 * 4);
    QCOMPARE(QCryptographicHash::hash(pixels, QCryptographicHash::Sha256).toHex(),
        QByteArray::fromStdString(expected["logits_sha256_i32"].get<std::string>()));

    const QByteArray codes = npzArray(sample("digits_saturating.npz"), "codes");
    QCOMPARE(codes.size(), 64 * 64);
    const QByteArray saturating = logits(folder, "codes", codes);
    QCOMPARE(saturating, npzArray(sample("digits_saturating.npz"), "logits"));
    QCOMPARE(QCryptographicHash::hash(saturating, QCryptographicHash::Sha256).toHex(),
        QByteArray::fromStdString(expected["saturating_input"]["logits_sha256_i32"].get<std::string>()));
}

QTEST_GUILESS_MAIN(TestDigitsNetwork)
#include "tst_digits_network.moc"
