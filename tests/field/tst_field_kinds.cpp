// The networks have members called slots.

#include "open/open_network.h"
#include "report/inspect.h"
#include "support/golden.h"
#include "support/onnx_network.h"
#include "support/paths.h"

#include <QtTest>

using namespace quantscope;
using nlohmann::json;

namespace {

std::string field(const QString &name) { return test::data("field/" + name.toStdString()); }

/// What a person reads of a file: every diagnostic, or the one error that refused it.
QString saidOf(const std::string &path, std::shared_ptr<const Network> &network)
{
    auto opened = openNetwork(path);
    if (!opened)
        return QString::fromStdString(opened.error().text());
    network = std::make_shared<const Network>(std::move(*opened));
    const auto inspection = inspect(network);
    QStringList said;
    for (const Diagnostic &one : inspection->diagnostics)
        said << QString::fromStdString(one.rule + ": " + one.text);
    return said.join('\n');
}

} // namespace

/// One row for each kind of thing that public models showed: the file, the tensor whose codes are known from elsewhere,
/// and the words that a person must, or must not, read.
class TestFieldKinds : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void kinds_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("slot"); // layer:slot
        QTest::addColumn<QString>("hash"); // the key of the expectation that holds its codes' hash
        QTest::addColumn<QString>("says");
        QTest::addColumn<QString>("never");
        const auto row = [](const char *file, const char *slot, const char *hash, const char *says, const char *never) {
            QTest::newRow(file) << QString(file) << QString(slot) << QString(hash) << QString(says) << QString(never);
        };
        row("ao_static.pth", "fc:weight", "fc_codes_sha256_i32", "", "preset-assumed");
        row("decomposed.onnx", "fc:weight", "codes_sha256_i32", "", "not-shown");
        row("ema.pt", "fc:weight", "", "ema holds the same layers with other values and is not shown", "");
        row("impl_class.pt", "fc:weight", "", "", "recipe-confirmed");
        row("int_weights.pt", "conv:weight", "conv_codes_sha256_i32", "", "has no quantizer, so it has no codes");
        row("lfs_pointer.onnx", "", "", "is a pointer of Git LFS and not the file itself: fetch it with `git lfs pull`",
            "protocol buffer");
        row("module_prefix.pt", "conv:weight", "", "", "recipe-matches-nothing");
        row("ms_quantize_linear.onnx", "conv:weight", "codes_sha256_i32", "", "not-shown");
        row("no_axis.onnx", "conv:weight", "",
            "gives no axis, so it means axis 1, which has 3 elements, while its 5 scales fit axis 0", "");
        row("no_layers.pt", "", "", "the file holds 5 tensors (iou.0 ...) and none is a weight", "");
        row("no_saturation.pt", "fc:weight", "", "", "saturated");
        row("old_learned_value.pt", "relu:act", "", "keys-before-0.6: ", "0.0101371");
        row("pruned.pt", "conv:weight", "codes_sha256_i32", "conv.weight_orig * conv.weight_mask",
            "recipe-matches-nothing");
        row("raw_weights_06.onnx", "y:weight", "codes_sha256_i32", "as Brevitas 0.6 writes QONNX",
            "as Brevitas 0.12.1 writes QONNX");
        row("renamed.pt", "features.0:weight", "",
            "agrees in 2 quantizers (features.0 = Conv_0, classifier = MatMul_0 transposed), matched by order, shape "
            "and "
            "values",
            "is not used");
        row("shared_int_scaling.pt", "relu:act", "", "that both have one scale, threshold / 128", "are one quantizer");
        row("solver.pt", "conv:weight", "codes_sha256_i32", "", "is not a preset");
        row("unknown_quantizer.onnx", "conv1:weight", "conv1_codes_sha256_i32", "", "not-shown");
    }

    void kinds()
    {
        QFETCH(QString, file);
        QFETCH(QString, slot);
        QFETCH(QString, hash);
        QFETCH(QString, says);
        QFETCH(QString, never);
        std::shared_ptr<const Network> network;
        const QString said = saidOf(field(file), network);
        QVERIFY2(said.contains(says), qPrintable(said));
        QVERIFY2(never.isEmpty() || !said.contains(never), qPrintable(said));
        QString shown = "refused";
        if (network != nullptr)
            shown = QString("%1 layers").arg(network->layers.size());
        QCOMPARE(slot.isEmpty(), network == nullptr || network->layers.empty());
        if (!slot.isEmpty()) {
            const Layer *layer = network->layer(slot.section(':', 0, 0).toStdString());
            QVERIFY(layer != nullptr);
            const SlotQuantizer *found = layer->slot(slot.section(':', 1).toStdString());
            QVERIFY(found != nullptr);
            if (!hash.isEmpty()) {
                const json expect = test::golden(field(file.section('.', 0, 0) + ".expect.json"));
                QCOMPARE(test::codesSha256(*found), expect[hash.toStdString()].get<std::string>());
                shown += ", codes equal";
            }
        }
        qInfo("%-24s %s%s%s", qPrintable(file), qPrintable(shown),
            says.isEmpty() ? "" : "; says: ", qPrintable(says.left(70)));
    }
};

QTEST_APPLESS_MAIN(TestFieldKinds)
#include "tst_field_kinds.moc"
